"""All bots call Slack from one budget, the urgent first, and stop together when Slack says so."""

from collections.abc import Callable, Iterator
from contextlib import suppress

import pytest
import redis
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from handlers.notifier import SPACING
from handlers.paced import NotYet, PacedClient
from practice.workspace import Workspace
from practice.world import CHANNEL, MANIFEST
from tests.clock import HandClock
from tests.handlers.fleet import Fleet, asks, waits
from tests.handlers.test_notifier import started
from workflows.engine.budget import WINDOW, Budget, Rank, Tier
from workflows.engine.set_back import SetBack
from workflows.engine.store import Store

ROOM = Tier(1000, 0.001)
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
        return PacedClient(slack, Budget(redis_client, clock), Rank.URGENT)

    return made


@pytest.fixture
def budget(redis_client: redis.Redis, clock: HandClock) -> Budget:
    return Budget(redis_client, clock)


def paid(budget: Budget, rank: Rank) -> bool:
    return budget.take("anything", ROOM, rank) == 0


def exhausted(budget: Budget, rank: Rank) -> int:
    """Calls of that rank until there is no room; gives how many there were."""
    made = 0
    while paid(budget, rank):
        made += 1
    return made


def test_forty_calls_in_any_minute_are_the_most_and_a_setting_makes_it_more(
    budget: Budget, redis_client: redis.Redis, clock: HandClock
) -> None:
    times = []
    for _ in range(250):
        times += [clock.now()] * (paid(budget, Rank.URGENT) + paid(budget, Rank.PROGRESS))
        clock.forward(0.5)
    assert max(sum(1 for other in times if at <= other < at + 60) for at in times) == 40
    clock.forward(WINDOW)
    assert exhausted(Budget(redis_client, clock, limit=90), Rank.URGENT) == 90


def test_what_is_less_urgent_leaves_room_for_what_is_more(budget: Budget, clock: HandClock) -> None:
    made = [0, 0, 0, 0]
    for rank in reversed(Rank):
        for _ in range(10):
            made[rank] += exhausted(budget, rank)
            clock.forward(0.5)
    assert sum(made) == 40
    assert made[Rank.HOME] <= 12
    assert all(each >= 3 for each in made), made


def test_the_first_calls_of_a_quiet_minute_wait_for_nothing(budget: Budget) -> None:
    assert exhausted(budget, Rank.PROGRESS) >= 15


def test_progress_is_spread_and_not_made_at_once_and_then_not_at_all(budget: Budget, clock: HandClock) -> None:
    silence = [0.0]
    for _ in range(400):
        silence = [*silence, 0.0] if paid(budget, Rank.PROGRESS) else [*silence[:-1], silence[-1] + 0.5]
        clock.forward(0.5)
    assert max(silence) <= 6
    assert len(silence) >= 200 / 60 * 22


def test_who_is_told_to_wait_has_room_when_that_is_over(budget: Budget, clock: HandClock) -> None:
    for rank in (Rank.URGENT, Rank.HOME):
        exhausted(budget, rank)
        wait = budget.take("anything", ROOM, rank)
        clock.forward(wait / 2)
        assert not paid(budget, rank)
        clock.forward(wait / 2 + 0.01)
        assert paid(budget, rank)


def test_a_refusal_by_rate_stops_every_bot_for_as_long_as_slack_says(
    space: Workspace, bot: Made, clock: HandClock
) -> None:
    one, other = bot(), bot()
    space.faults.rate_limit("users.info", 1, retry_after=17)
    with pytest.raises(SlackApiError):
        one.users_info(user="U0OPERATOR")
    clock.forward(16)
    with pytest.raises(NotYet):
        other.auth_test()
    assert len(space.calls) == 1
    clock.forward(1.1)
    assert other.auth_test()["ok"]


def test_a_channel_gets_about_one_message_a_second(space: Workspace, bot: Made, clock: HandClock) -> None:
    client = bot()
    for _ in range(40):
        with suppress(NotYet):
            client.chat_postMessage(channel=CHANNEL, text="so")
        clock.forward(0.25)
    assert 12 <= len(space.messages(CHANNEL)) <= 14
    assert {call.outcome for call in space.calls} == {"ok"}


def test_what_answers_people_never_waits_and_is_paid_by_the_others(budget: Budget, clock: HandClock) -> None:
    for _ in range(45):
        budget.charge()
    assert not paid(budget, Rank.URGENT)
    clock.forward(WINDOW)
    assert paid(budget, Rank.URGENT)


def test_a_clock_that_was_set_back_silences_nobody(budget: Budget, clock: HandClock) -> None:
    assert exhausted(budget, Rank.URGENT) == 40
    clock.forward(-86400)
    assert paid(budget, Rank.URGENT)
    budget.shut(17)
    assert not paid(budget, Rank.URGENT)
    clock.forward(-3600)
    assert paid(budget, Rank.URGENT)


def test_cards_for_which_there_was_no_room_are_painted_after_the_clock_was_set_back(
    space: Workspace, store: Store, redis_client: redis.Redis, clock: HandClock
) -> None:
    fleet, set_back = Fleet(space, store, redis_client, clock), SetBack(store)
    run = started(store, clock)
    fleet.paint()
    clock.forward(SPACING)
    exhausted(Budget(redis_client, clock), Rank.PROGRESS)
    fleet.move(run.id, waits(42))
    assert fleet.bots[0].tick() == 1, "it was tried, and there was no room"
    set_back.mend()
    clock.forward(-3600)
    set_back.mend()
    fleet.paint(3)
    assert "AWS has copied 42 %" in fleet.said()


def test_a_question_is_shown_at_once_while_the_progress_of_many_cards_waits_for_room(
    space: Workspace, store: Store, redis_client: redis.Redis, clock: HandClock
) -> None:
    fleet = Fleet(space, store, redis_client, clock)
    runs = [fleet.begun([f"node-{each}"], book="drill").runs[0] for each in range(16)]
    for percent in range(20):
        for run in runs[1:]:
            fleet.move(run.id, waits(percent))
        fleet.paint()
    clock.forward(5)
    fleet.bots[0].tick()
    assert store.redis.zcount("dr:unpainted", "-inf", clock.now() * 1000) > 1
    assert fleet.bots[0].tick() == 0, "what there is no room for is left as it is, and not tried one after the other"
    fleet.move(runs[0].id, asks)
    assert [name for name, _ in fleet.cards.claim(1, 0)] == [runs[0].id]
    fleet.paint()
    said = fleet.said()
    assert "Remove node-0?" in said
    assert "<@U2> may answer" in said
    fleet.paint(60)
    said = fleet.said()
    assert all(f"{run.id}, live drill of {run.target.server}: " in said for run in runs)
    assert said.count("AWS has copied 19 %") >= 15
    assert fleet.busiest() <= 40
