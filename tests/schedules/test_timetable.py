"""What recurs is begun once, whoever looks and whatever died, and what was missed is said."""

from collections.abc import Sequence
from dataclasses import replace
from threading import Barrier, Thread

import pytest

from handlers.announcements import Outlook, announcement, replies
from tests.flows.scene import SMALL
from tests.schedules.table import HERE, again, nightly, soonest, timetable, unsaid
from tests.stage import ASKING, OPERATOR, Stage
from workflows import inventory
from workflows.engine.agenda import New
from workflows.engine.halting import Halting
from workflows.engine.happened import Event
from workflows.engine.run import Actor, Run, Status
from workflows.inventory import Inventory, Sighting
from workflows.schedules.occurrence import Occurrence, State, occurrence_to_json
from workflows.schedules.schedule import Schedule
from workflows.schedules.tables import Freeze
from workflows.schedules.timetable import Timetable


def test_what_is_due_is_begun_once_and_closed_when_its_run_has_ended(stage: Stage) -> None:
    stage.seed(disks=SMALL)
    table = timetable(stage)
    nightly(stage)
    table.tick()
    coming = soonest(stage)
    assert (coming.state, round(coming.at - stage.clock.now())) == (State.PLANNED, 3600 - round(stage.clock.now()) % 60)
    stage.clock.forward(3600)
    for _ in range(3):
        table.tick()
    (run,) = stage.store.latest(10)
    assert (run.runbook, run.via, run.asked_by) == ("backup", "schedule", OPERATOR)
    assert again(stage, coming).runs == (run.id,)
    assert stage.drive(run).status is Status.SUCCEEDED
    table.tick()
    done = again(stage, coming)
    assert (done.state, done.over) == (State.STARTED, True)
    assert [each.due - coming.due for each in stage.calendar.coming()] == [86400.0]


def test_a_schedule_of_many_servers_begins_a_batch_and_its_announcement_names_it(stage: Stage) -> None:
    now, tags = stage.clock.now(), {"Env": "prod"}
    found = tuple(Sighting(f"node-{n}", f"i-{n:017x}", "running", "us-east-1", now, tags) for n in range(5))
    stage.board.put_inventory(inventory.to_json(Inventory(now, "0" * 12, ("us-east-1",), found, ())))
    table = timetable(stage)
    nightly(stage, target="tag:Env=prod")
    table.tick()
    coming = soonest(stage)
    stage.clock.forward(3600)
    for _ in range(2):
        table.tick()
    runs = stage.store.latest(10)
    assert [run.batch for run in runs] == ["G-0001"] * 5
    begun = again(stage, coming)
    assert len(begun.runs) == 5
    shown = str(announcement(begun, Outlook(runs=tuple(runs))).blocks)
    assert "`G-0001`, 5 runs: its card shows how far they are." in shown


def test_five_workers_that_look_in_the_same_second_begin_it_once(stage: Stage) -> None:
    stage.seed(disks=SMALL)
    tables = [timetable(stage) for _ in range(5)]
    nightly(stage)
    for seconds in (0.0, 3600.0):
        stage.clock.forward(seconds)
        start = Barrier(5)

        def look(table: Timetable, start: Barrier = start) -> None:
            start.wait()
            table.tick()

        threads = [Thread(target=look, args=[each]) for each in tables]
        for each in threads:
            each.start()
        for each in threads:
            each.join()
    assert len(stage.store.latest(10)) == 1
    assert {each.state for each in stage.calendar.coming()} <= {State.STARTED, State.PLANNED}


def test_while_all_is_halted_nothing_recurs_and_what_is_due_says_who_halted_it_and_why(stage: Stage) -> None:
    stage.seed(disks=SMALL)
    table, halting = timetable(stage), Halting(stage.store)
    nightly(stage)
    table.tick()
    coming = soonest(stage)
    halting.halt(OPERATOR, "a storm")
    stage.clock.forward(3600)
    table.tick()
    assert "halted by <@U0OPERATOR>" in again(stage, coming).why
    assert "a storm" in again(stage, coming).why
    assert stage.store.latest(1) == []
    assert "refusal" not in {each["kind"] for each in stage.audit()}  # each tick would tell it again
    halting.resume(OPERATOR)
    table.tick()
    assert again(stage, coming).state is State.STARTED


def test_a_worker_that_dies_between_the_run_and_its_record_makes_no_second_run(stage: Stage) -> None:
    stage.seed(disks=SMALL)
    table = timetable(stage)
    nightly(stage)
    table.tick()
    coming = soonest(stage)
    stage.clock.forward(3600)
    begun: list[Run] = []

    def dies(each: Occurrence, planned: Sequence[Run]) -> str:
        """It began the run, as _started does, and wrote nothing of it."""
        begun.append(stage.desk.start(planned[0], f"{each.id}/us-east-1/orders-db"))
        raise InterruptedError

    with pytest.raises(InterruptedError):
        Timetable(stage.agenda, stage.desk, stage.clock, (), dies).tick()
    stage.clock.forward(1800)
    table.tick()
    assert again(stage, coming).runs == (begun[0].id,)
    assert len(stage.store.latest(10)) == 1


def test_what_was_missed_while_nobody_was_there_is_begun_within_its_grace_and_else_told_once(stage: Stage) -> None:
    stage.seed(disks=SMALL)
    nightly(stage)
    timetable(stage).tick()
    first = soonest(stage)
    stage.clock.forward(3600 + 1800)
    timetable(stage).tick()
    assert again(stage, first).state is State.STARTED
    stage.drive(stage.store.latest(1)[0])
    stage.clock.forward(4 * 86400)
    table = timetable(stage)
    table.tick()
    table.tick()
    told = [each for each in map(again, [stage] * 9, unsaid(stage)) if each.state is State.MISSED]
    assert [(each.folded, each.why) for each in told] == [
        (0, "no worker was there at its time"), (1, "no worker was there at its time")
    ]  # fmt: skip
    assert len(stage.store.latest(10)) == 2, "the one of today is within its grace"


