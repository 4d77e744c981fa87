"""A script that hangs, is ended, or says too much; and disks that came back otherwise: right outcome, plain words."""

from collections.abc import Callable
from functools import partial

import pytest

from practice.cloud.sandbox import Outcome
from tests.flows import scene
from tests.flows.scene import SMALL, made, nothing_lost, retried, shown, words
from tests.stage import Stage
from workflows.engine.run import Run, Status

TIMED_OUT = Outcome(-9, "", "", timed_out=True)
CHATTY = Outcome(0, "Welcome to this server.\n" * 1000 + 'firedrill-facts:{"format":1}\n', "")


def ends(stage: Stage, instance: Callable[[], str], outcome: Outcome | None) -> None:
    """The last script on the instance ended so; None: nothing is heard of it any more."""
    kept = stage.lab._commands._kept.values()
    last = [each for each in kept if each.instance == instance()][-1]
    last.outcome = outcome


def goes_silent(stage: Stage, instance: Callable[[], str]) -> None:
    """The agent goes offline while the script runs."""
    ends(stage, instance, None)
    stage.lab.faults.agent_offline(instance())


def before_it_is_read(stage: Stage, happens: Callable[[], None]) -> None:
    stage.lab.faults.before("GetCommandInvocation", happens)


@pytest.mark.parametrize(
    ("outcome", "said"), [(TIMED_OUT, "ended as `TimedOut`: AWS ends a script"), (CHATTY, "no facts")]
)
def test_facts_whose_script_is_ended_or_says_too_much_stop_the_backup_before_any_image(
    stage: Stage, outcome: Outcome, said: str
) -> None:
    source = stage.seed(disks=SMALL)
    before_it_is_read(stage, partial(ends, stage, lambda: source, outcome))
    failed = stage.backup()
    assert (failed.status, failed.step.name) == (Status.FAILED, "record_facts")
    assert said in words(failed)
    assert stage.count("CreateImage") == 0
    assert nothing_lost(stage, source)
    assert retried(stage, failed).status is Status.SUCCEEDED


def test_an_agent_that_goes_offline_halfway_stops_the_backup_and_a_retry_measures_again(stage: Stage) -> None:
    source = stage.seed(disks=SMALL)
    before_it_is_read(stage, partial(goes_silent, stage, lambda: source))
    failed = stage.backup()
    assert (failed.status, failed.step.name) == (Status.FAILED, "record_facts")
    assert f"Waited 70 min for the script on {source}, in vain." in words(failed)
    assert stage.count("CreateImage") == 0
    stage.lab.faults.clear()
    assert retried(stage, failed).status is Status.SUCCEEDED
    assert stage.count("CreateImage") == 1


def test_an_agent_that_goes_offline_halfway_through_the_comparison_is_no_success(stage: Stage) -> None:
    stage.seed(disks=SMALL)
    asked = stage.drill()
    before_it_is_read(stage, partial(goes_silent, stage, lambda: made(stage, "RunInstances")[-1]))
    failed = stage.approve(asked)
    assert (failed.status, failed.step.name) == (Status.FAILED, "compare_facts")
    assert "Waited 70 min for the script on i-" in words(failed)
    assert "evidence" not in failed.values
    assert "ucceeded" not in shown(failed)
    assert stage.aws.images.get(failed.values["point"]["image_id"]).tags["firedrill:proof"] == "complete"
    stage.lab.faults.clear()
    ended = retried(stage, failed)
    assert (ended.status, ended.values["evidence"]["verdict"]) == (Status.SUCCEEDED, "same")
    assert stage.count("RunInstances") == 1


def test_a_data_volume_of_an_older_point_is_found_out_though_the_root_volume_is_the_right_one(stage: Stage) -> None:
    source = stage.seed(disks=SMALL)
    older = stage.backup()
    orders = stage.lab.tree(source) / "data/orders"
    (orders / "day-000.csv").write_bytes(b"order,amount\n1,43.00\n")
    (orders / "day-001.csv").write_bytes(b"order,amount\n2,17.00\n")
    newer = stage.backup()
    _data_of(stage, older, newer)
    failed = stage.restore(beside=True, point=newer.values["asked"]["image_id"])
    assert failed.status is Status.FAILED
    found = {(one["kind"], one["path"]) for one in failed.values["evidence"]["results"][0]["differences"]}
    assert found == {("corrupt", "/data/orders/day-000.csv"), ("missing", "/data/orders/day-001.csv")}
    assert "day-000.csv (content corrupt), /data/orders/day-001.csv (missing)" in words(failed)


def test_a_second_volume_that_is_not_mounted_is_missing_name_by_name(stage: Stage) -> None:
    stage.seed(disks=SMALL)
    stage.backup()

    def unmount() -> None:
        data = stage.lab.tree(made(stage, "RunInstances")[-1]) / "data"
        data.rename(data.with_name("nowhere"))

    stage.lab.faults.after("RunInstances", unmount)
    failed = stage.restore(beside=True)
    assert failed.status is Status.FAILED
    assert "files: /data/orders (missing), /data/orders/day-000.csv (missing)" in words(failed)


def test_what_was_written_between_the_facts_and_the_image_is_told_and_fails_nothing(stage: Stage) -> None:
    source = stage.seed(disks=SMALL)

    def write() -> None:
        (stage.lab.tree(source) / "data/orders/day-000.csv").write_bytes(b"order,amount\n1,42.00\n2,1.00\n")

    stage.lab.faults.before("CreateImage", write)
    ended = stage.approve(stage.drill())
    assert ended.status is Status.SUCCEEDED, ended.problem
    assert "1 name has drifted, which is no failure: /data/orders/day-000.csv" in shown(ended)
    assert stage.aws.images.get(ended.values["point"]["image_id"]).tags["firedrill:proof"] == "proven"


def _data_of(stage: Stage, older: Run, newer: Run) -> None:
    """The newer point's data volume has the older one's bytes; its root volume, with the record, is its own."""
    roots = [stage.aws.images.get(run.values["point"]["image_id"]).snapshots["/dev/xvda"] for run in (older, newer)]
    folder = stage.lab.tree("i-").parents[1] / "snapshots"
    root = (folder / f"{roots[1]}.tar").read_bytes()
    scene.content_of(stage, older, newer)
    (folder / f"{roots[1]}.tar").unlink()
    (folder / f"{roots[1]}.tar").write_bytes(root)
