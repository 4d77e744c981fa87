"""How fresh each server's backups are: its newest complete point, its last proof, its last drill, against what its
profile aims at. Pure. The workers leave it in Redis for whoever shows it, and warn by it."""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Literal

from pydantic import TypeAdapter

from workflows.engine.run import Run
from workflows.errors import UserError
from workflows.facts.targets import NO_TARGETS, Targets
from workflows.inventory import Inventory, ProfileFor, Sighting, profile_on
from workflows.points import Point
from workflows.report.history import entry_of
from workflows.report.reading import document_of
from workflows.schedules.schedule import Schedule
from workflows.standing import CLONE

Standing = Literal["never", "missed", "soon", "no target", "ok"]
#: A server without any complete point is worse off than one that has an old one.
WORST_FIRST: tuple[Standing, ...] = ("never", "missed", "soon", "no target", "ok")
#: From this part of a target on, it is about to be missed.
SOON = 0.9
DRILLS = ("drill", CLONE)


@dataclass(frozen=True)
class LastDrill:
    """The latest drill of a server that came to a verdict. `rto` in seconds, None where it did not get so far."""

    run: str
    passed: bool
    at: float
    rto: float | None


@dataclass(frozen=True)
class Freshness:
    """One server. Times in seconds since the epoch, None for what never was; `rpo` and `proof` are targets in seconds,
    None where nothing is aimed at.

    `instances` are the ids of those that live, the oldest of them since `since`: more than one is a name that means
    nothing. `point` is the image of the newest complete point, requested at `point_at`; the last proof was found by the
    run `proven_by`. `schedules` are those by which it is backed up or drilled.
    """

    server: str
    region: str
    instances: tuple[str, ...] = ()
    since: float | None = None
    point: str = ""
    point_at: float | None = None
    proven_at: float | None = None
    proven_by: str = ""
    rpo: float | None = None
    proof: float | None = None
    drill: LastDrill | None = None
    schedules: tuple[str, ...] = ()

    def backup_standing(self, now: float) -> Standing:
        """Of the newest complete point, against `rpo`."""
        return standing(self.point_at, self.rpo, now)

    def proof_standing(self, now: float) -> Standing:
        """Of the last proof, against `proof`."""
        return standing(self.proven_at, self.proof, now)

    def worst(self, now: float) -> Standing:
        """Of both. A proof counts only where one is aimed at."""
        judged = [self.backup_standing(now)]
        if self.proof is not None:
            found = self.proof_standing(now)
            judged.append("missed" if found == "never" else found)
        return min(judged, key=WORST_FIRST.index)


@dataclass(frozen=True)
class Known:
    """All servers by name. `at` is when AWS was looked at, `troubles` says which Regions could not be."""

    at: float
    regions: tuple[str, ...]
    servers: tuple[Freshness, ...]
    troubles: tuple[str, ...] = ()


def standing(at: float | None, target: float | None, now: float) -> Standing:
    """Of something that was last done `at`, and is to be done again within `target` seconds."""
    if at is None:
        return "never"
    if target is None:
        return "no target"
    age = now - at
    if age > target:
        return "missed"
    return "soon" if age >= SOON * target else "ok"


def worst_first(servers: Iterable[Freshness], now: float) -> list[Freshness]:
    """By how they stand, then by name; those of which no instance is left come last."""
    return sorted(
        servers, key=lambda each: (not each.instances, WORST_FIRST.index(each.worst(now)), each.server, each.region)
    )


def fresh(
    seen: Inventory, profile_for: ProfileFor, drills: Mapping[tuple[str, str], LastDrill],
    schedules: Iterable[Schedule] = (),
) -> Known:  # fmt: skip
    """Of each server that lives or has a point. `drills` is what `last_drills` gives."""
    recurring = _recurring(seen, schedules)
    alive: dict[tuple[str, str], list[Sighting]] = {}
    for each in seen.servers:
        if not each.gone:
            alive.setdefault((each.server, each.region), []).append(each)
    points: dict[tuple[str, str], list[Point]] = {}
    for point in seen.points:
        points.setdefault((point.server, point.region), []).append(point)
    servers = tuple(
        _of(
            where, alive.get(where, []), points.get(where, []), profile_for, drills.get(where), recurring.get(where, ())
        )
        for where in sorted(alive.keys() | points.keys())
    )
    return Known(seen.at, seen.regions, servers, seen.troubles)


def last_drills(runs: Iterable[Run], before: Known | None = None) -> dict[tuple[str, str], LastDrill]:
    """By server and Region: of `runs`, or what was known `before` where that is later."""
    known = before.servers if before else ()
    found = {(each.server, each.region): each.drill for each in known if each.drill}
    for run in runs:
        drill = _drill(run)
        where = (run.target.server, run.target.region)
        if drill and (where not in found or found[where].at < drill.at):
            found[where] = drill
    return found


def _drill(run: Run) -> LastDrill | None:
    if run.runbook not in DRILLS or run.status.open or run.ended is None:
        return None
    document = document_of(run)
    if document.verdict.word not in ("passed", "failed"):
        return None
    entry = entry_of(document)
    return LastDrill(run.id, document.verdict.word == "passed", run.ended, entry.rto if entry else None)


def _of(
    where: tuple[str, str], alive: list[Sighting], points: list[Point], profile_for: ProfileFor,
    drill: LastDrill | None, schedules: Sequence[str],
) -> Freshness:  # fmt: skip
    server, region = where
    targets = _targets(profile_for, server, alive)
    own = [each for each in points if not each.copied]  # a copy's time is when it was copied
    newest = max((each for each in own if each.usable), key=lambda each: each.requested, default=None)
    proofs = [(each.proof_at, each.proof_by) for each in own if each.proof == "proven" and each.proof_at is not None]
    proven_at, proven_by = max(proofs, default=(None, ""))
    return Freshness(
        server, region, tuple(each.instance_id for each in alive),
        min((each.launched for each in alive), default=None),
        newest.image_id if newest else "", newest.requested if newest else None,
        proven_at, proven_by, targets.rpo, targets.proof, drill, tuple(schedules),
    )  # fmt: skip


def _recurring(seen: Inventory, schedules: Iterable[Schedule]) -> dict[tuple[str, str], list[str]]:
    """By server and Region. A schedule that names nothing now is told about when it is due."""
    found: dict[tuple[str, str], list[str]] = {}
    for schedule in schedules:
        with suppress(UserError):
            for each in seen.living(schedule.target):
                found.setdefault((each.server, each.region), []).append(schedule.id)
    return found


def _targets(profile_for: ProfileFor, server: str, alive: Sequence[Sighting]) -> Targets:
    """In doubt nothing: that two profiles fit is told when a run is asked for."""
    try:
        return (profile_on(alive[0], profile_for) if alive else profile_for(server, {}, "")).targets
    except UserError:
        return NO_TARGETS


_KNOWN = TypeAdapter(Known)


def to_json(known: Known) -> str:
    return _KNOWN.dump_json(known).decode()


def from_json(text: str | bytes) -> Known:
    """ValueError for what no version of this program wrote."""
    return _KNOWN.validate_json(text)
