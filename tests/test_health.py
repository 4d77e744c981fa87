"""What a process tells of itself to whoever watches it: what only a new start mends, what passes by itself, numbers."""

import copy
import json
import random
import re
import threading
from collections.abc import Iterator
from pathlib import Path
from threading import Event, Thread
from typing import Any
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest
import redis
from slack_sdk.errors import SlackApiError

from bot.celery_engine import port_of
from bot.health import Health, Pulse, health_of
from bot.metrics import Metrics
from bot.settings import HealthTable, SettingsError, load
from bot.sight import Sight
from bot.slack_client import Line, ObservedClient
from handlers.posting import UNREACHABLE
from practice.redis_server import RedisServer, free_port
from practice.workspace import Workspace
from practice.world import CHANNEL, MANIFEST
from tests.clock import HandClock
from tests.engine.book import ASKER, BOOK, World, drive, new_run
from tests.stage import Stage
from workflows.aws.calls import Calls
from workflows.engine.board import Cards
from workflows.engine.engine import Engine
from workflows.engine.gauges import Gauges, Standing
from workflows.engine.halting import Halting
from workflows.engine.pace import Pace
from workflows.engine.store import Store
from workflows.errors import AwsRefused, Throttled, Unreachable

ROOT = Path(__file__).parent.parent


@pytest.fixture
def gauges(redis_client: redis.Redis, clock: HandClock) -> Gauges:
    return Gauges(redis_client, clock)


@pytest.fixture
def health(gauges: Gauges) -> Health:
    """Of a process that has looked at Redis once."""
    sight = Sight(gauges)
    sight.look()
    return Health(sight)


def counted(metrics: Metrics) -> dict[str, float]:
    """Every sample by its name and the values of its labels."""
    return {
        " ".join((each.name, *each.labels.values())): each.value for kind in metrics.collect() for each in kind.samples
    }


def state(health: Health) -> str:
    return str(health.report()[1]["status"])


def test_a_run_that_nobody_takes_up_grows_overdue_however_often_it_was_handed_out(
    store: Store, clock: HandClock, gauges: Gauges
) -> None:
    run = store.create(new_run(store, clock))
    clock.forward(100)
    assert store.dispatch(1, pause=5) == [run.id]
    clock.forward(100)
    assert gauges.read() == Standing(open={"queued": 1}, overdue=200, cards=1, behind=200)
    assert store.begin(run.id, lease=60)
    assert gauges.read().overdue == 0
    clock.forward(90)
    assert gauges.read().overdue == 30, "its worker fell silent, and its lease is over"


def test_a_card_is_behind_since_its_run_moved_and_not_since_the_last_try_to_paint_it(
    store: Store, clock: HandClock, gauges: Gauges, redis_client: redis.Redis
) -> None:
    cards, run = Cards(redis_client, clock), store.create(new_run(store, clock))
    for _ in range(3):
        ((_, revision),) = cards.claim(1, 60)
        clock.forward(100)
        cards.later(run.id, 0)
    assert (gauges.read().cards, gauges.read().behind) == (1, 300)
    cards.painted(run.id, revision, 2)
    assert (gauges.read().cards, gauges.read().behind) == (0, 0)
    assert "behind" not in cards.notes(run.id)


def test_a_loop_that_has_ended_asks_for_a_new_start_and_says_so(health: Health) -> None:
    ends, stop = Thread(target=lambda: None, name="notifier"), Event()
    stays = Thread(target=stop.wait, name="home", daemon=True)
    for each in (ends, stays):
        health.watch(each).start()
    ends.join()
    stay, told = health.report()
    stop.set()
    assert (stay, told["status"]) == (False, "restart")
    assert told["checks"]["home"]["state"] == "ok"
    assert "only a new start" in told["checks"]["notifier"]["says"]
    assert counted(health.metrics)["firedrill_loop_alive notifier"] == 0


