"""Questions, answers, and stopping: on a real Redis."""

from tests.clock import HandClock
from tests.engine.book import APPROVER, ASKER, THIRD, World, answer, drive, new_run
from workflows.engine import moves
from workflows.engine.engine import Engine
from workflows.engine.run import Actor, Answer, Run, Status
from workflows.engine.store import Store


def test_only_the_first_answer_counts_and_the_second_is_told_of_it(
    store: Store, engine: Engine, clock: HandClock, world: World
) -> None:
    world.ready = True
    run = store.create(new_run(store, clock))
    drive(store, engine, clock, most=60)
    asked = store.read(run.id).question
    assert asked is not None
    assert answer(store, run, clock, approved=False) == "done"
    word, prior = store.answer(run.id, Answer(asked.id, True, ASKER, clock.now(), asked.expires_at))
    assert word == "already"
    assert prior is not None
    assert prior.by == APPROVER
    drive(store, engine, clock)
    assert store.read(run.id).status is Status.REJECTED
    assert world.did == ["make ami"]


def test_an_approval_that_the_worker_meets_after_its_expiry_destroys_nothing(
    store: Store, engine: Engine, clock: HandClock, world: World
) -> None:
    world.ready = True
    run = store.create(new_run(store, clock))
    drive(store, engine, clock, most=60)
    assert answer(store, run, clock) == "done"
    clock.forward(31 * 60)
    drive(store, engine, clock)
    assert store.read(run.id).status is Status.EXPIRED
    assert world.did == ["make ami"]


def test_an_answer_after_the_expiry_is_refused(store: Store, engine: Engine, clock: HandClock, world: World) -> None:
    world.ready = True
    run = store.create(new_run(store, clock))
    drive(store, engine, clock, most=60)
    clock.forward(30 * 60)
    assert answer(store, run, clock) == "expired"


def test_a_doubt_at_the_click_fails_the_run_and_a_retry_asks_anew(
    store: Store, engine: Engine, clock: HandClock, world: World
) -> None:
    world.ready, world.safe = True, False
    run = store.create(new_run(store, clock))
    drive(store, engine, clock, most=60)
    answer(store, run, clock)
    drive(store, engine, clock)
    assert store.read(run.id).problem is not None
    assert "destroy ami-1" not in world.did
    world.safe = True
    assert store.retry(store.read(run.id), ASKER) == "done"
    drive(store, engine, clock, most=60)
    again = store.read(run.id)
    assert again.status is Status.ASKING
    assert again.question is not None
    assert again.question.id.endswith(":2")


def test_a_waiting_run_is_cancelled_and_gives_its_server_back(
    store: Store, engine: Engine, clock: HandClock, world: World
) -> None:
    run = store.create(new_run(store, clock))
    drive(store, engine, clock, most=10)
    assert store.cancel(run.id, ASKER) == "done"
    assert store.cancel(run.id, ASKER) == "already"
    drive(store, engine, clock, most=10)
    assert store.read(run.id).status is Status.CANCELLED
    assert store.holder(run.target) is None
    assert store.cancel(run.id, ASKER) == "ended"


def test_a_cancel_that_comes_while_a_step_runs_stops_the_run_before_the_point_of_no_return(
    store: Store, engine: Engine, clock: HandClock, world: World
) -> None:
    """The approval's recheck runs; meanwhile somebody cancels. The intent to destroy must not be recorded."""
    world.ready = True
    run = store.create(new_run(store, clock))
    drive(store, engine, clock, most=60)
    answer(store, run, clock)
    world.did = _CancelOnRecheck(store, run.id)
    drive(store, engine, clock)
    assert store.read(run.id).status is Status.CANCELLED
    assert "destroy ami-1" not in world.did


class _CancelOnRecheck(list[str]):
    def __init__(self, store: Store, run_id: str) -> None:
        super().__init__()
        self._store, self._run_id = store, run_id

    def append(self, item: str) -> None:
        super().append(item)
        if item == "recheck":
            assert self._store.cancel(self._run_id, ASKER) == "done"


def test_past_the_point_of_no_return_nothing_is_cancelled(
    store: Store, engine: Engine, clock: HandClock, world: World
) -> None:
    world.ready = True
    run = store.create(new_run(store, clock))
    drive(store, engine, clock, most=60)
    answer(store, run, clock)
    words: list[str] = []
    world.on_destroy = lambda: words.append(store.cancel(run.id, ASKER))
    drive(store, engine, clock)
    assert words == ["no return"]
    assert store.read(run.id).status is Status.SUCCEEDED


