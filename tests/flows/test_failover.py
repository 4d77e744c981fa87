"""A failover of Redis to a real replica that has not heard of the last writes: they are lost, and nothing is twice."""

import random
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from handlers import cards
from handlers.access import Access
from handlers.actions import key_of, stands_for
from handlers.answers import Answers
from handlers.requests import Cancel
from practice.redis_server import RedisServer
from tests.flows.scene import SMALL
from tests.stage import ASKING, Stage
from workflows.aws import Home
from workflows.catalogue import RUNBOOKS
from workflows.desk import Desk
from workflows.engine.agenda import Agenda
from workflows.engine.board import Board
from workflows.engine.engine import Engine
from workflows.engine.pace import Pace
from workflows.engine.run import Run, Status
from workflows.engine.store import Store
from workflows.errors import UnknownRun, UserError
from workflows.schedules.calendar import Calendar

#: Milliseconds that a replica may take to follow.
FOLLOWS = 20_000


@pytest.fixture
def replica(stage: Stage, redis_server: RedisServer, tmp_path: Path) -> Iterator[redis.Redis]:
    """It follows the Redis that the stage works on."""
    server = RedisServer(tmp_path / "replica")
    with redis.Redis.from_url(server.start()) as client:
        stage.store.redis.config_set("repl-diskless-sync-delay", 0)  # Redis waits five seconds for more replicas
        client.replicaof("127.0.0.1", redis_server.port)
        yield client
    server.stop()


def cut_off_from(stage: Stage, replica: redis.Redis) -> None:
    """It has all that was written until now, and hears of nothing that comes after."""
    assert stage.store.redis.wait(1, FOLLOWS) == 1
    replica.replicaof("NO", "ONE")


def at(stage: Stage, client: redis.Redis) -> tuple[Store, Engine, Desk]:
    """A worker and a desk on another Redis, beside the same AWS."""
    store = Store(client, stage.clock)
    home = Home("test", stage.lab.url, clients=stage.clients)
    services = {**stage.services, "home": lambda run: home.region(run.target.region)}
    engine = Engine(store, RUNBOOKS, services, stage.clock, Pace(), random.Random(11))
    return store, engine, Desk(store, Board(client), stage.clock, stage.profile_for, patience=0.2)


def driven(stage: Stage, store: Store, engine: Engine, run: Run) -> Run:
    while (run := store.read(run.id)).status.open:
        due = store.next_due()
        assert due is not None
        stage.clock.time = max(stage.clock.time, due)
        for each in store.dispatch(10, pause=5):
            engine.advance(each)
    return run


def test_a_step_whose_record_is_lost_is_done_again_and_adopts_what_it_made(stage: Stage, replica: redis.Redis) -> None:
    stage.seed(disks=SMALL)
    run = stage.desk.start(stage.desk.backup(ASKING, "orders-db", reboot=False, accept_loss=False)[0])
    stage.lab.faults.before("CreateImage", lambda: cut_off_from(stage, replica))
    known = stage.drive(run, lambda now: "asked" in now.values)
    store, engine, _ = at(stage, replica)
    assert "asked" in known.values, known.step
    assert "asked" not in store.read(run.id).values, "what was acknowledged is lost"
    ended = driven(stage, store, engine, run)
    assert ended.status is Status.SUCCEEDED, ended.problem
    assert ended.values["asked"]["image_id"] == known.values["asked"]["image_id"]
    assert stage.count("CreateImage") == 1


def test_a_request_that_is_lost_gives_its_number_to_the_next_and_nothing_else(
    stage: Stage, replica: redis.Redis
) -> None:
    stage.seed("billing-db", disks=SMALL)
    stage.seed(disks=SMALL)
    cut_off_from(stage, replica)
    lost = stage.backup("billing-db")
    store, engine, desk = at(stage, replica)
    with pytest.raises(UnknownRun):
        store.read(lost.id)
    run = desk.start(desk.backup(ASKING, "orders-db", reboot=False, accept_loss=False)[0])
    ended = driven(stage, store, engine, run)
    assert (ended.id, ended.status) == (lost.id, Status.SUCCEEDED), "the number was never given, as far as Redis knows"
    assert ended.key != lost.key
    assert ended.values["asked"]["image_id"] != lost.values["asked"]["image_id"]
    names = {each.name for each in stage.aws.images.ours()}
    assert len(names) == stage.count("CreateImage") == 2


def test_a_button_on_the_card_of_a_lost_run_does_not_steer_the_one_that_has_its_number_now(
    stage: Stage, replica: redis.Redis
) -> None:
    stage.seed("billing-db", disks=SMALL)
    stage.seed(disks=SMALL)
    cut_off_from(stage, replica)
    lost = stage.desk.start(stage.desk.backup(ASKING, "billing-db", reboot=False, accept_loss=False)[0])
    button = next(each for block in cards.card(lost).blocks for each in block.get("elements", []) if "value" in each)
    _, _, desk = at(stage, replica)
    run = desk.start(desk.backup(ASKING, "orders-db", reboot=False, accept_loss=False)[0])
    answers = Answers(
        desk, Access(stage.policy, lambda _: stage.directory), Calendar(Agenda(replica, stage.clock), stage.clock)
    )
    assert button["action_id"] == "cancel"
    assert stands_for(button)[0] == run.id == lost.id
    with pytest.raises(UserError, match="another one by now, of orders-db"):
        answers.cancel(Cancel(stands_for(button)[0], key_of(button)), ASKING)
    assert replica.hgetall(f"dr:inbox:{run.id}") == {}
    assert answers.cancel(Cancel(run.id, run.key), ASKING).endswith("What it has made so far stays.")
