"""Workers are restarted one after the other with another firedrill.toml, and nothing that it declares is lost."""

from dataclasses import replace
from datetime import UTC, datetime

from tests.flows.scene import SMALL
from tests.schedules.table import HERE, again, nightly, soonest, timetable
from tests.stage import OPERATOR, Stage
from workflows.engine.agenda import New
from workflows.schedules.calendar import Calendar
from workflows.schedules.declared import GONE
from workflows.schedules.occurrence import State, occurrence_to_json, planned
from workflows.schedules.schedule import Schedule
from workflows.schedules.timetable import Timetable


def _at(stage: Stage, hours: int) -> str:
    return f"every day at {datetime.fromtimestamp(stage.clock.now() + hours * 3600, UTC):%H:%M}"


def _own(stage: Stage, hours: int = 1) -> Schedule:
    return Schedule("own", "backup", "orders-db", _at(stage, hours), "UTC", OPERATOR, "", 0.0, declared=True)


def _restarted(stage: Stage, *declared: Schedule) -> Timetable:
    """A worker that is started a second later than those before it, and has looked once."""
    stage.clock.forward(1)
    made = timetable(stage, *declared)
    made.tick()
    return made


def test_what_the_first_restarted_worker_declares_anew_is_not_withdrawn_by_those_that_do_not_know_it(
    stage: Stage,
) -> None:
    stage.seed(disks=SMALL)
    own = _own(stage)
    old, new = _restarted(stage), _restarted(stage, own)
    first = soonest(stage)
    for each in (old, new, old):
        each.tick()
    assert again(stage, first).state is State.PLANNED
    stage.clock.forward(3600)
    for each in (old, new):
        each.tick()
    assert len(again(stage, first).runs) == len(stage.store.latest(9)) == 1


def test_of_two_workers_that_have_another_time_for_it_the_one_that_was_started_last_counts(stage: Stage) -> None:
    stage.seed(disks=SMALL)
    before, after = _own(stage), _own(stage, hours=2)
    old = _restarted(stage, before)
    first = soonest(stage)
    new = _restarted(stage, after)
    second = soonest(stage)
    for _ in range(2):
        stage.clock.forward(3600)
        for each in (old, new, old):
            each.tick()
    assert (again(stage, first).state, again(stage, second).state) == (State.WITHDRAWN, State.STARTED)
    assert len(stage.store.latest(9)) == 1


def test_when_the_newest_worker_is_gone_for_good_what_the_others_declare_counts_again(stage: Stage) -> None:
    old = _restarted(stage, _own(stage, hours=3))
    first = soonest(stage)
    _restarted(stage)
    old.tick()
    assert (again(stage, first).state, stage.agenda.cursors()) == (State.WITHDRAWN, {})
    stage.clock.forward(3600)
    for _ in range(GONE // 2):  # two looks each
        old.tick()
    assert again(stage, first).state is State.PLANNED


def test_what_is_taken_out_of_the_file_and_put_back_loses_only_what_people_have_called_off(stage: Stage) -> None:
    own = replace(_own(stage), when="every 6 h")
    table, calendar = _restarted(stage, own), Calendar(stage.agenda, stage.clock, [own])
    paused, skipped, *others = calendar.coming()
    calendar.skip(skipped.id, OPERATOR, HERE)
    calendar.postpone(others[0].id, others[0].at + 60, OPERATOR, HERE)
    calendar.pause(own.id, OPERATOR, HERE)
    stage.clock.forward(paused.due - stage.clock.now())
    table.tick()
    calendar.resume(own.id, OPERATOR, HERE)
    _restarted(stage)
    ended = [again(stage, each) for each in (paused, *others)]
    assert [(each.state, each.by) for each in ended] == [
        (State.WITHDRAWN, OPERATOR), *[(State.WITHDRAWN, None)] * len(others)
    ]  # fmt: skip
    _restarted(stage, own)
    coming = [(each.id, each.at) for each in calendar.coming()]
    assert coming[: len(others)] == [(each.id, each.due) for each in others]
    assert len(stage.agenda.over(0, stage.clock.now() + 1)) == 2


def test_nothing_is_kept_of_a_schedule_that_is_removed_and_a_slow_worker_makes_nothing_more_of_it(stage: Stage) -> None:
    table, given = timetable(stage), nightly(stage)
    table.tick()
    stage.calendar.pause(given.id, OPERATOR, HERE)
    stage.calendar.remove(given.id, OPERATOR, HERE)
    assert (stage.agenda.cursors(), stage.agenda.paused(), stage.agenda.schedules()) == ({}, {}, {})
    late = planned(given, stage.clock.now() + 60)
    assert not stage.agenda.plan(given.id, "", "late", [New(late.id, occurrence_to_json(late), late.at)], kept=True)
    assert (stage.agenda.cursors(), stage.calendar.coming()) == ({}, [])
