"""The report of real runs, on disks that hold real bytes."""

import hashlib
import json

from tests.flows.scene import SMALL
from tests.stage import APPROVER, OPERATOR, Stage
from workflows.engine.run import Run, Status, from_json, to_json
from workflows.report.document import Document, digest
from workflows.report.document import to_json as written
from workflows.report.reading import document_of


def drilled(stage: Stage) -> Run:
    stage.seed(disks=SMALL)
    return stage.approve(stage.drill())


def test_a_drill_that_passed_says_so_and_who_approved_what_they_saw(stage: Stage) -> None:
    stage.seed(disks=SMALL)
    asked = stage.drill()
    assert asked.question is not None
    told = document_of(stage.approve(asked))
    assert told.verdict.word == "passed"
    assert told.run.practice
    assert told.run.asked_by.id == OPERATOR.id
    (decision,) = told.decisions
    assert (decision.outcome, [each.by.id for each in decision.said]) == ("approved", [APPROVER.id])
    assert [each.label for each in decision.shown] == [label for label, _ in asked.question.items]
    assert "<" not in "".join(each.text for each in decision.shown)


def test_a_drill_tells_its_point_with_its_snapshots_its_figures_and_every_step(stage: Stage) -> None:
    run = drilled(stage)
    told = document_of(run)
    assert told.recovery_point is not None
    assert told.recovery_point.proof == "proven by this run"
    image = stage.aws.images.get(told.recovery_point.image_id)
    assert {each.device: each.id for each in told.recovery_point.snapshots} == image.snapshots
    assert [each.title for each in told.steps] == [each.title for each in run.steps]
    figures = {each.name: each.seconds for each in told.measures}
    assert figures["rto_validated"] == round(run.values["report"]["rto_validated"], 3)
    assert figures["rpo"] is not None
    assert told.server.replacement_id == run.values["replacement_id"]


def test_a_damaged_disk_is_told_by_the_files_name_and_the_point_as_differed(stage: Stage) -> None:
    stage.seed(disks=SMALL)
    asked = stage.drill()
    stage.lab.faults.corrupt_disk("/data/orders/day-000.csv")
    told = document_of(stage.approve(asked))
    assert told.verdict.word == "failed"
    assert told.evidence is not None
    named = [each.path for fact in told.evidence.facts for each in fact.differences]
    assert named == ["/data/orders/day-000.csv"]
    assert told.recovery_point is not None
    assert told.recovery_point.proof == "complete, but differed in this run"


def test_a_rejected_drill_says_that_nothing_was_terminated_and_proves_nothing(stage: Stage) -> None:
    stage.seed(disks=SMALL)
    asked = stage.drill()
    stage.desk.answer(asked.id, APPROVER, False, reason="not during the sale")
    stage.clock.forward(1)
    stage.step()
    told = document_of(stage.drive(asked))
    assert told.verdict.word == "not carried out"
    assert "Nothing was terminated" in told.verdict.headline
    assert [(each.outcome, each.said[0].reason) for each in told.decisions] == [("rejected", "not during the sale")]
    assert told.evidence is None


def test_a_backup_is_complete_and_never_called_proven(stage: Stage) -> None:
    stage.seed(disks=SMALL)
    told = document_of(stage.backup())
    assert told.verdict.word == "complete"
    assert told.recovery_point is not None
    assert told.recovery_point.proof == "complete"
    assert any("proves nothing" in each for each in told.not_measured)


def test_what_outlives_a_drill_is_priced_by_its_type(stage: Stage) -> None:
    source = stage.seed(disks=SMALL)
    calls = stage.aws.instances._calls
    mappings = [{"DeviceName": "/dev/sdf", "Ebs": {"DeleteOnTermination": False}}]
    calls("ec2", "modify_instance_attribute", InstanceId=source, BlockDeviceMappings=mappings)
    address = calls("ec2", "allocate_address", Domain="vpc")
    calls("ec2", "associate_address", InstanceId=source, AllocationId=address["AllocationId"])
    run = stage.approve(stage.drill())
    left = document_of(run).left_behind
    kind = next(each["kind"] for each in run.values["source"]["disks"] if each["keeps"])
    price = {"gp2": 2.0, "gp3": 1.6}[kind]
    assert [each.monthly for each in left.items] == [price, 3.65, None]
    assert left.monthly == round(price + 3.65, 2)
    assert left.prices.startswith("About: AWS's list prices of us-east-1")


def test_the_same_record_gives_the_same_bytes_and_sha256sum_the_digest(stage: Stage) -> None:
    run = drilled(stage)
    told = document_of(run)
    again = document_of(from_json(to_json(run)))
    assert written(told) == written(again)
    assert hashlib.sha256(written(told)).hexdigest() == digest(told)
    assert Document.model_validate_json(written(told)) == told
    assert "user_data" not in json.dumps(json.loads(written(told)))


def test_every_run_that_ends_holds_the_digest_of_its_report(stage: Stage) -> None:
    run = drilled(stage)
    assert run.status is Status.SUCCEEDED
    assert run.seal == digest(document_of(run))
    backup = stage.backup("orders-db")
    assert backup.seal == digest(document_of(backup))
