"""Anchors in a bucket under object lock, and chains that were made anew, cut, or hidden from them."""

import base64
import hashlib
import json
import logging
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import pytest
import redis

from tests.audit.chain import BUCKET, anchorage, anew, chainer, exported, happened, put_anew
from tests.clock import HandClock
from tests.stage import Stage
from workflows import audit
from workflows.audit_anchors import Anchored, Held, named
from workflows.aws.calls import Calls
from workflows.engine.store import Store
from workflows.errors import AwsRefused

DAY = 86400.0


@pytest.fixture
def s3(stage: Stage) -> Calls:
    calls = Calls("us-east-1", stage.lab.url)
    calls("s3", "create_bucket", Bucket=BUCKET, ObjectLockEnabledForBucket=True)
    return calls


def versions(s3: Calls) -> list[dict[str, Any]]:
    return list(s3("s3", "list_object_versions", Bucket=BUCKET).get("Versions", []))


def test_a_head_is_anchored_once_by_however_many_workers_and_nobody_removes_it_before_its_days_are_over(
    stage: Stage, store: Store, clock: HandClock, s3: Calls
) -> None:
    """The lab refuses to delete a version under a lock, as S3 does; it lets a lock be shortened, which S3 does not."""
    first, second = anchorage(stage), anchorage(stage)
    assert not first.keep(stage.chainer.newest(), clock.now())
    happened(store, clock, 3)
    stage.chainer.catch_up()
    head = stage.chainer.newest()
    assert head is not None
    stage.lab.faults.lose_answer("PutObject")
    assert not first.keep(head, clock.now())
    assert not second.keep(head, clock.now() + 60)
    assert not first.keep(head, clock.now() + 120)
    (only,) = versions(s3)
    assert only["Key"] == f"anchors/test/{head.name}"
    body = s3("s3", "get_object", Bucket=BUCKET, Key=only["Key"])["Body"].read()
    assert json.loads(body)["digest"] == stage.chainer.head().link.digest
    asked = next(each.params for each in stage.lab.calls if each.action == "PutObject")
    until = datetime.fromisoformat(asked["ObjectLockRetainUntilDate"]).timestamp()
    assert (asked["ObjectLockMode"], until - clock.now()) == ("COMPLIANCE", 400 * DAY)
    assert base64.b64decode(asked["ChecksumSHA256"]) == hashlib.sha256(body).digest()
    with pytest.raises(AwsRefused, match="AccessDenied"):
        s3("s3", "delete_object", Bucket=BUCKET, Key=only["Key"], VersionId=only["VersionId"])
    assert first.anchors() == [head]


def test_a_chain_that_was_made_anew_is_found_though_its_anchors_are_hidden_and_its_own_head_is_anchored_too(
    stage: Stage, store: Store, redis_client: redis.Redis, clock: HandClock, s3: Calls
) -> None:
    bucket = anchorage(stage)
    for _ in range(3):
        happened(store, clock, 4)
        stage.chainer.catch_up()
        assert bucket.keep(stage.chainer.newest(), clock.now())
    assert stage.chainer.verdict(anchors=bucket.anchors()).whole
    put_anew(redis_client, clock, 6)
    for each in versions(s3):
        s3("s3", "delete_object", Bucket=BUCKET, Key=each["Key"])
    assert not s3("s3", "list_objects_v2", Bucket=BUCKET).get("Contents")
    assert bucket.keep(stage.chainer.newest(), clock.now())
    assert stage.chainer.verdict().whole
    (said,) = stage.chainer.verdict(anchors=bucket.anchors()).faults
    assert said.startswith("The chain was rewritten, beginning after entry 4 of 2026-")
    assert "whose anchor still holds: entry 8 of 2026-" in said
    assert said.endswith("is not the one that was anchored. 1 later anchor differs too.")


