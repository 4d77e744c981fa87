"""A clone drill: a copy beside the living server, kept apart, compared, and removed; the server is never touched."""

from collections.abc import Callable
from typing import Any

import pytest

from practice.cloud import COPY_PROFILE
from tests.flows.scene import SMALL, cloud, made, nothing_lost, retried, shown, words, work, worker
from tests.stage import APPROVER, ASKING, OPERATOR, Stage
from workflows.aws import tags
from workflows.engine.run import Run, Status
from workflows.errors import UserError
from workflows.policy import Policy
from workflows.report.reading import document_of
from workflows.steps.isolation import DrillRules, choose_point

#: What a clone drill of a point that is there makes and destroys, each once.
ONE_EACH = ("CreateSecurityGroup", "RunInstances", "TerminateInstances", "DeleteSecurityGroup")


def standing(stage: Stage, run: Run) -> tuple[list[str], list[str], bool]:
    """What there is of the run: instances that are not gone, volumes, and whether its group is there."""
    own = [{"Name": f"tag:{tags.RUN}", "Values": [run.key]}]
    volumes = cloud(stage)("ec2", "describe_volumes", Filters=own)["Volumes"]
    copies = [each.id for each in stage.aws.copies.of(run.key) if not each.gone]
    return copies, [each["VolumeId"] for each in volumes], stage.aws.networks.group(run.key) is not None


NOTHING: tuple[list[str], list[str], bool] = ([], [], False)


def raw_copy(stage: Stage, run: Run) -> dict[str, Any]:
    found = cloud(stage)("ec2", "describe_instances", InstanceIds=[run.values["replacement_id"]])
    return dict(found["Reservations"][0]["Instances"][0])


def without_approval(stage: Stage) -> None:
    stage.policy = Policy(stage.policy.base, without_approval=("copy",))


def changed_without_intent(stage: Stage, run: Run) -> set[str]:
    """Steps that made or deleted something, and did not say so in the audit before."""
    told = [each for each in stage.audit() if each["run"] == run.id]
    changed = {each["before"]["step"] for each in told if {call["call"] for call in each["calls"]} - {"CreateTags"}}
    return changed - {each["before"]["step"] for each in told if each["kind"] == "intent"}


def test_a_copy_is_compared_and_after_an_approval_nothing_is_left_of_it(stage: Stage) -> None:
    source = stage.seed(disks=SMALL, tags={"Environment": "production"})
    backup = stage.backup()
    asked = stage.clone()
    assert asked.status is Status.ASKING, asked.problem
    assert "The same: files" in shown(asked)
    copy, mine = raw_copy(stage, asked), {each["Key"]: each["Value"] for each in raw_copy(stage, asked)["Tags"]}
    assert "PublicIpAddress" not in copy
    assert copy["IamInstanceProfile"]["Arn"].endswith("/firedrill-practice-copy")
    assert [each["GroupId"] for each in copy["SecurityGroups"]] == [asked.values["isolation"]["group_id"]]
    assert mine["firedrill:server"] == mine["Name"] == f"orders-db (copy {asked.id})"
    assert "Environment" not in mine
    stage.look()
    assert [each.instance_id for each in stage.desk.lookout.find(lambda known: known.living("orders-db"))] == [source]
    with pytest.raises(UserError):
        stage.desk.drill(ASKING, copy["InstanceId"], accept_loss=False)
    assert asked.values["replacement_id"] in shown(asked)
    ended = stage.approve(asked)
    assert ended.status is Status.SUCCEEDED, ended.problem
    assert standing(stage, ended) == NOTHING
    assert changed_without_intent(stage, ended) == set()
    image = stage.aws.images.get(backup.values["point"]["image_id"])
    assert (image.tags["firedrill:proof"], image.tags["firedrill:proven-by"]) == ("proven", ended.id)
    assert made(stage, "TerminateInstances") == [ended.values["replacement_id"]]
    assert nothing_lost(stage, source)


def test_a_copy_that_differs_is_removed_all_the_same_and_the_drill_fails(stage: Stage) -> None:
    source = stage.seed(disks=SMALL)
    backup = stage.backup()
    stage.lab.faults.corrupt_disk()
    asked = stage.clone()
    assert asked.status is Status.ASKING
    assert "day-000.csv" in shown(asked)
    failed = stage.approve(asked)
    assert failed.status is Status.FAILED
    assert "day-000.csv" in words(failed)
    assert "The copy was removed" in words(failed)
    assert "Left standing" not in shown(failed)
    assert standing(stage, failed) == NOTHING
    tags_now = stage.aws.images.get(backup.values["point"]["image_id"]).tags
    assert (tags_now["firedrill:proof"], tags_now["firedrill:differed-in"]) == ("complete", failed.id)
    assert nothing_lost(stage, source)


