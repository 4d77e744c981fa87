"""What no launch gives a server back is told before the loss, and after it with the command that mends it."""

import pytest

from handlers.point_lines import listed
from tests.flows.scene import SMALL, cloud, shown
from tests.flows.test_addresses import another_interface, described
from tests.stage import Stage
from workflows.engine.run import Run, Status
from workflows.report.reading import document_of
from workflows.words import plain

MENDS = "aws ec2 modify-instance-attribute --instance-id {} --no-source-dest-check --region us-east-1"


def forwarding(stage: Stage) -> str:
    """A server that is a router."""
    source = stage.seed(disks=SMALL)
    own = described(stage, source)["NetworkInterfaces"][0]["NetworkInterfaceId"]
    off = {"Value": False}
    cloud(stage)("ec2", "modify_network_interface_attribute", NetworkInterfaceId=own, SourceDestCheck=off)
    return source


def left_to_you(run: Run) -> str:
    assert run.question is not None, run.problem
    return plain(dict(run.question.items).get("Left to you", ""))


def told_at_the_end(run: Run) -> None:
    """In the thread, in the report's step and in its document."""
    assert run.status is Status.SUCCEEDED, run.problem
    command = MENDS.format(run.values["replacement_id"])
    details = {each.name: each.detail for each in run.steps}
    for name in ("launch_replacement", "report"):
        assert command in details[name], name
    (line,) = [each for each in document_of(run).left_behind.items if command in each.what]
    assert (line.monthly, line.note) == (0.0, "left to you")


def test_a_server_that_forwards_is_told_of_before_it_is_lost_and_its_replacement_with_the_command(stage: Stage) -> None:
    source = forwarding(stage)
    asked = stage.drill()
    own = stage.aws.instances.get(source).interfaces[0].id
    assert left_to_you(asked).startswith(f"the source/destination check is off on {own}: the next instance forwards ")
    inspected = {each.name: each.detail for each in asked.steps}["inspect_source_to_lose"]
    assert f"interface `{own}` forwards" in inspected
    told_at_the_end(stage.approve(asked))


def test_a_point_of_a_server_that_forwarded_says_so_and_so_does_its_restore(stage: Stage) -> None:
    source = forwarding(stage)
    backup = stage.backup()
    assert backup.status is Status.SUCCEEDED, backup.problem
    (point,) = stage.desk.points("orders-db")
    assert point.forwards == (0,)
    assert "source/destination check was off" in listed([point], stage.clock.now())
    stage.lose(source)
    stage.clock.forward(60)
    told_at_the_end(stage.restore())


def test_with_several_interfaces_the_command_is_that_of_the_interface(stage: Stage) -> None:
    source = stage.seed(disks=SMALL)
    made = another_interface(stage, source, keeps=False)
    off = {"Value": False}
    cloud(stage)("ec2", "modify_network_interface_attribute", NetworkInterfaceId=made, SourceDestCheck=off)
    ended = stage.approve(stage.drill())
    (line,) = ended.values["by_hand"]
    assert "on its interface 1 until" in line
    assert "modify-network-interface-attribute --network-interface-id ENI --no-source-dest-check" in line


def test_a_server_like_any_other_leaves_nothing_to_anybody_and_neither_does_a_copy(stage: Stage) -> None:
    stage.seed("plain", SMALL)
    asked = stage.drill("plain")
    assert left_to_you(asked) == ""
    forwarding(stage)
    stage.backup()
    copied = stage.clone()
    assert copied.values["by_hand"] == []
    assert "source-dest-check" not in shown(copied)


@pytest.mark.parametrize(("tag", "read"), [("0 2", (0, 2)), ("x 1 999 `<!here>` 3,4", (1,)), ("", ())])
def test_a_tag_that_somebody_changed_is_read_as_far_as_it_can_be(stage: Stage, tag: str, read: tuple[int, ...]) -> None:
    forwarding(stage)
    image = stage.backup().values["point"]["image_id"]
    found = stage.aws.images.get(image)
    stage.aws.images.tag(found, {"firedrill:no-source-dest-check": tag}, hold=lambda: None)
    stage.look()
    (point,) = stage.desk.points("orders-db")
    assert point.forwards == read
