"""Many runs that were asked for at once have one message, within Slack's rates, and every last state is right."""

import re
from collections.abc import Iterator
from dataclasses import replace

import pytest
import redis

from handlers.batch_card import Standing, end, listing, sentence, summary
from handlers.batch_painter import CARDS
from handlers.cards import Card
from practice.workspace import Message, Workspace
from practice.workspace.blocks import check_blocks
from practice.world import CHANNEL, MANIFEST
from tests.clock import HandClock
from tests.handlers.fleet import Fleet, asks, fails, succeeds, waits
from tests.handlers.test_cards import ASKER, NOW
from tests.handlers.test_cards import run as made
from workflows.engine import moves
from workflows.engine.batches import WHOLE, Batch, Batches, Member
from workflows.engine.run import Actor, Run, Status
from workflows.engine.store import Store
from workflows.errors import HeldBack
from workflows.together import begin


@pytest.fixture
def space(clock: HandClock) -> Iterator[Workspace]:
    with Workspace(MANIFEST, now=clock.now, tiers=True) as opened:
        yield opened


@pytest.fixture
def fleet(space: Workspace, store: Store, redis_client: redis.Redis, clock: HandClock) -> Fleet:
    return Fleet(space, store, redis_client, clock)


def named(number: int) -> list[str]:
    return [f"node-{each:03d}" for each in range(number)]


def actions(message: Message) -> list[str]:
    return [each.action_id for each in message.buttons()]


def test_five_hundred_backups_stay_within_forty_calls_a_minute_and_every_last_state_is_right(
    space: Workspace, store: Store, redis_client: redis.Redis, clock: HandClock
) -> None:
    fleet = Fleet(space, store, redis_client, clock, bots=2)
    runs = fleet.begun(named(500)).runs
    failing = {run.id for run in runs[::25]}
    for second in range(75):
        for run in runs[second * 10 : second * 10 + 10]:
            fleet.move(run.id, waits(50))
        for run in runs[max(0, second - 25) * 10 :][:10] if second >= 25 else ():
            fleet.move(run.id, fails if run.id in failing else succeeds)
        fleet.paint()
    fleet.paint(90)
    assert fleet.busiest() <= 40
    assert {call.outcome for call in space.calls} == {"ok"}
    (message,) = space.messages(CHANNEL)
    assert "all 500 have ended. 20 failed, 480 done." in message.text
    listed = "\n".join(each.plain() for each in fleet.thread())
    for run in runs:
        assert f"{run.id} {run.target.server}" in listed
    cards = [each for each in fleet.thread() if "retry" in actions(each)]
    assert {re.findall(r"B-\d+", each.text)[0] for each in cards} == failing
    assert sum(1 for each in fleet.thread() if each.text.startswith(f"<@{ASKER.id}> G-0001")) == 1
    assert store.redis.zcard("dr:unpainted") == 0


def test_a_batch_tells_who_is_waited_for_and_what_failed_and_tells_its_asker_once(
    fleet: Fleet, store: Store, clock: HandClock
) -> None:
    first, second, third, fourth, fifth = fleet.begun(named(5), book="drill").runs
    fleet.paint()
    assert "0 of 5 have ended. 5 waiting in line." in fleet.message().text
    assert actions(fleet.message()) == ["cancel"]
    fleet.move(first.id, asks)
    fleet.move(second.id, fails)
    store.cancel(third.id, Actor("U1"))
    fleet.move(third.id, lambda run, now: moves.cancelled(run, now, Actor("U1")))
    fleet.move(fourth.id, waits(10))
    fleet.move(fifth.id, waits(10), HeldBack.code)
    fleet.paint(10)
    shown = fleet.message().plain()
    assert f"Needs you: {first.id} node-000: Remove node-000?" in shown
    assert f"Failed: {second.id} node-001: AWS could not make the image." in shown
    assert "1 waiting in line · 1 under way · 1 waiting for an answer · 1 failed · 1 cancelled" in shown
    assert [actions(each) for each in fleet.thread() if each.buttons()] == [["approve", "reject"], ["retry"]]
    assert any("<@U2> may answer" in each.text for each in fleet.thread())
    for run in (first, fourth, fifth):
        fleet.move(run.id, succeeds)
    fleet.paint(20)
    told = [each.text for each in fleet.thread() if each.text.startswith("<@U1>")]
    assert len(told) == 1
    assert "all 5 have ended. 1 failed, 3 done, 1 cancelled." in told[0]
    assert actions(fleet.message()) == []


