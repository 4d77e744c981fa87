"""Runs on other machines, over Celery: real processes that are killed, cut off, and come back."""

import subprocess
import sys
from collections.abc import Iterator
from threading import Event

import pytest

from practice.world import PROCFILE, World
from tests.processes.conftest import Stand
from tests.processes.play import ALSO, BACKUP_ONCE, FAST, LONG, SETTINGS, Play
from tests.processes.relay import BehindRelay, cut_off

CELERY = SETTINGS.replace("[access]", 'threads = 2\nengine = "celery"\n\n[access]', 1)


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory, stand: Stand) -> Iterator[World]:
    """A world whose worker only keeps time, with a machine that takes up runs."""
    stand.close()
    folder = tmp_path_factory.mktemp("fleet")
    lines = PROCFILE.with_name("Procfile.celery")
    with World(folder, FAST, settings=lambda *_: CELERY, also=ALSO, lines=lines) as world:
        yield world


@pytest.fixture
def spread(fleet: World, request: pytest.FixtureRequest) -> Play:
    return Play(fleet, request.node.name)


def test_a_backup_on_another_machine_outlives_that_machine_and_the_brokers_redis(spread: Play) -> None:
    """The machine is killed between an effect and its record, its successor loses Redis there."""
    world, dead, before = spread.world, Event(), spread.world.log("worker").count("Redis is away")

    def outage() -> None:
        world.redis.kill()
        dead.set()

    world.lab.faults.lose_answer("SendCommand")
    world.lab.faults.after("SendCommand", lambda: world.kill("celery"))
    world.lab.faults.after("CreateImage", outage)
    run = spread.ask("backup")
    spread.until(world.processes["celery"].poll)
    world.start_process("celery")
    assert dead.wait(LONG)
    spread.until(lambda: world.log("worker").count("Redis is away") > before or None)
    world.redis.start()
    spread.check_done_once(run, BACKUP_ONCE)
    assert f"run={run.id}" in world.log("celery")
    assert f"run={run.id}" not in world.log("worker")
    assert [each for each in spread.redis.scan_iter("*") if not each.startswith(b"dr:")] == []


def test_a_machine_that_is_cut_off_from_redis_in_the_middle_of_a_step_finds_its_run_taken_over(spread: Play) -> None:
    cut_off(spread, "celery", BehindRelay(spread.world))


def test_without_celery_installed_the_start_says_what_is_missing() -> None:
    program = (
        "import sys; sys.modules['celery'] = None; from bot.engine_room import beyond\n"
        "try: beyond()\nexcept Exception as error: print(error.text, error.hint)"
    )
    said = subprocess.run(
        [sys.executable, "-c", program], cwd=PROCFILE.parent, capture_output=True, text=True, check=True
    )
    assert "In Firedrill's checkout: pip install '.[celery]'" in said.stdout
