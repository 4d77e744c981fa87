"""Plays cases, in as many processes as wanted, and makes a table of what came of them."""

import logging
import multiprocessing
import os
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from tests.faults.dying import ANYWHERE, KILLED, ZOMBIE
from tests.faults.guards import GUARDS
from tests.faults.hurting import CLOCK, LAGGING, PASSING, STANDING
from tests.faults.kinds import Cut, Kind
from tests.faults.people import CANCELS, FORGOTTEN, HINTS, SEVERAL
from tests.faults.plays import PLAYS, Trace, record
from tests.faults.redis_trouble import FORGETFUL, TROUBLED
from tests.faults.slack import SLACK, with_messages
from tests.faults.world import Broken, World

KINDS = {
    each.name: each
    for each in (KILLED, ZOMBIE, PASSING, STANDING, LAGGING, CLOCK, TROUBLED, FORGETFUL, FORGOTTEN, SLACK, HINTS,
                 CANCELS, SEVERAL, ANYWHERE)
}  # fmt: skip


#: Of a runbook whose steps are other runbooks' too, one case in so many is played, but for workers that are killed.
FEWER = 4


@dataclass(frozen=True)
class Wanted:
    """What is played: the runbooks and kinds by name, at most so many `cases` of each kind of a runbook (0: all), or
    those of one name `only`; without the guard of that name, if one is given; with `celery` over its queue."""

    runbooks: Sequence[str]
    kinds: Sequence[str]
    cases: int = 0
    only: str = ""
    without: str = ""
    shares: int = 2
    celery: bool = False


@dataclass(frozen=True)
class Result:
    """One case. `faults` is empty if all was right; `broke`: it could not be played to its end."""

    runbook: str
    kind: str
    cut: str
    where: str
    faults: tuple[str, ...]
    seconds: float
    broke: bool = False

    @property
    def again(self) -> str:
        """How to repeat it alone, where `make` has installed what it needs."""
        only = f'--runbook "{self.runbook}" --kind "{self.kind}" --only "{self.cut}"'
        return f".venv/bin/python -m tests.faults {only}"


def played(wanted: Wanted, tell: Callable[[str], object] = lambda _: None) -> list[Result]:
    """Every result. Each share has a Redis and a lab of its own."""
    if wanted.shares == 1:
        return list(_share(wanted, 0, tell))
    with ProcessPoolExecutor(wanted.shares, mp_context=multiprocessing.get_context("fork")) as pool:
        parts = [pool.submit(_listed, wanted, number) for number in range(wanted.shares)]
        return [each for part in parts for each in part.result()]


def _listed(wanted: Wanted, number: int) -> list[Result]:
    return list(_share(wanted, number, lambda text: os.write(2, f"{text}\n".encode())))


def _share(wanted: Wanted, number: int, tell: Callable[[str], object]) -> Iterator[Result]:
    logging.disable(logging.CRITICAL)
    with tempfile.TemporaryDirectory(prefix="firedrill-faults-", ignore_cleanup_errors=True) as folder:
        world = World(Path(folder), celery=wanted.celery)
        try:
            for runbook in wanted.runbooks:
                trace = record(world, PLAYS[runbook])
                if SLACK.name in wanted.kinds:
                    trace = with_messages(world, trace)
                for kind in wanted.kinds:
                    begun = time.monotonic()
                    for each in _kind(world, wanted, trace, KINDS[kind], number):
                        if each.faults:
                            tell(f"{each.runbook}, {each.kind}, {each.cut}, {each.where}: {each.faults[0][-300:]}")
                        yield each
                    took = time.monotonic() - begun
                    tell(f"{runbook}: {kind} is done, share {number + 1} of {wanted.shares}, {took:.0f} s")
        finally:
            world.close()
            logging.disable(logging.NOTSET)


def chosen(wanted: Wanted, trace: Trace, kind: Kind) -> list[Cut]:
    """The cases of that kind, spread evenly over the run if not all are wanted."""
    cuts = list(kind.cuts(trace))
    if wanted.only:
        return [each for each in cuts if each.name == wanted.only]
    if wanted.without:
        guard = GUARDS[wanted.without]
        return guard.cases(trace, iter(cuts))
    if trace.play.repeats and kind is not KILLED:
        cuts = cuts[::FEWER]
    if wanted.cases and len(cuts) > wanted.cases:
        return [cuts[len(cuts) * n // wanted.cases] for n in range(wanted.cases)]
    return cuts


def _kind(world: World, wanted: Wanted, trace: Trace, kind: Kind, number: int) -> Iterator[Result]:
    cuts = chosen(wanted, trace, kind)
    world.broken = GUARDS[wanted.without].broken if wanted.without else Broken()
    for cut in cuts[number :: wanted.shares]:
        yield one(world, trace, kind, cut)
    world.broken = Broken()


def one(world: World, trace: Trace, kind: Kind, cut: Cut) -> Result:
    """One case, whatever comes of it."""
    begun, broke = time.monotonic(), False
    try:
        faults = kind.play(world, trace, cut)
    except KeyboardInterrupt:
        raise
    except BaseException:  # noqa: BLE001 - a case that breaks is a case that went wrong; the others are played
        faults, broke = [traceback.format_exc(limit=-6)], True
        world.mend()
    return Result(trace.play.name, kind.name, cut.name, str(cut.at), tuple(faults), time.monotonic() - begun, broke)


def table(results: Sequence[Result]) -> str:
    """Runbook by kind: how many cases, how many right; then the first wrong one of each, and how to repeat it."""
    kinds = [each for each in KINDS if any(result.kind == each for result in results)]
    books = list(dict.fromkeys(each.runbook for each in results))
    width = max(len(each) for each in (*books, "runbook"))
    widths = [max(9, len(each)) for each in kinds]
    head = "  ".join(each.rjust(size) for each, size in zip(kinds, widths, strict=True))
    lines = [f"{'runbook'.ljust(width)}  {head}"]
    for book in books:
        cells = [_cell([each for each in results if (each.runbook, each.kind) == (book, kind)]) for kind in kinds]
        row = "  ".join(each.rjust(size) for each, size in zip(cells, widths, strict=True))
        lines.append(f"{book.ljust(width)}  {row}")
    wrong = [each for each in results if each.faults]
    lines.append(f"{len(results)} cases, {len(results) - len(wrong)} right, {len(wrong)} wrong")
    first = {(each.runbook, each.kind): each for each in reversed(wrong)}
    for each in first.values():
        lines += ["", f"{each.runbook}, {each.kind}, at {each.where} ({each.cut}):"]
        lines += [f"  {fault}" for fault in each.faults[:8]]
        lines.append(f"  again: {each.again}")
    return "\n".join(lines)


def _cell(results: Sequence[Result]) -> str:
    if not results:
        return "-"
    right = sum(not each.faults for each in results)
    return f"{right}/{len(results)}"


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()
