"""Reports in a bucket: each once, whatever happens to the answers, and never in a run's way."""

import hashlib
from dataclasses import replace

import pytest

from tests.clock import HandClock
from tests.report.records import ended
from tests.stage import Stage
from workflows.archive import REFUSED, SILENCE, Archive
from workflows.aws.calls import Calls
from workflows.aws.objects import Objects
from workflows.engine.keys import key, millis
from workflows.engine.looking import PAGE
from workflows.engine.run import Run, Status, to_json
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


def finished(stage: Stage, clock: HandClock, run_id: str = "D-0013", **otherwise: str) -> Run:
    run = replace(ended("drill"), id=run_id, key=f"{run_id}-0123abcd", created=clock.now())
    run = replace(run, **{"seal": seal(run), **otherwise})  # type: ignore[arg-type]
    stage.store.create(run)
    ends(stage, run)
    return run


def ends(stage: Stage, run: Run) -> None:
    claim = stage.store.begin(run.id, lease=60)
    assert claim
    now = stage.clock.now()
    assert stage.store.commit(run, claim.fence, due=now, lease_until=0, event="ended").saved


def keys(s3: Calls) -> list[str]:
    return [str(each["Key"]) for each in s3("s3", "list_objects_v2", Bucket=BUCKET).get("Contents", [])]


def test_a_report_is_kept_encrypted_and_its_json_has_the_digest_of_the_record(
    stage: Stage, clock: HandClock, s3: Calls
) -> None:
    run = finished(stage, clock)
    assert archive(stage).keep(run.id)
    folder = f"firedrill/D-0013-0123abcd/{run.seal[:16]}"
    assert sorted(keys(s3)) == [f"{folder}/report.html", f"{folder}/report.json", f"{folder}/timeline.png"]
    found = s3("s3", "get_object", Bucket=BUCKET, Key=f"{folder}/report.json")
    assert {each.params["ServerSideEncryption"] for each in stage.lab.calls if each.action == "PutObject"} == {"AES256"}
    assert hashlib.sha256(found["Body"].read()).hexdigest() == run.seal


def test_a_lost_answer_a_second_worker_and_a_sweep_write_nothing_twice(
    stage: Stage, clock: HandClock, s3: Calls
) -> None:
    run = finished(stage, clock)
    first, second = archive(stage), archive(stage)
    stage.lab.faults.lose_answer("PutObject")
    assert not first.keep(run.id)
    stage.lab.faults.lose_answer("PutObject")
    assert not second.keep(run.id)
    assert archive(stage).keep(run.id)
    clock.forward(SILENCE)
    assert first.sweep() == second.sweep() == 0
    written = [each for each in stage.lab.effects if each.call == "PutObject"]
    assert len(written) == len(keys(s3)) == 3


def test_a_sweep_keeps_what_a_dead_worker_had_not(stage: Stage, clock: HandClock, s3: Calls) -> None:
    for number in range(3):
        finished(stage, clock, f"D-000{number}")
    assert archive(stage).sweep() == 3
    assert len(keys(s3)) == 9


def test_reports_of_a_long_outage_come_into_the_bucket_however_many_they_are_and_each_is_asked_for_once(
    stage: Stage, clock: HandClock, s3: Calls
) -> None:
    names = [f"D-{number:04d}" for number in range(40)]
    for name in names:
        finished(stage, clock, name)
        clock.forward(3600)
    keeper = archive(stage)
    stage.lab.faults.unavailable("PutObject", times=None)
    assert not keeper.keep(names[-1])
    asked = len(stage.lab.calls)
    assert not keeper.keep(names[0]), "S3 has just given no answer"
    assert len(stage.lab.calls) == asked
    stage.lab.faults.clear()
    clock.forward(SILENCE)
    assert keeper.sweep() == 40
    asked = len(stage.lab.calls)
    assert archive(stage).sweep() == 0
    assert len(stage.lab.calls) == asked, "what is kept is noted, for the next worker too"


def test_s3_is_asked_again_after_the_clock_was_set_back(stage: Stage, clock: HandClock, s3: Calls) -> None:
    run, keeper = finished(stage, clock), archive(stage)
    stage.lab.faults.unavailable("PutObject", times=None)
    assert not keeper.keep(run.id)
    stage.lab.faults.clear()
    clock.forward(-3600)
    assert keeper.keep(run.id)


