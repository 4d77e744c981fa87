"""What was asked and what was answered stays in the record after the run has moved on."""

from tests.clock import HandClock
from tests.engine.book import APPROVER, ASKER, World, answer, drive, new_run
from workflows.engine import moves
from workflows.engine.engine import Engine
from workflows.engine.run import Answer, Question, Status
from workflows.engine.store import Store


def asked(store: Store, engine: Engine, clock: HandClock, world: World) -> Question:
    """A run of D-0001 that stands at its question."""
    world.ready = True
    run = store.create(new_run(store, clock))
    drive(store, engine, clock, most=60)
    question = store.read(run.id).question
    assert question is not None
    return question


def test_what_an_approver_was_shown_is_kept_with_the_answer(
    store: Store, engine: Engine, clock: HandClock, world: World
) -> None:
    question = asked(store, engine, clock, world)
    answer(store, store.read("D-0001"), clock)
    drive(store, engine, clock)
    ended = store.read("D-0001")
    (decision,) = ended.decisions
    assert (ended.status, ended.question) == (Status.SUCCEEDED, None)
    assert decision.question == question
    assert [(each.by, each.approved) for each in decision.answers] == [(APPROVER, True)]


def test_a_rejected_an_expired_and_a_cancelled_question_are_kept_too(
    store: Store, engine: Engine, clock: HandClock, world: World
) -> None:
    question = asked(store, engine, clock, world)
    run = store.read("D-0001")
    said = Answer(question.id, False, APPROVER, clock.now(), question.expires_at, reason="x" * 9000)
    rejected = moves.rejected(run, (said,), said).decisions[-1]
    assert len(rejected.answers[0].reason) == moves.MOST_SHOWN
    assert moves.expired(run, clock.now(), ()).decisions[-1].answers == ()
    assert moves.cancelled(run, clock.now(), ASKER).decisions[-1].question == question


def test_an_approval_that_a_doubt_followed_is_kept_once_and_beside_the_next_one(
    store: Store, engine: Engine, clock: HandClock, world: World
) -> None:
    asked(store, engine, clock, world)
    world.safe = False
    answer(store, store.read("D-0001"), clock)
    drive(store, engine, clock)
    assert len(store.read("D-0001").decisions) == 1
    world.safe = True
    store.retry(store.read("D-0001"), ASKER)
    drive(store, engine, clock, most=60)
    answer(store, store.read("D-0001"), clock)
    drive(store, engine, clock)
    ended = store.read("D-0001")
    assert [each.question.id for each in ended.decisions] == [f"{ended.key}:1", f"{ended.key}:2"]


def test_a_record_keeps_only_the_latest_decisions_and_cuts_what_is_long(
    store: Store, engine: Engine, clock: HandClock, world: World
) -> None:
    asked(store, engine, clock, world)
    run = store.read("D-0001")
    assert run.question is not None
    question = run.question
    for number in range(15):
        items = (("Volumes", "v" * 100_000),)
        shown = Question(f"q:{number}", "s", "t", "v", items, "c", question.asked_at, question.expires_at)
        run = moves.approved(moves.asks(run, shown), (Answer(shown.id, True, APPROVER, 1.0, 2.0),))
    assert [each.question.id for each in run.decisions] == [f"q:{number}" for number in range(5, 15)]
    assert len(run.decisions[-1].question.items[0][1]) == moves.MOST_SHOWN
