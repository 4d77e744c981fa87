"""What becomes of a server's addresses when it is lost and launched again: the question tells it, and it happens so."""

from typing import Any

from tests.flows.scene import SMALL, cloud
from tests.stage import Stage
from workflows.aws.interfaces import counts, interface
from workflows.aws.tags import filters
from workflows.engine.run import Run, Status
from workflows.report.reading import document_of
from workflows.words import plain


def described(stage: Stage, instance_id: str) -> dict[str, Any]:
    found = cloud(stage)("ec2", "describe_instances", InstanceIds=[instance_id])
    return dict(found["Reservations"][0]["Instances"][0])


def with_ipv6(stage: Stage, subnet: str) -> None:
    """The subnet has IPv6 from now on."""
    call = cloud(stage)
    vpc = call("ec2", "describe_subnets", SubnetIds=[subnet])["Subnets"][0]["VpcId"]
    call("ec2", "associate_vpc_cidr_block", VpcId=vpc, AmazonProvidedIpv6CidrBlock=True)
    block = call("ec2", "describe_vpcs", VpcIds=[vpc])["Vpcs"][0]["Ipv6CidrBlockAssociationSet"][0]["Ipv6CidrBlock"]
    call("ec2", "associate_subnet_cidr_block", SubnetId=subnet, Ipv6CidrBlock=block.replace("/56", "/64"))


def another_interface(stage: Stage, source: str, *, keeps: bool) -> str:
    """A second one, attached after the launch."""
    call, seen = cloud(stage), described(stage, source)
    made = str(
        call("ec2", "create_network_interface", SubnetId=seen["SubnetId"])["NetworkInterface"]["NetworkInterfaceId"]
    )
    call("ec2", "attach_network_interface", NetworkInterfaceId=made, InstanceId=source, DeviceIndex=1)
    stage.lab._parts.control.ec2("us-east-1").enis[made].delete_on_termination = not keeps
    return made


def addresses_in(run: Run) -> list[str]:
    """The lines of the question about them."""
    assert run.question is not None, run.problem
    return plain(dict(run.question.items)["Its addresses"]).splitlines()


def test_the_next_instance_gets_as_many_addresses_as_the_question_says(stage: Stage) -> None:
    source = stage.seed(disks=SMALL)
    seen = described(stage, source)
    with_ipv6(stage, seen["SubnetId"])
    call, own = cloud(stage), seen["NetworkInterfaces"][0]["NetworkInterfaceId"]
    call("ec2", "assign_private_ip_addresses", NetworkInterfaceId=own, SecondaryPrivateIpAddressCount=2)
    call("ec2", "assign_ipv6_addresses", NetworkInterfaceId=own, Ipv6AddressCount=1)
    asked = stage.drill()
    lost = stage.aws.instances.get(source).own_ips
    assert len(lost) == 4
    lent = described(stage, source)["PublicIpAddress"]
    assert addresses_in(asked) == [f"{each} is lost: AWS gives the next instance another" for each in (lent, *lost)]
    ended = stage.approve(asked)
    assert ended.status is Status.SUCCEEDED, ended.problem
    (made,) = described(stage, ended.values["replacement_id"])["NetworkInterfaces"]
    assert (len(made["PrivateIpAddresses"]), len(made["Ipv6Addresses"])) == (3, 1)
    assert not set(lost) & {each["Ipv6Address"] for each in made["Ipv6Addresses"]}


def test_with_two_interfaces_the_address_that_aws_had_lent_does_not_come_back_and_the_question_says_so(
    stage: Stage,
) -> None:
    source = stage.seed(disks=SMALL)
    another_interface(stage, source, keeps=False)
    lent = described(stage, source)["PublicIpAddress"]
    asked = stage.drill()
    lost = stage.aws.instances.get(source).own_ips
    assert addresses_in(asked) == [
        *(f"{each} is lost: AWS gives the next instance another" for each in lost),
        f"{lent} is lost: the next instance gets none",
    ]
    ended = stage.approve(asked)
    assert ended.status is Status.SUCCEEDED, ended.problem
    made = described(stage, ended.values["replacement_id"])
    assert len(made["NetworkInterfaces"]) == len(lost) == 2
    assert not made.get("PublicIpAddress")


