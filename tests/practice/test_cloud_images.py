"""AMIs and snapshots, as AWS shows them while they are made and afterwards."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.clock import HandClock
from tests.practice.cloud_lab import Cloud, code


@pytest.fixture
def cloud(tmp_path: Path, clock: HandClock) -> Iterator[Cloud]:
    with Cloud(tmp_path, clock) as made:
        yield made


def test_an_image_is_pending_and_then_available_and_its_snapshots_count_up(cloud: Cloud) -> None:
    source = cloud.server()
    image = cloud.ec2.create_image(InstanceId=source, Name="orders-1", NoReboot=True)["ImageId"]

    def progress() -> set[tuple[str, str]]:
        return {(each["State"], each["Progress"]) for each in cloud.ec2.describe_snapshots()["Snapshots"]}

    assert (cloud.image_state(image), progress()) == ("pending", {("pending", "0%")})
    cloud.clock.forward(15)
    assert (cloud.image_state(image), progress()) == ("pending", {("pending", "50%")})
    cloud.clock.forward(15)
    assert (cloud.image_state(image), progress()) == ("available", {("completed", "100%")})


def test_an_image_has_a_mapping_for_each_volume_with_its_own_settings(cloud: Cloud) -> None:
    source = cloud.server()
    image = cloud.ec2.describe_images(ImageIds=[cloud.image(source)])["Images"][0]

    assert image["SourceInstanceId"] == source
    assert image["RootDeviceName"] == "/dev/xvda"
    mappings = {each["DeviceName"]: each["Ebs"] for each in image["BlockDeviceMappings"]}
    assert {name: (ebs["VolumeSize"], ebs["VolumeType"], ebs["Encrypted"]) for name, ebs in mappings.items()} == {
        "/dev/xvda": (8, "gp3", True),
        "/dev/sdf": (20, "gp3", True),
    }
    assert [mappings[name]["DeleteOnTermination"] for name in ("/dev/xvda", "/dev/sdf")] == [True, False]
    found = cloud.ec2.describe_snapshots(SnapshotIds=[each["SnapshotId"] for each in mappings.values()])["Snapshots"]
    volumes = cloud.volumes(source)
    assert {(each["VolumeId"], each["KmsKeyId"]) for each in found} == {
        (each["VolumeId"], each["KmsKeyId"]) for each in volumes.values()
    }


def test_delete_on_termination_can_be_changed_in_the_request(cloud: Cloud) -> None:
    change = {"DeviceName": "/dev/sdf", "Ebs": {"DeleteOnTermination": True}}
    image = cloud.image(cloud.server(), BlockDeviceMappings=[change])
    restored = cloud.launch(image)
    kept = {device: each["Attachments"][0]["DeleteOnTermination"] for device, each in cloud.volumes(restored).items()}
    assert kept == {"/dev/xvda": True, "/dev/sdf": True}


def test_a_machine_with_instance_store_gives_an_image_with_a_mapping_without_ebs(cloud: Cloud) -> None:
    image = cloud.image(cloud.server(instance_type="m5d.large"))
    mappings = cloud.ec2.describe_images(ImageIds=[image])["Images"][0]["BlockDeviceMappings"]
    assert [each.get("VirtualName") for each in mappings if "Ebs" not in each] == ["ephemeral0"]
    assert len(cloud.volumes(cloud.launch(image))) == 2


def test_image_and_snapshots_are_tagged_in_the_same_call(cloud: Cloud) -> None:
    marks = [{"ResourceType": kind, "Tags": [{"Key": "run", "Value": kind}]} for kind in ("image", "snapshot")]
    image = cloud.image(cloud.server(), TagSpecifications=marks)
    assert cloud.ec2.describe_images(ImageIds=[image])["Images"][0]["Tags"] == [{"Key": "run", "Value": "image"}]
    found = cloud.ec2.describe_snapshots(Filters=[{"Name": "tag:run", "Values": ["snap*"]}])["Snapshots"]
    assert len(found) == 2


def test_a_second_image_of_the_same_name_is_refused_and_the_message_names_the_first(cloud: Cloud) -> None:
    source = cloud.server()
    first = cloud.image(source)
    with pytest.raises(ClientError) as refused:
        cloud.image(source)
    assert code(refused.value) == "InvalidAMIName.Duplicate"
    assert first in str(refused.value)
    assert cloud.made("CreateImage") == [first]


@pytest.mark.parametrize("name", ["x" * 129, "orders:1", "orders\n1"])
def test_a_name_that_aws_would_refuse_is_refused(cloud: Cloud, name: str) -> None:
    with pytest.raises(ClientError) as refused:
        cloud.ec2.create_image(InstanceId=cloud.server(), Name=name)
    assert code(refused.value) == "InvalidAMIName.Malformed"


def test_the_instance_reboots_unless_it_is_told_not_to(cloud: Cloud) -> None:
    source = cloud.server()
    cloud.ec2.create_image(InstanceId=source, Name="no-reboot", NoReboot=True)
    assert cloud.made("RebootInstances") == []
    cloud.ec2.create_image(InstanceId=source, Name="said-nothing")
    assert cloud.made("RebootInstances") == [source]


def test_a_terminated_instance_and_an_unknown_one_give_no_image(cloud: Cloud) -> None:
    source = cloud.server()
    cloud.ec2.terminate_instances(InstanceIds=[source])
    for instance, expected in (
        (source, "InvalidParameterValue"),
        ("i-0123456789abcdef0", "InvalidInstanceID.NotFound"),
    ):
        with pytest.raises(ClientError) as refused:
            cloud.ec2.create_image(InstanceId=instance, Name="orders-1")
        assert code(refused.value) == expected
    assert cloud.made("CreateImage") == []


def test_a_dry_run_says_that_it_would_have_worked_and_does_nothing(cloud: Cloud) -> None:
    source = cloud.server()
    image = cloud.image(source)
    before = list(cloud.lab.effects)
    calls: list[tuple[Any, dict[str, Any]]] = [
        (cloud.ec2.create_image, {"InstanceId": source, "Name": "dry"}),
        (cloud.ec2.run_instances, {"ImageId": image, "InstanceType": "t3.small", "MinCount": 1, "MaxCount": 1}),
        (cloud.ec2.terminate_instances, {"InstanceIds": [source]}),
        (cloud.ec2.deregister_image, {"ImageId": image}),
        (cloud.ec2.create_tags, {"Resources": [image], "Tags": [{"Key": "a", "Value": "b"}]}),
    ]
    for call, params in calls:
        with pytest.raises(ClientError) as refused:
            call(DryRun=True, **params)
        assert code(refused.value) == "DryRunOperation"
        assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 412
    assert cloud.lab.effects == before


def test_images_are_found_by_every_filter_that_the_bot_may_use(cloud: Cloud) -> None:
    source = cloud.server()
    image = cloud.image(source, TagSpecifications=[{"ResourceType": "image", "Tags": [{"Key": "k", "Value": "v"}]}])
    cloud.ec2.create_image(InstanceId=source, Name="other", NoReboot=True)
    for name, value in {
        "image-id": image,
        "name": "orders-?",
        "state": "available",
        "tag:k": "v*",
        "tag-key": "k",
        "creation-date": "20*",
    }.items():
        found = cloud.ec2.describe_images(Owners=["self"], Filters=[{"Name": name, "Values": [value]}])["Images"]
        assert image in {each["ImageId"] for each in found}, name
        assert len(found) == (2 if name == "creation-date" else 1), name
    assert cloud.ec2.describe_images(Owners=["amazon"])["Images"] == []
    with pytest.raises(ClientError) as refused:
        cloud.ec2.describe_images(Filters=[{"Name": "colour", "Values": ["red"]}])
    assert code(refused.value) == "InvalidParameterValue"


def test_one_missing_id_fails_the_whole_call_and_a_filter_does_not(cloud: Cloud) -> None:
    image, unknown = cloud.image(cloud.server()), "ami-0123456789abcdef0"
    with pytest.raises(ClientError) as refused:
        cloud.ec2.describe_images(ImageIds=[image, unknown])
    assert code(refused.value) == "InvalidAMIID.NotFound"
    found = cloud.ec2.describe_images(Filters=[{"Name": "image-id", "Values": [image, unknown]}])["Images"]
    assert [each["ImageId"] for each in found] == [image]


def test_images_snapshots_and_volumes_come_in_pages(cloud: Cloud) -> None:
    source = cloud.server()
    for number in range(5):
        cloud.image(source, f"orders-{number}")
    pages = list(cloud.ec2.get_paginator("describe_images").paginate(PaginationConfig={"PageSize": 2}))
    assert [len(page["Images"]) for page in pages] == [2, 2, 1]
    assert len({each["Name"] for page in pages for each in page["Images"]}) == 5
    pages = list(cloud.ec2.get_paginator("describe_snapshots").paginate(PaginationConfig={"PageSize": 6}))
    assert [len(page["Snapshots"]) for page in pages] == [6, 4]
    pages = list(cloud.ec2.get_paginator("describe_volumes").paginate(PaginationConfig={"PageSize": 1}))
    assert [len(page["Volumes"]) for page in pages] == [1, 1]


def test_a_deregistered_image_is_not_found_and_its_snapshots_stay_unless_they_go_too(cloud: Cloud) -> None:
    source = cloud.server()
    first, second = cloud.image(source, "orders-1"), cloud.image(source, "orders-2")

    cloud.ec2.deregister_image(ImageId=first)
    assert len(cloud.ec2.describe_snapshots()["Snapshots"]) == 4
    answer = cloud.ec2.deregister_image(ImageId=second, DeleteAssociatedSnapshots=True)

    assert [each["ReturnCode"] for each in answer["DeleteSnapshotResults"]] == ["success", "success"]
    assert len(cloud.ec2.describe_snapshots()["Snapshots"]) == 2
    for call in (cloud.ec2.describe_images, cloud.ec2.run_instances):
        more = {"ImageIds": [first]} if call == cloud.ec2.describe_images else {"ImageId": first}
        with pytest.raises(ClientError) as refused:
            call(**more, **({} if "ImageIds" in more else {"MinCount": 1, "MaxCount": 1}))
        assert code(refused.value) == "InvalidAMIID.NotFound"
    with pytest.raises(ClientError) as refused:
        cloud.ec2.deregister_image(ImageId=first)
    assert code(refused.value) == "InvalidAMIID.Unavailable"


def test_a_snapshot_cannot_go_while_an_image_needs_it(cloud: Cloud) -> None:
    image = cloud.image(cloud.server())
    snapshot = cloud.ec2.describe_snapshots()["Snapshots"][0]["SnapshotId"]
    with pytest.raises(ClientError) as refused:
        cloud.ec2.delete_snapshot(SnapshotId=snapshot)
    assert code(refused.value) == "InvalidSnapshot.InUse"
    cloud.ec2.deregister_image(ImageId=image)
    cloud.ec2.delete_snapshot(SnapshotId=snapshot)
    assert cloud.made("DeleteSnapshot") == [snapshot]


def test_an_image_copied_to_another_region_is_restored_there(cloud: Cloud) -> None:
    source = cloud.server()
    image = cloud.image(source)
    there = cloud.client("ec2", "eu-west-1")
    copy = there.copy_image(SourceImageId=image, SourceRegion="us-east-1", Name="orders-1", Encrypted=True)["ImageId"]
    shown = there.describe_images(ImageIds=[copy])["Images"][0]
    assert (shown["State"], shown.get("SourceInstanceId")) == ("pending", None)
    assert cloud.ec2.describe_images(Owners=["self"])["Images"][0]["ImageId"] == image
    cloud.clock.forward(100)
    made = there.run_instances(ImageId=copy, InstanceType="t3.small", MinCount=1, MaxCount=1)["Instances"][0]
    assert (cloud.lab.tree(made["InstanceId"]) / "data/orders/2.csv").read_bytes() == b"2\n"


def test_tags_can_be_set_and_taken_from_everything(cloud: Cloud) -> None:
    source = cloud.server()
    image = cloud.image(source)
    volume = cloud.volumes(source)["/dev/sdf"]["VolumeId"]
    snapshot = cloud.ec2.describe_snapshots()["Snapshots"][0]["SnapshotId"]
    things = [source, image, snapshot, volume]
    tag = {"Key": "proof", "Value": "proven"}

    def tagged() -> set[str]:
        found = cloud.ec2.describe_tags(Filters=[{"Name": "key", "Values": ["proof"]}])["Tags"]
        return {each["ResourceId"] for each in found}

    cloud.ec2.create_tags(Resources=things, Tags=[tag])
    assert tagged() == set(things)
    assert tag in cloud.instance(source)["Tags"]
    assert tag in cloud.ec2.describe_images(ImageIds=[image])["Images"][0]["Tags"]
    cloud.ec2.delete_tags(Resources=things, Tags=[{**tag, "Value": "other"}])
    assert tagged() == set(things)
    cloud.ec2.delete_tags(Resources=things, Tags=[{"Key": "proof"}])
    assert tagged() == set()
    for refused_tag in ({"Key": "aws:mine", "Value": ""}, {"Key": "x" * 128, "Value": ""}):
        with pytest.raises(ClientError):
            cloud.ec2.create_tags(Resources=[image], Tags=[refused_tag])
    with pytest.raises(ClientError):
        cloud.ec2.create_tags(Resources=["ami-0123456789abcdef0"], Tags=[tag])
