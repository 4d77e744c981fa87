"""The card in Slack is kept like the record: once, coalesced, the last state always. Over the real protocol."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
import redis
from slack_sdk import WebClient

from handlers.access import Access
from handlers.notifier import Notifier
from practice.workspace import Message, Workspace
from practice.world import CHANNEL, MANIFEST
from tests.clock import HandClock
from tests.handlers.test_cards import run
from workflows.engine import moves
from workflows.engine.board import Cards
from workflows.engine.run import Run
from workflows.engine.store import Store
from workflows.policy import BASE, Directory, Policy, Rule

POLICY = Policy(Rule(BASE, operators=("U1",), approvers=("U2",), minutes=30))


@pytest.fixture
def space(clock: HandClock) -> Iterator[Workspace]:
    with Workspace(MANIFEST, now=clock.now) as opened:
        yield opened


@pytest.fixture
def notifier(space: Workspace, store: Store, redis_client: redis.Redis, clock: HandClock) -> Notifier:
    return another(space, store, redis_client, clock)


def another(space: Workspace, store: Store, client: redis.Redis, clock: HandClock) -> Notifier:
    slack = WebClient(space.bot_token, base_url=space.api_url, retry_handlers=[])
    return Notifier(store, Cards(client, clock), slack, Access(POLICY, lambda _: Directory()), "")


def started(store: Store, clock: HandClock, channel: str = CHANNEL) -> Run:
    return store.create(replace(run(), channel=channel, created=clock.now()))


def moved(store: Store, clock: HandClock, because: str) -> None:
    """A worker takes the run, and parks it again."""
    claim = store.begin("D-0013", lease=60)
    assert claim is not None
    waiting = moves.waits(replace(claim.run, at=4), clock.now(), because, None, {})
    assert store.commit(waiting, claim.fence, due=clock.now(), lease_until=0, event="test").saved


def cards(space: Workspace) -> list[Message]:
    return space.messages(CHANNEL)


def calls(space: Workspace, method: str) -> int:
    return sum(1 for call in space.calls if call.method == method)


def test_a_run_has_one_message_that_is_edited_in_place(
    space: Workspace, store: Store, notifier: Notifier, clock: HandClock
) -> None:
    started(store, clock)
    assert notifier.tick() == 1
    assert notifier.tick() == 0
    clock.forward(5)
    moved(store, clock, "AWS has copied 10 % of the blocks")
    notifier.tick()
    (card,) = cards(space)
    assert "AWS has copied 10 % of the blocks" in card.plain()
    assert card.edited_count == 1


def test_many_moves_within_two_seconds_are_one_edit_and_the_last_state_arrives(
    space: Workspace, store: Store, notifier: Notifier, clock: HandClock
) -> None:
    started(store, clock)
    notifier.tick()
    for percent in range(20):
        clock.forward(0.05)
        moved(store, clock, f"AWS has copied {percent} % of the blocks")
        notifier.tick()
    assert calls(space, "chat.update") == 0
    clock.forward(2)
    notifier.tick()
    assert calls(space, "chat.update") == 1
    assert "AWS has copied 19 % of the blocks" in cards(space)[0].plain()


def test_a_card_whose_answer_was_lost_is_found_and_not_posted_again(
    space: Workspace, store: Store, notifier: Notifier, clock: HandClock
) -> None:
    started(store, clock)
    space.faults.lose_answer("chat.postMessage", 1)
    notifier.tick()
    clock.forward(6)
    moved(store, clock, "AWS has copied 10 % of the blocks")
    notifier.tick()
    (card,) = cards(space)
    assert "AWS has copied 10 % of the blocks" in card.plain()
    assert calls(space, "chat.postMessage") == 1


def test_a_thread_reply_whose_answer_was_lost_is_found_and_not_posted_again(
    space: Workspace, store: Store, notifier: Notifier, clock: HandClock
) -> None:
    started(store, clock)
    notifier.tick()
    claim = store.begin("D-0013", lease=60)
    assert claim is not None
    failed = moves.failed(claim.run, clock.now(), "It broke.", "Mend it.")
    store.commit(failed, claim.fence, due=0, lease_until=0, event="test")
    space.faults.lose_answer("chat.postMessage", 1)
    clock.forward(3)
    notifier.tick()
    clock.forward(6)
    notifier.tick()
    (card,) = cards(space)
    assert len(space.thread(card)) == 1


def test_while_slack_is_away_nothing_is_lost_and_the_card_heals_itself(
    space: Workspace, store: Store, notifier: Notifier, clock: HandClock
) -> None:
    started(store, clock)
    notifier.tick()
    space.faults.away()
    clock.forward(3)
    moved(store, clock, "AWS has copied 90 % of the blocks")
    notifier.tick()
    space.faults.back()
    clock.forward(6)
    notifier.tick()
    assert "AWS has copied 90 % of the blocks" in cards(space)[0].plain()


def test_when_slack_asks_to_wait_the_card_waits_as_long(
    space: Workspace, store: Store, notifier: Notifier, clock: HandClock
) -> None:
    started(store, clock)
    space.faults.rate_limit("chat.postMessage", 1, retry_after=17)
    notifier.tick()
    clock.forward(16)
    assert notifier.tick() == 0
    clock.forward(2)
    assert notifier.tick() == 1
    assert len(cards(space)) == 1


def test_a_card_that_somebody_deleted_is_posted_again(
    space: Workspace, store: Store, notifier: Notifier, clock: HandClock
) -> None:
    started(store, clock)
    notifier.tick()
    WebClient(space.bot_token, base_url=space.api_url).chat_delete(channel=CHANNEL, ts=cards(space)[0].ts)
    clock.forward(3)
    moved(store, clock, "AWS has copied 10 % of the blocks")
    notifier.tick()
    clock.forward(6)
    notifier.tick()
    assert len(cards(space)) == 1


def test_two_bots_post_one_card(
    space: Workspace, store: Store, notifier: Notifier, redis_client: redis.Redis, clock: HandClock
) -> None:
    started(store, clock)
    assert [notifier.tick(), another(space, store, redis_client, clock).tick()] == [1, 0]
    assert len(cards(space)) == 1


def test_a_run_without_a_channel_bothers_nobody(
    space: Workspace, store: Store, notifier: Notifier, clock: HandClock
) -> None:
    started(store, clock, channel="")
    notifier.tick()
    assert calls(space, "chat.postMessage") == 0
    assert notifier.tick() == 0


def test_a_card_that_slack_refuses_is_tried_more_and_more_seldom_and_at_once_again_when_it_was_painted(
    space: Workspace, store: Store, notifier: Notifier, clock: HandClock, redis_client: redis.Redis
) -> None:
    started(store, clock)
    space.faults.refuse("chat.postMessage", "not_in_channel", times=7)
    pauses = []
    for _ in range(7):
        notifier.tick()
        due = Cards(redis_client, clock).next_due()
        assert due is not None
        pauses.append(round(due - clock.now()))
        clock.time = due
    assert pauses == [60, 120, 240, 480, 900, 900, 900]
    notifier.tick()
    assert len(cards(space)) == 1
    assert Cards(redis_client, clock).notes("D-0013").get("refused") is None


def test_a_card_of_another_version_waits_until_a_bot_can_read_it(
    space: Workspace, store: Store, notifier: Notifier, clock: HandClock
) -> None:
    started(store, clock)
    record = store.redis.hget("dr:run:D-0013", "record")
    store.redis.hset("dr:run:D-0013", "record", '{"of": "another version"}')
    notifier.tick()
    assert cards(space) == []
    store.redis.hset("dr:run:D-0013", "record", record or "")
    clock.forward(61)
    notifier.tick()
    assert len(cards(space)) == 1


@pytest.mark.parametrize("word", ["fatal_error", "internal_error"])
def test_a_word_of_slack_for_its_own_trouble_leaves_open_whether_the_message_stands_there(
    space: Workspace, store: Store, notifier: Notifier, clock: HandClock, word: str, redis_client: redis.Redis
) -> None:
    started(store, clock)
    space.faults.refuse("chat.postMessage", word)
    notifier.tick()
    assert "intent:card" in Cards(redis_client, clock).notes("D-0013")
    clock.forward(6)
    notifier.tick()
    assert calls(space, "conversations.history") == 1
    assert len(cards(space)) == 1