def test_an_interface_that_outlives_the_server_is_named_before_it_and_left_behind_after_it(stage: Stage) -> None:
    source = stage.seed(disks=SMALL)
    kept = another_interface(stage, source, keeps=True)
    address = described(stage, source)["NetworkInterfaces"][1]["PrivateIpAddress"]
    asked = stage.drill()
    assert addresses_in(asked)[-1] == f"{kept} ({address}) stays, detached: the next instance gets another"
    assert not any(line.startswith(f"{address} is lost") for line in addresses_in(asked))
    ended = stage.approve(asked)
    assert ended.status is Status.SUCCEEDED, ended.problem
    assert ended.values["left_behind"] == [f"network interface `{kept}` ({address}), available"]
    left = document_of(ended).left_behind.items[0]
    assert (left.what, left.monthly) == (f"network interface {kept} ({address}), available", 0.0)
    made = described(stage, ended.values["replacement_id"])["NetworkInterfaces"]
    assert [each["Attachment"]["DeleteOnTermination"] for each in made] == [True, False]


PREFIXES = {
    "Ipv4Prefixes": [{"Ipv4Prefix": "10.0.1.16/28"}, {"Ipv4Prefix": "10.0.1.32/28"}],
    "Ipv6Prefixes": [{"Ipv6Prefix": "2001:db8::/80"}],
}


def test_prefixes_are_asked_for_anew_but_not_beside_addresses_of_the_same_family() -> None:
    first, second = ({"Primary": first, "PrivateIpAddress": f"10.0.0.{4 + first}"} for first in (True, False))
    alone = {"NetworkInterfaceId": "eni-1", "PrivateIpAddresses": [first], **PREFIXES}
    assert counts(alone) == {"Ipv4PrefixCount": 2, "Ipv6PrefixCount": 1}
    assert interface(alone).held == ("10.0.0.5", "10.0.1.16/28", "10.0.1.32/28", "2001:db8::/80")
    assert interface(alone).never_again == ()
    beside = {**alone, "PrivateIpAddresses": [first, second], "Ipv6Addresses": [{"Ipv6Address": "2001:db8:1::1"}]}
    assert counts(beside) == {"SecondaryPrivateIpAddressCount": 1, "Ipv6AddressCount": 1}
    assert interface(beside).never_again == ("10.0.1.16/28", "10.0.1.32/28", "2001:db8::/80")
    assert counts({}) == {}


def test_in_another_subnet_no_ipv6_address_is_asked_for(stage: Stage) -> None:
    source = stage.seed(disks=SMALL)
    call, seen = cloud(stage), described(stage, source)
    with_ipv6(stage, seen["SubnetId"])
    own = seen["NetworkInterfaces"][0]["NetworkInterfaceId"]
    call("ec2", "assign_ipv6_addresses", NetworkInterfaceId=own, Ipv6AddressCount=1)
    stage.backup()
    stage.lose(source)
    stage.look()
    found = call("ec2", "describe_subnets", Filters=filters(vpc_id=seen["VpcId"]))["Subnets"]
    elsewhere = next(each["SubnetId"] for each in found if each["SubnetId"] != seen["SubnetId"])
    assert [stage.aws.networks.has_ipv6(each) for each in (seen["SubnetId"], elsewhere)] == [True, False]
    ended = stage.restore(subnet=elsewhere)
    assert ended.status is Status.SUCCEEDED, ended.problem and ended.problem.text
    (made,) = described(stage, ended.values["replacement_id"])["NetworkInterfaces"]
    assert (made["SubnetId"], made["Ipv6Addresses"]) == (elsewhere, [])
