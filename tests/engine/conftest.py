"""The engine on a real Redis, with a runbook that touches nothing else."""

import random

import pytest

from tests.clock import HandClock
from tests.engine.book import BOOK, World
from workflows.engine.engine import Engine
from workflows.engine.pace import Pace
from workflows.engine.store import Store


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def engine(store: Store, clock: HandClock, world: World, rng: random.Random) -> Engine:
    return Engine(store, {"drill": BOOK}, {"home": lambda run: world}, clock, Pace(), rng)
