"""Closed Change Calendars and alarms in alarm hold drills, say why, and let them go; what cannot be asked holds too."""

import pytest

from bot.settings import File
from tests.flows.scene import SMALL
from tests.schedules.table import HERE, again, nightly, soonest, timetable
from tests.stage import OPERATOR, Stage
from workflows.schedules.hindrances import HOLDS, Hindrances
from workflows.schedules.occurrence import State

ARN = "arn:aws:ssm:us-east-1:000000000000:document/holidays"


@pytest.fixture
def hindrances(stage: Stage) -> Hindrances:
    stage.seed(disks=SMALL)
    stage.lab.changes.calendars |= {"changes": True, ARN: True}
    stage.lab.changes.alarms |= {"orders-5xx": "OK", "latency": "INSUFFICIENT_DATA"}
    return Hindrances(stage.home, ("changes", ARN), ("orders-5xx", "latency"), stage.clock)


def test_a_closed_calendar_and_an_alarm_hold_a_drill_until_they_let_it_go(stage: Stage, hindrances: Hindrances) -> None:
    stage.backup()
    nightly(stage, "drill")
    table = timetable(stage, hindrance=hindrances)
    table.tick()
    first = soonest(stage)
    said = []
    stage.lab.changes.calendars[ARN] = False
    stage.clock.forward(3600)
    for change in ({}, {ARN: True}):
        stage.lab.changes.calendars |= change
        stage.clock.forward(HOLDS)
        table.tick()
        said.append((again(stage, first).state, again(stage, first).why))
        stage.lab.changes.alarms["orders-5xx"] = "ALARM"
    stage.lab.changes.alarms["orders-5xx"] = "OK"
    stage.clock.forward(HOLDS)
    table.tick()
    assert said == [
        (State.HELD, f"the change calendar `{ARN}` is closed"), (State.HELD, "the alarm `orders-5xx` is in alarm")
    ]  # fmt: skip
    assert again(stage, first).state is State.STARTED


def test_an_answer_that_took_long_holds_as_long_as_any(stage: Stage, hindrances: Hindrances) -> None:
    stage.lab.faults.before("GetCalendarState", lambda: stage.clock.forward(HOLDS), times=None)
    assert hindrances("us-east-1") == ""
    asked = len(stage.lab.calls)
    stage.clock.forward(HOLDS - 1)
    assert hindrances("us-east-1") == ""
    assert len(stage.lab.calls) == asked


def test_a_backup_goes_on_and_so_does_what_somebody_wants_now(stage: Stage, hindrances: Hindrances) -> None:
    stage.lab.changes.calendars["changes"] = False
    table = timetable(stage, hindrance=hindrances)
    nightly(stage)
    table.tick()
    stage.clock.forward(3600)
    table.tick()
    assert soonest(stage).state is State.STARTED
    stage.drive(stage.store.latest(1)[0])
    nightly(stage, "drill", point="fresh")
    table.tick()
    drill = next(each for each in stage.calendar.coming() if each.schedule.verb == "drill")
    stage.calendar.hurry(drill.id, OPERATOR, HERE)
    table.tick()
    assert again(stage, drill).state is State.STARTED
    assert all(call.action != "GetCalendarState" for call in stage.lab.calls)


def test_what_cannot_be_asked_or_is_not_there_holds_and_aws_is_not_asked_at_each_look(
    stage: Stage, hindrances: Hindrances
) -> None:
    del stage.lab.changes.alarms["latency"]
    assert hindrances("us-east-1") == "there is no alarm `latency` in us-east-1, so nobody knows"
    del stage.lab.changes.calendars["changes"]
    assert "no alarm" in hindrances("us-east-1"), "the answer holds for a while"
    stage.clock.forward(HOLDS)
    for _ in range(3):
        assert hindrances("us-east-1").startswith("whether this is a time for changes cannot be asked")
    assert sum(call.action == "GetCalendarState" for call in stage.lab.calls) == 3


@pytest.mark.parametrize("name", ["a b", "x", "arn:aws:ssm:us-east-1:1:document/c", "arn:aws:s3:::bucket"])
def test_a_name_that_no_calendar_can_have_is_refused_when_the_settings_are_read(name: str) -> None:
    with pytest.raises(ValueError, match="calendars"):
        File.model_validate({"hold": {"calendars": [name]}})
