"""What must never happen, 4: a run says that it succeeded when a fact differed, was missing, or was not measured."""

import math
import os
from collections.abc import Callable
from functools import partial

import pytest

from handlers.grammar import parse
from handlers.point_lines import listed
from tests.flows import scene
from tests.flows.scene import SMALL, made, nothing_lost, prints, retried, shown, words
from tests.stage import APPROVER, ASKING, OPERATOR, Stage
from workflows.aws.tags import seconds
from workflows.engine.run import Run, Status
from workflows.errors import UserError


def _after_launch(stage: Stage, change: Callable[[str], object]) -> None:
    """Something happens on the replacement's disk before anybody measures it."""

    def happens() -> None:
        change(made(stage, "RunInstances")[-1])

    stage.lab.faults.after("RunInstances", happens)


def _corrupted(stage: Stage) -> None:
    stage.lab.faults.corrupt_disk()


def _config_corrupted(stage: Stage) -> None:
    stage.lab.faults.corrupt_disk("/srv/app/config.ini")


def _blank(stage: Stage) -> None:
    stage.lab.faults.blank_disk()


def _file_lost(stage: Stage) -> None:
    _after_launch(stage, lambda made: (stage.lab.tree(made) / "srv/app/VERSION").unlink())


def _file_more(stage: Stage) -> None:
    """Written long after the image was taken: the clock of these tests goes faster than that of the disk."""

    def add(made: str) -> None:
        core = stage.lab.tree(made) / "srv/app/core"
        core.write_bytes(b"x")
        os.utime(core, (4_000_000_000, 4_000_000_000))

    _after_launch(stage, add)


def _mode_changed(stage: Stage) -> None:
    _after_launch(stage, lambda made: (stage.lab.tree(made) / "srv/app/VERSION").chmod(0o777))


def _folder_lost(stage: Stage) -> None:
    def lose(made: str) -> None:
        folder = stage.lab.tree(made) / "srv/app"
        folder.rename(folder.with_name("app-lost"))

    _after_launch(stage, lose)


def _own(stage: Stage, made: str, name: str) -> None:
    (file,) = (stage.lab.tree(made) / "var/lib/firedrill").glob(f"*/{name}")
    file.write_text("something else\n")


def _marker_changed(stage: Stage) -> None:
    _after_launch(stage, lambda made: _own(stage, made, "marker"))


def _manifest_changed(stage: Stage) -> None:
    _after_launch(stage, lambda made: _own(stage, made, "manifest"))


def _record_lost(stage: Stage) -> None:
    def lose(made: str) -> None:
        store = stage.lab.tree(made) / "var/lib/firedrill"
        store.rename(store.with_name("elsewhere"))

    _after_launch(stage, lose)


DAMAGES = [
    (_corrupted, "day-000.csv"),
    (_config_corrupted, "config.ini"),
    (_blank, "/data/orders"),
    (_file_lost, "VERSION"),
    (_file_more, "core"),
    (_mode_changed, "mode"),
    (_folder_lost, "/srv/app"),
    (_marker_changed, "marker"),
    (_manifest_changed, "tampered"),
    (_record_lost, "no facts"),
]


def _told_to_differ(stage: Stage, failed: Run, named: str) -> None:
    assert failed.status is Status.FAILED, named
    assert failed.values["evidence"]["verdict"] == failed.values["report"]["verdict"] == "different"
    assert named in words(failed)
    assert "ucceeded" not in shown(failed)
    tags = stage.aws.images.get(failed.values["point"]["image_id"]).tags
    assert (tags["firedrill:proof"], tags["firedrill:differed-in"]) == ("complete", failed.id)


@pytest.mark.parametrize(("damage", "named"), [DAMAGES[0], DAMAGES[3], DAMAGES[7]])
def test_a_replacement_that_is_not_as_its_source_was_fails_the_drill_and_is_named(
    stage: Stage, damage: Callable[[Stage], None], named: str
) -> None:
    stage.seed(disks=SMALL)
    asked = stage.drill()
    damage(stage)
    _told_to_differ(stage, stage.approve(asked), named)


