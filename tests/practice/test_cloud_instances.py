"""Instances begin, live and end as on AWS."""

import base64
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from practice.cloud import Disk
from tests.clock import HandClock
from tests.practice.cloud_lab import ROOT, Cloud, code


@pytest.fixture
def cloud(tmp_path: Path, clock: HandClock) -> Iterator[Cloud]:
    with Cloud(tmp_path, clock) as made:
        yield made


def test_an_instance_is_pending_then_runs_and_passes_its_checks_later(cloud: Cloud) -> None:
    image = cloud.image(cloud.server())
    made = cloud.ec2.run_instances(ImageId=image, InstanceType="t3.small", MinCount=1, MaxCount=1)["Instances"][0]
    instance = made["InstanceId"]
    assert made["State"]["Name"] == "pending"

    def checks() -> list[str]:
        found = cloud.ec2.describe_instance_status(InstanceIds=[instance])["InstanceStatuses"]
        return [each[kind]["Status"] for each in found for kind in ("InstanceStatus", "SystemStatus")]

    assert checks() == []
    everything = cloud.ec2.describe_instance_status(InstanceIds=[instance], IncludeAllInstances=True)
    assert everything["InstanceStatuses"][0]["InstanceStatus"]["Status"] == "not-applicable"
    cloud.clock.forward(10)
    assert (cloud.state(instance), checks()) == ("running", ["initializing", "initializing"])
    cloud.clock.forward(60)
    assert checks() == ["ok", "ok"]


def test_volumes_made_of_snapshots_tell_how_far_they_are_loaded_and_those_made_empty_do_not(cloud: Cloud) -> None:
    source = cloud.server()
    image = cloud.image(source)
    run = cloud.ec2.run_instances(ImageId=image, InstanceType="t3.small", MinCount=1, MaxCount=1)
    made = run["Instances"][0]["InstanceId"]

    def told(instance: str) -> list[dict[str, Any]]:
        filters = [{"Name": "attachment-status.instance-id", "Values": [instance]}]
        return list(cloud.ec2.describe_volume_status(Filters=filters)["VolumeStatuses"])

    assert [each.get("InitializationStatusDetails") for each in told(source)] == [None, None]
    cloud.clock.forward(100)
    half = told(made)
    assert [each["InitializationStatusDetails"]["Progress"] for each in half] == [50, 50]
    assert {"Name": "initialization-state", "Status": "initializing"} in half[0]["VolumeStatus"]["Details"]
    cloud.clock.forward(100)
    assert told(made)[0]["InitializationStatusDetails"] == {"InitializationType": "default", "Progress": 100}
    ids = [each["VolumeId"] for each in half]
    assert len(cloud.ec2.describe_volume_status(VolumeIds=ids)["VolumeStatuses"]) == 2
    with pytest.raises(ClientError) as refused:
        cloud.ec2.describe_volume_status(VolumeIds=["vol-0123456789abcdef0"])
    assert code(refused.value) == "InvalidVolume.NotFound"


def test_an_added_server_runs_with_both_checks_passed(cloud: Cloud) -> None:
    source = cloud.server(tags={"team": "orders"}, user_data="#!/bin/sh\n")
    found = cloud.ec2.describe_instance_status(InstanceIds=[source])["InstanceStatuses"][0]
    assert (found["InstanceState"]["Name"], found["InstanceStatus"]["Status"]) == ("running", "ok")
    assert {"Key": "team", "Value": "orders"} in cloud.instance(source)["Tags"]
    assert cloud.lab.effects == []
    with pytest.raises(ValueError, match="below /data"):
        cloud.server("wrong", ROOT, Disk("/dev/sdf", 1, "/data", {"/srv/x": b""}))


def test_termination_takes_its_time_can_be_repeated_and_stays_visible_for_an_hour(cloud: Cloud) -> None:
    source = cloud.server()
    assert cloud.ec2.terminate_instances(InstanceIds=[source])["TerminatingInstances"][0]["CurrentState"]["Code"] == 32
    assert cloud.state(source) == "shutting-down"
    cloud.clock.forward(5)
    seen = cloud.instance(source)
    assert seen["State"]["Name"] == "terminated"
    assert seen["StateTransitionReason"].startswith("User initiated (20")
    assert seen["BlockDeviceMappings"] == []
    assert "PrivateIpAddress" not in seen
    again = cloud.ec2.terminate_instances(InstanceIds=[source])["TerminatingInstances"][0]
    assert again["PreviousState"]["Name"] == again["CurrentState"]["Name"] == "terminated"
    assert cloud.made("TerminateInstances") == [source]
    cloud.clock.forward(3600)
    with pytest.raises(ClientError) as refused:
        cloud.instance(source)
    assert code(refused.value) == "InvalidInstanceID.NotFound"
    assert cloud.ec2.describe_instances()["Reservations"] == []


