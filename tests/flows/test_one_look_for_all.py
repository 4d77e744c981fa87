"""Runs that wait for the same kind of thing share one look at AWS, and what decides looks for itself."""

import random
from collections.abc import Sequence
from contextlib import suppress

import pytest

from tests.flows.scene import SMALL, image_fails, slow_images
from tests.stage import OPERATOR, Stage
from workflows.aws import tags
from workflows.engine.engine import Engine
from workflows.engine.keys import millis, text
from workflows.engine.pace import Pace
from workflows.engine.run import Run, Status, StepState, Target
from workflows.engine.runbook import Runbook
from workflows.engine.sightings import DIFFER, HORIZON, Sightings
from workflows.errors import NotFound
from workflows.steps.image import wait_for_image

WAITING = Runbook("waiting", "W", "Waiting for {server}", takes=["asked"], steps=[wait_for_image])


def engine_of(stage: Stage) -> Engine:
    return Engine(stage.store, {"waiting": WAITING}, stage.services, stage.clock, Pace(), random.Random(3))


def images_of(stage: Stage, source: str, number: int) -> list[str]:
    """So many that AWS goes on copying."""
    marks = {tags.INSTALLATION: "test", tags.SERVER: "orders-db"}

    def made(name: str) -> str:
        return stage.aws.images.ensure(source, name=name, marks={**marks, tags.RUN: name}, reboot=False).id

    return [made(f"image-{n:04d}") for n in range(number)]


def waiting(stage: Stage, image_ids: Sequence[str]) -> list[Run]:
    """A run for each, as it stands when its image was asked for."""
    runs = []
    for n, image_id in enumerate(image_ids):
        asked = {"image_id": image_id, "at": stage.clock.now(), "consistency": "rebooted"}
        name = stage.store.next_id("W")
        made = Run(
            id=name, key=f"{name}-{image_id}", runbook="waiting", title="Waiting", asked_by=OPERATOR, channel="",
            target=Target(f"server-{n}-{image_id}", stage.aws.account, "us-east-1"), created=stage.clock.now(),
            steps=(StepState("wait_for_image", "Wait for the image"),), values={"asked": asked},
        )  # fmt: skip
        runs.append(stage.store.create(made))
    return runs


def looks_in(stage: Stage, engine: Engine, minutes: float) -> int:
    """How many calls to AWS were made meanwhile."""
    before, until = len(stage.lab.calls), stage.clock.now() + minutes * 60
    while (due := stage.store.next_due()) is not None and due < until:
        stage.clock.time = max(stage.clock.time, due)
        for each in stage.store.dispatch(50, pause=5):
            engine.advance(each)
    stage.clock.time = until
    return len(stage.lab.calls) - before


@pytest.fixture
def source(stage: Stage) -> str:
    slow_images(stage, 36_000)
    return stage.seed(disks=SMALL[:1])


def test_eight_times_as_many_waiting_runs_cost_about_as_many_calls_and_all_hear_of_the_end(
    stage: Stage, source: str
) -> None:
    engine, images = engine_of(stage), images_of(stage, source, 24)
    runs = waiting(stage, images[:3])
    looks_in(stage, engine, 1)
    few = looks_in(stage, engine, 4)
    runs += waiting(stage, images[3:])
    looks_in(stage, engine, 1)
    assert 10 < looks_in(stage, engine, 4) <= 1.5 * few
    slow_images(stage, 0)
    looks_in(stage, engine, 2)
    assert {stage.store.read(each.id).status for each in runs} == {Status.SUCCEEDED}


def test_one_that_aws_does_not_know_and_one_that_fails_are_told_apart_and_hold_up_no_other(
    stage: Stage, source: str
) -> None:
    engine, (good, bad) = engine_of(stage), images_of(stage, source, 2)
    runs = waiting(stage, [good, bad, "ami-0123456789abcdef0"])
    looks_in(stage, engine, 1)
    image_fails(stage, bad)
    slow_images(stage, 0)
    looks_in(stage, engine, 10)
    ended = [stage.store.read(each.id) for each in runs]
    assert [each.status for each in ended] == [Status.SUCCEEDED, Status.FAILED, Status.FAILED]
    assert "`failed`" in (ended[1].problem.text if ended[1].problem else "")
    assert "ami-0123456789abcdef0" in (ended[2].problem.text if ended[2].problem else "")


def test_what_two_workers_wait_for_is_looked_up_once_for_both(stage: Stage, source: str) -> None:
    engines, images = [engine_of(stage), engine_of(stage)], images_of(stage, source, 2)
    runs = waiting(stage, images)
    for each, run in zip(engines, runs, strict=True):
        each.advance(run.id)
    stage.clock.forward(30)
    before = len(stage.lab.calls)
    for each, run in zip(engines, runs, strict=True):
        each.advance(run.id)
    assert [call.action for call in stage.lab.calls[before:]] == ["DescribeImages", "DescribeSnapshots"]


