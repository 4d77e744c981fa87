"""The audit's head in the channel: once a day, by however many bots, whatever happens to Slack's answer."""

from collections.abc import Iterator

import pytest
import redis
from slack_sdk import WebClient

from handlers.anchor import Anchor
from practice.workspace import Workspace
from practice.world import CHANNEL, MANIFEST
from tests.audit.chain import chainer, happened
from tests.clock import HandClock
from workflows.engine.board import Board, Cards
from workflows.engine.store import Store


@pytest.fixture
def space(clock: HandClock) -> Iterator[Workspace]:
    with Workspace(MANIFEST, now=clock.now) as opened:
        yield opened


def bot(space: Workspace, client: redis.Redis, clock: HandClock) -> Anchor:
    slack = WebClient(space.bot_token, base_url=space.api_url, retry_handlers=[])
    return Anchor(chainer(client, clock), Cards(client, clock), Board(client), slack, CHANNEL, clock)


def told(space: Workspace) -> list[str]:
    return [each.text for each in space.messages(CHANNEL) if each.text.startswith("Audit of ")]


def test_the_head_is_told_once_a_day_by_two_bots_and_the_chain_is_held_to_it(
    space: Workspace, store: Store, redis_client: redis.Redis, clock: HandClock
) -> None:
    bots = [bot(space, redis_client, clock) for _ in range(2)]
    for each in bots:
        each.tick()
    assert told(space) == []
    happened(store, clock, 3)
    for each in bots * 2:
        each.tick()
    (first,) = told(space)
    digest = first.split("`")[1]
    assert "entry 3 has" in first
    happened(store, clock, 2)
    clock.forward(86400)
    bots[1].tick()
    assert len(told(space)) == 2
    bots[1]._chainer.catch_up()
    assert bots[0]._chainer.verdict(digest).whole
    assert not bots[0]._chainer.verdict("0" * 63 + "1").whole


def test_a_head_whose_answer_was_lost_is_found_and_not_told_again(
    space: Workspace, store: Store, redis_client: redis.Redis, clock: HandClock
) -> None:
    happened(store, clock, 3)
    one = bot(space, redis_client, clock)
    space.faults.lose_answer("chat.postMessage", 1)
    one.tick()
    happened(store, clock, 1)
    one.tick()
    one.tick()
    assert len(told(space)) == 1
    assert "entry 3 has" in told(space)[0]
