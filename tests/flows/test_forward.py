"""Forward after the point of no return: what AWS cannot launch as it was is launched as its profile allows."""

import base64
from dataclasses import replace

import pytest

from practice.cloud import COPY_PROFILE
from tests.flows.scene import (
    ONCE,
    SMALL,
    Watch,
    after_the_disaster,
    asked_for,
    cloud,
    made,
    once,
    retried,
    shown,
    words,
)
from tests.stage import APPROVER, OPERATOR, Stage
from workflows.engine.run import Run, Status
from workflows.steps.isolation import DrillRules
from workflows.ways import Others, Search, search_of


def _subnets(stage: Stage) -> list[str]:
    """Of the Region, the one that servers stand in first."""
    found = cloud(stage)("ec2", "describe_subnets")["Subnets"]
    return [each["SubnetId"] for each in sorted(found, key=lambda each: each["AvailabilityZone"])]


def _allows(stage: Stage, **others: tuple[str, ...]) -> None:
    """What the profile of orders-db says from now on."""
    stage.profiles["orders-db"] = replace(stage.profiles["orders-db"], launch=Others(**others))


def _choices(stage: Stage) -> list[tuple[str, str, str | None]]:
    """Subnet, type and key of every launch that was asked for, as the call says them; "" is what its template says."""
    return [
        (
            next((one.get("SubnetId", "") for one in each.params.get("NetworkInterfaces", [])), ""),
            each.params.get("InstanceType", ""),
            each.params.get("KeyName") if "LaunchTemplate" not in each.params else "",
        )
        for each in asked_for(stage, "RunInstances")
    ]


def _tokens(stage: Stage) -> list[str]:
    return [each.params["ClientToken"] for each in asked_for(stage, "RunInstances")]


def test_when_the_first_two_choices_have_no_machine_the_third_is_taken_without_a_person(stage: Stage) -> None:
    home, away, *_ = _subnets(stage)
    _allows(stage, subnets=(away,), types=("t3.large",))
    stage.seed(disks=SMALL)
    asked = stage.drill()
    intents: list[Search] = []

    def look() -> None:
        run = stage.store.read(asked.id)
        assert run.no_return
        intents.append(search_of(run.step.kept))

    stage.lab.faults.no_capacity(instance_type="t3.small")
    after_the_disaster(stage, lambda: stage.lab.faults.before("RunInstances", look, times=None))
    ended = stage.approve(asked)
    assert ended.status is Status.SUCCEEDED, ended.problem
    assert _choices(stage) == [("", "", ""), (away, "", ""), (home, "t3.large", None)]
    assert len(set(_tokens(stage))) == 3
    assert [(each.next.subnet, each.next.type) if each.next else None for each in intents] == [
        None, (away, "t3.small"), (home, "t3.large")
    ]  # fmt: skip
    assert once(stage) == ONCE
    step = next(each for each in ended.steps if each.name == "launch_replacement")
    assert f"`t3.large` in `{home}`, after 2 refusals" in shown(ended)
    assert f"`t3.small` in `{away}`: no machine is free (`InsufficientInstanceCapacity`)" in step.detail
    calls = [call for each in stage.audit() for call in each["calls"] if call["call"] == "RunInstances"]
    assert [each["outcome"] for each in calls] == ["InsufficientInstanceCapacity"] * 2 + ["ok"]


def test_when_every_way_is_refused_one_question_says_what_was_tried_and_a_retry_begins_anew(stage: Stage) -> None:
    home, away, third, *_ = _subnets(stage)
    _allows(stage, subnets=(away,))
    stage.seed(disks=SMALL)
    asked = stage.drill()
    after_the_disaster(stage, stage.lab.faults.no_capacity)
    failed = stage.approve(asked)
    assert failed.status is Status.FAILED
    assert failed.no_return
    assert "no way is left" in words(failed)
    assert f"`t3.small` in `{away}`: no machine is free" in words(failed)
    assert words(failed).count("?") == 1
    assert f"`/dr retry {failed.id}`" in shown(failed)
    assert "The source was terminated" in shown(failed)
    before = _tokens(stage)
    assert len(before) == len(set(before)) > 4
    _allows(stage, subnets=(away, third))
    stage.lab.faults.clear()
    stage.lab.faults.no_capacity(subnet=home)
    stage.lab.faults.no_capacity(subnet=away)
    assert retried(stage, failed).status is Status.SUCCEEDED
    assert [subnet for subnet, *_ in _choices(stage)[len(before) :]] == ["", away, third]
    assert not set(before) & set(_tokens(stage)[len(before) :])
    assert once(stage) == ONCE