def test_a_bucket_without_a_lock_or_none_at_all_is_told_in_the_log_with_what_to_do(
    stage: Stage, store: Store, clock: HandClock, caplog: pytest.LogCaptureFixture
) -> None:
    happened(store, clock, 1)
    stage.chainer.catch_up()
    bucket = anchorage(stage)
    assert not bucket.keep(stage.chainer.newest(), clock.now())
    assert "NoSuchBucket" in caplog.text
    Calls("us-east-1", stage.lab.url)("s3", "create_bucket", Bucket=BUCKET)
    assert not bucket.keep(stage.chainer.newest(), clock.now())
    assert "has no object lock" in caplog.text
    assert "Switch it on in the bucket's properties" in bucket.doubts()[0]
    assert {each.levelno for each in caplog.records if each.name == "workflows.anchorage"} == {logging.ERROR}


@pytest.fixture
def lines(store: Store, redis_client: redis.Redis, clock: HandClock) -> list[bytes]:
    """Forty entries, one a day, and the seal."""
    happened(store, clock, 40, apart=DAY)
    return exported(chainer(redis_client, clock))


def anchors(lines: Sequence[bytes], *seqs: int) -> list[Anchored]:
    """As they were put when those entries were the last ones."""
    made = [audit.read(line[:-1]) or {} for line in lines]
    return [Anchored(seq, int(1_795_500_000 + (seq - 1) * DAY), made[seq - 1]["digest"]) for seq in seqs]


def held(lines: Sequence[bytes], kept: Sequence[Anchored], part: bool = False, since: float = 0) -> tuple[str, ...]:
    """The faults of a chain that Redis holds, whose head it has noted right."""
    head = audit.link_of(audit.read(lines[-1][:-1]) or {})
    check = audit.Check(held=Held(kept, part, since))
    for line in lines:
        check.add(line[:-1])
    return check.verdict(head=head).faults


def test_a_chain_that_ends_before_its_last_anchor_lost_its_end(lines: list[bytes]) -> None:
    kept = anchors(lines, 10, 20, 30)
    assert held(lines[:30], kept) == ()
    assert held(lines[:29], kept) == (
        f"The chain's end was removed: it ends at entry 29, and {kept[-1]} was anchored.",
    )
    assert held(lines[:29], kept, part=True) == ()


def test_a_beginning_that_was_removed_behind_a_forged_checkpoint_is_found_by_an_anchor_that_should_still_be_there(
    lines: list[bytes],
) -> None:
    kept = anchors(lines, 10, 20, 30)
    made = [audit.read(line[:-1]) or {} for line in lines[:40]]
    cut = {"cut": {"seq": 15, "digest": made[14]["digest"]}}
    checkpoint = audit.entry(audit.link_of(made[-1]), "checkpoint", 0, "", cut)
    rest = [*lines[15:40], audit.canonical(checkpoint) + b"\n"]
    assert held(rest, []) == ()
    assert held(rest, kept, since=kept[0].at + 1) == (), "it was kept as long as it must"
    assert held(rest, kept, since=kept[0].at) == (
        f"The chain's beginning was removed: {kept[0]} was anchored, and should still be kept.",
    )


def test_a_chain_in_which_no_anchor_can_be_looked_for_does_not_pass(lines: list[bytes]) -> None:
    later = [Anchored(77, 1_795_500_000, "0" * 64)]
    assert held(lines[:40], later, part=True) == ("None of the 1 anchor is of an entry of this chain.",)
    assert held(lines[:40], anchors(lines, 40), part=True) == ()
    assert held([audit.canonical(each) + b"\n" for each in anew(lines[:40], 1)], anchors(lines, 7)) == (
        f"The chain was rewritten, beginning at any entry up to that one: {anchors(lines, 7)[0]} is not the one that "
        "was anchored.",
    )


@pytest.mark.parametrize(
    "name", ["", "a.json", "1-20261120T090000Z-ab.json", f"{7:012d}-20261320T090000Z-{'a' * 64}.json"]
)
def test_what_else_lies_in_the_bucket_is_no_anchor(name: str) -> None:
    assert named(name) is None
    assert named(Anchored(7, 1_795_500_000, "a" * 64).name) == Anchored(7, 1_795_500_000, "a" * 64)
