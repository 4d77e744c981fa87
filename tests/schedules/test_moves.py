"""What people do with what recurs."""

import json
from datetime import UTC, datetime

import pytest

from handlers.access import Access
from handlers.answers import Answers
from handlers.grammar import parse
from handlers.occurrences import Occurrences
from tests.flows.scene import SMALL
from tests.schedules.table import HERE, again, nightly, soonest, timetable
from tests.schedules.team import Team
from tests.stage import APPROVER, ASKING, OPERATOR, Stage
from workflows import inventory
from workflows.errors import UserError
from workflows.inventory import Inventory, Sighting
from workflows.policy import BASE, Directory, Policy, Rule
from workflows.schedules.occurrence import State
from workflows.schedules.schedule import Schedule


def test_skip_postpone_and_run_now_do_what_they_say_and_come_too_late_in_words(stage: Stage) -> None:
    stage.seed(disks=SMALL)
    stage.policy = Policy(Rule(BASE, operators=(OPERATOR.id, APPROVER.id), minutes=30))
    table = timetable(stage)
    nightly(stage)
    table.tick()
    first = soonest(stage)
    later = stage.clock.now() + 3 * 3600
    stage.calendar.postpone(first.id, later, OPERATOR, HERE)
    stage.calendar.postpone(first.id, later + 3600, OPERATOR, HERE)
    stage.clock.forward(3 * 3600 + 60)
    table.tick()
    assert (again(stage, first).state, again(stage, first).postponed) == (State.PLANNED, 2)
    stage.calendar.hurry(first.id, APPROVER, HERE)
    table.tick()
    (run,) = stage.store.latest(10)
    assert (again(stage, first).state, run.asked_by) == (State.STARTED, APPROVER)
    with pytest.raises(UserError, match="is started already"):
        stage.calendar.skip(first.id, OPERATOR, HERE)
    stage.drive(run)
    stage.clock.forward(20 * 3600)
    table.tick()
    second = soonest(stage)
    stage.calendar.skip(second.id, OPERATOR, HERE)
    stage.clock.forward(3600)
    table.tick()
    assert len(stage.store.latest(10)) == 1
    with pytest.raises(UserError, match=r"skipped by <@U0OPERATOR> already"):
        stage.calendar.hurry(second.id, OPERATOR, HERE)
    with pytest.raises(UserError, match="at least a minute away"):
        stage.calendar.postpone(soonest(stage).id, stage.clock.now(), OPERATOR, HERE)


def test_postponing_never_brings_forward_what_its_asker_might_approve_then(stage: Stage) -> None:
    """Announced for then, it is for *Run now* to begin it sooner, which makes whoever presses it the asker."""
    stage.seed(disks=SMALL)
    table = timetable(stage)
    nightly(stage, "live")
    table.tick()
    first = soonest(stage)
    with pytest.raises(UserError, match=r"before its planned time, .*\*Run now\* begins it sooner, asked for by you"):
        stage.calendar.postpone(first.id, first.due - 60, APPROVER, HERE)
    assert again(stage, first) == first
    stage.calendar.postpone(first.id, first.due + 3600, APPROVER, HERE)
    with pytest.raises(UserError, match="before its planned time"):
        stage.calendar.postpone(first.id, first.due - 60, APPROVER, HERE)
    stage.calendar.postpone(first.id, first.due, APPROVER, HERE)
    assert again(stage, first).at == first.due


def test_unscheduling_withdraws_what_was_announced(stage: Stage) -> None:
    stage.seed(disks=SMALL)
    table, made = timetable(stage), nightly(stage)
    table.tick()
    first, second = stage.calendar.coming()
    stage.calendar.remove(made.id, APPROVER, HERE)
    gone = again(stage, first)
    assert (gone.state, gone.by) == (State.WITHDRAWN, APPROVER)
    stage.clock.forward(3600)
    table.tick()
    assert stage.store.latest(10) == []
    assert [each["what"] for each in stage.audit() if each["kind"] == "schedule"] == [
        f"schedule {made.id} made: Backup of orders-db",
        f"schedule {made.id} removed: Backup of orders-db",
        f"Backup of orders-db, {first.id}: withdrawn",
        f"Backup of orders-db, {second.id}: withdrawn",
    ]


def test_a_paused_schedule_begins_nothing_but_what_somebody_wants_now(stage: Stage) -> None:
    stage.seed(disks=SMALL)
    table, made = timetable(stage), nightly(stage)
    table.tick()
    first = soonest(stage)
    assert stage.calendar.pause(made.id, OPERATOR, HERE)
    stage.clock.forward(3600)
    table.tick()
    assert (again(stage, first).state, again(stage, first).why) == (State.WITHDRAWN, "its schedule is paused")
    stage.clock.forward(86400 - 3600)
    table.tick()
    stage.calendar.hurry(soonest(stage).id, OPERATOR, HERE)
    table.tick()
    assert len(stage.store.latest(10)) == 1


def test_a_declared_schedule_cannot_be_removed_and_withdraws_what_it_announced_when_it_is_changed(stage: Stage) -> None:
    stage.seed(disks=SMALL)
    at = datetime.fromtimestamp(stage.clock.now() + 3600, UTC)
    own = Schedule(
        "nightly", "backup", "orders-db", f"every day at {at:%H:%M}", "UTC", OPERATOR, "", 0.0, declared=True
    )
    timetable(stage, own).tick()
    first = soonest(stage)
    later = Schedule(**{**own.__dict__, "when": f"every day at {(at.hour + 2) % 24:02}:00"})
    timetable(stage, later).tick()
    assert (again(stage, first).state, again(stage, first).why) == (State.WITHDRAWN, "its schedule was changed")
    stage.calendar._declared["nightly"] = later
    with pytest.raises(UserError, match=r"is declared in firedrill\.toml"):
        stage.calendar.remove("nightly", OPERATOR, HERE)