def test_a_lack_that_passes_is_waited_for_and_told_where_there_is_no_other_way(stage: Stage) -> None:
    stage.seed(disks=SMALL)
    asked, watch, told = stage.drill(), Watch(stage), []
    after_the_disaster(stage, lambda: stage.lab.faults.capacity(times=3))

    def seen(run: Run) -> bool:
        told.append(shown(run))
        return watch(run)

    stage.desk.answer(asked.id, APPROVER, True)
    stage.clock.forward(1)
    stage.step()
    ended = stage.drive(asked, until=seen)
    assert ended.status is Status.SUCCEEDED, ended.problem
    tries = asked_for(stage, "RunInstances")
    assert [each.outcome for each in tries] == ["InsufficientInstanceCapacity"] * 3 + ["ok"]
    assert len(set(_tokens(stage))) == 4
    assert once(stage) == ONCE
    assert any("no machine is free (`InsufficientInstanceCapacity`), 2 times" in each for each in told)


def test_a_key_pair_that_is_gone_makes_way_for_the_next_and_then_for_none(stage: Stage) -> None:
    _allows(stage, keys=("never-made",))
    cloud(stage)("ec2", "create_key_pair", KeyName="ops")
    stage.seed(disks=SMALL, key="ops", user_data="#!/bin/sh\n: start\n")
    asked = stage.drill()

    def deleted() -> None:
        cloud(stage)("ec2", "delete_key_pair", KeyName="ops")

    after_the_disaster(stage, deleted)
    ended = stage.approve(asked)
    assert ended.status is Status.SUCCEEDED, ended.problem
    assert [key for _, _, key in _choices(stage)] == ["", "never-made", None]
    assert "without a key pair, after 2 refusals" in shown(ended)
    sent = asked_for(stage, "RunInstances")[-1].params["UserData"]
    assert base64.b64decode(sent) == b"#!/bin/sh\n: start\n"


def test_what_aws_takes_and_then_ends_at_birth_for_lack_of_a_machine_is_launched_in_the_next_way(stage: Stage) -> None:
    _, away, *_ = _subnets(stage)
    _allows(stage, subnets=(away,))
    stage.seed(disks=SMALL)
    asked = stage.drill()
    after_the_disaster(stage, stage.lab.faults.die_at_birth)
    ended = stage.approve(asked)
    assert ended.status is Status.SUCCEEDED, ended.problem
    assert [each[0] for each in _choices(stage)] == ["", away]
    assert len(set(_tokens(stage))) == 2
    first, second = made(stage, "RunInstances")
    assert ended.values["replacement_id"] == second
    assert stage.aws.instances.get(first).gone
    assert "after 1 refusal" in shown(ended)
    assert stage.count("TerminateInstances") == 1


def test_what_ends_at_birth_by_the_clients_fault_asks_a_person_at_once(stage: Stage) -> None:
    _allows(stage, types=("t3.large",))
    stage.seed(disks=SMALL)
    asked = stage.drill()
    after_the_disaster(stage, lambda: stage.lab.faults.die_at_birth("Client.VolumeLimitExceeded"))
    failed = stage.approve(asked)
    assert failed.status is Status.FAILED
    assert "Client.VolumeLimitExceeded" in words(failed)
    assert len(_tokens(stage)) == 1
    assert retried(stage, failed).status is Status.SUCCEEDED


def test_a_restore_takes_other_ways_too_but_not_where_its_asker_named_one(stage: Stage) -> None:
    home, away, third, *_ = _subnets(stage)
    _allows(stage, subnets=(away,), types=("t3.large",))
    source = stage.seed(disks=SMALL)
    stage.backup()
    stage.lose(source)
    stage.clock.forward(60)
    stage.lab.faults.no_capacity(subnet=third)
    failed = stage.restore(subnet=third, instance_type="t3.small")
    assert {each[0] for each in _choices(stage)} == {third}
    assert failed.status is Status.FAILED
    stage.lab.faults.no_capacity(subnet=home)
    ended = stage.restore()
    assert ended.status is Status.SUCCEEDED, ended.problem
    assert _choices(stage)[-2:] == [("", "", ""), (away, "", "")]