def test_a_sweep_ends_when_its_worker_does_and_where_s3_gives_no_answer(
    stage: Stage, clock: HandClock, s3: Calls
) -> None:
    for number in range(3):
        finished(stage, clock, f"D-000{number}")
    goes_on = iter([True, False])
    assert archive(stage).sweep(lambda: next(goes_on)) == 1
    stage.lab.faults.unavailable("PutObject", times=None)
    asked = len(stage.lab.calls)
    assert archive(stage).sweep() == 0
    assert len(stage.lab.calls) == asked + 1


def test_a_sweep_of_a_month_asks_page_by_page_and_no_further_when_its_worker_ends(
    stage: Stage, clock: HandClock
) -> None:
    names = [f"B-{number:04d}" for number in range(PAGE * 3)]
    pipe = stage.store.redis.pipeline()
    pipe.zadd(key("index"), dict.fromkeys(names, millis(clock.now())))
    for each in names:
        pipe.hset(key("run", each), mapping={"open": "0", "rev": "1", "kept": "1"})
    pipe.execute()
    stage.store.redis.config_resetstat()
    assert archive(stage).sweep(lambda: False) == 0
    assert stage.store.redis.info("commandstats")["cmdstat_hmget"]["calls"] == PAGE


def test_a_run_that_goes_on_and_ends_anew_has_its_new_report_kept_too(
    stage: Stage, clock: HandClock, s3: Calls
) -> None:
    first = finished(stage, clock)
    keeper = archive(stage)
    assert keeper.sweep() == 1
    stage.store.redis.hset(key("run", first.id), mapping={"open": "1", "due": 0, "lease": 0})
    changed = replace(first, reason="once more")
    ends(stage, replace(changed, seal=seal(changed)))
    assert keeper.sweep() == 1
    assert len(keys(s3)) == 6


def test_a_run_that_is_retried_while_a_sweep_comes_to_it_is_kept_when_it_ends_anew(
    stage: Stage, clock: HandClock, s3: Calls, caplog: pytest.LogCaptureFixture
) -> None:
    first, second = finished(stage, clock, "D-0001"), finished(stage, clock, "D-0002")
    again = replace(second, status=Status.RUNNING, seal="")

    def is_retried() -> bool:
        stage.store.redis.hset(key("run", second.id), mapping={"record": to_json(again), "open": "1", "lease": 0})
        return True

    keeper = archive(stage)
    assert keeper.sweep(is_retried) == 1
    ends(stage, second)
    assert keeper.sweep() == 1
    assert {first.key, second.key} == {each.split("/")[1] for each in keys(s3)}
    assert "not the one of its end" not in caplog.text


def test_a_bucket_that_refuses_is_told_in_the_log_and_not_asked_for_all_that_is_not_kept(
    stage: Stage, clock: HandClock, caplog: pytest.LogCaptureFixture
) -> None:
    for number in range(REFUSED + 2):
        finished(stage, clock, f"D-000{number}")
    assert archive(stage).sweep() == 0
    assert caplog.text.count("NoSuchBucket") == REFUSED


def test_a_run_that_goes_on_or_whose_report_is_not_the_one_of_its_end_is_not_kept(
    stage: Stage, clock: HandClock, s3: Calls, caplog: pytest.LogCaptureFixture
) -> None:
    finished(stage, clock, "D-0002", seal="")
    finished(stage, clock, "D-0003", seal="0" * 64)
    stage.store.create(replace(ended("drill"), id="D-0001", created=clock.now()))
    keeper = archive(stage)
    assert not keeper.keep("D-0001")
    assert keeper.sweep() == keeper.sweep() == 0
    assert keys(s3) == []
    assert caplog.text.count("D-0003 its report is not the one of its end") == 1


def test_a_key_of_ones_own_encrypts(stage: Stage, clock: HandClock, s3: Calls) -> None:
    assert archive(stage, kms_key="alias/reports").keep(finished(stage, clock).id)
    assert {each.params["ServerSideEncryption"] for each in stage.lab.calls if each.action == "PutObject"} == {
        "aws:kms"
    }
    assert len(keys(s3)) == 3
