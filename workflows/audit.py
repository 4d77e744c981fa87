"""The audit's chain: how an entry is written down, and how a chain is checked. Pure; needs neither Redis nor AWS.

An entry is one line of canonical JSON (keys sorted, no spaces, ASCII). `prev` is the digest of the entry before it,
`digest` the SHA-256 of its own canonical JSON without `digest`. An export ends in a seal: one line more, of the same
make, that says where the entries begin and end. docs/audit.md says how to check one by hand.
"""

import hashlib
import json
from array import array
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from workflows import audit_faults as faults
from workflows.audit_anchors import Held

GENESIS = "0" * 64


@dataclass(frozen=True)
class Link:
    """An entry's number and digest. The one before the first entry is `BEGINNING`."""

    seq: int
    digest: str


BEGINNING = Link(0, GENESIS)


@dataclass(frozen=True)
class Verdict:
    """`after` is the link that the first entry continues, `head` the last one; `faults` are sentences."""

    entries: int
    after: Link
    head: Link
    faults: tuple[str, ...]

    @property
    def whole(self) -> bool:
        return not self.faults


def canonical(value: Mapping[str, Any]) -> bytes:
    """The one way to write a value. It holds text, whole numbers, lists and objects; no fractions."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False).encode()


def digest_of(value: Mapping[str, Any]) -> str:
    """SHA-256, in hex, of the value without its own `digest`."""
    return hashlib.sha256(canonical({name: each for name, each in value.items() if name != "digest"})).hexdigest()


def sealed(value: Mapping[str, Any]) -> dict[str, Any]:
    """The value with its digest."""
    return {**value, "digest": digest_of(value)}


def entry(before: Link, kind: str, at: int, source: str, told: Mapping[str, Any]) -> dict[str, Any]:
    """The entry that follows `before`. `at` in milliseconds since the epoch; `source` is the event's id."""
    time = datetime.fromtimestamp(at / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    own = {"seq": before.seq + 1, "prev": before.digest, "kind": kind, "at": time, "source": source}
    return sealed({**told, **own})


def link_of(made: Mapping[str, Any]) -> Link:
    return Link(made["seq"], made["digest"])


def seal(after: Link, head: Link, entries: int) -> bytes:
    """The last line of an export."""
    ends = {"after": {"seq": after.seq, "digest": after.digest}, "head": {"seq": head.seq, "digest": head.digest}}
    return canonical(sealed({"seal": {**ends, "entries": entries}}))


def read(line: bytes) -> dict[str, Any] | None:
    """What a line says; None if it is not byte for byte what this module wrote, or not what its digest says."""
    try:
        value = json.loads(line.decode("ascii"))
        if not isinstance(value, dict) or canonical(value) != line or value.get("digest") != digest_of(value):
            return None
    except (ValueError, RecursionError):
        return None
    return value


@dataclass
class Check:
    """Takes a chain line by line, in order. `verdict` says what is wrong with it."""

    _seqs: "array[int]" = field(default_factory=lambda: array("q"))
    _first: Link | None = None
    _last: Link | None = None
    _near: Link | None = None
    _loose: list[int] = field(default_factory=list)
    _cuts: list[Link] = field(default_factory=list)
    anchor: str = ""
    held: Held = field(default_factory=Held)
    _anchored: bool = False

    def add(self, line: bytes) -> None:
        """One entry's line, without its end."""
        made = _as_entry(read(line))
        if made is None:
            self._seqs.append(0)
            self._near = None
            return
        here, before = link_of(made), Link(made["seq"] - 1, made["prev"])
        if self._first is None:
            self._first = before
            self.held.see(before.seq, before.digest)
        self.held.see(here.seq, here.digest)
        if self._near and self._near.seq == before.seq and self._near.digest != before.digest:
            self._loose.append(here.seq)
        if made["kind"] == "checkpoint":
            self._cuts.append(Link(made["cut"]["seq"], made["cut"]["digest"]))
        self._anchored = self._anchored or self.anchor in (here.digest, before.digest)
        self._seqs.append(here.seq)
        self._last = self._near = here

    def verdict(self, after: Link | None = None, head: Link | None = None) -> Verdict:
        """`after` is where it must begin: None asks for the beginning, or a checkpoint in it that accounts for what
        is missing. `head` is where it must end; None takes its word for it."""
        start = after or self._start()
        end = head or self._last or start
        found = faults.order(self._seqs, start.seq, head.seq if head else 0)
        found += [f"Entry {seq} does not continue entry {seq - 1}: one of the two was replaced." for seq in self._loose]
        if not found and self._first and self._last:
            found += faults.ends(self._first.digest, start.digest, self._last.digest, end.digest)
        if self.anchor and not self._anchored:
            found.append("No entry has the anchored digest: the chain was rewritten since, or begins after it.")
        found += self.held.faults(end.seq)
        return Verdict(len(self._seqs), start, end, tuple(found))

    def _start(self) -> Link:
        """Where a chain that nobody vouches for may begin."""
        return self._first if self._first in self._cuts and self._first else BEGINNING


def _as_entry(made: dict[str, Any] | None) -> dict[str, Any] | None:
    """None for what is no entry, whatever else it is."""
    if made is None or not isinstance(made.get("seq"), int) or not 0 < made["seq"] < 2**62:
        return None
    if not isinstance(made.get("prev"), str) or not isinstance(made.get("kind"), str):
        return None
    if made["kind"] == "checkpoint" and _as_link(made.get("cut")) is None:
        return None
    return made


def _as_link(value: Any) -> Link | None:
    if not isinstance(value, dict) or not isinstance(value.get("seq"), int) or not isinstance(value.get("digest"), str):
        return None
    return Link(value["seq"], value["digest"])


def verify(lines: Iterable[bytes], head: Link | None = None, anchor: str = "", held: Held | None = None) -> Verdict:
    """Check a whole chain as it lies in Redis. `head` is what was noted when its last entry was appended; `anchor` a
    digest that somebody kept elsewhere and that must be the one of some entry; `held` are the anchors of a bucket."""
    check = Check(anchor=anchor, held=held or Held())
    for line in lines:
        check.add(line)
    return check.verdict(head=head)


def verify_export(lines: Iterable[bytes], anchor: str = "", held: Held | None = None) -> Verdict:
    """Check an export, each line with its end as it stands in the file."""
    check = Check(anchor=anchor, held=held or Held())
    last: bytes | None = None
    for line in lines:
        if last is not None:
            check.add(_without_end(last))
        last = line
    ends = _ends(read(_without_end(last or b"")))
    if ends is None:
        if last is not None:
            check.add(_without_end(last))
        broken = check.verdict(after=check._first)
        missing = "The seal, the last line of an export, is missing or was changed: what stood before it may be too."
        return Verdict(broken.entries, broken.after, broken.head, (missing, *broken.faults))
    after, head, entries = ends
    verdict = check.verdict(after, head)
    if verdict.whole and verdict.entries != entries:
        return Verdict(verdict.entries, after, head, (f"The seal speaks of {entries} entries.",))
    return verdict


def _without_end(line: bytes) -> bytes:
    """An entry that does not end its line is not what was exported."""
    return line[:-1] if line.endswith(b"\n") else line + b" "


def _ends(made: dict[str, Any] | None) -> tuple[Link, Link, int] | None:
    """What a seal says; None for what is no seal."""
    said = (made or {}).get("seal")
    if not isinstance(said, dict) or not isinstance(said.get("entries"), int):
        return None
    after, head = _as_link(said.get("after")), _as_link(said.get("head"))
    return (after, head, said["entries"]) if after and head else None


def told(verdict: Verdict, most: int = 20) -> Sequence[str]:
    """The verdict in sentences, for people."""
    span = f"{verdict.entries} entries, {verdict.after.seq + 1} to {verdict.head.seq}"
    if verdict.whole:
        return [f"The chain is whole: {span}.", f"Head: {verdict.head.seq} {verdict.head.digest}"]
    more = [f"… and {len(verdict.faults) - most} more."] if len(verdict.faults) > most else []
    return ["The chain is broken.", *verdict.faults[:most], *more]