def test_where_the_policy_says_so_the_copy_is_removed_at_once(stage: Stage) -> None:
    stage.seed(disks=SMALL)
    stage.backup()
    without_approval(stage)
    ended = stage.clone()
    assert ended.status is Status.SUCCEEDED, ended.problem
    assert "the policy wants no approval for that" in shown(ended)
    assert ended.decisions == ()
    assert standing(stage, ended) == NOTHING


def test_a_fresh_point_is_made_first(stage: Stage) -> None:
    source = stage.seed(disks=SMALL)
    without_approval(stage)
    older = stage.backup().values["asked"]["image_id"]
    fresh = stage.clone(which="fresh")
    assert fresh.status is Status.SUCCEEDED, fresh.problem
    assert fresh.values["point"]["image_id"] != older
    assert fresh.values["report"]["rpo"] < fresh.values["report"]["rto_validated"] + 600
    assert standing(stage, fresh) == NOTHING
    assert nothing_lost(stage, source)


def test_a_random_point_is_the_same_for_every_worker_that_takes_the_choice_up(stage: Stage) -> None:
    stage.seed(disks=SMALL)
    without_approval(stage)
    points = [stage.backup().values["asked"]["image_id"] for _ in range(3)]
    run = stage.desk.start(stage.desk.clone(ASKING, "orders-db", which="random"))
    chosen = {choose_point.call(stage.aws, "orders-db", "random", run.key).image_id for _ in range(3)}
    ended = stage.drive(run)
    assert ended.status is Status.SUCCEEDED, ended.problem
    assert {ended.values["point"]["image_id"]} == chosen <= set(points)
    assert ended.values["report"]["rpo"] is None
    others = {choose_point.call(stage.aws, "orders-db", "random", f"D-{number}").image_id for number in range(30)}
    assert others == set(points)


def test_a_lost_server_can_be_drilled_from_what_there_is_of_it(stage: Stage) -> None:
    source = stage.seed(disks=SMALL)
    stage.backup()
    stage.lose(source)
    stage.look()
    asked = stage.clone()
    assert stage.approve(asked).status is Status.SUCCEEDED
    with pytest.raises(UserError, match="nothing left to work on"):
        stage.clone(which="fresh")


@pytest.mark.parametrize("action", ["CreateSecurityGroup", "RunInstances", "TerminateInstances", "DeleteSecurityGroup"])
def test_a_worker_that_dies_when_aws_has_done_it_leaves_one_of_everything_and_then_nothing(
    stage: Stage, action: str
) -> None:
    stage.seed(disks=SMALL)
    stage.backup()
    without_approval(stage)
    run = stage.desk.start(stage.desk.clone(ASKING, "orders-db"))

    def dies() -> None:
        """It never hears the answer; another worker waits for the end of its lease, and does the rest."""
        assert work(stage, worker(stage), run.id).status is Status.SUCCEEDED

    stage.lab.faults.after(action, dies)
    ended = stage.drive(run)
    assert ended.status is Status.SUCCEEDED, ended.problem
    assert {each: stage.count(each) for each in ONE_EACH} == dict.fromkeys(ONE_EACH, 1)
    assert standing(stage, ended) == NOTHING


def test_answers_that_are_lost_leave_one_copy_and_one_group(stage: Stage) -> None:
    stage.seed(disks=SMALL)
    stage.backup()
    for action in ONE_EACH:
        stage.lab.faults.lose_answer(action)
    ended = stage.approve(stage.clone())
    assert ended.status is Status.SUCCEEDED, ended.problem
    assert {each: stage.count(each) for each in ONE_EACH} == dict.fromkeys(ONE_EACH, 1)
    assert standing(stage, ended) == NOTHING


def _rejected(stage: Stage, asked: Run) -> Run:
    stage.desk.answer(asked.id, APPROVER, False, reason="I want to look at it")
    stage.clock.forward(1)
    return _on(stage, asked)


def _expired(stage: Stage, asked: Run) -> Run:
    stage.clock.forward(31 * 60)
    return _on(stage, asked)