# ── as many as must ──────────────────────────────────────────────────────────────────────────────────────


def _says(store: Store, run: Run, clock: HandClock, who: Actor, approved: bool = True) -> str:
    asked = store.read(run.id).question
    assert asked is not None
    return store.answer(run.id, Answer(asked.id, approved, who, clock.now(), asked.expires_at))[0]


def _asking_two(store: Store, engine: Engine, clock: HandClock, world: World) -> Run:
    world.ready, world.needed = True, 2
    run = store.create(new_run(store, clock))
    drive(store, engine, clock, most=60)
    return run


def test_two_approvals_are_two_people_and_the_first_is_shown_meanwhile(
    store: Store, engine: Engine, clock: HandClock, world: World
) -> None:
    run = _asking_two(store, engine, clock, world)
    assert _says(store, run, clock, APPROVER) == "done"
    drive(store, engine, clock, most=60)
    half = store.read(run.id)
    assert half.status is Status.ASKING
    assert [each.by for each in half.answers] == [APPROVER]
    assert _says(store, run, clock, APPROVER) == "already"
    drive(store, engine, clock, most=60)
    assert store.read(run.id).status is Status.ASKING
    assert world.did == ["make ami"]
    assert _says(store, run, clock, THIRD) == "done"
    drive(store, engine, clock)
    done = store.read(run.id)
    assert done.status is Status.SUCCEEDED
    assert [each["by"]["id"] for each in done.values["approval_terminate"]["answers"]] == [APPROVER.id, THIRD.id]


def test_one_no_ends_it_however_many_have_approved(
    store: Store, engine: Engine, clock: HandClock, world: World
) -> None:
    run = _asking_two(store, engine, clock, world)
    assert _says(store, run, clock, APPROVER) == "done"
    assert _says(store, run, clock, THIRD, approved=False) == "done"
    drive(store, engine, clock)
    assert store.read(run.id).status is Status.REJECTED
    assert world.did == ["make ami"]


def test_an_approval_is_taken_back_by_the_same_persons_no_and_never_the_other_way_round(
    store: Store, engine: Engine, clock: HandClock, world: World
) -> None:
    run = _asking_two(store, engine, clock, world)
    assert _says(store, run, clock, APPROVER) == "done"
    assert _says(store, run, clock, APPROVER, approved=False) == "done"
    assert _says(store, run, clock, APPROVER) == "already"
    assert _says(store, run, clock, THIRD) == "already"
    drive(store, engine, clock)
    ended = store.read(run.id)
    assert (ended.status, ended.ended_by) == (Status.REJECTED, APPROVER)
    assert world.did == ["make ami"]


def test_a_no_in_place_of_a_yes_is_heard_at_once_by_a_worker_that_was_writing_down_the_yes(
    store: Store, engine: Engine, clock: HandClock, world: World
) -> None:
    run = _asking_two(store, engine, clock, world)
    assert _says(store, run, clock, APPROVER) == "done"
    assert store.dispatch(10, pause=5) == [run.id]
    claim = store.begin(run.id, lease=60)
    assert claim is not None
    assert claim.run.question is not None
    assert _says(store, run, clock, APPROVER, approved=False) == "done"
    half = moves.answered(claim.run, claim.inbox.answers_to(claim.run.question.id))
    store.commit(half, claim.fence, due=claim.run.question.expires_at, lease_until=0, event="approved by one of two")
    assert store.next_due() == clock.now()
    drive(store, engine, clock, most=1)
    assert store.read(run.id).status is Status.REJECTED


def test_what_was_decided_is_not_undone_by_a_no(store: Store, engine: Engine, clock: HandClock, world: World) -> None:
    run = _asking_two(store, engine, clock, world)
    assert [_says(store, run, clock, who) for who in (APPROVER, THIRD)] == ["done", "done"]
    assert _says(store, run, clock, APPROVER, approved=False) == "already"
    drive(store, engine, clock)
    assert store.read(run.id).status is Status.SUCCEEDED


def test_too_few_approvals_at_the_expiry_destroy_nothing(
    store: Store, engine: Engine, clock: HandClock, world: World
) -> None:
    run = _asking_two(store, engine, clock, world)
    assert _says(store, run, clock, APPROVER) == "done"
    clock.forward(31 * 60)
    drive(store, engine, clock)
    assert store.read(run.id).status is Status.EXPIRED
    assert world.did == ["make ami"]