def test_a_copy_that_is_not_as_its_source_was_fails_the_restore_and_is_named(stage: Stage) -> None:
    stage.seed(disks=SMALL)
    assert stage.backup().status is Status.SUCCEEDED
    for damage, named in DAMAGES:
        damage(stage)
        _told_to_differ(stage, stage.restore(beside=True), named)
    assert stage.restore(beside=True).status is Status.SUCCEEDED


def test_a_verdict_cannot_be_retried_into_a_better_one(stage: Stage) -> None:
    stage.seed(disks=SMALL)
    asked = stage.drill()
    _file_lost(stage)
    failed = stage.approve(asked)
    (stage.lab.tree(failed.values["replacement_id"]) / "srv/app/VERSION").write_bytes(b"4.2.1\n")
    with pytest.raises(UserError, match="a retry could not change that"):
        stage.desk.retry(failed.id, OPERATOR)
    stage.clock.forward(600)
    stage.step()
    assert stage.store.read(failed.id) == failed
    assert stage.aws.images.get(failed.values["point"]["image_id"]).tags["firedrill:proof"] == "complete"


def test_a_restore_of_bytes_of_an_older_point_is_found_out(stage: Stage) -> None:
    source = stage.seed(disks=SMALL)
    older = stage.backup()
    (stage.lab.tree(source) / "srv/app/VERSION").write_bytes(b"4.2.2\n")
    newer = stage.backup()
    scene.content_of(stage, older, newer)
    stage.lose(source)
    stage.clock.forward(60)
    failed = stage.restore()
    assert failed.values["image_id"] == newer.values["asked"]["image_id"]
    assert failed.status is Status.FAILED
    assert failed.values["evidence"]["verdict"] == "different"
    assert "no facts" in words(failed)


def test_a_proven_point_that_differs_later_is_not_proven_any_more(stage: Stage) -> None:
    stage.seed(disks=SMALL)
    drilled = stage.approve(stage.drill())
    image = drilled.values["point"]["image_id"]
    assert stage.aws.images.get(image).tags["firedrill:proof"] == "proven"
    stage.lab.faults.corrupt_disk()
    stage.look()
    failed = stage.restore(beside=True, point=image)
    assert failed.status is Status.FAILED
    tags = stage.aws.images.get(image).tags
    assert (tags["firedrill:proof"], tags["firedrill:differed-in"]) == ("complete", failed.id)
    assert tags["firedrill:proven-by"] == tags["firedrill:proven-at"] == ""
    assert tags["firedrill:complete-by"] == drilled.id
    stage.look()
    (point,) = stage.desk.points("orders-db")
    assert (point.proof, point.proof_by, point.differed_in) == ("complete", drilled.id, failed.id)
    assert point.differed_at == seconds(tags["firedrill:differed-at"]) == math.floor(failed.ended or 0)
    told = listed([point], stage.clock.now() + 7200)
    assert f"*differed* when `{failed.id}` restored it 2 h ago" in told
    assert "proven" not in told


def test_a_restore_passes_over_newer_points_that_differed_and_says_how_to_take_one_all_the_same(stage: Stage) -> None:
    source = stage.seed(disks=SMALL)
    older, newer = (stage.backup().values["point"]["image_id"] for _ in range(2))
    stage.lab.faults.corrupt_disk()
    failed = stage.restore(beside=True)
    assert (failed.status, failed.values["point"]["image_id"]) == (Status.FAILED, newer)
    stage.lab.faults.clear()
    stage.lose(source)
    stage.look()
    said = f"`{newer}` is newer, but passed over: it *differed* in `{failed.id}`. Named"
    assert said in stage.answers.to(parse("restore orders-db --dry-run"), ASKING)[0]
    answer, (run,) = stage.answers.to(parse("restore orders-db"), ASKING)
    assert said in answer
    ended = stage.drive(run)
    assert (ended.status, ended.values["point"]["image_id"]) == (Status.SUCCEEDED, older)
    assert said in shown(ended)
    assert stage.desk.restore(ASKING, newer, beside=True).values["image_id"] == newer
    assert stage.clone().values["point"]["image_id"] == newer, "a drill is there to test the newest"


def test_where_every_point_differed_the_newest_is_restored_with_a_warning(stage: Stage) -> None:
    stage.seed(disks=SMALL)
    point = stage.backup().values["point"]["image_id"]
    stage.lab.faults.corrupt_disk()
    failed = stage.restore(beside=True)
    stage.lab.faults.clear()
    again = stage.restore(beside=True)
    assert (again.status, again.values["point"]["image_id"]) == (Status.SUCCEEDED, point)
    assert f"`{point}` *differed* when `{failed.id}` restored it, and there is none that did not." in shown(again)