def test_a_failed_run_that_is_tried_again_after_the_end_is_told_of_and_the_list_is_right_again(
    fleet: Fleet, store: Store
) -> None:
    failed, *others = fleet.begun(named(5)).runs
    fleet.move(failed.id, fails)
    for run in others:
        fleet.move(run.id, succeeds)
    fleet.paint(20)
    store.retry(store.read(failed.id), Actor("U1"))
    fleet.move(failed.id, lambda run, now: moves.retried(run))
    fleet.paint(10)
    assert "4 of 5 have ended" in fleet.message().text
    fleet.move(failed.id, succeeds)
    fleet.paint(20)
    assert "all 5 have ended. 5 done." in fleet.message().text
    told = [each.text for each in fleet.thread() if each.text.startswith("<@U1>")]
    assert len(told) == 2
    assert told[1].startswith(f"<@U1> {failed.id}, backup of node-000: succeeded")
    lists = [each.plain() for each in fleet.thread() if each.text.startswith("The runs of")]
    assert len(lists) == 1
    assert "Failed" not in lists[0]


def test_a_bot_that_is_killed_in_the_middle_leaves_nothing_undone_and_nothing_twice(
    space: Workspace, store: Store, redis_client: redis.Redis, clock: HandClock
) -> None:
    fleet = Fleet(space, store, redis_client, clock, bots=2)
    runs = fleet.begun(named(6)).runs
    space.faults.lose_answer("chat.postMessage", 1)
    fleet.paint(8)
    for run in runs:
        fleet.move(run.id, fails)
    clock.forward(5)
    assert fleet.cards.claim(10, 60), "a bot takes what is due, and is killed"
    fleet.paint(10)
    space.faults.lose_answer("chat.postMessage", 3)
    fleet.paint(120)
    texts = [each.text for each in fleet.thread()]
    assert len(space.messages(CHANNEL)) == 1
    assert len(texts) == len(set(texts)) == 6 + 1 + 1, "six cards, the end, and one list"


def test_few_runs_have_their_own_messages_and_more_than_three_have_one(fleet: Fleet, space: Workspace) -> None:
    assert fleet.begun(["a", "b", "c"]).batch is None
    fleet.paint(2)
    assert [each.text[:6] for each in space.messages(CHANNEL)] == ["B-0001", "B-0002", "B-0003"]
    fleet.begun(["d", "e", "f", "g"])
    fleet.paint(2)
    assert len(space.messages(CHANNEL)) == 4
    assert "0 of 4 have ended" in fleet.message().text


def test_the_same_request_again_goes_on_with_the_same_batch(fleet: Fleet, store: Store, space: Workspace) -> None:
    begun = [fleet.begun(named(4), request="nightly@1") for _ in range(2)]
    assert [each.batch and each.batch.id for each in begun] == ["G-0001", "G-0001"]
    assert begun[0].runs == begun[1].runs
    assert len(Batches(store.redis, store.clock).members("G-0001")) == 4


def test_what_could_not_be_begun_is_named_and_a_batch_without_runs_is_none(
    fleet: Fleet, store: Store, space: Workspace
) -> None:
    fleet.begun(["node-001", "node-002"])
    fleet.begun(named(4))
    fleet.paint(2)
    assert "Not begun: B-0001 is working on node-001" in fleet.message().plain()
    assert "0 of 2 have ended" in fleet.message().text
    for run in store.open_runs()[2:]:
        fleet.move(run.id, succeeds)
    fleet.paint(20)
    (told,) = [each.text for each in fleet.thread() if each.text.startswith("<@U1>")]
    assert "all 2 have ended; 2 of 4 were not begun. 2 done." in told
    assert "all of them" not in fleet.message().plain()
    fleet.begun(["node-000", "node-003"])
    nothing = fleet.begun(named(4))
    assert nothing.batch is None
    assert len(nothing.left) == 4
    assert not store.redis.exists("dr:batch:G-0002")


def test_a_batch_that_is_cancelled_while_it_is_begun_begins_nothing_more(fleet: Fleet, store: Store) -> None:
    batches = Batches(store.redis, store.clock)
    planned = [made("backup", each, channel=CHANNEL) for each in named(6)]

    def start(number: int, run: Run) -> Run:
        if number == 2:
            batches.stop("G-0001")
        return store.create(replace(run, id=store.next_id("B"), created=store.clock.now()))

    begun = begin(store, planned, start, "")
    assert [each.target.server for each in begun.runs] == ["node-000", "node-001", "node-002"]
    fleet.paint()
    assert "Not begun: G-0001 was cancelled before it was begun" in fleet.message().plain()


def test_a_failed_batch_that_goes_on_as_a_whole_tells_its_end_anew(fleet: Fleet, store: Store) -> None:
    runs = fleet.begun(named(5)).runs
    for run in runs:
        fleet.move(run.id, fails)
    fleet.paint(60)
    for run in runs:
        store.retry(store.read(run.id), Actor("U1"), own=False)
    Batches(store.redis, store.clock).tried_again("G-0001")
    for run in runs:
        fleet.move(run.id, lambda run, now: moves.retried(run))
        fleet.move(run.id, succeeds)
    fleet.paint(60)
    told = [each.text for each in fleet.thread() if each.text.startswith("<@U1> G-0001")]
    assert [each.split(". ")[1] for each in told] == ["5 failed", "5 done."]


