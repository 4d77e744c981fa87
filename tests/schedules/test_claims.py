"""Either somebody's word about an occurrence counts, or it begins and they are told so: never both."""

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from handlers.announcements import Outlook, announcement
from handlers.requests import PauseSchedule, Recurring, SkipNext, Unschedule
from tests.flows.scene import SMALL
from tests.schedules.table import HERE, again, nightly, soonest, timetable
from tests.stage import ASKING, OPERATOR, Stage
from workflows.desk import Desk
from workflows.engine.agenda import KEEP, Agenda, Firing
from workflows.engine.happened import Event
from workflows.engine.keys import key
from workflows.engine.run import Run, Status
from workflows.errors import UserError
from workflows.schedules.beginning import SILENT
from workflows.schedules.occurrence import Occurrence, State
from workflows.schedules.tables import Freeze
from workflows.schedules.timetable import Timetable

Meanwhile = Callable[[], Any]


class _Slow(Desk):
    """At which something happens just before a run is made, when its occurrence is claimed already."""

    def __init__(self, stage: Stage, meanwhile: Meanwhile) -> None:
        super().__init__(stage.store, stage.board, stage.clock, stage.profile_for, patience=0.0)
        self._meanwhile = meanwhile

    def start(self, *given: Any, **more: Any) -> Run:
        self._meanwhile()
        return super().start(*given, **more)


def _due(stage: Stage, *servers: str) -> Occurrence:
    for each in servers or ("orders-db",):
        stage.seed(each, disks=SMALL, tags={"Env": "prod"})
    nightly(stage, **{"target": "tag:Env=prod"} if servers else {})
    timetable(stage).tick()
    stage.clock.forward(3600)
    return soonest(stage)


def _look(stage: Stage, *, before: Meanwhile = lambda: None, after: Meanwhile = lambda: None) -> None:
    """One worker's look, in which something happens just before it claims, or just after."""

    def check(_: Occurrence, __: Sequence[Run]) -> str:
        before()
        return ""

    Timetable(stage.agenda, _Slow(stage, after), stage.clock, (), check).tick()


def _dies() -> None:
    raise InterruptedError


@pytest.mark.parametrize("what", ["skip", "postpone", "unschedule", "half unscheduled", "pause"])
def test_what_somebody_is_told_while_a_worker_is_about_to_begin_it_counts(stage: Stage, what: str) -> None:
    each, calendar = _due(stage), stage.calendar
    own, now = each.schedule.id, stage.clock.now()
    says: dict[str, Meanwhile] = {
        "skip": lambda: calendar.skip(each.id, OPERATOR, HERE),
        "postpone": lambda: calendar.postpone(each.id, now + 3600, OPERATOR, HERE),
        "unschedule": lambda: calendar.remove(own, OPERATOR, HERE),
        "half unscheduled": lambda: stage.agenda.drop(own, Event("schedule removed", OPERATOR, HERE)),
        "pause": lambda: calendar.pause(own, OPERATOR, HERE),
    }
    _look(stage, before=says[what])
    timetable(stage).tick()
    ends = {"skip": State.SKIPPED, "postpone": State.PLANNED}
    assert (again(stage, each).state, stage.store.latest(1)) == (ends.get(what, State.WITHDRAWN), [])


@pytest.mark.parametrize("verb", [SkipNext, Unschedule, lambda own: PauseSchedule(own, paused=True)])
def test_whoever_speaks_after_it_was_claimed_is_told_that_it_begins(
    stage: Stage, verb: Callable[[str], Recurring]
) -> None:  # fmt: skip
    each, said = _due(stage), []
    asked = verb(each.schedule.id)

    def speak() -> None:
        with pytest.raises(UserError, match=r"Too late: that .* is beginning at this moment.*`/dr cancel RUN`"):
            stage.calendar.skip(each.id, OPERATOR, HERE)
        assert "Begins now" in announcement(again(stage, each), Outlook()).blocks[0]["text"]["text"]
        said.append(stage.answers.scheduling.to(asked, ASKING))

    _look(stage, after=speak)
    timetable(stage).tick()
    begun = again(stage, each)
    assert (begun.state, [run.id for run in stage.store.latest(9)]) == (State.STARTED, list(begun.runs))
    assert "But that occurrence" in said[0]
    assert "is beginning at this moment" in said[0]
    with pytest.raises(UserError, match=rf"is started already: `{begun.runs[0]}`.*`/dr cancel {begun.runs[0]}`"):
        stage.calendar.postpone(each.id, stage.clock.now() + 600, OPERATOR, HERE)


