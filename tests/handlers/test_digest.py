"""The week's digest: true to what happened, once a week by any number of bots, within Slack's limits."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import pairwise

import pytest
import redis
from slack_sdk import WebClient

from handlers.cards import Card
from handlers.digest import NAMED, SERVERS, digest
from handlers.weekly import Weekly
from practice.workspace import Workspace
from practice.workspace.blocks import check_blocks
from practice.world import CHANNEL, MANIFEST
from tests.clock import HandClock
from tests.flows.scene import SMALL
from tests.handlers.test_home_page import LONGEST, known
from tests.schedules.table import HERE, nightly, soonest, timetable
from tests.stage import APPROVER, OPERATOR, Stage
from workflows import freshness
from workflows.digest import LAPSES, USUAL, Digest, Kept, Tally, Told, digest_of, latest, weekly
from workflows.engine.agenda import Agenda
from workflows.engine.board import Board, Cards
from workflows.engine.store import Store
from workflows.freshness import Freshness, Known
from workflows.schedules.occurrence import occurrence_from_json

HOUR, DAY, WEEK = 3600.0, 86400.0, 7 * 86400.0
RULE = weekly(USUAL, "UTC")


@pytest.fixture
def space(clock: HandClock) -> Iterator[Workspace]:
    with Workspace(MANIFEST, now=clock.now) as opened:
        yield opened


def bot(space: Workspace, client: redis.Redis, clock: HandClock, when: str = USUAL) -> Weekly:
    slack = WebClient(space.bot_token, base_url=space.api_url, retry_handlers=[])
    store, agenda, cards = Store(client, clock), Agenda(client, clock), Cards(client, clock)
    rule = weekly(when, "UTC")
    assert rule is not None
    return Weekly(store, agenda, Board(client), cards, slack, CHANNEL, rule)


def told(space: Workspace) -> list[str]:
    return [each.text for each in space.messages(CHANNEL) if each.text.startswith("Last week's digest")]


def words(card: Card) -> str:
    return "\n".join(each["text"]["text"] for each in card.blocks if "text" in each)


def test_two_bots_tell_of_each_week_once_and_of_none_before_they_began(
    space: Workspace, redis_client: redis.Redis, clock: HandClock
) -> None:
    bots = [bot(space, redis_client, clock) for _ in range(2)]
    counts = []
    for _ in range(24):  # from a Tuesday on, three weeks, restarted again and again
        with ThreadPoolExecutor(3) as at_once:
            list(at_once.map(Weekly.tick, [*bots, bot(space, redis_client, clock)]))
        counts.append(len(told(space)))
        assert len(bots[0]._cards.notes("digest")) <= 4, "older weeks' notes go"
        clock.forward(DAY)
    assert counts == [0] * 7 + [1] * 7 + [2] * 7 + [3] * 3


def test_a_digest_whose_answer_was_lost_is_found_and_not_told_again(
    space: Workspace, redis_client: redis.Redis, clock: HandClock
) -> None:
    one = bot(space, redis_client, clock)
    one.tick()
    clock.forward(WEEK)
    space.faults.lose_answer("chat.postMessage", 1)
    one.tick()
    clock.forward(HOUR / 60)
    bot(space, redis_client, clock).tick()
    one.tick()
    assert len(told(space)) == 1


def test_one_that_slack_did_not_take_says_the_same_when_another_bot_tells_it_and_of_several_only_the_latest(
    space: Workspace, redis_client: redis.Redis, clock: HandClock
) -> None:
    bot(space, redis_client, clock).tick()
    clock.forward(WEEK)
    space.faults.is_away = True
    bot(space, redis_client, clock).tick()
    Board(redis_client).put_freshness(freshness.to_json(known(server("orders-db", clock.now()))))
    space.faults.is_away = False
    clock.forward(HOUR)
    bot(space, redis_client, clock).tick()
    assert len(told(space)) == 1
    assert "no server was seen" in told(space)[0]
    clock.forward(3 * WEEK)  # no bot was there
    for _ in range(2):
        bot(space, redis_client, clock).tick()
    assert len(told(space)) == 2
    assert "1 server is without a fresh proof" in told(space)[1]


def test_a_digest_waits_for_no_time_that_is_not_any_more(
    space: Workspace, redis_client: redis.Redis, clock: HandClock
) -> None:
    one = bot(space, redis_client, clock)
    one.tick()
    clock.forward(WEEK)
    space.faults.away()
    one.tick()
    space.faults.back()
    clock.forward(-HOUR)
    one.tick()
    assert len(told(space)) == 1


def test_a_digest_that_is_moved_to_another_day_tells_nothing_of_a_week_that_was_told(
    space: Workspace, redis_client: redis.Redis, clock: HandClock
) -> None:
    bot(space, redis_client, clock).tick()
    clock.forward(WEEK)  # a Tuesday
    bot(space, redis_client, clock).tick()
    moved = bot(space, redis_client, clock, "every monday at 18:00")
    moved.tick()
    moved.tick()
    assert len(told(space)) == 1
    clock.forward(WEEK)
    moved.tick()
    assert len(told(space)) == 2


def test_it_counts_what_ended_in_the_week_and_no_more(stage: Stage) -> None:
    stage.seed(disks=SMALL)
    earlier = stage.backup()
    stage.clock.forward(WEEK)
    start = stage.clock.now()
    stage.backup()
    stage.approve(stage.drill())
    failed = stage.drill()  # of the instance that is gone
    stage.look()
    asked = stage.drill()
    stage.desk.answer(asked.id, APPROVER, False)
    stage.step()
    stage.look()
    assert earlier.ended is not None
    assert earlier.ended < start
    found = told_of(stage, start)
    assert "*Backups:* 3 made, 2 of them by drills" in found
    assert f"*Drills:* 1 passed, *1 failed*: `{failed.id}` orders-db; 1 not carried out" in found
    assert "*Schedules:* nothing was missed, refused or skipped" in found
    assert "*Kept:* 4 recovery points of 112 GiB of volumes: at most about $5.60 a month" in found
    assert "Restores" not in found
    assert "*Backups:* 0 made\n*Drills:* none came to a verdict\n" in told_of(stage, stage.clock.now() + 1)


def test_what_was_missed_refused_or_skipped_is_told_in_the_week_in_which_that_came_out(stage: Stage) -> None:
    stage.seed(disks=SMALL)
    start = stage.clock.now()
    night = nightly(stage)
    timetable(stage).tick()
    stage.calendar.skip(soonest(stage).id, OPERATOR, HERE)
    stage.clock.forward(4 * DAY)  # no worker was there: two nights more, and a third for which it is too late
    timetable(stage).tick()
    middle = stage.clock.now() + 1
    found = told_of(stage, start, middle)
    assert f"*Scheduled and skipped:* 1: `{night.id}` Backup of orders-db" in found
    assert "*Scheduled and missed:* 3" in found
    assert "nothing was missed" in told_of(stage, middle)


def told_of(stage: Stage, since: float, until: float | None = None) -> str:
    """What a digest says of the time from `since` on."""
    week = (since, until or since + WEEK)
    over = [occurrence_from_json(each) for each in stage.agenda.over(*week)]
    seen = stage.desk.lookout.last()
    return words(digest(digest_of(week, stage.clock.now(), stage.store.asked_since(0), over, known(), seen)))


def server(name: str, now: float, proven: float | None = None, point: bool = True) -> Freshness:
    """One that aims at a proof of 90 days, and had its last `proven` days ago."""
    made = Freshness(
        name, "eu-central-1", ("i-1",), now - 400 * DAY, point_at=now - DAY if point else None, proof=90 * DAY
    )
    return replace(made, proven_at=None if proven is None else now - proven * DAY)


def of_servers(now: float, seen: Known | None) -> str:
    return words(digest(digest_of((now - WEEK, now), now, [], [], seen, None)))


def test_servers_without_a_fresh_proof_are_told_the_worst_first_and_those_that_are_gone_are_not(
    clock: HandClock,
) -> None:
    now = clock.now()
    fine, gone = server("fine", now, 3), replace(server("gone", now), instances=())
    bad = [server("stale", now, 100), server("staler", now, 200), server("bare", now, point=False), server("new", now)]
    lines = of_servers(now, known(*bad, fine, gone)).splitlines()
    at = lines.index("*Without a fresh proof:* 4 of 5 servers, the worst first")
    assert lines[at + 1 :] == [
        "• bare: no backup at all", "• new: never proven", "• staler: proven 200 d ago, target 90 d",
        "• stale: proven 100 d ago, target 90 d",
    ]  # fmt: skip
    assert "*Without a fresh proof:* none of 1 server" in of_servers(now, known(fine))
    assert "no server was seen" in of_servers(now, known())
    assert "no worker has looked at AWS yet" in of_servers(now, None)
    assert "… and 33 more: Home shows all." in of_servers(now, known(*(server(f"s-{n}", now) for n in range(40))))


@pytest.mark.parametrize("letter", ["<", "&", "x"])
def test_the_longest_names_and_the_largest_numbers_are_within_slacks_limits(clock: HandClock, letter: str) -> None:
    now, name = clock.now(), letter * len(LONGEST)
    many = (Told("n" * 40, name, 10**6),) * (NAMED + 10**4)
    servers = tuple(replace(server(name, now, 200), region="ap-southeast-10") for _ in range(SERVERS + 2000))
    tally = Tally(10**6, 10**6, many, 10**6, many, 10**6, 10**6, many)
    seen = known(*servers, regions=("a", "b"), troubles=(name * 9,) * 9)
    week = Digest(
        now - WEEK, now, now, tally, dict.fromkeys(LAPSES, many), servers, 10**6, seen, Kept(10**6, 10**9, 10**6, 5e7)
    )
    told = digest(week)
    check_blocks(told.blocks, "message")
    assert len(told.blocks) <= 20
    assert len(told.text) < 300
    assert told.text.endswith(".")


def test_a_rule_that_is_not_weekly_is_refused_and_both_changes_of_the_clocks_are_crossed() -> None:
    for wrong in (
        "every day at 09:00",
        "first monday of the month at 09:00",
        "every 12 h",
        "mon and thu at 09:00",
        "x",
    ):
        with pytest.raises(ValueError, match=r"once a week|not a time"):
            weekly(wrong, "UTC")
    assert weekly("  ", "Europe/Berlin") is None
    with pytest.raises(ValueError, match="no time zone"):
        weekly("", "Europe/Atlantis")
    rule = weekly("every sunday at 02:30", "Europe/Berlin")
    assert rule is not None
    weeks = [latest(rule, 1_795_500_000.0 + days * DAY) for days in range(0, 371, 7)]
    assert all(sooner[1] == later[0] for sooner, later in pairwise(weeks))