def test_a_protected_instance_is_not_terminated_until_the_protection_is_off(cloud: Cloud) -> None:
    source = cloud.server(protected=True)

    def protected() -> bool:
        found = cloud.ec2.describe_instance_attribute(InstanceId=source, Attribute="disableApiTermination")
        return bool(found["DisableApiTermination"]["Value"])

    assert protected()
    with pytest.raises(ClientError) as refused:
        cloud.ec2.terminate_instances(InstanceIds=[source])
    assert code(refused.value) == "OperationNotPermitted"
    assert cloud.lab.tree(source).is_dir()
    cloud.ec2.modify_instance_attribute(InstanceId=source, DisableApiTermination={"Value": False})
    assert not protected()
    cloud.ec2.terminate_instances(InstanceIds=[source])
    assert cloud.made("TerminateInstances") == [source]


def test_an_instance_that_is_stopped_can_be_started_again(cloud: Cloud) -> None:
    source = cloud.server()
    cloud.ec2.stop_instances(InstanceIds=[source])
    assert cloud.state(source) == "stopping"
    cloud.clock.forward(5)
    assert cloud.state(source) == "stopped"
    found = cloud.ec2.describe_instances(Filters=[{"Name": "instance-state-name", "Values": ["stopped"]}])
    assert len(found["Reservations"]) == 1
    cloud.ec2.start_instances(InstanceIds=[source])
    assert cloud.state(source) == "pending"
    cloud.clock.forward(10)
    assert cloud.state(source) == "running"


def test_the_same_token_gives_the_same_instance_and_other_parameters_are_a_mismatch(cloud: Cloud) -> None:
    image = cloud.image(cloud.server())
    first = cloud.launch(image, ClientToken="run-7")
    assert cloud.launch(image, ClientToken="run-7") == first
    assert cloud.made("RunInstances") == [first]
    with pytest.raises(ClientError) as refused:
        cloud.launch(image, ClientToken="run-7", InstanceType="t3.large")
    assert code(refused.value) == "IdempotentParameterMismatch"
    assert cloud.launch(image, ClientToken="run-8") != first


def test_an_image_that_is_unknown_or_not_available_is_not_launched(cloud: Cloud) -> None:
    pending = cloud.ec2.create_image(InstanceId=cloud.server(), Name="pending", NoReboot=True)["ImageId"]
    for image, expected in (("ami-0123456789abcdef0", "InvalidAMIID.NotFound"), (pending, "InvalidAMIID.Unavailable")):
        with pytest.raises(ClientError) as refused:
            cloud.launch(image)
        assert code(refused.value) == expected
    assert cloud.made("RunInstances") == []


def test_restored_volumes_come_from_the_snapshots_with_the_settings_asked_for(cloud: Cloud) -> None:
    source = cloud.server()
    image = cloud.image(source)
    faster = {"VolumeType": "io2", "Iops": 5000, "VolumeSize": 40, "DeleteOnTermination": True}
    restored = cloud.launch(image, BlockDeviceMappings=[{"DeviceName": "/dev/sdf", "Ebs": faster}])
    root, data = (cloud.volumes(restored)[device] for device in ("/dev/xvda", "/dev/sdf"))
    snapshots = {each["VolumeId"]: each["SnapshotId"] for each in cloud.ec2.describe_snapshots()["Snapshots"]}
    before = cloud.volumes(source)
    assert data["SnapshotId"] == snapshots[before["/dev/sdf"]["VolumeId"]]
    assert (data["VolumeType"], data["Iops"], data["Size"], data["Encrypted"]) == ("io2", 5000, 40, True)
    assert data["Attachments"][0]["DeleteOnTermination"]
    assert (root["VolumeType"], root["Iops"], root["Throughput"], root["Size"]) == ("gp3", 3000, 125, 8)
    assert root["KmsKeyId"] == before["/dev/xvda"]["KmsKeyId"]


