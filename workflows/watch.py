"""Warns when a server's newest backup or last proof is about to be too old, when it is, and when it is good again.

Each once, with any number of workers and over restarts: what was found stands in Redis, a page is turned only by
whoever has read the one before, and only for a later look at AWS. A warning is written in the same move.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from pydantic import TypeAdapter

from workflows.engine.watchbook import Watchbook
from workflows.freshness import Freshness, Known, standing
from workflows.schedules.calendar import Standing as Scheduled
from workflows.schedules.schedule import Schedule

Level = Literal["ok", "soon", "missed"]
Kind = Literal["rpo", "proof"]


@dataclass(frozen=True)
class Change:
    """What became of one server's age. `last` is when the backup was requested, or the proof found; None for never.
    `until` is when the target is missed, or was. Seconds, and seconds since the epoch."""

    server: str
    region: str
    kind: Kind
    level: Level
    last: float | None
    target: float
    until: float


@dataclass(frozen=True)
class Warned:
    """What one look at AWS has changed, `at` in seconds since the epoch."""

    at: float
    changes: tuple[Change, ...]


@dataclass(frozen=True)
class Page:
    """What was found at the look at AWS of `at`. `levels` holds what is not `ok`, by `kind|region|server`; `number`
    grows with each page."""

    at: float = 0.0
    number: int = 0
    levels: Mapping[str, Level] = field(default_factory=dict)


#: When each schedule comes next, with its verb: Calendar.all.
Schedules = Callable[[], Sequence[Scheduled]]


class Watch:
    """Looks at what the survey has found."""

    def __init__(self, book: Watchbook, schedules: Schedules) -> None:
        self._book = book
        self._schedules = schedules

    def look(self, known: Known, now: float) -> bool:
        """Whether this look warned of anything. One that is older than the last is worth nothing, unless the last is of
        a time to come: then the clock was set back since. Raises Away."""
        before = self._book.page()
        page = _read(before)
        if known.at <= page.at <= now:
            return False
        after, changes = turned(page, known, self._schedules())
        told = warned_to_json(Warned(known.at, changes)) if changes else ""
        name = f"{after.number}-{round(known.at)}" if changes else ""
        return self._book.turn(before, _PAGE.dump_json(after).decode(), name, told) and bool(changes)


def turned(page: Page, known: Known, schedules: Sequence[Scheduled] = ()) -> tuple[Page, tuple[Change, ...]]:
    """The next page, and what is to be told. Pure."""
    levels: dict[str, Level] = {}
    changes: list[Change] = []
    seen: set[str] = set()
    for found in _found(known, schedules):
        name = f"{found.kind}|{found.region}|{found.server}"
        seen.add(name)
        before = page.levels.get(name, "ok")
        if found.level != "ok":
            levels[name] = found.level
        if found.level != before and (before, found.level) != ("missed", "soon"):
            changes.append(found)
    levels |= {name: level for name, level in page.levels.items() if name not in seen and _hidden(name, known)}
    return Page(known.at, page.number + 1, levels), tuple(changes)


def _found(known: Known, schedules: Sequence[Scheduled]) -> Iterator[Change]:
    """Of each living server, what has a target."""
    for each in known.servers:
        if not each.instances:
            continue
        for kind, last, target in _ages(each):
            since = last if last is not None else each.since
            if target is None or since is None:
                continue
            until = since + target
            level = _level(since, target, known.at)
            if level == "soon" and _comes(each, kind, schedules, until):
                level = "ok"
            yield Change(each.server, each.region, kind, level, last, target, until)


def _ages(each: Freshness) -> tuple[tuple[Kind, float | None, float | None], ...]:
    return (("rpo", each.point_at, each.rpo), ("proof", each.proven_at, each.proof))


def _level(since: float, target: float, now: float) -> Level:
    found = standing(since, target, now)
    return found if found in ("soon", "missed") else "ok"


def _comes(each: Freshness, kind: Kind, schedules: Sequence[Scheduled], until: float) -> bool:
    """Whether what is scheduled mends it in time: then there is nothing to do."""
    coming = [own for own in schedules if own.paused_by is None and own.next is not None and own.next < until]
    return any(own.schedule.id in each.schedules and _mends(own.schedule, kind) for own in coming)


def _mends(schedule: Schedule, kind: Kind) -> bool:
    """A live drill, and a drill on a fresh point, make both a point and a proof."""
    if kind == "proof":
        return schedule.verb != "backup"
    return schedule.verb != "drill" or schedule.point == "fresh"


def _hidden(name: str, known: Known) -> bool:
    """Whether a server that was not judged may be there all the same: its Region could not be looked at, or it was lost
    a moment ago and is on its way back. Nobody is told a second time when it is seen again."""
    if known.troubles:
        return True
    _, region, server = name.split("|", 2)
    return any((each.server, each.region) == (server, region) and not each.instances for each in known.servers)


_PAGE, _WARNED = TypeAdapter(Page), TypeAdapter(Warned)


def _read(text: str) -> Page:
    """One of another version is begun anew: better told twice than never."""
    try:
        return _PAGE.validate_json(text) if text else Page()
    except ValueError:
        return Page()


def warned_to_json(warned: Warned) -> str:
    return _WARNED.dump_json(warned).decode()


def warned_from_json(text: str) -> Warned:
    """ValueError for what no version of this program wrote."""
    return _WARNED.validate_json(text)