def test_a_clock_that_jumps_back_begins_nothing_twice(stage: Stage) -> None:
    stage.seed(disks=SMALL)
    table = timetable(stage)
    nightly(stage)
    table.tick()
    stage.clock.forward(3600)
    table.tick()
    stage.clock.forward(-7200)
    table.tick()
    stage.clock.forward(7200)
    table.tick()
    assert len(stage.store.latest(10)) == 1


def test_a_freeze_holds_a_drill_says_why_and_lets_it_go_within_its_grace(stage: Stage) -> None:
    stage.seed(disks=SMALL)
    stage.backup()
    start = stage.clock.now()
    freeze = Freeze(start, start + 3600 + 900, "quarter's end")
    table = timetable(stage, freezes=[freeze])
    nightly(stage, "drill")
    table.tick()
    first = soonest(stage)
    stage.clock.forward(3600)
    table.tick()
    assert again(stage, first).state is State.HELD
    assert "quarter's end" in again(stage, first).why
    stage.clock.forward(1000)
    table.tick()
    assert again(stage, first).state is State.STARTED
    stage.drive(stage.store.latest(1)[0])
    table.tick()
    long = timetable(stage, freezes=[Freeze(start, start + 10 * 86400, "moving house")])
    stage.clock.forward(86400 - 1000)
    long.tick()
    second = stage.calendar.coming()[1]
    assert second.state is State.HELD
    stage.clock.forward(3700)
    long.tick()
    assert (again(stage, second).state, "moving house" in again(stage, second).why) == (State.MISSED, True)


def test_whoever_answers_for_it_and_may_not_any_more_is_told_and_nothing_begins(stage: Stage) -> None:
    stage.seed(disks=SMALL)
    given = nightly(stage)
    stranger = Actor("U0STRANGER")
    stage.calendar.add(Schedule(**{**given.__dict__, "owner": stranger}), HERE)
    table = timetable(stage)
    table.tick()
    stage.clock.forward(3600)
    table.tick()
    states = {each.schedule.owner.id: each for each in unsaid(stage) if each.at <= stage.clock.now()}
    assert states[OPERATOR.id].state is State.STARTED
    assert states[stranger.id].state is State.REFUSED
    assert "not an operator" in states[stranger.id].why


def test_a_server_that_is_worked_on_holds_it_until_it_is_free(stage: Stage) -> None:
    stage.seed(disks=SMALL)
    table = timetable(stage)
    nightly(stage)
    table.tick()
    first = soonest(stage)
    stage.clock.forward(3600)
    told = len(stage.audit())
    other = stage.desk.start(stage.desk.backup(ASKING, "orders-db", reboot=False, accept_loss=False)[0])
    table.tick()
    table.tick()
    assert [each["kind"] for each in stage.audit()[told:]] == ["start", "schedule"], (
        "it is held once, and refused never"
    )
    assert f"`{other.id}` is working on" in again(stage, first).why
    stage.drive(other)
    stage.clock.forward(10)
    table.tick()
    assert again(stage, first).state is State.STARTED


def test_of_several_servers_those_that_are_worked_on_are_left_out_by_name_and_the_others_begin(stage: Stage) -> None:
    for name in ("orders-db", "billing-db"):
        stage.seed(name, SMALL, tags={"Tier": "data"})
    table = timetable(stage)
    given = nightly(stage)
    stage.calendar.remove(given.id, OPERATOR, HERE)
    stage.calendar.add(replace(given, target="tag:Tier=data"), HERE)
    table.tick()
    first = soonest(stage)
    stage.clock.forward(3600)
    other = stage.desk.start(stage.desk.backup(ASKING, "orders-db", reboot=False, accept_loss=False)[0])
    table.tick()
    begun = again(stage, first)
    assert [stage.store.read(each).target.server for each in begun.runs] == ["billing-db"]
    assert begun.state is State.STARTED
    assert f"`{other.id}` is working on *orders-db*" in begun.why
    (reply,) = replies(begun, Outlook())
    assert (reply.key, f"<@{OPERATOR.id}>" in reply.text, "orders-db" in reply.text) == ("left out", True, True)
    assert "Left out" in str(announcement(begun, Outlook()).blocks)


def test_what_another_version_wrote_is_left_alone_and_holds_up_nothing_else(stage: Stage) -> None:
    stage.seed(disks=SMALL)
    table = timetable(stage)
    nightly(stage)
    table.tick()
    first = soonest(stage)
    newer = occurrence_to_json(first).replace("planned", "dreamt of").replace(first.schedule.id, "S-0099")
    stage.agenda.plan("S-0099", "", "later", [New(f"S-0099@{round(first.due)}", newer, first.at)])
    stage.agenda.put("S-0099", '{"when": "at the full moon"}', Event("made by a newer one", OPERATOR, HERE))
    stage.clock.forward(3600)
    table.tick()
    assert again(stage, first).state is State.STARTED
    assert [each.schedule.id for each in stage.calendar.all()] == [first.schedule.id]
    assert newer in stage.agenda.coming()
    (run,) = stage.store.latest(1)
    stage.store.redis.hset(f"dr:run:{run.id}", "record", '{"status": "dreaming"}')
    table.tick()
    assert not again(stage, first).over