def test_a_loop_that_ends_takes_the_process_with_it_and_one_that_was_told_to_stop_does_not(health: Health) -> None:
    stop, lost, died = Event(), Event(), Event()
    health.watch(Thread(target=died.wait, name="announcer", daemon=True)).start()
    guard = Thread(target=health.guard, args=(stop, lost), daemon=True)
    guard.start()
    assert not stop.is_set()
    died.set()
    assert stop.wait(30)
    guard.join(30)
    assert lost.is_set()
    lost.clear()
    health.guard(stop, lost)
    assert not lost.is_set()


def test_a_tick_that_stands_still_asks_for_a_new_start_and_one_that_is_late_does_not(health: Health) -> None:
    now = [1000.0]
    pulse = Pulse("tick", 300, lambda: now[0])
    health.add(pulse.look)
    now[0] += 299
    assert state(health) == "ok"
    now[0] += 2
    assert (health.report()[0], state(health)) == (False, "restart")
    pulse.beat()
    assert state(health) == "ok"


def test_redis_or_slack_away_or_a_halt_are_told_and_are_no_reason_to_start_again(
    tmp_path: Path, clock: HandClock
) -> None:
    server = RedisServer(tmp_path)
    client = redis.Redis.from_url(server.start())
    sight = Sight(Gauges(client, clock))
    health = Health(sight)
    assert (health.report()[0], state(health)) == (True, "degraded"), "nothing was seen of Redis yet"
    sight.look()
    assert state(health) == "ok"
    line = Line(lambda: False)
    health.add(line.look, line.gauges)
    assert (health.report()[0], state(health)) == (True, "degraded")
    assert counted(health.metrics)["firedrill_slack_socket_connected"] == 0
    Halting(Store(client, clock)).halt(ASKER, "an outage")
    sight.look()
    assert "firedrill resume" in health.report()[1]["checks"]["halt"]["says"]
    server.kill()
    sight.look()
    assert counted(health.metrics)["firedrill_halted"] == 1, "what was seen last is still told"


@pytest.fixture
def listening(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, gauges: Gauges) -> Iterator[tuple[str, Health]]:
    (tmp_path / "firedrill.toml").write_text(f"[health]\nworker = {free_port()}\n", encoding="utf-8")
    monkeypatch.setenv("FIREDRILL_CONFIG", str(tmp_path / "firedrill.toml"))
    monkeypatch.setenv("FIREDRILL_HEALTH_PORT", "")
    settings, stop = load(), Event()
    health = health_of(settings, gauges, settings.file.health.worker, stop)
    yield f"http://127.0.0.1:{settings.file.health.worker}", health
    stop.set()
    for each in [each for each in threading.enumerate() if each.name == "sight"]:
        each.join(10)


def test_over_http_there_are_health_and_metrics_and_nothing_else(listening: tuple[str, Health]) -> None:
    url, health = listening
    with urlopen(f"{url}/healthz") as answer:
        assert set(json.load(answer)["checks"]) == {"redis", "halt"}
    with urlopen(f"{url}/metrics") as answer:
        assert b"\nfiredrill_runs{" in answer.read()
    assert _status(f"{url}/") == 404
    dead = health.watch(Thread(target=lambda: None, name="nudges"))
    dead.start()
    dead.join()
    assert _status(f"{url}/healthz") == 503


def _status(url: str) -> int:
    with pytest.raises(HTTPError) as refused:
        urlopen(url)
    with refused.value as answer:
        return answer.code