def _cancelled(stage: Stage, asked: Run) -> Run:
    stage.desk.cancel(asked.id, OPERATOR)
    stage.clock.forward(1)
    return _on(stage, asked)


def _on(stage: Stage, run: Run) -> Run:
    stage.step()
    return stage.drive(run)


@pytest.mark.parametrize("ends", [_rejected, _expired, _cancelled])
def test_a_copy_that_is_not_removed_is_named_with_how_to_remove_it(
    stage: Stage, ends: Callable[[Stage, Run], Run]
) -> None:
    stage.seed(disks=SMALL)
    stage.backup()
    asked = stage.clone()
    ended = ends(stage, asked)
    copies, volumes, group = standing(stage, ended)
    assert (len(copies), len(volumes), group) == (1, 2, True)
    told = shown(ended)
    assert "The same: files" in told
    assert ended.values["isolation"]["group_id"] in told
    assert f"terminate-instances --region us-east-1 --instance-ids {copies[0]}" in told
    report = document_of(ended)
    assert any(copies[0] in each.what for each in report.left_behind.items)
    assert report.verdict.word == "passed"
    assert stage.count("TerminateInstances") == 0


def test_a_difference_is_told_though_the_copy_is_kept(stage: Stage) -> None:
    stage.seed(disks=SMALL)
    stage.backup()
    stage.lab.faults.corrupt_disk()
    ended = _rejected(stage, stage.clone())
    assert "day-000.csv" in shown(ended).split("'blocks'")[0].split(" Left standing")[0]
    assert document_of(ended).verdict.word == "failed"


def test_a_copy_that_never_answers_is_named_when_the_run_fails(stage: Stage) -> None:
    stage.seed(disks=SMALL)
    stage.backup()
    stage.lab.faults.drop_profile()
    failed = stage.drive(stage.desk.start(stage.desk.clone(ASKING, "orders-db")), hours=30)
    assert failed.status is Status.FAILED
    assert "the SSM agent of" in words(failed)
    (copy,) = standing(stage, failed)[0]
    assert f"--instance-ids {copy}" in shown(failed)
    assert document_of(failed).verdict.word == "failed"


def test_a_copy_that_became_the_server_or_bears_its_address_is_not_removed(stage: Stage) -> None:
    stage.seed(disks=SMALL)
    stage.backup()
    asked = stage.clone()
    copy = asked.values["replacement_id"]
    named = [{"Key": tags.SERVER, "Value": "orders-db"}]
    cloud(stage)("ec2", "create_tags", Resources=[copy], Tags=named)
    failed = stage.approve(asked)
    assert failed.status is Status.FAILED
    assert "somebody has made the copy the server" in words(failed)
    assert stage.count("TerminateInstances") == 0
    assert failed.problem is not None
    assert failed.problem.again_from == "approve_remove"


def test_without_a_profile_or_a_way_to_ssm_there_is_no_copy(stage: Stage) -> None:
    stage.seed(disks=SMALL)
    stage.backup()
    stage.drill_rules = DrillRules()
    failed = stage.clone()
    assert "No instance profile for copies is named" in words(failed)
    assert "Left standing" not in shown(failed)
    stage.drill_rules = DrillRules(COPY_PROFILE)
    found = cloud(stage)("ec2", "describe_vpc_endpoints")["VpcEndpoints"]
    cloud(stage)("ec2", "delete_vpc_endpoints", VpcEndpointIds=[each["VpcEndpointId"] for each in found])
    failed = retried(stage, failed)
    assert "no interface endpoint with a private name for `ssm` and `ssmmessages`" in words(failed)
    assert stage.count("RunInstances") == stage.count("CreateSecurityGroup") == 0
    stage.drill_rules = DrillRules(COPY_PROFILE, reach=("0.0.0.0/0",))
    failed = retried(stage, failed)
    assert stage.count("RunInstances") == 1
    assert "Waited 60 min for the SSM agent" in words(failed)


def test_a_copy_that_somebody_let_out_is_not_measured(stage: Stage) -> None:
    stage.seed(disks=SMALL)
    stage.backup()

    def opened() -> None:
        group = stage.store.latest(1)[0].values["isolation"]["group_id"]
        rule = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
        cloud(stage)("ec2", "authorize_security_group_ingress", GroupId=group, IpPermissions=[rule])

    stage.lab.faults.after("RunInstances", opened)
    failed = stage.clone()
    assert failed.status is Status.FAILED
    assert "is not kept apart" in words(failed)
    assert "evidence" not in failed.values
