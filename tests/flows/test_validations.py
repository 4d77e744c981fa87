"""A validation: the living server's facts against a recovery point. It changes nothing, and proves no backup."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.flows.scene import SMALL, cloud, mark, retried, shown, since, words
from tests.stage import ASKING, OPERATOR, Stage
from workflows.engine.run import Run, Status
from workflows.errors import Busy, UserError
from workflows.report.reading import document_of


def validated(stage: Stage, target: str = "orders-db", against: str = "latest") -> Run:
    """A validation, driven to its end."""
    return stage.drive(stage.desk.start(stage.desk.validate(ASKING, target, against)))


def image_of(run: Run) -> str:
    return str(run.values["point"]["image_id"])


def overwrite(path: Path, data: bytes) -> None:
    """As a bad disk does: the times stay as they were."""
    times = path.stat()
    path.write_bytes(data)
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))


def test_a_server_that_shows_the_facts_of_its_newest_point_is_told_so_and_nothing_is_changed(stage: Stage) -> None:
    stage.seed(disks=SMALL)
    stage.backup()
    newest = image_of(stage.backup())
    tags, then = stage.aws.images.get(newest).tags, mark(stage)
    ended = validated(stage)
    assert ended.status is Status.SUCCEEDED, ended.problem
    assert (ended.id[0], image_of(ended), ended.values["evidence"]["verdict"]) == ("V", newest, "same")
    assert since(stage, then).changes == ["SendCommand"]
    assert stage.aws.images.get(newest).tags == tags
    assert "The same: files" in shown(ended)
    assert f"The backup itself was not tested: `{newest}` stays complete; `/dr drill orders-db` tests it." in shown(
        ended
    )
    document = document_of(ended)
    assert (document.verdict.word, document.left_behind.items) == ("intact", ())
    assert "proves nothing about the backup" in document.verdict.headline
    assert any("The backup was not tested" in each for each in document.not_measured)


def test_what_the_server_wrote_since_is_drift_and_fails_nothing_against_an_older_point_either(stage: Stage) -> None:
    source = stage.seed(disks=SMALL)
    older = image_of(stage.backup())
    (stage.lab.tree(source) / "srv/app/VERSION").write_bytes(b"4.2.2\n")
    (stage.lab.tree(source) / "srv/app/new").write_bytes(b"x\n")
    newer = stage.backup()
    assert newer.status is Status.SUCCEEDED
    ended = validated(stage, against=older)
    assert ended.status is Status.SUCCEEDED, ended.problem
    assert image_of(ended) == older
    assert "2 names have drifted, which is no failure" in shown(ended)


def _corrupt(tree: Path) -> None:
    overwrite(tree / "srv/app/config.ini", b"port = 5433\n")


def _lost(tree: Path) -> None:
    (tree / "srv/app/VERSION").unlink()


@pytest.mark.parametrize(
    ("damage", "named"), [(_corrupt, "config.ini (content corrupt)"), (_lost, "VERSION (missing)")]
)
def test_what_nobody_wrote_fails_and_is_named_and_is_not_held_against_the_backup(
    stage: Stage, damage: Callable[[Path], None], named: str
) -> None:
    source = stage.seed(disks=SMALL)
    image = image_of(stage.backup())
    tags = stage.aws.images.get(image).tags
    damage(stage.lab.tree(source))
    failed = validated(stage)
    assert failed.status is Status.FAILED
    assert named in words(failed)
    assert f"The backup itself was not tested: `{image}` stays complete." in words(failed)
    assert f"`/dr restore {image} --beside`" in words(failed)
    assert "Do not trust" not in words(failed)
    assert stage.aws.images.get(image).tags == tags
    with pytest.raises(UserError, match="a retry could not change that"):
        stage.desk.retry(failed.id, OPERATOR)
    assert (document_of(failed).verdict.word, document_of(failed).evidence is None) == ("failed", False)
    assert "says nothing about the backup" in document_of(failed).verdict.headline
    assert stage.restore(beside=True).status is Status.SUCCEEDED


def test_a_record_that_the_server_no_longer_holds_or_that_was_changed_is_said_plainly_and_a_retry_looks_again(
    stage: Stage,
) -> None:
    source = stage.seed(disks=SMALL)
    key = stage.backup().key
    store = stage.lab.tree(source) / "var/lib/firedrill"
    (store / key).rename(store / "elsewhere")
    failed = validated(stage)
    assert failed.status is Status.FAILED
    assert f"The disk holds no facts of {key}." in words(failed)
    assert f"`{source}` was not compared. That says nothing about the backup" in words(failed)
    assert "evidence" not in failed.values
    assert document_of(failed).verdict.headline.startswith('The run stopped at "Compare the facts"')
    (store / "elsewhere").rename(store / key)
    (store / key / "manifest").write_text("something else\n")
    assert "tampered with" in words(retried(stage, failed))


def test_a_server_without_a_point_and_a_point_of_another_server_are_refused_before_anything_begins(
    stage: Stage,
) -> None:
    stage.seed(disks=SMALL)
    stage.seed("billing", disks=SMALL)
    with pytest.raises(UserError, match="has no recovery point"):
        stage.desk.validate(ASKING, "orders-db")
    other = image_of(stage.backup("billing"))
    with pytest.raises(UserError, match=r"is not a recovery point of \*orders-db\*"):
        stage.desk.validate(ASKING, "orders-db", other)
    stage.backup()
    with pytest.raises(UserError, match="has no proven recovery point"):
        stage.desk.validate(ASKING, "orders-db", "proven")


def test_no_validation_runs_while_another_run_works_on_the_server_and_none_of_a_server_that_stands_still(
    stage: Stage,
) -> None:
    source = stage.seed(disks=SMALL)
    stage.backup()
    drill = stage.drill()
    with pytest.raises(Busy, match=drill.id):
        validated(stage)
    stage.desk.cancel(drill.id, OPERATOR)
    stage.clock.forward(1)
    stage.step()
    cloud(stage)("ec2", "stop_instances", InstanceIds=[source])
    failed = validated(stage)
    assert failed.step.name == "inspect_server"
    assert "can be measured only while it runs" in words(failed)
