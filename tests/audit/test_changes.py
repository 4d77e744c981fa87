"""An exported chain that somebody has changed: found, and said which entry."""

import random
from collections.abc import Callable

import pytest
import redis

from tests.audit.chain import anew, chainer, checked, exported, happened
from tests.clock import HandClock
from workflows import audit
from workflows.engine.store import Store

Change = Callable[[list[bytes], random.Random], list[bytes]]


def _byte(lines: list[bytes], rng: random.Random) -> list[bytes]:
    whole = bytearray(b"".join(lines))
    at = rng.randrange(len(whole))
    whole[at] ^= rng.randrange(1, 256)
    return [bytes(whole)]


def _drop(lines: list[bytes], rng: random.Random) -> list[bytes]:
    at = rng.randrange(len(lines))
    return lines[:at] + lines[at + 1 :]


def _swap(lines: list[bytes], rng: random.Random) -> list[bytes]:
    one, other = rng.sample(range(len(lines)), 2)
    lines = list(lines)
    lines[one], lines[other] = lines[other], lines[one]
    return lines


def _insert(lines: list[bytes], rng: random.Random) -> list[bytes]:
    """A line that stands there already, an empty one, or one that is well made and of no chain."""
    made = audit.canonical(audit.entry(audit.Link(rng.randrange(60), audit.GENESIS), "request", 0, "", {})) + b"\n"
    at = rng.randrange(len(lines) + 1)
    return [*lines[:at], rng.choice([rng.choice(lines), b"\n", made]), *lines[at:]]


@pytest.fixture
def lines(store: Store, redis_client: redis.Redis, clock: HandClock) -> list[bytes]:
    """Forty entries and the seal."""
    happened(store, clock, 40)
    return exported(chainer(redis_client, clock))


@pytest.mark.parametrize("change", [_byte, _drop, _swap, _insert])
def test_a_thousand_random_changes_to_an_export_are_all_found(lines: list[bytes], change: Change) -> None:
    """250 of each kind."""
    rng = random.Random(f"{change.__name__}")
    assert checked(lines).whole
    missed = [number for number in range(250) if checked(change(lines, rng)).whole]
    assert missed == []


def _edited(line: bytes) -> bytes:
    return line.replace(b"backup", b"delete")


def _forged(line: bytes) -> bytes:
    """With a digest of its own that is right."""
    made = audit.read(line[:-1])
    assert made is not None
    return audit.canonical(audit.sealed({**made, "what": "nothing"})) + b"\n"


def _sealed_anew(lines: list[bytes], entries: int) -> bytes:
    """A seal that is well made, and counts wrong."""
    last = audit.read(lines[-2][:-1])
    assert last is not None
    return audit.seal(audit.BEGINNING, audit.link_of(last), entries) + b"\n"


_MOVED = "Entry {} was moved, or inserted: it stands in line {}, out of order."


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda lines: [*lines[:6], _edited(lines[6]), *lines[7:]], ["Entry 7 was changed (line 7)."]),
        (lambda lines: [*lines[:6], *lines[7:]], ["Entry 7 was removed."]),
        (lambda lines: [*lines[:6], *lines[9:]], ["Entries 7 to 9 were removed."]),
        (lambda lines: lines[3:], ["Entries 1 to 3 were removed."]),
        (lambda lines: [*lines[:37], lines[-1]], ["Entries 38 to 40 were removed."]),
        (
            lambda lines: [*lines[:6], lines[20], *lines[7:20], lines[6], *lines[21:]],
            [_MOVED.format(21, 7), _MOVED.format(7, 21)],
        ),
        (
            lambda lines: [*lines[:6], lines[6], lines[6], *lines[7:]],
            ["Entry 7 stands there 2 times (lines 7, 8): all but one were inserted."],
        ),
        (
            lambda lines: [*lines[:6], b"{}\n", *lines[6:]],
            ["Line 7 was inserted, or changed: it is no entry of this chain."],
        ),
        (
            lambda lines: [*lines[:6], _forged(lines[6]), *lines[7:]],
            ["Entry 8 does not continue entry 7: one of the two was replaced."],
        ),
        (
            lambda lines: [*lines[:39], _forged(lines[39]), lines[40]],
            ["The last entry is not the one that was noted as the head: one of the two was replaced."],
        ),
        (
            lambda lines: lines[:-1],
            ["The seal, the last line of an export, is missing or was changed: what stood before it may be too."],
        ),
        (
            lambda lines: [*lines[:-1], lines[-1][:-1]],
            [
                "The seal, the last line of an export, is missing or was changed: what stood before it may be too.",
                "Line 41 was inserted, or changed: it is no entry of this chain.",
            ],
        ),
        (lambda lines: [*lines[:-1], _sealed_anew(lines, 41)], ["The seal speaks of 41 entries."]),
    ],
)  # fmt: skip
def test_the_check_says_which_entry_and_how(
    lines: list[bytes], change: Callable[[list[bytes]], list[bytes]], said: list[str]
) -> None:
    verdict = checked(change(lines))
    assert list(verdict.faults) == said
    assert audit.told(verdict)[0] == "The chain is broken."


@pytest.mark.parametrize(("old", "new"), [(b"u00e4", b"u00E4"), (b'":', b'": '), (b'{"actor"', b'{"run":"","actor"')])
def test_an_entry_that_says_the_same_in_other_bytes_was_changed(lines: list[bytes], old: bytes, new: bytes) -> None:
    changed = lines[6].replace(old, new, 1)
    assert changed != lines[6]
    assert checked([*lines[:6], changed, *lines[7:]]).faults == ("Entry 7 was changed (line 7).",)


def test_a_chain_that_was_made_anew_from_the_change_on_is_found_by_a_digest_that_was_kept_elsewhere(
    lines: list[bytes],
) -> None:
    anchor = str((audit.read(lines[29][:-1]) or {})["digest"])
    assert checked(lines, anchor).whole
    forged = anew(lines[:-1], 7)
    seal = audit.seal(audit.BEGINNING, audit.link_of(forged[-1]), 40)
    rewritten = [audit.canonical(each) + b"\n" for each in forged] + [seal + b"\n"]
    assert checked(rewritten).whole
    assert checked(rewritten, anchor).faults == (
        "No entry has the anchored digest: the chain was rewritten since, or begins after it.",
    )


def test_a_part_of_the_chain_can_be_checked_by_itself_and_says_where_it_begins(
    store: Store, redis_client: redis.Redis, clock: HandClock
) -> None:
    begun = clock.now()
    happened(store, clock, 10)
    part = exported(chainer(redis_client, clock), since=begun + 300)
    verdict = checked(part)
    assert verdict.whole
    assert (verdict.after.seq, verdict.head.seq, verdict.entries) == (5, 10, 5)
    assert checked(part[1:]).faults == ("Entry 6 was removed.",)
    assert checked(exported(chainer(redis_client, clock), since=clock.now() + 1)).whole