@pytest.mark.parametrize(
    ("ebs", "expected"),
    [
        ({"VolumeSize": 5}, "InvalidBlockDeviceMapping"),
        ({"VolumeType": "gp2", "Iops": 3000}, "InvalidParameterCombination"),
        ({"VolumeType": "io2", "Throughput": 200}, "InvalidParameterCombination"),
    ],
)
def test_volume_settings_that_do_not_fit_are_refused(cloud: Cloud, ebs: dict[str, Any], expected: str) -> None:
    image = cloud.image(cloud.server())
    with pytest.raises(ClientError) as refused:
        cloud.launch(image, BlockDeviceMappings=[{"DeviceName": "/dev/sdf", "Ebs": ebs}])
    assert code(refused.value) == expected


def test_the_private_address_of_a_terminated_instance_is_free_again(cloud: Cloud) -> None:
    source = cloud.server()
    image, before = cloud.image(source), cloud.instance(source)
    interface = {"DeviceIndex": 0, "SubnetId": before["SubnetId"], "PrivateIpAddress": before["PrivateIpAddress"]}
    with pytest.raises(ClientError) as refused:
        cloud.launch(image, NetworkInterfaces=[interface])
    assert code(refused.value) == "InvalidIPAddress.InUse"
    with pytest.raises(ClientError) as refused:
        cloud.launch(image, NetworkInterfaces=[{**interface, "PrivateIpAddress": "10.9.9.9"}])
    assert code(refused.value) == "InvalidParameterValue"
    cloud.ec2.terminate_instances(InstanceIds=[source])
    restored = cloud.launch(image, NetworkInterfaces=[interface])
    assert cloud.instance(restored)["PrivateIpAddress"] == before["PrivateIpAddress"]


def test_instance_storage_addresses_groups_and_the_account_are_told_honestly(cloud: Cloud) -> None:
    source = cloud.server()
    for kind, expected in (("m5d.large", True), ("t3.small", False)):
        found = cloud.ec2.describe_instance_types(InstanceTypes=[kind])["InstanceTypes"][0]
        assert found["InstanceStorageSupported"] is expected
    address = cloud.ec2.allocate_address(Domain="vpc")
    cloud.ec2.associate_address(AllocationId=address["AllocationId"], InstanceId=source)
    found = cloud.ec2.describe_addresses(Filters=[{"Name": "instance-id", "Values": [source]}])["Addresses"]
    assert [each["PublicIp"] for each in found] == [address["PublicIp"]]
    groups = cloud.client("autoscaling").describe_auto_scaling_instances(InstanceIds=[source])
    assert groups["AutoScalingInstances"] == []
    assert cloud.client("sts").get_caller_identity()["Account"] == "000000000000"


def test_instances_come_in_pages_and_an_unknown_type_is_refused(cloud: Cloud) -> None:
    for number in range(3):
        cloud.server(f"web-{number}", ROOT)
    pages = list(cloud.ec2.get_paginator("describe_instances").paginate(PaginationConfig={"PageSize": 2}))
    assert [len(page["Reservations"]) for page in pages] == [2, 1]
    with pytest.raises(ClientError) as refused:
        cloud.ec2.describe_instances(InstanceIds=["i-1"], MaxResults=5)
    assert code(refused.value) in {"InvalidParameterCombination", "InvalidInstanceID.NotFound"}
    image = cloud.image(cloud.server())
    with pytest.raises(ClientError):
        cloud.launch(image, InstanceType="t99.tiny")


def test_user_data_is_kept_as_it_was_given(cloud: Cloud) -> None:
    restored = cloud.launch(cloud.image(cloud.server()), UserData="#!/bin/sh\necho hi\n")
    found = cloud.ec2.describe_instance_attribute(InstanceId=restored, Attribute="userData")["UserData"]["Value"]
    assert base64.b64decode(found) == b"#!/bin/sh\necho hi\n"


def test_an_interface_that_outlives_its_instance_is_detached_at_its_end(cloud: Cloud) -> None:
    image, subnet = cloud.image(cloud.server()), cloud.instance(cloud.server("other"))["SubnetId"]
    made = cloud.launch(
        image,
        NetworkInterfaces=[
            {"DeviceIndex": index, "SubnetId": subnet, "DeleteOnTermination": goes}
            for index, goes in ((0, True), (1, False))
        ],
    )
    own = [each["NetworkInterfaceId"] for each in cloud.instance(made)["NetworkInterfaces"]]
    cloud.ec2.terminate_instances(InstanceIds=[made])
    filters = [{"Name": "network-interface-id", "Values": own}]
    found = cloud.ec2.describe_network_interfaces(Filters=filters)["NetworkInterfaces"]
    assert [(each["NetworkInterfaceId"], each["Status"]) for each in found] == [(own[1], "available")]
