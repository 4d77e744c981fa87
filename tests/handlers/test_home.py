"""Home is kept fresh for those who look, over the real protocol: one publication each, only when it has changed."""

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
import redis
from slack_sdk import WebClient

from handlers.access import Access
from handlers.home import LEASE, SPACING, Home
from handlers.paced import PacedClient
from handlers.scenery import Scenery
from practice.workspace import Workspace
from practice.world import CHANNEL, MANIFEST
from tests.clock import HandClock
from tests.handlers.test_cards import asking
from tests.handlers.test_home_page import known, server
from workflows import freshness
from workflows.engine.agenda import Agenda
from workflows.engine.board import Board, Cards
from workflows.engine.budget import WINDOW, Budget
from workflows.engine.happened import NOWHERE
from workflows.engine.run import Actor
from workflows.engine.store import Store
from workflows.engine.viewers import WATCHED, Viewers
from workflows.policy import BASE, Directory, Policy, Rule
from workflows.schedules.calendar import Calendar
from workflows.schedules.schedule import Schedule

OLGA, ARUN = "U0OPERATOR", "U0APPROVER"
POLICY = Policy(Rule(BASE, operators=(OLGA,), approvers=(ARUN,), minutes=30))


@pytest.fixture
def calendar(redis_client: redis.Redis, clock: HandClock) -> Calendar:
    return Calendar(Agenda(redis_client, clock), clock)


@pytest.fixture
def space(clock: HandClock) -> Iterator[Workspace]:
    with Workspace(MANIFEST, now=clock.now) as opened:
        yield opened


Made = Callable[[], Home]


@pytest.fixture
def made(space: Workspace, store: Store, redis_client: redis.Redis, clock: HandClock, calendar: Calendar) -> Made:
    """Makes as many bots as are asked for."""

    def home() -> Home:
        slack = WebClient(space.bot_token, base_url=space.api_url, retry_handlers=[])
        scenery = Scenery(store, Board(redis_client), Cards(redis_client, clock), slack, CHANNEL, calendar)
        paced = PacedClient(slack, Budget(redis_client, clock))
        return Home(Viewers(redis_client, clock), scenery, paced, Access(POLICY, lambda _: Directory()))

    return home


def seen(space: Workspace, person: str) -> str:
    view = space.home(person)
    return str(view.body) if view else ""


def published(space: Workspace) -> int:
    return sum(1 for call in space.calls if call.method == "views.publish" and call.outcome == "ok")


def test_home_is_painted_for_whoever_looks_and_again_only_when_it_has_changed(
    space: Workspace, made: Made, redis_client: redis.Redis, clock: HandClock
) -> None:
    home, board = made(), Board(redis_client)
    board.put_freshness(freshness.to_json(known(server(1, "orders-db"))))
    assert home.tick() == 0
    home.look(OLGA)
    assert home.tick() == 1
    assert "orders-db" in seen(space, OLGA)
    assert seen(space, ARUN) == ""
    for _ in range(3):
        clock.forward(SPACING)
        assert home.tick() == 1
    assert published(space) == 1
    board.put_freshness(freshness.to_json(known(server(1, "orders-db"), server(2, "wiki"))))
    assert home.tick() == 0
    clock.forward(SPACING)
    home.tick()
    assert "wiki" in seen(space, OLGA)
    assert published(space) == 2


def test_what_is_scheduled_comes_up_and_stands_beside_its_server_until_it_is_paused(
    space: Workspace, made: Made, redis_client: redis.Redis, calendar: Calendar, clock: HandClock
) -> None:
    weekly = Schedule("", "drill", "orders-db", "every monday at 09:00", "UTC", Actor(OLGA), CHANNEL, 0.0)
    drill = calendar.add(weekly, NOWHERE)
    calendar.add(replace(weekly, verb="backup", target="wiki", when="every day at 03:00"), NOWHERE)
    board = Board(redis_client)
    board.put_freshness(freshness.to_json(known(replace(server(1, "orders-db"), schedules=(drill.id,)))))
    home = made()
    home.look(OLGA)
    home.tick()
    shown = seen(space, OLGA)
    assert shown.index("*Backup of wiki*") < shown.index("*Clone drill of orders-db*")
    assert "next drill <!date^" in shown
    calendar.pause(drill.id, Actor(OLGA), NOWHERE)
    clock.forward(SPACING)
    home.tick()
    shown = seen(space, OLGA)
    assert "*Backup of wiki*" in shown
    assert "Clone drill of orders-db" not in shown
    assert "next drill" not in shown