@pytest.mark.parametrize("passes", [SILENT, pytest.param(-SILENT, id="the clock is set back")])
def test_what_a_worker_claimed_that_died_before_it_made_the_run_is_begun_once_by_another(
    stage: Stage, passes: float
) -> None:
    each = _due(stage)
    with pytest.raises(InterruptedError):
        _look(stage, after=_dies)
    assert (again(stage, each).state, stage.store.latest(1)) == (State.BEGINNING, [])
    timetable(stage).tick()
    assert again(stage, each).state is State.BEGINNING, "it may be slow"
    stage.clock.forward(passes)
    for _ in range(3):
        timetable(stage).tick()
    (run,) = stage.store.latest(9)
    assert (again(stage, each).state, again(stage, each).runs) == (State.STARTED, (run.id,))
    assert stage.drive(run).status is Status.SUCCEEDED


def test_what_was_claimed_and_not_begun_within_its_grace_was_missed(stage: Stage) -> None:
    each = _due(stage)
    with pytest.raises(InterruptedError):
        _look(stage, after=_dies)
    stage.clock.forward(2 * 3600)
    timetable(stage).tick()
    assert (again(stage, each).state, stage.store.latest(1)) == (State.MISSED, [])


def test_a_worker_that_slept_after_its_claim_begins_nothing_of_what_was_skipped_meanwhile(
    stage: Stage,
) -> None:
    each = _due(stage)
    freeze = Freeze(0, stage.clock.now() + 600, "a fair", backups=False)

    def meanwhile() -> None:
        stage.clock.forward(SILENT)
        timetable(stage, freezes=[freeze]).tick()
        assert again(stage, each).state is State.HELD
        stage.calendar.skip(each.id, OPERATOR, HERE)

    _look(stage, after=meanwhile)
    assert (again(stage, each).state, stage.store.latest(1)) == (State.SKIPPED, [])


def test_what_is_begun_of_it_is_known_by_a_worker_that_could_not_begin_it_itself(stage: Stage) -> None:
    each = _due(stage)

    class Dies(_Slow):
        def start(self, *given: Any, **more: Any) -> Run:
            super().start(*given, **more)
            raise InterruptedError

    with pytest.raises(InterruptedError):
        Timetable(stage.agenda, Dies(stage, lambda: None), stage.clock).tick()
    (run,) = stage.store.latest(1)
    stage.clock.forward(SILENT)
    timetable(stage, freezes=[Freeze(0, stage.clock.now() + 600, "a fair", backups=False)]).tick()
    known = again(stage, each)
    assert (known.state, known.runs, known.why) == (State.STARTED, (run.id,), "")


def test_a_worker_that_would_not_begin_it_leaves_it_to_the_one_that_is_at_it(stage: Stage) -> None:
    """In a rolling restart they read different files."""
    each = _due(stage, "node-1", "node-2", "node-3")
    frozen = timetable(stage, freezes=[Freeze(0, stage.clock.now() + 6000, "a fair", backups=False)])

    def meanwhile() -> None:
        stage.clock.forward(SILENT - 1)
        frozen.tick()

    _look(stage, before=lambda: stage.clock.forward(SILENT), after=meanwhile)
    begun = again(stage, each)
    assert (begun.state, len(begun.runs), begun.why) == (State.STARTED, 3, "")


def test_what_is_begun_while_another_writes_down_what_was_begun_belongs_to_it_too(stage: Stage) -> None:
    each = _due(stage, "node-1", "node-2")

    def make(server: str) -> None:
        run = stage.desk.backup(ASKING, server, reboot=False, accept_loss=False)[0]
        request = f"{each.id}/{run.target.region}/{server}"
        stage.desk.start(run, request, Firing(each.id, again(stage, each).version))

    reads: list[tuple[str, ...]] = []

    def dies_after_one() -> None:
        make("node-1")
        _dies()

    class Slow(Agenda):
        """At which one more is begun when it has been read for the second time what was."""

        def begun(self, occurrence_id: str) -> tuple[str, ...]:
            found = super().begun(occurrence_id)
            reads.append(found)
            if len(reads) == 2:
                make("node-2")
            return found

    with pytest.raises(InterruptedError):
        _look(stage, after=dies_after_one)
    stage.clock.forward(SILENT)
    Timetable(Slow(stage.store.redis, stage.clock), stage.desk, stage.clock, (), lambda _, __: "a fair").tick()
    assert (again(stage, each).state, [len(found) for found in reads]) == (State.BEGINNING, [1, 1])
    stage.clock.forward(SILENT)
    Timetable(stage.agenda, stage.desk, stage.clock, (), lambda _, __: "a fair").tick()
    known = again(stage, each)
    assert (known.state, set(known.runs)) == (State.STARTED, {run.id for run in stage.store.latest(9)})
    assert len(known.runs) == 2


def test_what_was_begun_of_it_is_known_as_long_as_it_itself(stage: Stage) -> None:
    each = _due(stage)
    timetable(stage).tick()
    assert stage.store.redis.ttl(key("begun", each.id)) == KEEP
