"""A replacement is launched with the settings that were kept: what was changed since would be lost, so the run stops.

So does one whose replacement could not read its disks."""

from collections.abc import Callable

import pytest

from tests.flows.scene import SMALL, cloud, nothing_lost, words
from tests.stage import Stage
from workflows.engine.run import Status
from workflows.errors import NotSafe
from workflows.steps.settings import check_settings, prints, settings_now

Change = Callable[[Stage, str], None]


def joins_a_group(stage: Stage, source: str) -> None:
    vpc = cloud(stage)("ec2", "describe_instances", InstanceIds=[source])["Reservations"][0]["Instances"][0]["VpcId"]
    group = cloud(stage)("ec2", "create_security_group", GroupName="web", Description="web", VpcId=vpc)["GroupId"]
    cloud(stage)("ec2", "modify_instance_attribute", InstanceId=source, Groups=[group])


def is_tagged(stage: Stage, source: str) -> None:
    cloud(stage)("ec2", "create_tags", Resources=[source], Tags=[{"Key": "Team", "Value": "orders"}])


def gets_faster_disks(stage: Stage, source: str) -> None:
    volume = stage.aws.instances.get(source).disks[0].volume_id
    cloud(stage)("ec2", "modify_volume", VolumeId=volume, VolumeType="gp2")


CHANGES: list[tuple[Change, str]] = [
    (joins_a_group, "its interfaces or their security groups"),
    (is_tagged, "its tags"),
    (gets_faster_disks, "what its volumes are like"),
]


@pytest.mark.parametrize(("change", "told"), CHANGES)
def test_what_was_changed_while_the_question_stood_is_named_and_nothing_is_terminated(
    stage: Stage, change: Change, told: str
) -> None:
    source = stage.seed(disks=SMALL)
    run = stage.drill()
    change(stage, source)
    ended = stage.approve(run)
    assert ended.status is Status.FAILED
    assert f"this has changed: {told}." in words(ended)
    assert nothing_lost(stage, source)


@pytest.mark.parametrize(("change", "told"), CHANGES[:1])
def test_what_was_changed_while_the_image_was_made_is_named_before_anybody_is_asked(
    stage: Stage, change: Change, told: str
) -> None:
    source = stage.seed(disks=SMALL)
    stage.lab.faults.after("CreateImage", lambda: change(stage, source))
    ended = stage.drill()
    assert (ended.status, ended.step.name) == (Status.FAILED, "rehearse_calls")
    assert told in words(ended)
    assert nothing_lost(stage, source)


def key_of(stage: Stage, source: str) -> str:
    disks = stage.aws.instances.get(source).disks
    return next(iter(stage.aws.images.volumes(disk.volume_id for disk in disks).values())).key


def test_a_key_that_was_disabled_is_found_out_before_anybody_is_asked_and_at_the_click(stage: Stage) -> None:
    source = stage.seed(disks=SMALL)
    key = key_of(stage, source)
    asked = stage.drill()
    cloud(stage)("kms", "disable_key", KeyId=key.rpartition("/")[2])
    for ended in (stage.approve(asked), stage.drill()):
        assert ended.status is Status.FAILED
        assert f"the key `{key}`, which is `Disabled`" in words(ended)
    assert ended.step.name == "rehearse_calls"
    assert nothing_lost(stage, source)


def test_a_key_that_may_not_be_looked_at_stops_a_drill_with_the_permission_that_is_missing(stage: Stage) -> None:
    source = stage.seed(disks=SMALL)
    stage.lab.faults.refuse("DescribeKey", "AccessDeniedException", status=400)
    ended = stage.drill()
    assert ended.status is Status.FAILED
    assert "needs the permission for DescribeKey" in words(ended)
    assert nothing_lost(stage, source)


def test_settings_that_an_earlier_try_has_kept_may_be_others_and_are_not_compared(stage: Stage) -> None:
    stage.seed(disks=SMALL)
    stage.lab.faults.lose_answer("CreateLaunchTemplate")
    asked = stage.drill()
    assert asked.values["settings"] == {}
    assert stage.approve(asked).status is Status.SUCCEEDED


@pytest.mark.parametrize("kept", [{}, {"": "0", "InstanceType": "another version's"}])
def test_what_another_version_kept_says_nothing(stage: Stage, kept: dict[str, str]) -> None:
    source = stage.aws.instances.get(stage.seed(disks=SMALL))
    check_settings(stage.aws, source, kept)


def test_what_this_version_kept_is_compared(stage: Stage) -> None:
    source = stage.aws.instances.get(stage.seed(disks=SMALL))
    with pytest.raises(NotSafe, match="its type"):
        check_settings(stage.aws, source, {**prints(settings_now(stage.aws, source)), "InstanceType": "t9.tiny"})


def test_an_address_that_moves_from_machine_to_machine_is_no_other_setting() -> None:
    one = {"DeviceIndex": 0, "Groups": ["sg-1"]}
    assert prints({"NetworkInterfaces": [{**one, "SecondaryPrivateIpAddressCount": 1}]}) == prints(
        {"NetworkInterfaces": [one]}
    )


def test_the_same_settings_are_the_same_in_whatever_order_they_come() -> None:
    tags = [{"Key": "Team", "Value": "orders"}, {"Key": "Name", "Value": "orders-db"}]
    one = {"TagSpecifications": [{"ResourceType": "instance", "Tags": tags}], "UserData": "c2VjcmV0"}
    other = {"UserData": "c2VjcmV0", "TagSpecifications": [{"Tags": tags[::-1], "ResourceType": "instance"}]}
    assert prints(one) == prints(other)
    assert "c2VjcmV0" not in str(prints(one))
    assert prints({**one, "UserData": "YW5vdGhlcg=="})["UserData"] != prints(one)["UserData"]