def test_a_batch_whose_beginner_was_killed_comes_to_its_end_all_the_same(
    fleet: Fleet, store: Store, clock: HandClock
) -> None:
    batches = Batches(store.redis, clock)
    batch = batches.open(Batch("", "Backup of 9 servers", ASKER, CHANNEL, 0.0, 9), "")
    for number in (1, 2):
        one = made("backup", f"node-{number}", channel=CHANNEL, id=f"B-000{number}", batch=batch.id)
        store.create(replace(one, created=clock.now()))
        fleet.move(one.id, succeeds)
    fleet.paint(10)
    assert "2 of 9 have ended" in fleet.message().text
    assert fleet.thread() == []
    clock.forward(WHOLE)
    fleet.paint(10)
    assert "all 2 have ended; 7 of 9 were not begun. 2 done." in fleet.message().text
    assert "Over; 2 succeeded; 7 of 9 were not begun" in fleet.message().plain()
    assert "Not begun: 7 of 9; whoever was beginning them stopped" in fleet.message().plain()
    assert len(fleet.thread()) == 2


def test_a_batch_that_may_have_missed_servers_never_says_that_all_succeeded(fleet: Fleet) -> None:
    unseen = "us-west-2 could not be looked at (it did not answer), so it is not known which servers there are"
    for run in fleet.begun(named(4), unseen=unseen).runs:
        fleet.move(run.id, succeeds)
    fleet.paint(10)
    assert "Succeeded, all that were seen" in fleet.message().plain()
    assert f"Not seen: {unseen}." in fleet.message().plain()
    assert "Not begun" not in fleet.message().plain()
    assert fleet.thread()[0].text.endswith(f"all 4 have ended. 4 done. {unseen}.")


def test_what_moves_while_a_batch_is_painted_is_painted_again(fleet: Fleet, store: Store) -> None:
    runs = fleet.begun(named(4)).runs
    ((batch, revision),) = fleet.cards.claim(10, 60)
    fleet.move(runs[0].id, succeeds)
    fleet.cards.painted(batch, revision, 4)
    assert store.redis.zscore("dr:unpainted", batch)


def test_of_many_that_fail_at_once_some_have_cards_and_all_are_listed(fleet: Fleet, store: Store) -> None:
    runs = fleet.begun(named(CARDS + 10)).runs
    for run in runs:
        fleet.move(run.id, fails)
    fleet.paint(120)
    assert sum(1 for each in fleet.thread() if each.buttons()) == CARDS
    listed = "\n".join(each.plain() for each in fleet.thread() if each.text.startswith("The runs of"))
    assert all(run.id in listed for run in runs)
    assert f"… and {CARDS + 2} more failed" in fleet.message().plain()
    for run, own in ((runs[-1], True), (runs[-2], False)):
        store.retry(store.read(run.id), Actor("U1"), own=own)
        fleet.move(run.id, lambda run, now: moves.retried(run))
        fleet.paint(60)
        assert any(each.text.startswith(f"{run.id}, ") for each in fleet.thread()) is own


@pytest.mark.parametrize("letter", ["x", "&", "<"])
def test_a_thousand_servers_with_the_longest_names_are_within_slacks_lengths(letter: str) -> None:
    name = letter * 256
    failed = moves.failed(made("backup", name), NOW, name * 4, name)
    states = [Status.SUCCEEDED, Status.FAILED, Status.ASKING, Status.QUEUED]
    members = [Member(f"B-{each:04d}", name, states[each % 4], 50) for each in range(1000)]
    batch = Batch("G-0001", f"Backup of {name}", ASKER, "C1", NOW, 1000, reason=name, left=(name,) * 20)
    standing = Standing(batch, members, [failed] * 8, [failed] * 8)
    for painted in (summary(standing), Card(end(standing), []), *listing(standing)):
        assert check_blocks(painted.blocks, "message") == painted.blocks
        assert len(painted.text) <= 4000
        assert sum(len(each["text"]["text"]) for each in painted.blocks if each["type"] == "section") <= 13_000
    if letter == "x":
        assert len(listing(standing)) <= 10
    assert sentence(replace(standing, members=members[:1] * 7)).endswith("7 done.")


def test_a_batch_of_which_one_was_begun_speaks_of_one() -> None:
    batch = Batch("G-0001", "Backup of 3 servers", ASKER, "C1", NOW, 3, whole=True)
    one = Member("B-0001", "orders-db", Status.SUCCEEDED, 100)
    assert "the one that was begun has ended; 2 of 3 were not begun. 1 done." in sentence(Standing(batch, [one]))