def test_a_port_that_is_taken_is_told_at_the_start(
    listening: tuple[str, Health], gauges: Gauges, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = load()
    with pytest.raises(SettingsError) as told:
        health_of(settings, gauges, settings.file.health.worker, Event())
    assert "FIREDRILL_HEALTH_PORT" in told.value.hint
    monkeypatch.setenv("FIREDRILL_HEALTH_PORT", "0")
    assert health_of(load(), gauges, settings.file.health.worker, Event())


def test_a_celery_worker_has_a_port_of_its_own_or_the_workers_and_never_one_that_nobody_asked_for() -> None:
    assert port_of(HealthTable(worker=9465, celery=9466)) == 9466
    assert port_of(HealthTable(worker=9465, celery=0)) == 0
    assert port_of(HealthTable(worker=9465)) == 9465
    assert port_of(HealthTable()) == 0


def test_steps_and_ends_are_counted_by_runbook_and_name_and_never_by_server_or_run(
    store: Store, clock: HandClock, health: Health
) -> None:
    world = World()
    pace = Pace(patience=0)
    engine = Engine(
        store, {"drill": BOOK}, {"home": lambda _: world}, clock, pace, random.Random(7), watching=health.metrics.moved
    )
    for server in ("orders-db", "billing-db"):
        world.ready = server == "orders-db"
        store.create(new_run(store, clock, server))
        drive(store, engine, clock)
    found = counted(health.metrics)
    assert found["firedrill_step_seconds_count drill make_thing"] == 2
    assert found["firedrill_step_seconds_count drill wait_for_thing"] == 1
    assert found["firedrill_runs_ended_total drill expired"] == 1
    assert found["firedrill_runs_ended_total drill failed"] == 1
    assert not [each for each in found if "-db" in each or "D-0" in each]


def test_calls_to_aws_are_counted_by_name_and_by_what_came_of_them_in_words_of_ours(
    stage: Stage, health: Health
) -> None:
    calls = Calls("us-east-1", stage.lab.url, clients=stage.clients, observed=health.metrics.aws)
    source = stage.seed()
    calls("ec2", "describe_instances")
    calls.allowed("ec2", "terminate_instances", InstanceIds=[source])
    stage.lab.faults.throttle("DescribeInstances")
    with pytest.raises(Throttled):
        calls("ec2", "describe_instances")
    stage.lab.faults.lose_answer("DescribeImages")
    with pytest.raises(Unreachable):
        calls("ec2", "describe_images")
    with pytest.raises(AwsRefused):
        calls("ec2", "describe_instances", InstanceIds=["i-0123456789abcdef0"])
    seen = {
        name.partition(" ")[2]: n for name, n in counted(health.metrics).items() if "aws_call_seconds_count" in name
    }
    assert seen == {
        "DescribeInstances ok": 1, "DescribeInstances throttled": 1, "DescribeInstances not found": 1,
        "TerminateInstances ok": 1, "DescribeImages no answer": 1,
    }  # fmt: skip


def test_calls_to_slack_are_counted_and_raise_as_ever_also_those_of_the_copies_that_listeners_get(
    health: Health, clock: HandClock
) -> None:
    def call(method: str, raises: tuple[type[Exception], ...] = (), **options: Any) -> None:
        client = copy.deepcopy(slack)
        if not raises:
            client.api_call(method, json=options)
            return
        with pytest.raises(raises):
            client.api_call(method, json=options)

    with Workspace(MANIFEST, now=clock.now) as space:
        slack = ObservedClient(health.metrics.slack, token=space.bot_token, base_url=space.api_url, retry_handlers=[])
        call("auth.test")
        call("chat.postMessage", channel=CHANNEL, text="hello")
        call("chat.postMessage", (SlackApiError,), channel="C0NOWHERE", text="hello")
        space.faults.rate_limit("chat.postMessage")
        call("chat.postMessage", (SlackApiError,), channel=CHANNEL, text="hello")
        space.faults.lose_answer("auth.test")
        call("auth.test", UNREACHABLE)
    found = counted(health.metrics)
    assert {name.partition(" ")[2]: n for name, n in found.items() if "slack_call_seconds_count" in name} == {
        "auth.test ok": 1, "auth.test no answer": 1, "chat.postMessage ok": 1, "chat.postMessage refused": 1,
        "chat.postMessage ratelimited": 1,
    }  # fmt: skip


def test_the_page_of_operations_names_each_metric_and_no_other() -> None:
    page = (ROOT / "docs/operations.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (`firedrill_.*?) \|", page, re.M)
    told = {name for row in rows for name in re.findall(r"`(\w+)`", row)}
    code = "".join(path.read_text(encoding="utf-8") for path in sorted((ROOT / "bot").glob("*.py")))
    made = set(re.findall(r'"(firedrill_[a-z_]+)"', code)) - {"firedrill_runs_ended"} | {"firedrill_runs_ended_total"}
    assert told == made
    assert told >= {word for word in re.findall(r"\bfiredrill_\w+", page) if not word.endswith("_count")}
