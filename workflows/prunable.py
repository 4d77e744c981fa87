"""Which servers have recovery points that retention lets go, and the runs that would ask for it. Never touches AWS."""

from dataclasses import replace

from workflows.desk import Asking, Desk
from workflows.engine.run import Run, Target
from workflows.inventory import Inventory
from workflows.points import Point
from workflows.retention import sorted_out
from workflows.words import count, when

#: Questions that one request may raise, and points that are named in answer to a dry run.
MOST_RUNS, MOST_SHOWN = 10, 10


def prunable(desk: Desk, asking: Asking, target: str = "") -> list[Run]:
    """A planned run for each server, of those that a target names or of all, that has a point to let go as far as is
    known; those with the most come first. Each says in `would_go` what was seen. Raises UserError."""
    known, only = desk.lookout.find(lambda known: (known, known.server_of(target) if target else ""))
    runs = []
    for (server, region), points in _by_server(known).items():
        if only and server != only:
            continue
        marks = _marks(known, server, region)
        going = sorted_out(points, desk.rule(server, marks), desk.now()).going
        if going:
            place = Target(server, known.account, region)
            runs.append(desk.planned("prune", asking, place, {"would_go": [_line(each) for each in going]}, marks))
    runs.sort(key=lambda run: -len(run.values["would_go"]))
    over = f"{count(len(runs) - MOST_RUNS, 'more server has', 'more servers have')} some too: ask again."
    return [
        replace(each, values={"would_go": _shown(each.values["would_go"], over if len(runs) > MOST_RUNS else "")})
        for each in runs[:MOST_RUNS]
    ]


def _shown(lines: list[str], over: str) -> list[str]:
    more = [f"… and {len(lines) - MOST_SHOWN:,} more"] if len(lines) > MOST_SHOWN else []
    return [*lines[:MOST_SHOWN], *more, *([over] if over else [])]


def _by_server(known: Inventory) -> dict[tuple[str, str], list[Point]]:
    """Without those whose tag says no server."""
    found: dict[tuple[str, str], list[Point]] = {}
    for each in known.points:
        if each.server:
            found.setdefault((each.server, each.region), []).append(each)
    return found


def _marks(known: Inventory, server: str, region: str) -> dict[str, str] | None:
    """The tags of its newest instance there; None if none is seen: what a lost one bore once lets nothing go."""
    bearers = [each for each in known.servers if (each.server, each.region) == (server, region)]
    return max(bearers, key=lambda each: each.launched).tags if bearers else None


def _line(point: Point) -> str:
    gib = f"{point.gib:,} GiB" if point.gib is not None else "size not known"
    return f"`{point.image_id}`, requested {when(point.requested)}, {gib}, `{point.proof}`"
