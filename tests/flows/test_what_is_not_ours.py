"""Networks and copies in the account: groups that let nothing in; nobody else's thing is removed, whatever its tags."""

import pytest

from tests.flows.scene import SMALL, cloud, made
from tests.stage import Stage
from workflows.aws import tags
from workflows.aws.networks import group_name, rule_to
from workflows.errors import IsolationRefused

KEY = "D-0007-7f3a9c2e"
MARKS = {tags.INSTALLATION: "test", tags.RUN: KEY, tags.COPY_OF: "orders-db"}


def vpc_of(stage: Stage, instance_id: str) -> str:
    return stage.aws.networks.vpc_of(stage.aws.instances.get(instance_id).subnet_id)


def test_the_group_of_a_run_lets_nothing_in_and_out_only_where_it_is_told(stage: Stage) -> None:
    networks, vpc = stage.aws.networks, vpc_of(stage, stage.seed(disks=SMALL))
    ways = networks.ways_to_ssm(vpc)
    to = sorted(f"{each}/32" for found in ways.values() for each in found)
    assert set(ways) == {"ssm", "ssmmessages"}
    stage.lab.faults.lose_answer("CreateSecurityGroup")
    with pytest.raises(Exception, match="gave no answer"):
        networks.ensure_group(vpc, MARKS, to)
    group = networks.ensure_group(vpc, MARKS, to)
    assert (group.ingress, group.egress) == (frozenset(), frozenset(map(rule_to, to)))
    assert networks.ensure_group(vpc, MARKS, to) == group
    assert stage.count("CreateSecurityGroup") == stage.count("AuthorizeSecurityGroupEgress") == 1


def test_a_group_that_somebody_opened_is_refused(stage: Stage) -> None:
    networks, vpc = stage.aws.networks, vpc_of(stage, stage.seed(disks=SMALL))
    group = networks.ensure_group(vpc, MARKS, ["10.0.0.7/32"])
    door = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
    cloud(stage)("ec2", "authorize_security_group_ingress", GroupId=group.id, IpPermissions=[door])
    with pytest.raises(IsolationRefused, match=r"lets something in: tcp 22-22 0\.0\.0\.0/0"):
        networks.ensure_group(vpc, MARKS, ["10.0.0.7/32"])


def test_another_groups_tags_make_it_nobodys_to_delete(stage: Stage) -> None:
    """Whoever wants Firedrill to delete a group of theirs can give it every tag, but not the name."""
    networks, vpc = stage.aws.networks, vpc_of(stage, stage.seed(disks=SMALL))
    raw = cloud(stage)
    theirs = raw("ec2", "create_security_group", GroupName="web", Description="web", VpcId=vpc)["GroupId"]
    raw("ec2", "create_tags", Resources=[theirs], Tags=tags.given(MARKS))
    assert networks.group(KEY) is None
    with pytest.raises(IsolationRefused, match="was not made by this run"):
        networks.ensure_deleted(theirs, KEY, hold=lambda: None)
    ours = networks.ensure_group(vpc, {**MARKS, tags.RUN: "D-0008-00000000"}, [])
    with pytest.raises(IsolationRefused, match="was not made by this run"):
        networks.ensure_deleted(ours.id, KEY, hold=lambda: None)
    assert stage.count("DeleteSecurityGroup") == 0
    assert networks.ensure_deleted(ours.id, "D-0008-00000000", hold=lambda: None)
    assert networks.group("D-0008-00000000") is None
    assert ours.name == group_name("D-0008-00000000")


def test_another_instances_tags_make_it_nobodys_to_terminate(stage: Stage) -> None:
    source = stage.seed(disks=SMALL)
    cloud(stage)("ec2", "create_tags", Resources=[source], Tags=tags.given(MARKS))
    assert stage.aws.copies.of(KEY) == []
    with pytest.raises(IsolationRefused, match="was not launched by this run"):
        stage.aws.copies.ensure_terminated(source, KEY, hold=lambda: None)
    assert made(stage, "TerminateInstances") == []