def test_what_nobody_waits_for_any_more_is_forgotten_however_long_others_wait(stage: Stage, source: str) -> None:
    first, second = images_of(stage, source, 2)
    looked = f"dr:looked:{stage.aws.account}:us-east-1:images"
    for each in (first, second):
        assert stage.aws.images.get(each, stale=60).state == "pending"
    assert stage.store.redis.hlen(looked) == 2
    stage.clock.forward(HORIZON + 1)
    assert stage.aws.images.get(first, stale=60).state == "pending"
    assert stage.store.redis.hkeys(looked) == [first.encode()]


def test_a_look_of_a_clock_that_was_set_back_since_is_not_believed(stage: Stage, source: str) -> None:
    (image_id,) = images_of(stage, source, 1)
    assert stage.aws.images.get(image_id, stale=60).state == "pending"
    stage.clock.forward(-DIFFER - 1)
    before = len(stage.lab.calls)
    stage.aws.images.get(image_id, stale=60)
    assert len(stage.lab.calls) > before


def test_what_another_version_has_seen_is_looked_up_again(stage: Stage, source: str) -> None:
    (image_id,) = images_of(stage, source, 1)
    assert stage.aws.images.get(image_id, stale=60).state == "pending"
    looked = f"dr:looked:{stage.aws.account}:us-east-1:images"
    at = millis(stage.clock.now())
    stage.store.redis.hset(looked, image_id, f'{at} {{"of": "another version"}}')
    stage.store.redis.hset(looked, "ami-0123456789abcdef0", f"{at} no JSON")
    assert stage.aws.images.get(image_id, stale=60).state == "pending"
    assert "pending" in text(stage.store.redis.hget(looked, image_id) or b"")


def test_a_look_of_ones_own_sees_what_a_shared_one_does_not_show_yet(stage: Stage, source: str) -> None:
    (image_id,) = images_of(stage, source, 1)
    assert stage.aws.images.get(image_id, stale=60).state == "pending"
    slow_images(stage, 0)
    assert stage.aws.images.get(image_id, stale=60).state == "pending"
    assert stage.aws.images.get(image_id).state == "available"
    stage.clock.forward(61)
    assert stage.aws.images.get(image_id, stale=60).state == "available"


def test_while_another_worker_looks_or_has_died_at_it_a_run_looks_for_itself(stage: Stage, source: str) -> None:
    (image_id,) = images_of(stage, source, 1)
    place = f"{stage.aws.account}:us-east-1"
    stage.store.redis.set(f"dr:looking:{place}:images", "1", ex=60)
    assert stage.aws.images.get(image_id, stale=5).state == "pending"
    assert stage.store.redis.hlen(f"dr:looked:{place}:images") == 0
    stage.store.redis.delete(f"dr:looking:{place}:images")
    assert stage.aws.images.get(image_id, stale=5).state == "pending"
    assert stage.store.redis.hlen(f"dr:looked:{place}:images") == 1


def test_whoever_begins_to_wait_looks_at_what_nobody_has_looked_at_and_at_nothing_else(
    stage: Stage, source: str
) -> None:
    first, second, third = images_of(stage, source, 3)
    Sightings(stage.store.redis, stage.clock).seen(f"{stage.aws.account}:us-east-1", "images", [second])
    before = len(stage.lab.calls)
    for each in (first, second, third):
        assert stage.aws.images.get(each, stale=5).state == "pending"
    assert [call.params["Filters"][0]["Values"] for call in stage.lab.calls[before:]] == [
        sorted([first, second]), [third]
    ]  # fmt: skip


def test_of_hundreds_that_are_waited_for_the_pending_ones_come_in_one_page_and_the_rest_by_their_ids(
    stage: Stage, source: str
) -> None:
    first, second = images_of(stage, source, 2)
    others = [f"ami-{n:017x}" for n in range(300)]
    Sightings(stage.store.redis, stage.clock).seen(f"{stage.aws.account}:us-east-1", "images", [second, *others])
    before = len(stage.lab.calls)
    assert [stage.aws.images.get(each, stale=5).state for each in (first, second)] == ["pending", "pending"]
    filters = [[each["Name"] for each in call.params["Filters"]] for call in stage.lab.calls[before:]]
    assert filters == [["tag:firedrill:installation", "state"], ["image-id"], ["image-id"]]


def test_instances_their_checks_and_their_agents_are_looked_at_together_and_a_missing_one_fails_none(
    stage: Stage,
) -> None:
    ids = [stage.seed(f"server-{n}", SMALL[:1]) for n in range(3)]
    stage.clock.forward(600)
    missing = "i-0123456789abcdef0"
    for look, answers in (
        (stage.aws.instances.get, ["running"] * 3),
        (stage.aws.instances.checks, [True] * 3),
        (stage.aws.commands.online, [True] * 3),
    ):
        with suppress(NotFound):
            look(missing, 30)  # from now on it is asked for together with the others
        found = [look(each, 30) for each in ids]
        assert [getattr(each, "passed", getattr(each, "state", each)) for each in found] == answers
