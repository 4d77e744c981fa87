"""Launch templates, and the launch settings of a living instance."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from tests.clock import HandClock
from tests.practice.cloud_lab import Cloud, code


@pytest.fixture
def cloud(tmp_path: Path, clock: HandClock) -> Iterator[Cloud]:
    with Cloud(tmp_path, clock) as made:
        yield made


def test_launch_settings_are_told_as_aws_tells_them(cloud: Cloud) -> None:
    source = cloud.server(user_data="#!/bin/sh\n", protected=True)
    data = cloud.ec2.get_launch_template_data(InstanceId=source)["LaunchTemplateData"]
    seen = cloud.instance(source)

    assert data["BlockDeviceMappings"] == [
        {"DeviceName": "/dev/xvda", "Ebs": {"DeleteOnTermination": True}},
        {"DeviceName": "/dev/sdf", "Ebs": {"DeleteOnTermination": False}},
    ]
    assert (data["MetadataOptions"]["HttpTokens"], data["MetadataOptions"]["State"]) == ("required", "applied")
    assert data["IamInstanceProfile"] == {"Arn": seen["IamInstanceProfile"]["Arn"]}
    assert data["UserData"] == "IyEvYmluL3NoCg=="
    assert data["DisableApiTermination"] is True
    [interface] = data["NetworkInterfaces"]
    assert interface["NetworkInterfaceId"] == seen["NetworkInterfaces"][0]["NetworkInterfaceId"]
    assert interface["PrivateIpAddress"] == seen["PrivateIpAddress"]
    assert interface["SubnetId"] == seen["SubnetId"]
    assert interface["Groups"] == [each["GroupId"] for each in seen["SecurityGroups"]]
    assert data["TagSpecifications"] == [{"ResourceType": "instance", "Tags": [{"Key": "Name", "Value": "orders-db"}]}]


def test_an_interface_is_launched_with_as_many_addresses_as_are_asked_for_and_its_settings_list_them(
    cloud: Cloud,
) -> None:
    source = cloud.server()
    image, subnet = cloud.image(source), cloud.instance(source)["SubnetId"]
    asked = {"DeviceIndex": 0, "SubnetId": subnet, "SecondaryPrivateIpAddressCount": 2}
    made = cloud.launch(image, NetworkInterfaces=[asked])
    listed = cloud.ec2.get_launch_template_data(InstanceId=made)["LaunchTemplateData"]["NetworkInterfaces"][0]
    assert [each["Primary"] for each in listed["PrivateIpAddresses"]] == [True, False, False]
    public = {"DeviceIndex": 0, "SubnetId": subnet, "AssociatePublicIpAddress": True}
    for interfaces, refused in (
        ([{**asked, "Ipv4PrefixCount": 1}], "InvalidParameterCombination"),
        ([{**asked, "Ipv6AddressCount": 1}], "InvalidParameterValue"),
        ([public, {"DeviceIndex": 1, "SubnetId": subnet}], "InvalidParameterCombination"),
    ):
        with pytest.raises(ClientError) as error:
            cloud.launch(image, NetworkInterfaces=interfaces)
        assert code(error.value) == refused


def kept_settings(cloud: Cloud, source: str) -> str:
    """A template like the one that a person would have kept of the server."""
    seen = cloud.instance(source)
    tags = [{"Key": "Name", "Value": "orders-db"}, {"Key": "a", "Value": "1"}]
    data = {
        "InstanceType": "t3.large",
        "IamInstanceProfile": {"Arn": seen["IamInstanceProfile"]["Arn"]},
        "MetadataOptions": {"HttpTokens": "required"},
        "UserData": "IyEvYmluL3NoCg==",
        "BlockDeviceMappings": [{"DeviceName": "/dev/sdf", "Ebs": {"VolumeType": "gp3", "Iops": 4000}}],
        "NetworkInterfaces": [
            {"DeviceIndex": 0, "SubnetId": seen["SubnetId"], "Groups": [seen["SecurityGroups"][0]["GroupId"]]}
        ],
        "TagSpecifications": [{"ResourceType": "instance", "Tags": tags}],
    }
    made = cloud.ec2.create_launch_template(LaunchTemplateName="firedrill-orders-db", LaunchTemplateData=data)
    return str(made["LaunchTemplate"]["LaunchTemplateId"])


def test_a_launch_takes_everything_from_the_template_and_the_request_lies_over_it(cloud: Cloud) -> None:
    source = cloud.server()
    image, seen, template = cloud.image(source), cloud.instance(source), kept_settings(cloud, source)

    restored = cloud.launch(
        image,
        LaunchTemplate={"LaunchTemplateId": template, "Version": "1"},
        InstanceType="t3.medium",
        TagSpecifications=[
            {"ResourceType": kind, "Tags": [{"Key": "a", "Value": "2"}]} for kind in ("instance", "volume")
        ],
    )

    made = cloud.instance(restored)
    assert made["InstanceType"] == "t3.medium"
    assert made["IamInstanceProfile"]["Arn"] == seen["IamInstanceProfile"]["Arn"]
    assert made["MetadataOptions"]["HttpTokens"] == "required"
    assert (made["SubnetId"], made["SecurityGroups"]) == (seen["SubnetId"], seen["SecurityGroups"])
    tags = {each["Key"]: each["Value"] for each in made["Tags"]}
    assert (tags["Name"], tags["a"], tags["aws:ec2launchtemplate:id"]) == ("orders-db", "2", template)
    data = cloud.volumes(restored)["/dev/sdf"]
    assert (data["Iops"], data["Size"], data["Tags"]) == (4000, 20, [{"Key": "a", "Value": "2"}])
    user_data = cloud.ec2.describe_instance_attribute(InstanceId=restored, Attribute="userData")
    assert user_data["UserData"]["Value"] == "IyEvYmluL3NoCg=="


def test_a_subnet_beside_the_templates_interfaces_is_refused(cloud: Cloud) -> None:
    source = cloud.server()
    subnet = cloud.instance(source)["SubnetId"]
    data = {"NetworkInterfaces": [{"DeviceIndex": 0, "SubnetId": subnet}]}
    cloud.ec2.create_launch_template(LaunchTemplateName="t-1", LaunchTemplateData=data)
    with pytest.raises(ClientError) as refused:
        cloud.launch(cloud.image(source), LaunchTemplate={"LaunchTemplateName": "t-1"}, SubnetId=subnet)
    assert code(refused.value) == "InvalidParameterCombination"


def test_versions_are_merged_with_their_source_and_a_token_makes_one_only(cloud: Cloud) -> None:
    def create() -> str:
        answer = cloud.ec2.create_launch_template(
            LaunchTemplateName="t-1", LaunchTemplateData={"InstanceType": "t3.small"}, ClientToken="one"
        )
        return str(answer["LaunchTemplate"]["LaunchTemplateId"])

    template = create()
    assert create() == template
    for _ in range(2):
        cloud.ec2.create_launch_template_version(
            LaunchTemplateId=template, SourceVersion="1", LaunchTemplateData={"KeyName": "k"}, ClientToken="two"
        )
    versions = cloud.ec2.describe_launch_template_versions(LaunchTemplateId=template)["LaunchTemplateVersions"]
    assert [each["VersionNumber"] for each in versions] == [2, 1]
    assert versions[0]["LaunchTemplateData"] == {"InstanceType": "t3.small", "KeyName": "k"}
    latest = cloud.ec2.describe_launch_template_versions(LaunchTemplateId=template, Versions=["$Latest"])
    assert [each["VersionNumber"] for each in latest["LaunchTemplateVersions"]] == [2]
    assert len(cloud.made("CreateLaunchTemplate")) == len(cloud.made("CreateLaunchTemplateVersion")) == 1


def test_templates_are_looked_up_by_filter_and_a_name_that_is_not_there_fails_the_call(cloud: Cloud) -> None:
    marks = [{"ResourceType": "launch-template", "Tags": [{"Key": "k", "Value": "v"}]}]
    data = {"InstanceType": "t3.small"}
    for name in ("t-1", "t-2"):
        cloud.ec2.create_launch_template(LaunchTemplateName=name, LaunchTemplateData=data, TagSpecifications=marks)

    def found(name: str, value: str) -> list[str]:
        answer = cloud.ec2.describe_launch_templates(Filters=[{"Name": name, "Values": [value]}])
        return [each["LaunchTemplateName"] for each in answer["LaunchTemplates"]]

    assert found("launch-template-name", "t-2") == ["t-2"]
    assert found("launch-template-name", "t-3") == []
    assert found("tag:k", "v") == ["t-1", "t-2"]
    with pytest.raises(ClientError) as refused:
        cloud.ec2.describe_launch_templates(LaunchTemplateNames=["t-3"])
    assert code(refused.value) == "InvalidLaunchTemplateName.NotFoundException"
    with pytest.raises(ClientError) as refused:
        cloud.ec2.create_launch_template(LaunchTemplateName="t-1", LaunchTemplateData=data)
    assert code(refused.value) == "InvalidLaunchTemplateName.AlreadyExistsException"
    pages = list(cloud.ec2.get_paginator("describe_launch_templates").paginate(PaginationConfig={"PageSize": 1}))
    assert len(pages) == 2


def test_a_tag_that_is_aws_own_cannot_be_handed_back(cloud: Cloud) -> None:
    image = cloud.image(cloud.server())
    tags = [{"ResourceType": "instance", "Tags": [{"Key": "aws:ec2launchtemplate:id", "Value": "lt-1"}]}]
    with pytest.raises(ClientError) as refused:
        cloud.launch(image, TagSpecifications=tags)
    assert code(refused.value) == "InvalidParameterValue"
