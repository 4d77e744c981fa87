"""The chosen few of the fault machine: `make faults` plays all of it."""

import os
from collections.abc import Callable, Iterator

import pytest

from tests.faults.doors import Crossing
from tests.faults.guards import GUARDS
from tests.faults.kinds import Cut
from tests.faults.machine import KINDS, Result, Wanted, chosen, one, table
from tests.faults.plays import PLAYS, Trace, record
from tests.faults.world import Broken, World

Traced = Callable[[str], Trace]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    before = dict(os.environ)
    made = World(tmp_path_factory.mktemp("faults"))
    yield made
    made.close()
    for name in [each for each in os.environ if each.startswith("AWS_")]:
        del os.environ[name]
    os.environ.update({name: value for name, value in before.items() if name.startswith("AWS_")})


@pytest.fixture(scope="module")
def traced(world: World) -> Traced:
    """The clean run of a runbook, recorded when first asked for."""
    kept: dict[str, Trace] = {}

    def of(name: str) -> Trace:
        if name not in kept:
            kept[name] = record(world, PLAYS[name])
        return kept[name]

    return of


def _around(trace: Trace) -> Iterator[Cut]:
    """The first call of each name that changes something: killed when its intent was written down and it was not sent,
    and when it was carried out and nobody knew."""
    commit, seen = trace.crossings[0], set[str]()
    for each in trace.crossings:
        if each.changes and each.name not in seen:
            seen.add(each.name)
            yield from (Cut(commit, "carried"), Cut(each, "carried"))
        commit = each if each.name == "COMMIT" else commit


def test_a_worker_that_is_killed_around_any_change_of_a_live_drill_leaves_one_of_everything(
    world: World, traced: Traced
) -> None:
    trace = traced("drill")
    changes = {each.name for each in trace.crossings if each.changes}
    assert {"CreateLaunchTemplate", "CreateImage", "TerminateInstances", "RunInstances", "SendCommand"} < changes
    for cut in _around(trace):
        assert one(world, trace, KINDS["kill"], cut).faults == (), f"{cut.name} {cut.at}"


@pytest.mark.parametrize("name", GUARDS)
def test_the_machine_sees_that_a_guard_is_missing(world: World, traced: Traced, name: str) -> None:
    guard = GUARDS[name]
    trace, kind = traced(guard.play), KINDS[guard.kind]
    cuts = chosen(Wanted([guard.play], [guard.kind], without=name), trace, kind)
    assert cuts
    world.broken = guard.broken
    try:
        results = [one(world, trace, kind, each) for each in cuts]
    finally:
        world.broken = Broken()
    assert [each.faults for each in results if each.broke] == []
    assert all(each.faults for each in results)
    assert [one(world, trace, kind, each).faults for each in cuts] == [()] * len(cuts)


def test_a_worker_that_slept_through_its_lease_measures_nothing_when_it_wakes(world: World, traced: Traced) -> None:
    trace = traced("backup")
    (looked,) = [each for each in trace.crossings if each.name == "ListCommandInvocations"]
    assert one(world, trace, KINDS["zombie"], Cut(looked, "carried")).faults == ()


def test_a_move_that_redis_met_twice_because_its_answer_was_lost_is_told_once(world: World, traced: Traced) -> None:
    trace = traced("validate")
    last = [each for each in trace.crossings if each.name == "COMMIT"][-3:]
    for each in last:
        assert one(world, trace, KINDS["redis"], Cut(each, "carried", "restarted")).faults == (), each


def test_the_table_says_of_a_wrong_case_how_to_repeat_it_alone() -> None:
    at = str(Crossing(7, "aws", "CreateImage", "create_image"))
    right = Result("drill", "kill", "6/before", at, (), 1.0)
    wrong = Result("drill", "kill", "7/carried", at, ("CreateImage was done too often: 1 more",), 1.0)
    shown = table([right, wrong])
    assert "1/2" in shown
    assert "2 cases, 1 right, 1 wrong" in shown
    assert "CreateImage was done too often" in shown
    assert '--runbook "drill" --kind "kill" --only "7/carried"' in shown
