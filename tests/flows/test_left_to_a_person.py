"""What no launch gives a server back is told before the loss, and after it with the command that mends it."""

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any
from urllib.parse import parse_qsl

import pytest

from bot.door import Door
from handlers.point_lines import listed
from practice.redis_server import free_port
from tests.flows.scene import SMALL, cloud, shown
from tests.flows.test_addresses import another_interface, described
from tests.stage import Stage
from workflows.aws import tags
from workflows.aws.calls import Calls
from workflows.aws.tags import alone, common
from workflows.aws.targets import TargetGroups
from workflows.aws.templates import from_mark
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


def target_group(stage: Stage, name: str, vpc: str, kind: str = "instance") -> str:
    made = cloud(stage)(
        "elbv2", "create_target_group", Name=name, Protocol="HTTP", Port=80, VpcId=vpc, TargetType=kind
    )["TargetGroups"][0]
    return str(made["TargetGroupArn"])


def register(stage: Stage, arn: str, **target: object) -> None:
    cloud(stage)("elbv2", "register_targets", TargetGroupArn=arn, Targets=[target])


def test_target_groups_are_named_before_the_loss_and_the_commands_that_register_the_replacement_after_it(
    stage: Stage,
) -> None:
    source, other = stage.seed(disks=SMALL), stage.seed("billing", SMALL)
    seen = described(stage, source)
    web, by_address, foreign = (
        target_group(stage, name, seen["VpcId"], kind)
        for name, kind in (("web", "instance"), ("by-address", "ip"), ("foreign", "instance"))
    )
    register(stage, web, Id=source, Port=8080)
    register(stage, by_address, Id=seen["PrivateIpAddress"], Port=80)
    register(stage, foreign, Id=other, Port=80)
    asked = stage.drill()
    assert "it serves target groups: by-address, web. The next instance is in none of them" in left_to_you(asked)
    ended = stage.approve(asked)
    assert ended.status is Status.SUCCEEDED, ended.problem
    command = "`aws elbv2 register-targets --target-group-arn {} --targets {} --region us-east-1`"
    second, first = ended.values["by_hand"]
    assert first.endswith(command.format(web, f"Id={ended.values['replacement_id']},Port=8080"))
    assert second.endswith(command.format(by_address, "Id=ADDRESS,Port=80"))
    assert f"in place of `{seen['PrivateIpAddress']}`" in second
    assert first in {each.name: each.detail for each in ended.steps}["report"]


def test_target_groups_that_cannot_be_looked_at_stop_no_drill_and_the_question_says_so(stage: Stage) -> None:
    faults = stage.lab.faults
    for name, befalls, said in (
        (
            "orders-db",
            partial(faults.refuse, "DescribeTargetGroups", "AccessDenied", 403),
            "refused DescribeTargetGroups",
        ),
        ("billing", partial(faults.lose_answer, "DescribeTargetGroups"), "gave no answer to DescribeTargetGroups"),
        ("intranet", partial(faults.throttle, "DescribeTargetGroups"), "asks for fewer calls of DescribeTargetGroups"),
    ):
        stage.seed(name, SMALL)
        befalls()
        asked = stage.drill(name)
        assert left_to_you(asked).startswith("target groups were not looked at, or not all: AWS ")
        assert said in left_to_you(asked)
        ended = stage.approve(asked)
        assert ended.status is Status.SUCCEEDED, ended.problem
        assert ended.values["by_hand"] == []


def test_a_target_group_that_names_an_address_which_outlives_the_server_is_named_too(stage: Stage) -> None:
    source = stage.seed(disks=SMALL)
    kept = another_interface(stage, source, keeps=True)
    (address,) = [each.addresses[0] for each in stage.aws.instances.get(source).interfaces if each.id == kept]
    register(stage, target_group(stage, "by-address", described(stage, source)["VpcId"], "ip"), Id=address, Port=80)
    assert "it serves target groups: by-address" in left_to_you(stage.drill())


def test_a_server_that_joins_a_target_group_while_its_image_is_made_is_named(stage: Stage) -> None:
    source = stage.seed(disks=SMALL)
    web = target_group(stage, "web", described(stage, source)["VpcId"])
    stage.lab.faults.after("CreateImage", lambda: register(stage, web, Id=source, Port=80))
    assert "it serves target groups: web" in left_to_you(stage.drill())


def test_a_point_of_an_older_version_gives_its_volumes_the_instances_tags(stage: Stage) -> None:
    source = stage.seed(disks=SMALL, tags={"Team": "orders"})
    point = stage.backup().values["point"]
    data = stage.aws.templates.data(from_mark(point["launch"]))
    older = {**data, "TagSpecifications": [e for e in data["TagSpecifications"] if e["ResourceType"] == "instance"]}
    mark = stage.aws.templates.ensure("orders-db", "B-older", older).mark
    stage.aws.images.tag(stage.aws.images.get(point["image_id"]), {tags.LAUNCH: mark}, hold=lambda: None)
    stage.lose(source)
    stage.look()
    made = stage.restore().values["replacement_id"]
    assert all(each["Team"] == "orders" for each in tags_of(stage, made).values())


