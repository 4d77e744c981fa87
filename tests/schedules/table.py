"""A timetable on the stage, and what is looked at there."""

from collections.abc import Sequence
from datetime import UTC, datetime

from tests.stage import OPERATOR, Stage
from workflows.engine.happened import Place
from workflows.schedules.gate import Gate
from workflows.schedules.hindrances import Hindrance, nothing_hinders
from workflows.schedules.occurrence import Occurrence, occurrence_from_json
from workflows.schedules.schedule import Schedule
from workflows.schedules.tables import Freeze
from workflows.schedules.timetable import Timetable

HERE = Place("C0DROPS", "slack")


def timetable(
    stage: Stage, *declared: Schedule, freezes: Sequence[Freeze] = (), hindrance: Hindrance = nothing_hinders
) -> Timetable:
    gate = Gate(stage.policy, lambda: stage.directory, freezes, stage.clock, "C0DROPS", hindrance)
    return Timetable(stage.agenda, stage.desk, stage.clock, declared, gate.check)


def nightly(stage: Stage, verb: str = "backup", **more: object) -> Schedule:
    """Made an hour before it is due for the first time."""
    at = datetime.fromtimestamp(stage.clock.now() + 3600, UTC)
    target = str(more.pop("target", "orders-db"))
    given = Schedule(
        "", verb, target, f"every day at {at:%H:%M}", "UTC", OPERATOR, "C0DROPS", 0.0, **more  # type: ignore[arg-type]
    )  # fmt: skip
    return stage.calendar.add(given, HERE)


def soonest(stage: Stage) -> Occurrence:
    return stage.calendar.coming()[0]


def again(stage: Stage, each: Occurrence) -> Occurrence:
    return stage.calendar.occurrence(each.id)


def unsaid(stage: Stage) -> list[Occurrence]:
    return sorted((occurrence_from_json(each) for each in stage.agenda.unsaid()), key=lambda each: each.due)