def test_a_schedule_of_which_only_the_deed_is_changed_loses_none_of_what_it_has_planned(stage: Stage) -> None:
    stage.seed(disks=SMALL)
    own = Schedule("often", "backup", "orders-db", "every 6 h", "UTC", OPERATOR, "", 0.0, declared=True)
    timetable(stage, own).tick()
    planned = stage.calendar.coming()
    assert len(planned) > 2
    seldom = Schedule(**{**own.__dict__, "profile": "orders-strict", "when": "every 12 h"})
    timetable(stage, seldom).tick()
    left = [each for each in (again(stage, one) for one in planned) if each.state is State.PLANNED]
    assert [each.due for each in left] == [each.due for each in planned if seldom.rule.next(each.due - 1) == each.due]
    assert len(left) > 1
    assert {each.schedule.profile for each in left} == {"orders-strict"}


def test_a_schedule_whose_zone_this_machine_does_not_know_stops_no_other(stage: Stage) -> None:
    stage.seed(disks=SMALL)
    odd = Schedule("a-odd", "backup", "orders-db", "every 6 h", "Mars/Olympus", OPERATOR, "", 0.0, declared=True)
    table, made = timetable(stage, odd), nightly(stage)
    table.tick()
    stage.clock.forward(3600)
    table.tick()
    assert {each.schedule.id for each in stage.calendar.coming()} == {made.id}
    assert len(stage.store.latest(10)) == 1


def test_a_server_that_aws_does_not_show_for_a_moment_is_waited_for_within_the_grace(stage: Stage) -> None:
    table = timetable(stage)
    nightly(stage)
    table.tick()
    first = soonest(stage)
    stage.clock.forward(3600)
    table.tick()
    assert again(stage, first).state is State.HELD
    stage.seed(disks=SMALL)
    stage.clock.forward(60)
    table.tick()
    assert again(stage, first).state is State.STARTED


def test_one_that_is_further_away_than_a_day_is_skipped_too_and_stays_skipped(stage: Stage) -> None:
    stage.seed(disks=SMALL)
    table = timetable(stage)
    given = nightly(stage)
    far = stage.calendar.add(Schedule(**{**given.__dict__, "when": "first sunday of the month at 03:00"}), HERE)
    stage.calendar.remove(given.id, OPERATOR, HERE)
    table.tick()
    first, second = (stage.calendar.skip(stage.calendar.next_of(far.id).id, OPERATOR, HERE) for _ in range(2))
    assert first.due < second.due == far.rule.next(first.due)
    stage.clock.forward(second.due - stage.clock.now() + 60)
    for _ in range(2):
        table.tick()
    assert (again(stage, second).state, stage.store.latest(10)) == (State.SKIPPED, [])


def asked_of_slack(stage: Stage) -> tuple[Answers, list[str]]:
    """The stage's answers, and of whom Slack is asked anew for them."""
    asked: list[str] = []

    def look(person: str) -> Directory:
        asked.extend([person] if person else [])
        return stage.directory

    return Answers(stage.desk, Access(stage.policy, look), stage.calendar), asked


def test_slack_is_asked_once_about_a_person_however_many_servers_a_schedule_names(stage: Stage) -> None:
    now, tags = stage.clock.now(), {"Env": "prod"}
    found = tuple(Sighting(f"node-{n}", f"i-{n:017x}", "running", "us-east-1", now, tags) for n in range(5))
    stage.board.put_inventory(inventory.to_json(Inventory(now, "0" * 12, ("us-east-1",), found, ())))
    answers, asked = asked_of_slack(stage)
    for words in (
        "schedule backup tag:Env=prod --at 'every day at 02:00'", "skip S-0001", "pause S-0001", "unschedule S-0001",
    ):  # fmt: skip
        answers.to(parse(words), ASKING)
        assert asked == [OPERATOR.id], words
        asked.clear()


def test_the_window_in_which_one_is_postponed_is_closed_before_slack_is_asked_about_the_person(team: Team) -> None:
    team.stage.seed(disks=SMALL)
    nightly(team.stage)
    timetable(team.stage).tick()
    first, later = soonest(team.stage), team.stage.clock.now() + 7200
    answers, asked = asked_of_slack(team.stage)
    closed: list[list[str]] = []
    view = {
        "private_metadata": json.dumps({"occurrence": first.id, "channel": "C0DROPS", "url": ""}),
        "state": {"values": {"said": {"typed": {"selected_date_time": later}}}},
    }
    answers.scheduling.movable(first.id, ASKING)
    Occurrences(answers).submitted(
        lambda: closed.append([*asked]),  # type: ignore[arg-type]
        {"user": {"id": OPERATOR.id, "username": OPERATOR.name}},
        view,
        team.slack,
    )
    assert (closed, asked) == ([[]], [OPERATOR.id])
    assert again(team.stage, first).at == later


def test_a_rule_that_wants_a_reason_wants_the_schedules_own(stage: Stage) -> None:
    stage.seed(disks=SMALL)
    stage.policy = Policy(Rule(BASE, operators=(OPERATOR.id,), minutes=30, reason=True))
    answers, _ = asked_of_slack(stage)
    words = "schedule backup orders-db --at 'every day at 02:00'"
    with pytest.raises(UserError, match="--reason"):
        answers.to(parse(words), ASKING)
    answers.to(parse(f"{words} --reason nightly"), ASKING)
    assert [each.schedule.reason for each in stage.calendar.all()] == ["nightly"]