def tags_of(stage: Stage, instance_id: str) -> dict[str, dict[str, str]]:
    """Of each volume, by its device, but for Firedrill's and AWS's own."""
    found = stage.aws.images.volumes(disk.volume_id for disk in stage.aws.instances.get(instance_id).disks)
    return {
        disk.device: {k: v for k, v in found[disk.volume_id].tags.items() if not k.startswith(("firedrill:", "aws:"))}
        for disk in stage.aws.instances.get(instance_id).disks
    }


def test_the_volumes_that_come_back_have_the_tags_that_all_had_and_none_of_the_instances(stage: Stage) -> None:
    source = stage.seed(disks=SMALL, tags={"Team": "orders"})
    call, volumes = cloud(stage), {disk.device: disk.volume_id for disk in stage.aws.instances.get(source).disks}
    call("ec2", "delete_tags", Resources=list(volumes.values()))
    call("ec2", "create_tags", Resources=list(volumes.values()), Tags=[{"Key": "dlm", "Value": "daily"}])
    call("ec2", "create_tags", Resources=[volumes["/dev/sdf"]], Tags=[{"Key": "Name", "Value": "`data`"}])
    asked = stage.drill()
    assert left_to_you(asked) == "tags of /dev/sdf that not all volumes have are not given to the next one: Name"
    ended = stage.approve(asked)
    assert ended.status is Status.SUCCEEDED, ended.problem
    made = ended.values["replacement_id"]
    assert tags_of(stage, made) == {"/dev/xvda": {"dlm": "daily"}, "/dev/sdf": {"dlm": "daily"}}
    assert stage.aws.instances.get(made).tags["Team"] == "orders"
    assert ended.values["by_hand"] == ["give its volume at /dev/sdf the tags that not all had: `Name` = `'data'`"]
    stage.look()
    again = stage.drill()
    assert left_to_you(again) == "", "what Firedrill has tagged itself is nobody's to give back"


def test_tags_are_common_with_the_same_value_only_and_leave_room_for_firedrills() -> None:
    own = {"firedrill:run": "D-1", "aws:x": "1"}
    assert common([{"a": "1", "b": "1", **own}, {"a": "1", "b": "2", **own}]) == {"a": "1"}
    assert common([]) == {}
    many = {f"k{number:02}": "v" for number in range(50)}
    shared = common([many, many])
    assert len(shared) + len(alone(many, shared)) == 50
    assert len(shared) == 45


class Pages:
    """An API of two target groups, one a page; in the second is the target."""

    def __init__(self, target: str, vpc: str) -> None:
        self.target, self.vpc = target, vpc

    def __call__(self, environ: Mapping[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        form = dict(parse_qsl(environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"])).decode()))
        page = int(form.get("Marker", "1"))
        found = (
            f"<TargetGroups><member><TargetGroupArn>{page}</TargetGroupArn><TargetGroupName>web-{page}</TargetGroupName>"
            f"<VpcId>{self.vpc}</VpcId><TargetType>instance</TargetType></member></TargetGroups>"
        ) + ("<NextMarker>2</NextMarker>" if page == 1 else "")
        if form["Action"] == "DescribeTargetHealth":
            target = self.target if form["TargetGroupArn"] == "2" else "i-1"
            found = f"<member><Target><Id>{target}</Id></Target></member>"
            found = f"<TargetHealthDescriptions>{found}</TargetHealthDescriptions>"
        action = form["Action"]
        body = f"<{action}Response><{action}Result>{found}</{action}Result></{action}Response>".encode()
        start_response("200 OK", [("Content-Type", "text/xml"), ("Content-Length", str(len(body)))])
        return [body]


def test_target_groups_are_looked_through_page_by_page(stage: Stage) -> None:
    source = stage.aws.instances.get(stage.seed(disks=SMALL))
    port = free_port()
    door = Door(Pages(source.id, source.vpc_id), "127.0.0.1", port, "pages")
    calls = Calls("us-east-1", f"http://127.0.0.1:{port}")
    try:
        found = TargetGroups(calls).of(source)
        hurried = TargetGroups(calls, longest=0).of(source)
    finally:
        calls.clients.of("elbv2", "us-east-1").close()
        door.close()
    assert (found.doubt, [each.name for each in found.groups]) == ("", ["web-2"])
    assert (hurried.doubt, hurried.groups) == ("there are too many to look through.", ())
