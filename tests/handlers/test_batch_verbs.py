"""What is asked for by a tag, and what can be said about it as a whole."""

from dataclasses import replace

import pytest
import redis

from handlers.access import Access
from handlers.actions import key_of, stands_for
from handlers.answers import Answers
from handlers.batch_card import Standing, summary
from handlers.grammar import parse
from handlers.requests import Cancel, Retry
from tests.clock import HandClock
from tests.handlers.fleet import fails
from workflows import inventory
from workflows.desk import Asking, Desk
from workflows.engine.agenda import Agenda
from workflows.engine.batches import Batches
from workflows.engine.board import Board
from workflows.engine.run import Actor
from workflows.engine.store import Store
from workflows.errors import NotAllowed, UserError
from workflows.facts.profile import Profile
from workflows.inventory import Inventory, Sighting
from workflows.policy import BASE, Directory, Policy, Rule
from workflows.schedules.calendar import Calendar

OLGA = Actor("U0OPERATOR", "olga")


class Counter:
    """Who may what; and how often Slack was asked about somebody."""

    def __init__(self, client: redis.Redis, store: Store, clock: HandClock) -> None:
        self.asked = 0
        board = Board(client)
        found = tuple(
            Sighting(f"node-{each}", f"i-{each:017x}", "running", "us-east-1", clock.now(), {"Env": "prod"})
            for each in range(12)
        )
        board.put_inventory(inventory.to_json(Inventory(clock.now(), "0" * 12, ("us-east-1",), found, ())))
        desk = Desk(store, board, clock, lambda *_: Profile("default", paths=("/srv",)), patience=0)
        policy = Policy(Rule(BASE, operators=(OLGA.id,), approvers=("U2",), minutes=30))
        self.answers = Answers(desk, Access(policy, self.look), Calendar(Agenda(client, clock), clock))

    def look(self, person: str) -> Directory:
        self.asked += bool(person)
        return Directory()

    def says(self, typed: str, by: Actor = OLGA) -> str:
        return self.answers.to(parse(typed), Asking(by, "C0DROPS", request=typed))[0]


@pytest.fixture
def counter(redis_client: redis.Redis, store: Store, clock: HandClock) -> Counter:
    return Counter(redis_client, store, clock)


def test_one_answer_tells_of_all_and_slack_is_asked_once_about_the_asker(counter: Counter, store: Store) -> None:
    assert counter.says("backup tag:Env=prod") == (
        "`G-0001` Backup of 12 servers is on its way; its card says how far it is."
    )
    assert counter.asked == 1
    assert {run.batch for run in store.open_runs()} == {"G-0001"}
    assert counter.says("status") == "G-0001, backup of 12 servers: 0 of 12 have ended. 12 waiting in line."
    assert "░░░░░░░░░░ 0 % · 0 of 12 have ended" in counter.says("status g-1")
    assert "B-0005, backup of node-4" in counter.says("status B-0005")
    for typed in ("approve G-0001", "reject G-0001 no", "report G-0001"):
        with pytest.raises(UserError, match="`G-0001` is a batch") as refused:
            counter.says(typed)
        assert refused.value.hint == "`/dr status G-0001` lists its runs."


def test_all_of_a_batch_is_cancelled_by_who_may_cancel_each_and_by_nobody_else(counter: Counter, store: Store) -> None:
    counter.says("backup tag:Env=prod")
    with pytest.raises(NotAllowed):
        counter.says("cancel G-0001", Actor("U0STRANGER"))
    assert not any(store.inbox(run.id).cancel for run in store.open_runs())
    counter.says("cancel B-0001")
    counter.asked = 0
    assert counter.says("cancel G-0001") == (
        "Of the runs of `G-0001`, 11 stop before their next step; what they have made so far stays; "
        "1 is being cancelled already."
    )
    assert counter.asked == 1
    assert all(store.inbox(run.id).cancel for run in store.open_runs())
    with pytest.raises(UserError, match="There is no batch `G-0007`"):
        counter.says("cancel G-7")


def test_a_button_on_the_card_of_a_lost_batch_does_not_steer_the_one_that_has_its_number_now(
    redis_client: redis.Redis, store: Store, clock: HandClock
) -> None:
    Counter(redis_client, store, clock).says("backup tag:Env=prod")
    batches = Batches(redis_client, clock)
    lost = batches.read("G-0001")
    assert lost is not None
    (button,) = summary(Standing(lost, batches.members(lost.id))).blocks[-1]["elements"]
    redis_client.flushall()
    after = Counter(redis_client, store, clock)
    after.says("backup tag:Env=prod")
    assert (button["action_id"], stands_for(button)[0]) == ("cancel", "G-0001")
    for request in (Cancel("G-0001", key_of(button)), Retry("G-0001", key_of(button))):
        with pytest.raises(UserError, match="`G-0001` is another one by now, a backup of 12 servers"):
            after.answers.to(request, Asking(OLGA, "C0DROPS"))
    assert not any(store.inbox(run.id).cancel for run in store.open_runs())
    found = batches.read("G-0001")
    assert found is not None
    assert "12 stop" in after.answers.to(Cancel("G-0001", found.key), Asking(OLGA, "C0DROPS"))[0]


def test_all_that_failed_is_tried_again_but_for_what_a_retry_could_not_mend(counter: Counter, store: Store) -> None:
    counter.says("backup tag:Env=prod")
    for run in store.open_runs()[:4]:
        claim = store.begin(run.id, lease=60)
        assert claim is not None
        failed = fails(claim.run, 0)
        if run.id == "B-0004":
            failed = replace(failed, problem=replace(failed.problem, final=True))  # type: ignore[type-var]
        store.commit(failed, claim.fence, due=0, lease_until=0, event="test")
    with pytest.raises(NotAllowed):
        counter.says("retry G-0001", Actor("U0STRANGER"))
    assert counter.says("retry G-0001") == "Of 3 failed runs of `G-0001`, 3 go on where they failed."
    assert [store.inbox(f"B-000{each}").retry is not None for each in (1, 2, 3, 4, 5)] == [True] * 3 + [False] * 2
    assert "mend" in counter.says("retry G-0001")


def test_what_is_said_of_one_is_said_of_one(counter: Counter, store: Store) -> None:
    counter.says("backup tag:Env=prod")
    claim = store.begin("B-0001", lease=60)
    assert claim is not None
    store.commit(fails(claim.run, 0), claim.fence, due=0, lease_until=0, event="test")
    assert counter.says("retry G-0001") == "Of 1 failed run of `G-0001`, 1 goes on where it failed."


def test_of_what_many_would_do_some_is_told(counter: Counter, store: Store) -> None:
    told = counter.says("backup tag:Env=prod --dry-run")
    assert told.count("would do this") == 3
    assert told.endswith("And so with 9 more.")
    assert store.open_runs() == []


def test_what_nobody_can_begin_is_told_of_some_and_counted_of_the_rest(counter: Counter) -> None:
    counter.says("backup tag:Env=prod")
    told = counter.says("backup tag:Env=prod ").splitlines()
    assert len(told) == 11
    assert told[-1] == "And so with 2 more."
