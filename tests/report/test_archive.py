"""Reports in a bucket: each once, whatever happens to the answers, and never in a run's way."""

import hashlib
from dataclasses import replace

import pytest

from tests.clock import HandClock
from tests.report.records import ended
from tests.stage import Stage
from workflows.archive import Archive
from workflows.aws.calls import Calls
from workflows.aws.objects import Objects
from workflows.engine.keys import lock_key
from workflows.engine.run import Run
from workflows.report.reading import seal

BUCKET = "example-reports"


@pytest.fixture
def s3(stage: Stage) -> Calls:
    calls = Calls("us-east-1", stage.lab.url)
    calls("s3", "create_bucket", Bucket=BUCKET)
    return calls


def archive(stage: Stage, kms_key: str = "") -> Archive:
    """A worker's own: another one knows nothing of what it has kept."""
    return Archive(stage.store, Objects("us-east-1", BUCKET, kms_key, stage.lab.url), "firedrill/")


def finished(stage: Stage, clock: HandClock, run_id: str = "D-0013") -> Run:
    run = replace(ended("drill"), id=run_id, key=f"{run_id}-0123abcd", created=clock.now())
    stage.store.redis.delete(lock_key(run.target))
    return stage.store.create(replace(run, seal=seal(run)))


def keys(s3: Calls) -> list[str]:
    return [str(each["Key"]) for each in s3("s3", "list_objects_v2", Bucket=BUCKET).get("Contents", [])]


def test_a_report_is_kept_encrypted_and_its_json_has_the_digest_of_the_record(
    stage: Stage, clock: HandClock, s3: Calls
) -> None:
    run = finished(stage, clock)
    assert archive(stage).keep(run)
    folder = f"firedrill/D-0013-0123abcd/{run.seal[:16]}"
    assert sorted(keys(s3)) == [f"{folder}/report.html", f"{folder}/report.json", f"{folder}/timeline.png"]
    found = s3("s3", "get_object", Bucket=BUCKET, Key=f"{folder}/report.json")
    assert {each.params["ServerSideEncryption"] for each in stage.lab.calls if each.action == "PutObject"} == {"AES256"}
    assert hashlib.sha256(found["Body"].read()).hexdigest() == run.seal


def test_a_lost_answer_a_second_worker_and_a_sweep_write_nothing_twice(
    stage: Stage, clock: HandClock, s3: Calls
) -> None:
    run = finished(stage, clock)
    first = archive(stage)
    stage.lab.faults.lose_answer("PutObject")
    assert not first.keep(run)
    assert first.keep(run)
    assert archive(stage).sweep() == 0
    assert first.sweep() == 0
    written = [each for each in stage.lab.effects if each.call == "PutObject"]
    assert len(written) == len(keys(s3)) == 3


def test_a_sweep_keeps_what_a_dead_worker_had_not(stage: Stage, clock: HandClock, s3: Calls) -> None:
    for number in range(3):
        finished(stage, clock, f"D-000{number}")
    assert archive(stage).sweep() == 3
    assert len(keys(s3)) == 9


def test_a_bucket_that_refuses_is_told_in_the_log_and_raises_nothing(
    stage: Stage, clock: HandClock, caplog: pytest.LogCaptureFixture
) -> None:
    run = finished(stage, clock)
    assert not archive(stage).keep(run)
    assert "NoSuchBucket" in caplog.text


def test_a_run_that_goes_on_or_whose_report_is_not_the_one_of_its_end_is_not_kept(
    stage: Stage, clock: HandClock, s3: Calls
) -> None:
    run = finished(stage, clock)
    assert not archive(stage).keep(replace(run, seal=""))
    assert not archive(stage).keep(replace(run, reason="another one"))
    assert keys(s3) == []


def test_a_key_of_ones_own_encrypts(stage: Stage, clock: HandClock, s3: Calls) -> None:
    assert archive(stage, kms_key="alias/reports").keep(finished(stage, clock))
    assert {each.params["ServerSideEncryption"] for each in stage.lab.calls if each.action == "PutObject"} == {
        "aws:kms"
    }
    assert len(keys(s3)) == 3
