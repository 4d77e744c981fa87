"""Which entries of a broken chain were changed, removed, moved or inserted. Pure."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import pairwise


def order(seqs: Sequence[int], after: int, head: int) -> list[str]:
    """What is wrong with the numbers of a chain's lines, in sentences; a line that is no entry has the number 0.

    The chain must begin after entry `after` and end at entry `head`; a `head` of 0 says nothing about the end.
    """
    if all(seq == after + number for number, seq in enumerate(seqs, 1)) and (not head or len(seqs) == head - after):
        return []
    present = sorted({seq for seq in seqs if seq > after})
    bounds = [after, *present, *([head + 1] if head and head >= (present[-1] if present else after) else [])]
    gaps = {below + 1: above - 1 for below, above in pairwise(bounds) if above - below > 1}
    straight = _straight(seqs)
    found = [*_strangers(seqs, straight, gaps, after), *_twice(seqs), *_moved(seqs, straight)]
    found += [_removed(first, last) for first, last in sorted(gaps.items())]
    if seqs and head and max(seqs) > head:
        found.append(f"The chain should end at entry {head}, and goes on to entry {max(seqs)}.")
    found += [f"Entry {seq} was inserted: the chain begins at entry {after + 1}." for seq in seqs if 0 < seq <= after]
    return found


def ends(first: str, after: str, last: str, head: str) -> list[str]:
    """The digests at both ends of a chain whose numbers are right, against what they should be."""
    found = []
    if first != after:
        found.append("The first entry does not continue what came before it: one of the two was replaced.")
    if last != head:
        found.append("The last entry is not the one that was noted as the head: one of the two was replaced.")
    return found


def _strangers(seqs: Sequence[int], straight: set[int], gaps: dict[int, int], after: int) -> Iterable[str]:
    """Lines that are no entries: each stands for an entry that is missing right there, or was inserted."""
    last = after
    for at, seq in enumerate(seqs):
        if seq and at in straight:
            last = seq
        elif not seq and last + 1 in gaps:
            last += 1
            until = gaps.pop(last)
            if last < until:
                gaps[last + 1] = until
            yield f"Entry {last} was changed (line {at + 1})."
        elif not seq:
            yield f"Line {at + 1} was inserted, or changed: it is no entry of this chain."


def _twice(seqs: Sequence[int]) -> Iterable[str]:
    for seq, times in sorted(Counter(seqs).items()):
        if seq and times > 1:
            lines = ", ".join(str(at + 1) for at, each in enumerate(seqs) if each == seq)
            yield f"Entry {seq} stands there {times} times (lines {lines}): all but one were inserted."


def _moved(seqs: Sequence[int], straight: set[int]) -> Iterable[str]:
    times = Counter(seqs)
    for at, seq in enumerate(seqs):
        if seq and at not in straight and times[seq] == 1:
            yield f"Entry {seq} was moved, or inserted: it stands in line {at + 1}, out of order."


def _removed(first: int, last: int) -> str:
    return f"Entry {first} was removed." if first == last else f"Entries {first} to {last} were removed."


def _straight(seqs: Sequence[int]) -> set[int]:
    """The positions of a longest row of numbers that only grow: what is not in it stands at the wrong place."""
    tops: list[int] = []
    where: list[int] = []
    before: dict[int, int] = {}
    for at, seq in enumerate(seqs):
        if not seq:
            continue
        place = bisect_left(tops, seq)
        tops[place : place + 1] = [seq]
        where[place : place + 1] = [at]
        if place:
            before[at] = where[place - 1]
    straight: set[int] = set()
    at_now: int | None = where[-1] if where else None
    while at_now is not None:
        straight.add(at_now)
        at_now = before.get(at_now)
    return straight
