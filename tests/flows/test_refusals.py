"""Servers that are refused, with the reason, before anything is made."""

from collections.abc import Callable

import pytest

from practice.cloud import Disk
from tests.flows.scene import SMALL, cloud, made, nothing_lost, retried, words, zone_of
from tests.stage import ASKING, Stage
from workflows.engine.run import Run, Status
from workflows.facts.profile import Profile

#: What a refused run may have done: measured, at most.
HARMLESS = {"SendCommand"}


def _nothing_made(stage: Stage, then: int) -> bool:
    return {each.call for each in stage.lab.effects[then:]} <= HARMLESS


def _in_a_group(stage: Stage, source: str) -> None:
    call, zone = cloud(stage), zone_of(stage, source)
    call("autoscaling", "create_launch_configuration", LaunchConfigurationName="web", InstanceType="t3.small",
         ImageId="ami-00000000000000001")  # fmt: skip
    call("autoscaling", "create_auto_scaling_group", AutoScalingGroupName="web-group", LaunchConfigurationName="web",
         MinSize=0, MaxSize=3, DesiredCapacity=0, AvailabilityZones=[zone])  # fmt: skip
    call("autoscaling", "attach_instances", AutoScalingGroupName="web-group", InstanceIds=[source])


def _protected(stage: Stage, source: str) -> None:
    cloud(stage)("ec2", "modify_instance_attribute", InstanceId=source, DisableApiTermination={"Value": True})


def _without_agent(stage: Stage, source: str) -> None:
    stage.lab.faults.agent_offline(source)


def _stopped(stage: Stage, source: str) -> None:
    cloud(stage)("ec2", "stop_instances", InstanceIds=[source])


def _renamed(stage: Stage, source: str) -> None:
    cloud(stage)("ec2", "create_tags", Resources=[source], Tags=[{"Key": "Name", "Value": "billing"}])


@pytest.mark.parametrize(
    ("trouble", "said"),
    [
        (_in_a_group, "Auto Scaling group `web-group`"),
        (_protected, "Termination protection is on"),
        (_without_agent, "agent of"),
        (_stopped, "can be measured only while it runs"),
        (_renamed, "is *billing* by now"),
    ],
)
def test_a_server_that_cannot_be_drilled_is_refused_with_the_reason(
    stage: Stage, trouble: Callable[[Stage, str], None], said: str
) -> None:
    source = stage.seed(disks=SMALL)
    trouble(stage, source)
    then = len(stage.lab.effects)
    failed = stage.drill()
    assert failed.status is Status.FAILED
    assert failed.step.name == "inspect_source_to_lose"
    assert said in words(failed)
    assert failed.problem is not None
    assert failed.problem.hint
    assert _nothing_made(stage, then)
    assert stage.lab.tree(source).is_dir()


def test_a_server_in_a_group_may_be_backed_up_but_not_rebooted(stage: Stage) -> None:
    source = stage.seed(disks=SMALL)
    _in_a_group(stage, source)
    refused = stage.backup(reboot=True)
    assert refused.status is Status.FAILED
    assert "--no-reboot" in words(refused)
    assert made(stage, "CreateImage") == made(stage, "RebootInstances") == []
    assert stage.backup().status is Status.SUCCEEDED
    assert made(stage, "RebootInstances") == []


def test_a_spot_instance_is_not_drilled(stage: Stage) -> None:
    stage.seed(disks=SMALL)
    image = stage.backup().values["asked"]["image_id"]
    tags = [{"ResourceType": "instance", "Tags": [{"Key": "Name", "Value": "spotty"}]}]
    cloud(stage)("ec2", "run_instances", ImageId=image, InstanceType="t3.small", MinCount=1, MaxCount=1,
                 InstanceMarketOptions={"MarketType": "spot"}, TagSpecifications=tags)  # fmt: skip
    stage.clock.forward(120)
    stage.look()
    then = len(stage.lab.effects)
    failed = stage.drill("spotty")
    assert failed.status is Status.FAILED
    assert "is a Spot instance" in words(failed)
    assert _nothing_made(stage, then)


def test_a_server_without_an_instance_profile_is_refused_and_told_what_it_needs(stage: Stage) -> None:
    source = stage.seed(disks=SMALL, profile=False)
    for failed in (stage.backup(), stage.drill()):
        assert failed.status is Status.FAILED
        assert "AmazonSSMManagedInstanceCore" in words(failed)
    assert stage.lab.effects == []
    assert nothing_lost(stage, source)


def test_disks_that_no_image_holds_are_lost_only_by_who_accepts_it(stage: Stage) -> None:
    stage.seed(disks=SMALL, instance_type="m5d.large")
    for refused in (stage.backup(), stage.drill()):
        assert refused.status is Status.FAILED
        assert "instance-store disks" in words(refused)
        assert "--accept-loss" in words(refused)
    assert stage.lab.effects == []
    assert stage.backup(accept_loss=True).status is Status.SUCCEEDED
    ended = stage.approve(stage.drill(accept_loss=True))
    assert ended.status is Status.SUCCEEDED, ended.problem


@pytest.mark.parametrize("word", ["attaching", "detaching"])
def test_a_volume_on_its_way_is_not_left_out_in_silence(stage: Stage, word: str) -> None:
    source = stage.seed(disks=SMALL)
    volume = next(each for each in stage.aws.instances.get(source).disks if each.device == "/dev/sdf").volume_id
    block = stage.lab._parts.control.ec2("us-east-1").get_instance(source).block_device_mapping["/dev/sdf"]
    block.status = word
    refused = stage.drill()
    assert refused.status is Status.FAILED
    assert f"`{volume}` at /dev/sdf is {word}" in words(refused)
    assert stage.lab.effects == []
    block.status = "attached"
    assert retried(stage, refused).status is Status.ASKING


def _profiled(stage: Stage, profile: Profile) -> Run:
    stage.profiles["orders-db"] = profile
    return stage.drill()


@pytest.mark.parametrize(
    ("profile", "said"),
    [
        (Profile("p", paths=("/srv/app", "/srv/nowhere")), "/srv/nowhere"),
        (Profile("p", paths=("/srv/empty",)), ""),
        (Profile("p", optional=("/opt/nothing",)), ""),
    ],
)
def test_what_cannot_be_measured_stops_the_run_before_any_image(stage: Stage, profile: Profile, said: str) -> None:
    source = stage.seed(disks=SMALL)
    (stage.lab.tree(source) / "srv/empty").mkdir()
    failed = _profiled(stage, profile)
    assert failed.status is Status.FAILED, failed.values["facts"]
    assert failed.step.name == "record_facts"
    assert said in words(failed)
    assert stage.count("CreateImage") == 0
    assert nothing_lost(stage, source)
    stage.profiles["orders-db"] = Profile("q", paths=("/srv/app",))
    again = stage.desk.start(stage.desk.drill(ASKING, "orders-db", accept_loss=False))
    assert stage.drive(again).status is Status.ASKING


def test_a_server_with_a_volume_of_its_own_kind_comes_back_with_it(stage: Stage) -> None:
    disks = (SMALL[0], Disk("/dev/sdf", 30, "/data", SMALL[1].files, encrypted=False, volume_type="io2", iops=5000))
    stage.seed(disks=disks)
    ended = stage.approve(stage.drill())
    assert ended.status is Status.SUCCEEDED, ended.problem
    instance = stage.aws.instances.get(ended.values["replacement_id"])
    volumes = stage.aws.images.volumes(each.volume_id for each in instance.disks)
    found = next(each for each in volumes.values() if each.size == 30)
    assert (found.kind, found.iops, found.encrypted) == ("io2", 5000, False)