def test_a_replacement_without_its_profile_never_answers_and_the_run_fails(stage: Stage) -> None:
    stage.seed(disks=SMALL)
    asked = stage.drill()
    stage.lab.faults.drop_profile()
    stage.desk.answer(asked.id, APPROVER, True)
    stage.clock.forward(1)
    stage.step()
    waiting = stage.drive(asked, until=lambda run: run.step.name == "wait_for_agent" and run.step.looks > 0)
    stage.clock.forward(3600)
    failed = stage.drive(waiting)
    assert failed.status is Status.FAILED
    assert "the SSM agent of" in words(failed)
    assert "evidence" not in failed.values
    assert "The source was terminated." in shown(failed)
    assert stage.aws.images.get(failed.values["point"]["image_id"]).tags["firedrill:proof"] == "complete"


def test_an_agent_that_comes_online_late_is_waited_for(stage: Stage) -> None:
    stage.seed(disks=SMALL)
    asked = stage.drill()
    _after_launch(stage, stage.lab.faults.agent_offline)
    stage.desk.answer(asked.id, APPROVER, True)
    stage.clock.forward(1)
    stage.step()
    run = stage.drive(asked, until=lambda run: run.step.name == "wait_for_agent" and run.step.looks > 5)
    assert "it has not come online yet" in shown(run)
    stage.lab.faults.clear()
    assert stage.drive(run).status is Status.SUCCEEDED


ANSWERS = [
    (0, "", "no facts"),
    (1, "", "ended as `Failed` (exit 1)"),
    (0, "rubbish\n", "no facts"),
    (0, "firedrill-facts:{}\n", "not the one that was asked for"),
    (0, 'firedrill-facts:{"format":1,"mode":"compare","key":"D-00', "cut off or mangled"),
    (0, 'firedrill-facts:{"format":1,"mode":"compare","key":"D-0001-00000000"}\n', "lacks facts"),
    (0, 'firedrill-facts:{"format":1,"mode":"compare","errors":[["files","/srv/app","I/O error"]]}\n', "I/O error"),
]


def test_a_comparison_that_cannot_be_read_is_no_success_and_a_retry_compares_again(stage: Stage) -> None:
    stage.seed(disks=SMALL)
    run = stage.drill()
    for code, stdout, said in ANSWERS:
        stage.lab.faults.before(
            "GetCommandInvocation",
            partial(lambda *answer: prints(stage, made(stage, "RunInstances")[-1], *answer), code, stdout),
        )
        run = stage.approve(run) if run.status is Status.ASKING else retried(stage, run)
        assert run.status is Status.FAILED, stdout
        assert said in words(run)
        assert "evidence" not in run.values
        assert stage.aws.images.get(run.values["point"]["image_id"]).tags["firedrill:proof"] == "complete"
    ended = retried(stage, run)
    assert ended.status is Status.SUCCEEDED, ended.problem
    assert ended.values["evidence"]["verdict"] == "same"


def test_facts_that_cannot_be_read_before_a_backup_stop_it_before_any_image(stage: Stage) -> None:
    source = stage.seed(disks=SMALL)
    run: Run | None = None
    for stdout in ("", "rubbish\n", 'firedrill-facts:{"format":1,"mode":"record"}\n'):
        stage.lab.faults.before("GetCommandInvocation", partial(prints, stage, source, 0, stdout))
        run = retried(stage, run) if run else stage.drill()
        assert run.status is Status.FAILED
        assert run.step.name == "record_facts"
        assert stage.count("CreateImage") == 0
    assert nothing_lost(stage, source)


def test_an_image_that_lost_a_volume_after_its_backup_is_not_restored(stage: Stage) -> None:
    source = stage.seed(disks=SMALL)
    backup: Run = stage.backup()
    scene.image_loses_volume(stage, backup.values["asked"]["image_id"])
    stage.lose(source)
    stage.clock.forward(60)
    failed = stage.restore()
    assert failed.status is Status.FAILED
    assert made(stage, "RunInstances") == []