def test_an_open_question_stands_on_the_home_of_those_who_may_answer_it(
    space: Workspace, made: Made, store: Store, clock: HandClock
) -> None:
    store.create(asking())
    claim = store.begin("D-0013", lease=60)
    assert claim is not None
    assert store.commit(asking(), claim.fence, due=clock.now() + 60, lease_until=0, event="test").saved
    home = made()
    home.look(OLGA)
    home.look(ARUN)
    home.tick()
    assert "home_approve" in seen(space, ARUN)
    assert "home_approve" not in seen(space, OLGA)
    assert "waits for an approval" in seen(space, OLGA)


def test_whoever_turns_the_page_sees_it_a_second_later_at_most_and_stays_there(
    space: Workspace, made: Made, redis_client: redis.Redis, clock: HandClock
) -> None:
    Board(redis_client).put_freshness(freshness.to_json(known(*map(server, range(50)))))
    home = made()
    home.look(OLGA)
    home.tick()
    home.look(OLGA, 2)
    assert home.tick() == 0
    clock.forward(1)
    home.tick()
    assert "Servers 41 to 50 of 50" in seen(space, OLGA)
    clock.forward(SPACING)
    home.look(OLGA)
    home.tick()
    assert "Servers 41 to 50 of 50" in seen(space, OLGA)


def test_half_an_hour_after_the_last_look_it_says_of_when_it_is_and_is_painted_no_more(
    space: Workspace, made: Made, clock: HandClock
) -> None:
    home = made()
    home.look(OLGA)
    home.tick()
    clock.forward(WATCHED + 1)
    home.tick()
    assert "*Refresh* shows how it is now" in seen(space, OLGA)
    clock.forward(SPACING * 10)
    assert home.tick() == 0
    home.look(OLGA)
    home.tick()
    assert "*Refresh* shows how it is now" not in seen(space, OLGA)


def test_two_bots_publish_once_and_slack_away_costs_nothing_but_time(
    space: Workspace, made: Made, clock: HandClock
) -> None:
    one, other = made(), made()
    space.faults.away()
    one.look(OLGA)
    one.tick()
    space.faults.back()
    clock.forward(SPACING)
    assert [one.tick(), other.tick()] == [1, 0]
    assert published(space) == 1
    space.faults.rate_limit("views.publish", 1, retry_after=30)
    one.look(OLGA, anew=True)
    clock.forward(SPACING)
    one.tick()
    clock.forward(29)
    assert other.tick() == 0
    clock.forward(1)
    assert other.tick() == 1
    assert published(space) == 2


def test_while_there_is_little_room_for_calls_home_is_painted_for_who_opens_it_and_kept_fresh_later(
    space: Workspace, made: Made, redis_client: redis.Redis, clock: HandClock
) -> None:
    home, budget, board = made(), Budget(redis_client, clock), Board(redis_client)
    for _ in range(30):
        budget.charge()
    home.look(OLGA)
    home.tick()
    assert published(space) == 1
    board.put_freshness(freshness.to_json(known(server(1, "orders-db"))))
    clock.forward(SPACING)
    home.tick()
    assert published(space) == 1
    clock.forward(WINDOW)
    home.tick()
    assert published(space) == 2
    assert "orders-db" in seen(space, OLGA)


def test_somebody_who_has_no_home_is_left_alone_until_they_look_again(
    made: Made, redis_client: redis.Redis, clock: HandClock
) -> None:
    home = made()
    home.look("U0NOBODY")
    home.tick()
    assert Viewers(redis_client, clock).count() == 0


def test_what_a_bot_was_painting_when_it_died_another_paints_a_minute_later(
    space: Workspace, made: Made, redis_client: redis.Redis, clock: HandClock
) -> None:
    home = made()
    home.look(OLGA)
    assert len(Viewers(redis_client, clock).claim(10, LEASE)) == 1
    clock.forward(LEASE - 1)
    assert home.tick() == 0
    clock.forward(1)
    assert home.tick() == 1
    assert published(space) == 1
