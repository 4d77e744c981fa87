"""All bots call Slack from one budget, the urgent first, and stop together when Slack says so."""

from collections.abc import Callable, Iterator
from contextlib import suppress

import pytest
import redis
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from handlers.paced import NotYet, PacedClient
from practice.workspace import Workspace
from practice.world import CHANNEL, MANIFEST
from tests.clock import HandClock
from workflows.engine.budget import WINDOW, Budget, Rank

Made = Callable[[], PacedClient]


@pytest.fixture
def space(clock: HandClock) -> Iterator[Workspace]:
    with Workspace(MANIFEST, now=clock.now, tiers=True) as opened:
        yield opened


@pytest.fixture
def bot(space: Workspace, redis_client: redis.Redis, clock: HandClock) -> Made:
    """Makes as many as are asked for."""

    def made() -> PacedClient:
        slack = WebClient(space.bot_token, base_url=space.api_url, retry_handlers=[])
        return PacedClient(slack, Budget(redis_client, clock))

    return made


def look(client: WebClient, rank: Rank) -> bool:
    """One cheap call of that rank; whether there was room for it."""
    try:
        client.ranked(rank).users_info(user="U0OPERATOR")  # type: ignore[attr-defined]
    except NotYet:
        return False
    return True


def exhausted(client: WebClient, rank: Rank) -> int:
    """Calls of that rank until there is no room; gives how many there were."""
    made = 0
    while look(client, rank):
        made += 1
    return made


def test_two_bots_make_forty_calls_a_minute_between_them_and_no_more(
    space: Workspace, bot: Made, clock: HandClock
) -> None:
    one, other = bot(), bot()
    for _ in range(300):
        look(one, Rank.URGENT)
        look(other, Rank.PROGRESS)
        clock.forward(1)
    times = [call.at for call in space.calls]
    busiest = max(sum(1 for other in times if at <= other < at + 60) for at in times)
    assert 35 <= busiest <= 40
    assert {call.outcome for call in space.calls} == {"ok"}


def test_what_is_less_urgent_leaves_room_for_what_is_more(bot: Made, clock: HandClock) -> None:
    client = bot()
    made = [0, 0, 0, 0]
    for rank in reversed(Rank):
        for _ in range(10):
            made[rank] += exhausted(client, rank)
            clock.forward(0.5)
    assert sum(made) == 40
    assert made[Rank.HOME] <= 12
    assert all(each >= 3 for each in made), made


def test_the_first_calls_of_a_quiet_minute_wait_for_nothing(bot: Made) -> None:
    client = bot()
    assert [look(client, Rank.PROGRESS) for _ in range(12)] == [True] * 12


def test_progress_is_spread_and_not_made_at_once_and_then_not_at_all(bot: Made, clock: HandClock) -> None:
    client, silence = bot(), [0.0]
    for _ in range(600):
        silence = [*silence, 0.0] if look(client, Rank.PROGRESS) else [*silence[:-1], silence[-1] + 0.5]
        clock.forward(0.5)
    assert max(silence) <= 6
    assert len(silence) >= 5 * 22


def test_a_refusal_by_rate_stops_every_bot_for_as_long_as_slack_says(
    space: Workspace, bot: Made, clock: HandClock
) -> None:
    one, other = bot(), bot()
    space.faults.rate_limit("users.info", 1, retry_after=17)
    with pytest.raises(SlackApiError):
        look(one, Rank.PROGRESS)
    clock.forward(16)
    assert not look(other, Rank.URGENT)
    assert len(space.calls) == 1
    clock.forward(1.1)
    assert look(other, Rank.URGENT)


def test_a_channel_gets_about_one_message_a_second(space: Workspace, bot: Made, clock: HandClock) -> None:
    client = bot().ranked(Rank.URGENT)
    for _ in range(40):
        with suppress(NotYet):
            client.chat_postMessage(channel=CHANNEL, text="so")
        clock.forward(0.25)
    assert 12 <= len(space.messages(CHANNEL)) <= 14
    assert {call.outcome for call in space.calls} == {"ok"}


def test_what_answers_people_never_waits_and_is_paid_by_the_others(
    space: Workspace, bot: Made, redis_client: redis.Redis, clock: HandClock
) -> None:
    budget = Budget(redis_client, clock)
    for _ in range(45):
        budget.charge()
    assert not look(bot(), Rank.URGENT)
    clock.forward(WINDOW)
    assert look(bot(), Rank.URGENT)


def test_a_clock_that_was_set_back_silences_nobody(bot: Made, clock: HandClock) -> None:
    client = bot()
    assert exhausted(client, Rank.URGENT) > 20
    clock.forward(-86400)
    assert look(client, Rank.URGENT)