def test_a_restore_can_be_cancelled_between_two_choices(stage: Stage) -> None:
    _, away, *_ = _subnets(stage)
    _allows(stage, subnets=(away,))
    source = stage.seed(disks=SMALL)
    stage.backup()
    stage.lose(source)
    stage.clock.forward(60)
    stage.lab.faults.no_capacity(subnet=_subnets(stage)[0])

    def cancelled() -> None:
        stage.desk.cancel("R-0001", OPERATOR)

    stage.lab.faults.before("RunInstances", cancelled)
    assert stage.restore().status is Status.CANCELLED
    assert len(_tokens(stage)) == 1


@pytest.mark.parametrize("named", [False, True])
def test_a_copy_takes_another_subnet_only_where_none_is_named_for_copies(stage: Stage, named: bool) -> None:
    home, away, *_ = _subnets(stage)
    _allows(stage, subnets=(away,), types=("t3.large",))
    stage.drill_rules = DrillRules(COPY_PROFILE, subnet=home if named else "")
    stage.seed(disks=SMALL)
    stage.backup()
    stage.lab.faults.no_capacity(subnet=home, instance_type="t3.small")
    asked = stage.clone()
    assert asked.status is Status.ASKING, asked.problem
    taken = (home, "t3.large", None) if named else (away, "t3.small", None)
    assert _choices(stage) == [(home, "t3.small", None), taken]


#: What looked at the replacement last, how often, and the step that finds out.
WAITS = [
    ("DescribeInstanceStatus", 1, "wait_for_checks"),
    ("DescribeInstanceStatus", 0, "wait_for_agent"),
    ("DescribeInstanceInformation", 1, "compare_facts"),
]


def befalls_the_replacement(stage: Stage, deed: str, call: str, looks: int, later: float = 0.0) -> Run:
    """A live drill whose replacement runs, and then somebody does that to it: after that many looks, or, with 0, after
    the one that found it in order. `later` are seconds that pass then at once."""
    source = stage.seed(disks=SMALL)
    asked = stage.drill()
    seen: list[str] = []

    def looked() -> None:
        mine = [each.id for each in stage.aws.instances.all() if each.id != source]
        seen.extend(mine)
        if len(seen) == looks or (mine and not looks and stage.aws.instances.checks(mine[0]).passed):
            cloud(stage)("ec2", deed, InstanceIds=mine)
            stage.clock.forward(later)
        else:
            stage.lab.faults.after(call, looked)

    stage.lab.faults.after(call, looked)
    return stage.approve(asked)


@pytest.mark.parametrize(("call", "looks", "step"), WAITS)
def test_a_replacement_that_ends_after_it_ran_is_not_waited_for_and_a_retry_launches_another(
    stage: Stage, call: str, looks: int, step: str
) -> None:
    failed = befalls_the_replacement(stage, "terminate_instances", call, looks)
    assert failed.problem
    assert (failed.status, failed.problem.step) == (Status.FAILED, step)
    assert "is `shutting-down`" in words(failed) or "is `terminated`" in words(failed)
    assert failed.problem.at - (failed.steps[failed.at].started or 0) < 600
    again = retried(stage, failed)
    assert again.status is Status.SUCCEEDED, again.problem
    assert len(made(stage, "RunInstances")) == 2


@pytest.mark.parametrize(("call", "looks", "step"), WAITS)
def test_a_replacement_that_was_stopped_is_named_and_a_retry_goes_on_with_it_once_it_is_started(
    stage: Stage, call: str, looks: int, step: str
) -> None:
    failed = befalls_the_replacement(stage, "stop_instances", call, looks)
    assert failed.problem
    assert (failed.status, failed.problem.step) == (Status.FAILED, step)
    assert "Start it, and `/dr retry" in words(failed)
    again = retried(stage, failed)
    assert "Start it, and `/dr retry" in words(again)
    stage.clock.forward(60)
    cloud(stage)("ec2", "start_instances", InstanceIds=made(stage, "RunInstances"))
    again = retried(stage, again)
    assert again.status is Status.SUCCEEDED, again.problem
    assert len(made(stage, "RunInstances")) == 1


def test_a_replacement_that_aws_does_not_know_any_more_has_ended(stage: Stage) -> None:
    call, looks, step = WAITS[1]
    failed = befalls_the_replacement(stage, "terminate_instances", call, looks, later=2 * 3600)
    assert failed.problem
    assert (failed.status, failed.problem.step) == (Status.FAILED, step)
    assert "AWS does not know it any more" in words(failed)
    assert retried(stage, failed).status is Status.SUCCEEDED
