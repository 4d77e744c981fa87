"""A server whose backup or proof is about to be too old, is, and is good again: told once each, whoever looks."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
import redis
from slack_sdk import WebClient

from handlers.watchman import Watchman, warning
from practice.workspace import Workspace
from practice.workspace.blocks import check_blocks
from practice.world import CHANNEL, MANIFEST
from tests.clock import HandClock
from tests.handlers.test_home_page import LONGEST, known
from workflows.engine.board import Board, Cards
from workflows.engine.run import Actor
from workflows.engine.watchbook import Watchbook
from workflows.freshness import Freshness, Known
from workflows.schedules.calendar import Standing
from workflows.schedules.schedule import Schedule
from workflows.watch import Change, Page, Warned, Watch, turned, warned_from_json

HOUR, DAY = 3600.0, 86400.0
ADA = Actor("U1", "ada")


def server(point: float | None, now: float, name: str = "orders-db", **changes: object) -> Freshness:
    """One that aims at an RPO of ten hours; its newest complete point is of `point`."""
    made = Freshness(name, "us-east-1", ("i-1",), now - 90 * DAY, "ami-1" if point else "", point, rpo=10 * HOUR)
    return replace(made, **changes)  # type: ignore[arg-type]


def at(now: float, *servers: Freshness, troubles: tuple[str, ...] = ()) -> Known:
    return replace(known(*servers, troubles=troubles), at=now)


def played(
    start: float, hours: dict[float, Freshness], schedules: tuple[Standing, ...] = ()
) -> list[tuple[float, str]]:
    """What is told at which hour."""
    page = Page()
    told: list[tuple[float, str]] = []
    for hour, each in hours.items():
        page, changes = turned(page, at(start + hour * HOUR, each), schedules)
        told += [(hour, change.level) for change in changes]
    return told


def test_each_change_is_told_once_however_often_it_is_looked_at(clock: HandClock) -> None:
    start = clock.now()
    old = {hour / 4: server(start, start) for hour in range(48)}
    new = {hour / 4: server(start + 12 * HOUR, start) for hour in range(48, 60)}
    assert played(start, old | new) == [(9, "soon"), (10.25, "missed"), (12, "ok")]


def test_a_server_that_was_never_backed_up_is_measured_from_when_it_was_launched(clock: HandClock) -> None:
    start = clock.now()
    bare = server(None, start, since=start)
    assert played(start, {0: bare, 9: bare, 11: bare}) == [(9, "soon"), (11, "missed")]
    assert played(start, {99: replace(bare, rpo=None)}) == []


def test_a_proof_is_watched_as_a_backup_is_where_one_is_aimed_at(clock: HandClock) -> None:
    start = clock.now()
    unproven = server(start, start, rpo=None, proof=DAY, proven_at=start)
    assert played(start, {1: unproven, 23: unproven, 25: unproven, 26: replace(unproven, proven_at=start + DAY)}) == [
        (23, "soon"), (25, "missed"), (26, "ok"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "hour", "told"),
    [
        ({}, 9.9, []),
        ({"verb": "live"}, 9.9, []),
        ({"verb": "drill", "point": "fresh"}, 9.9, []),
        ({"verb": "drill"}, 9.9, [(9.5, "soon")]),
        ({"id": "S-0002"}, 9.9, [(9.5, "soon")]),
        ({}, 10.5, [(9.5, "soon")]),
    ],
)
def test_what_a_schedule_mends_in_time_is_not_told(
    clock: HandClock, changes: dict[str, str], hour: float, told: list[tuple[float, str]]
) -> None:
    start = clock.now()
    own = replace(Schedule("S-0001", "backup", "orders-db", "", "UTC", ADA, "C1", 0.0), **changes)  # type: ignore[arg-type]
    each = server(start, start, schedules=("S-0001",))
    assert played(start, {9.5: each}, (Standing(own, None, start + hour * HOUR),)) == told
    assert played(start, {9.5: each}, (Standing(own, ADA, start + 9.9 * HOUR),)) == [(9.5, "soon")]


def test_a_server_out_of_sight_is_told_neither_good_nor_missed_again_and_one_that_is_gone_is_forgotten(
    clock: HandClock,
) -> None:
    start = clock.now()
    missed = server(start - DAY, start)
    page, changes = turned(Page(), at(start, missed))
    assert [each.level for each in changes] == ["missed"]
    for hidden in (at(start + 1, troubles=("us-east-1 did not answer",)), at(start + 1, replace(missed, instances=()))):
        later, changes = turned(page, hidden)
        assert changes == ()
        assert turned(later, at(start + 2, missed))[1] == ()
    assert turned(page, at(start + 1))[0].levels == {}


def test_five_workers_that_look_at_once_and_are_restarted_warn_once_and_an_older_look_is_worth_nothing(
    redis_client: redis.Redis, clock: HandClock
) -> None:
    book, start = Watchbook(redis_client), clock.now()

    def look(seen: Known) -> bool:
        return Watch(Watchbook(redis_client), tuple).look(seen, start + 20 * HOUR)

    with ThreadPoolExecutor(5) as workers:
        for hour in (8, 9, 9.5, 11, 12):
            looks = [at(start + hour * HOUR + each, server(start, start)) for each in range(5)] * 3
            list(workers.map(look, looks))
    good = server(start + 12 * HOUR, start)
    assert [look(at(start + 13 * HOUR, good)), look(at(start + 12.5 * HOUR, server(start, start)))] == [True, False]
    assert look(at(start + 14 * HOUR, good)) is False
    told = [
        warned_from_json(each) for _, each in sorted(book.untold().items(), key=lambda each: int(each[0].split("-")[0]))
    ]
    assert [change.level for each in told for change in each.changes] == ["soon", "missed", "ok"]


def test_a_look_after_the_clock_was_set_back_is_worth_as_much_as_any(
    redis_client: redis.Redis, clock: HandClock
) -> None:
    watch, start = Watch(Watchbook(redis_client), tuple), clock.now()
    assert not watch.look(at(start + HOUR, server(start, start)), start + HOUR)
    assert watch.look(at(start, server(start - DAY, start)), start)
    assert not watch.look(at(start - HOUR, server(start, start)), start)


# ── told in the channel ──────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def space(clock: HandClock) -> Iterator[Workspace]:
    with Workspace(MANIFEST, now=clock.now) as opened:
        yield opened


def watchman(space: Workspace, client: redis.Redis, clock: HandClock, channel: str = CHANNEL) -> Watchman:
    slack = WebClient(space.bot_token, base_url=space.api_url, retry_handlers=[])
    return Watchman(Watchbook(client), Cards(client, clock), Board(client), slack, channel)


def missed(client: redis.Redis, now: float, name: str = "orders-db") -> None:
    assert Watch(Watchbook(client), tuple).look(at(now, server(now - DAY, now, name)), now)


def test_a_warning_is_posted_once_by_two_bots_and_says_what_mends_it(
    space: Workspace, redis_client: redis.Redis, clock: HandClock
) -> None:
    missed(redis_client, clock.now())
    for each in (watchman(space, redis_client, clock), watchman(space, redis_client, clock)):
        each.tick()
        each.tick()
    (told,) = space.messages(CHANNEL)
    assert (
        "orders-db* (us-east-1) misses its RPO: its newest complete backup is 24 h old, and the target is 10 h"
        in told.text
    )
    assert [each.action_id for each in told.buttons()] == ["form_backup"]
    assert redis_client.hgetall("dr:card:watch") == {}


def test_a_warning_whose_answer_was_lost_is_found_and_not_posted_again(
    space: Workspace, redis_client: redis.Redis, clock: HandClock
) -> None:
    missed(redis_client, clock.now())
    space.faults.lose_answer("chat.postMessage", 1)
    watchman(space, redis_client, clock).tick()
    assert Watchbook(redis_client).untold() != {}
    clock.forward(61)
    watchman(space, redis_client, clock).tick()
    assert len(space.messages(CHANNEL)) == 1
    assert Watchbook(redis_client).untold() == {}


def test_what_was_found_while_slack_was_away_is_told_in_its_order_when_it_is_back(
    space: Workspace, redis_client: redis.Redis, clock: HandClock
) -> None:
    bot, start = watchman(space, redis_client, clock), clock.now()
    space.faults.away()
    missed(redis_client, start)
    bot.tick()
    assert Watch(Watchbook(redis_client), tuple).look(at(start + 60, server(start, start)), start + 60)
    clock.forward(120)
    bot.tick()
    assert space.messages(CHANNEL) == []
    space.faults.back()
    clock.forward(61)
    bot.tick()
    first, second = space.messages(CHANNEL)
    assert "misses its RPO" in first.text
    assert "is within its RPO again: its newest complete backup is" in second.text


def test_a_warning_waits_for_no_time_that_is_not_any_more(
    space: Workspace, redis_client: redis.Redis, clock: HandClock
) -> None:
    bot = watchman(space, redis_client, clock)
    missed(redis_client, clock.now())
    space.faults.away()
    bot.tick()
    space.faults.back()
    clock.forward(-HOUR)
    bot.tick()
    assert len(space.messages(CHANNEL)) == 1


def test_without_a_channel_warnings_do_not_pile_up(
    space: Workspace, redis_client: redis.Redis, clock: HandClock
) -> None:
    missed(redis_client, clock.now())
    watchman(space, redis_client, clock, channel="").tick()
    assert Watchbook(redis_client).untold() == {}


def test_a_warning_about_two_thousand_servers_of_the_longest_names_is_one_message_that_slack_takes(
    clock: HandClock,
) -> None:
    now = clock.now()
    changes = tuple(
        Change(LONGEST, "ap-southeast-1", kind, level, None, DAY, now)
        for _ in range(400)
        for kind in ("rpo", "proof")
        for level in ("missed", "soon", "ok")
    )
    told = warning(Warned(now, changes))
    check_blocks(told.blocks, "message")
    assert "793 more: Home shows all" in str(told.blocks)
    assert len(told.text) <= 3500
