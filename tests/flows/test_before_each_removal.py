"""Directly before each call that removes something a worker asks whether the run is its own, and in time."""

import ast
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.flows.asked import cloned, drilled, pruned
from tests.flows.scene import Mark, cloud, made, mark, shown, words
from tests.stage import APPROVER, Stage
from workflows.aws import Home, tags
from workflows.aws.limits import Limits, verb
from workflows.engine.buckets import Buckets
from workflows.engine.pace import Pace
from workflows.engine.run import Run, Status

ROOT = Path(__file__).parents[2]
REMOVES = ("terminate_", "delete_", "deregister_", "revoke_", "detach_", "release_", "stop_")
Asked = Callable[[Stage], Run]

ALLOWED: list[tuple[Asked, str, int]] = [
    (drilled, "terminate_instances", 1),
    (cloned, "terminate_instances", 1),
    (pruned, "deregister_image", 2),
    (pruned, "delete_snapshot", 4),
    (pruned, "delete_launch_template_versions", 1),
]
#: With how often each is called. What belongs to a copy goes with it, however late that is.
ALL = [*ALLOWED, (cloned, "delete_volume", 1), (cloned, "delete_security_group", 1)]


class Slow(Buckets):
    """Tokens of which one, of `action`, is so long in coming that `meanwhile` something befalls."""

    action = ""
    meanwhile: Callable[[], None]

    def take(self, name: str, size: float, refill: float, patience: float) -> tuple[bool, float]:
        taken = super().take(name, size, refill, patience)
        if self.action and name.endswith(f":{self.action}"):
            self.action = ""
            self.meanwhile()
        return taken


def befalls(stage: Stage, run: Run, action: str, meanwhile: Callable[[], None]) -> list[str]:
    """What that worker still asks AWS for: all the looks are behind it, and only the call itself is to come."""
    slow = Slow(stage.store.redis, stage.clock)
    slept: list[Mark] = []

    def sleeps() -> None:
        meanwhile()
        slept.append(mark(stage))

    slow.action, slow.meanwhile = action, sleeps
    stage.home = Home("test", stage.lab.url, clients=stage.clients, limits=Limits(slow, sleep=stage.clock.forward))
    stage.desk.answer(run.id, APPROVER, True)
    stage.clock.forward(1)
    stage.step()
    stage.drive(run, until=lambda _: bool(slept))
    return [each.action for each in stage.lab.calls[slept[0].calls :]]


@pytest.mark.parametrize(("asked", "action", "times"), ALL)
def test_a_worker_that_lost_its_run_while_it_waited_for_its_turn_removes_nothing(
    stage: Stage, asked: Asked, action: str, times: int
) -> None:
    run = asked(stage)

    def taken_over() -> None:
        stage.clock.forward(Pace().lease + 1)
        assert stage.store.begin(run.id, Pace().lease)

    assert befalls(stage, run, action, taken_over) == []
    ended = stage.drive(run)
    assert ended.status is Status.SUCCEEDED, ended.problem
    assert stage.count(verb(action)) == times


@pytest.mark.parametrize(("asked", "action", "times"), ALLOWED)
def test_a_worker_that_waited_for_its_turn_until_the_approval_expired_removes_nothing(
    stage: Stage, asked: Asked, action: str, times: int
) -> None:
    run = asked(stage)
    assert run.question
    too_late = run.question.expires_at - 10

    def expires() -> None:
        stage.clock.time = too_late

    assert verb(action) not in befalls(stage, run, action, expires)
    ended = stage.drive(run)
    assert "expired" in f"{ended.steps} {shown(ended)}"
    assert stage.count(verb(action)) == 0


def test_a_copy_that_somebody_made_the_server_while_aws_took_no_call_stays(stage: Stage) -> None:
    run = cloned(stage)
    stage.lab.faults.refuse("TerminateInstances", "RequestLimitExceeded", status=503)
    stage.desk.answer(run.id, APPROVER, True)
    stage.clock.forward(1)
    stage.step()
    copy = run.values["replacement_id"]
    cloud(stage)("ec2", "create_tags", Resources=[copy], Tags=[{"Key": tags.SERVER, "Value": "orders-db"}])
    stage.clock.forward(120)
    ended = stage.drive(stage.store.read(run.id))
    assert "somebody has made the copy the server" in words(ended)
    assert copy not in made(stage, "TerminateInstances")


def test_what_was_removed_in_time_is_found_though_its_answer_was_lost_and_the_approval_is_over(stage: Stage) -> None:
    run = pruned(stage)
    stage.lab.faults.lose_answer("DeleteSnapshot")
    stage.lab.faults.after("DeleteSnapshot", lambda: stage.clock.forward(1800))
    ended = stage.approve(run)
    (gone,) = made(stage, "DeleteSnapshot")
    assert words(ended).startswith("1 recovery point with 1 snapshot removed")
    assert "delete them by hand" in words(ended)
    assert gone not in words(ended)


def test_no_call_that_removes_something_is_written_without_asking_first() -> None:
    """But for rehearsals by DryRun. What `hold` asks is tested above."""
    written: set[tuple[str, bool]] = set()
    for path in (ROOT / "workflows/aws").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and not (
                isinstance(node.func, ast.Attribute) and node.func.attr == "allowed"
            ):
                names = [str(each.value) for each in node.args if isinstance(each, ast.Constant)]
                asks = any(each.arg == "hold" for each in node.keywords)
                written |= {(name, asks) for name in names[1:2] if name.startswith(REMOVES)}
    assert written == {(action, True) for action in (*(each[1] for each in ALL), "revoke_security_group_egress")}
