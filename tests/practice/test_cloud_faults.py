"""Every fault that can be switched on does what it says, once."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from botocore.exceptions import BotoCoreError, ClientError

from tests.clock import HandClock
from tests.practice.cloud_lab import Cloud, code, contents


@pytest.fixture
def cloud(tmp_path: Path, clock: HandClock) -> Iterator[Cloud]:
    with Cloud(tmp_path, clock) as made:
        yield made


@pytest.mark.parametrize(
    ("switch", "expected", "status"),
    [
        (lambda cloud: cloud.lab.faults.throttle(), "RequestLimitExceeded", 503),
        (lambda cloud: cloud.lab.faults.capacity(), "InsufficientInstanceCapacity", 500),
        (lambda cloud: cloud.lab.faults.unavailable("RunInstances"), "Unavailable", 503),
        (lambda cloud: cloud.lab.faults.refuse("RunInstances", "Blocked", 400), "Blocked", 400),
    ],
)
def test_a_refused_call_is_not_carried_out(
    cloud: Cloud, switch: Callable[[Cloud], None], expected: str, status: int
) -> None:
    image = cloud.image(cloud.server())
    switch(cloud)
    with pytest.raises(ClientError) as refused:
        cloud.launch(image)
    assert code(refused.value) == expected
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == status
    assert cloud.made("RunInstances") == []
    assert cloud.lab.calls[-1].outcome == expected
    cloud.launch(image)
    assert len(cloud.made("RunInstances")) == 1


def test_throttling_speaks_the_words_of_the_service_and_is_seen_by_boto3s_retries(cloud: Cloud) -> None:
    cloud.lab.faults.throttle("DescribeInstanceInformation")
    with pytest.raises(ClientError) as refused:
        cloud.ssm.describe_instance_information()
    assert code(refused.value) == "ThrottlingException"
    cloud.lab.faults.throttle("DescribeImages", times=1)
    assert cloud.client("ec2", attempts=2).describe_images()["Images"] == []
    assert [each.outcome for each in cloud.lab.calls] == ["ThrottlingException", "RequestLimitExceeded", "ok"]


def test_a_lost_answer_leaves_the_work_done(cloud: Cloud) -> None:
    source = cloud.server()
    cloud.lab.faults.lose_answer("CreateImage")
    with pytest.raises(BotoCoreError):
        cloud.ec2.create_image(InstanceId=source, Name="orders-1", NoReboot=True)
    assert len(cloud.made("CreateImage")) == 1
    with pytest.raises(ClientError) as refused:
        cloud.ec2.create_image(InstanceId=source, Name="orders-1", NoReboot=True)
    assert code(refused.value) == "InvalidAMIName.Duplicate"
    cloud.clock.forward(30)
    image = cloud.made("CreateImage")[0]
    cloud.lab.faults.lose_answer("RunInstances")
    with pytest.raises(BotoCoreError):
        cloud.launch(image, ClientToken="run-7")
    assert [cloud.launch(image, ClientToken="run-7")] == cloud.made("RunInstances")


def test_callbacks_run_before_and_after_the_work(cloud: Cloud) -> None:
    seen: list[int] = []
    source = cloud.server()
    cloud.lab.faults.before("CreateImage", lambda: seen.append(len(cloud.lab.effects)))
    cloud.lab.faults.after("CreateImage", lambda: seen.append(len(cloud.made("CreateImage"))))
    cloud.image(source)
    assert seen == [0, 1]
    cloud.image(source, "orders-2")
    assert seen == [0, 1]


def test_an_image_can_fail_and_cannot_be_launched_then(cloud: Cloud) -> None:
    cloud.lab.faults.fail_image()
    image = cloud.ec2.create_image(InstanceId=cloud.server(), Name="orders-1", NoReboot=True)["ImageId"]
    assert cloud.image_state(image) == "pending"
    cloud.clock.forward(30)
    failed = cloud.ec2.describe_images(ImageIds=[image])["Images"][0]
    assert (failed["State"], failed["StateReason"]["Code"]) == ("failed", "Server.InternalError")
    with pytest.raises(ClientError) as refused:
        cloud.launch(image)
    assert code(refused.value) == "InvalidAMIID.Unavailable"


def test_a_snapshot_can_fail(cloud: Cloud) -> None:
    cloud.lab.faults.fail_snapshot()
    cloud.image(cloud.server())
    states = sorted((each["VolumeSize"], each["State"]) for each in cloud.ec2.describe_snapshots()["Snapshots"])
    assert states == [(8, "completed"), (20, "error")]


def test_an_image_can_lose_a_volume(cloud: Cloud) -> None:
    source = cloud.server()
    cloud.lab.faults.lose_volume()
    assert list(cloud.volumes(cloud.restored(source))) == ["/dev/xvda"]
    assert len(cloud.volumes(cloud.launch(cloud.image(source, "orders-2")))) == 2


@pytest.mark.parametrize("path", [None, "/etc/orders.conf"])
def test_one_byte_of_a_restored_disk_can_be_corrupt_with_size_and_time_as_they_were(
    cloud: Cloud, path: str | None
) -> None:
    source = cloud.server()
    image = cloud.image(source)
    cloud.lab.faults.corrupt_disk(path)
    restored = cloud.launch(image)

    before, after = contents(cloud.lab.tree(source)), contents(cloud.lab.tree(restored))
    wrong = [name for name in before if before[name] != after[name]]
    assert wrong == ["etc/orders.conf" if path else "data/orders/1.csv"]
    pairs = zip(before[wrong[0]], after[wrong[0]], strict=True)
    assert sum(one != other for one, other in pairs) == 1
    times = [os.stat(cloud.lab.tree(each) / wrong[0]).st_mtime_ns for each in (source, restored)]
    assert times[0] == times[1]
    assert contents(cloud.lab.tree(cloud.launch(image))) == before


def test_a_restored_disk_can_be_blank_and_an_instance_can_lose_its_profile(cloud: Cloud) -> None:
    source = cloud.server()
    image, profile = cloud.image(source), {"Arn": cloud.instance(source)["IamInstanceProfile"]["Arn"]}
    cloud.lab.faults.blank_disk()
    cloud.lab.faults.drop_profile()
    restored = cloud.launch(image, IamInstanceProfile=profile)
    assert list((cloud.lab.tree(restored) / "data").iterdir()) == []
    assert (cloud.lab.tree(restored) / "srv/www/index.html").exists()
    assert "IamInstanceProfile" not in cloud.instance(restored)
    assert "IamInstanceProfile" in cloud.instance(cloud.launch(image, IamInstanceProfile=profile))


def test_an_agent_can_go_offline_and_come_back(cloud: Cloud) -> None:
    source = cloud.server()
    cloud.lab.faults.agent_offline(source)
    found = cloud.ssm.describe_instance_information()["InstanceInformationList"]
    assert [each["PingStatus"] for each in found] == ["ConnectionLost"]
    with pytest.raises(ClientError):
        cloud.send(source, "true")
    cloud.lab.faults.agent_online(source)
    assert cloud.run(source, "true")["Status"] == "Success"


def test_cleared_faults_do_not_happen(cloud: Cloud) -> None:
    cloud.lab.faults.throttle(times=None)
    for _ in range(2):
        with pytest.raises(ClientError):
            cloud.ec2.describe_images()
    cloud.lab.faults.clear()
    assert cloud.ec2.describe_images()["Images"] == []


def test_machines_of_one_type_can_be_lacking_in_one_subnet_and_a_missing_key_pair_is_refused(cloud: Cloud) -> None:
    image = cloud.image(cloud.server())
    subnet = cloud.ec2.describe_subnets()["Subnets"][0]["SubnetId"]
    cloud.lab.faults.no_capacity(subnet, "t3.large")
    for more, expected in (
        ({"InstanceType": "t3.large", "SubnetId": subnet}, "InsufficientInstanceCapacity"),
        ({"InstanceType": "t3.small", "SubnetId": subnet, "KeyName": "nobody"}, "InvalidKeyPair.NotFound"),
    ):
        with pytest.raises(ClientError) as refused:
            cloud.ec2.run_instances(ImageId=image, MinCount=1, MaxCount=1, **more)
        assert code(refused.value) == expected
    cloud.ec2.run_instances(ImageId=image, MinCount=1, MaxCount=1, InstanceType="t3.small", SubnetId=subnet)
    assert len(cloud.made("RunInstances")) == 1
