"""Three clocks, what would have been lost, and what the profile aims at: measured, never in a verdict's way."""

from dataclasses import replace
from typing import Any

import pytest

from handlers.cards import replies
from tests.flows.scene import SMALL, shown
from tests.stage import APPROVER, ASKING, Stage
from workflows.desk import Desk
from workflows.engine.run import Run, Status
from workflows.errors import UserError
from workflows.facts.profile import Profile
from workflows.facts.targets import Targets
from workflows.report.findings import measures_in
from workflows.words import duration


def hydrates(stage: Stage, seconds: float | None) -> None:
    """From now on disks that are made of snapshots take so long; None: AWS does not tell."""
    stage.lab._parts.delays = replace(stage.lab._parts.delays, hydrate=seconds)


def aims(stage: Stage, targets: Targets) -> None:
    stage.profiles["orders-db"] = replace(stage.profiles["orders-db"], targets=targets)


def drilled(stage: Stage) -> tuple[Run, dict[str, Any]]:
    ended = stage.approve(stage.drill())
    report: dict[str, Any] = ended.values["report"]
    return ended, report


def compared_at(run: Run) -> float:
    (found,) = [each.ended for each in run.steps if each.name == "compare_facts"]
    assert found is not None
    return found


def thread(run: Run) -> str:
    return "\n".join(each.text for each in replies(run, []))


def test_a_drill_counts_three_clocks_from_the_loss_and_the_loss_from_the_request_of_the_image(stage: Stage) -> None:
    stage.seed(disks=SMALL)
    hydrates(stage, 1)
    ended, report = drilled(stage)
    values = ended.values
    lost = values["lost_at"]
    assert report["since"] == "loss"
    assert report["rto_running"] == values["running_at"] - lost
    assert report["rto_validated"] == report["downtime"] == compared_at(ended) - lost
    assert report["rto_hydrated"] == values["hydration"]["whole_at"] - lost
    assert report["rpo"] == lost - values["point"]["requested"] > 0
    assert report["disk_bytes"] == 28 << 30
    assert 0 < report["snapshot_bytes"] < 1 << 20
    assert ended.ended == compared_at(ended)
    assert "hydrated after" in shown(ended)
    assert "Counted from the termination." in thread(ended)
    assert "Brought back: 28.0 GiB of disks" in thread(ended)


def test_hydration_that_takes_hours_does_not_hold_up_the_verdict_and_is_told_as_what_it_is(stage: Stage) -> None:
    stage.seed(disks=SMALL)
    hydrates(stage, 7200)
    ended, report = drilled(stage)
    assert ended.status is Status.SUCCEEDED
    assert ended.ended == compared_at(ended)
    assert report["rto_hydrated"] is None
    assert "1 % was there at the verdict, at the pace so far the rest takes another 1 h" in report["hydration"]
    assert report["hydration"] in thread(ended)
    assert "hydrated after" not in shown(ended)


def test_hydration_that_is_nearly_done_is_watched_to_its_end_while_the_card_says_the_facts_are_the_same(
    stage: Stage,
) -> None:
    stage.seed(disks=SMALL)
    hydrates(stage, 200)
    asked = stage.drill()
    waited: list[str] = []

    def watch(run: Run) -> bool:
        if run.step.name == "see_hydration" and run.step.because:
            waited.append(shown(run))
        return False

    stage.desk.answer(asked.id, APPROVER, True)
    stage.clock.forward(1)
    stage.step()
    ended = stage.drive(asked, until=watch)
    report = ended.values["report"]
    assert ended.status is Status.SUCCEEDED
    assert "% of the blocks are there; the facts are compared, and the same" in waited[0]
    assert "The same: files" in waited[0]
    launched = stage.aws.instances.get(ended.values["replacement_id"]).launched
    assert report["rto_validated"] == compared_at(ended) - ended.values["lost_at"]
    assert 0 <= report["rto_hydrated"] - (launched + 200 - ended.values["lost_at"]) < 40
    assert report["rto_hydrated"] > report["rto_validated"]


def test_a_difference_is_told_at_once_however_soon_the_disks_will_be_there(stage: Stage) -> None:
    stage.seed(disks=SMALL)
    hydrates(stage, 200)
    aims(stage, Targets(rto=86_400))
    asked = stage.drill()
    stage.lab.faults.corrupt_disk()
    failed = stage.approve(asked)
    assert failed.status is Status.FAILED
    assert failed.ended == compared_at(failed)
    (judged,) = failed.values["report"]["judged"]
    assert not judged["met"]
    assert "RTO target of 1 d missed: the machine that came back does not show the same facts." in thread(failed)


def test_where_aws_tells_nothing_that_is_said_and_nothing_fails(stage: Stage) -> None:
    stage.seed(disks=SMALL)
    hydrates(stage, None)
    ended, report = drilled(stage)
    assert ended.status is Status.SUCCEEDED
    assert (report["rto_hydrated"], report["hydration"]) == (None, "not told by AWS")


@pytest.mark.parametrize(
    ("code", "status", "said"),
    [("UnauthorizedOperation", 403, "AWS refused DescribeVolumeStatus"), ("RequestLimitExceeded", 503, "fewer calls")],
)
def test_a_worker_that_may_not_look_or_is_throttled_for_long_fails_no_run_that_has_its_verdict(
    stage: Stage, code: str, status: int, said: str
) -> None:
    stage.seed(disks=SMALL)
    stage.lab.faults.refuse("DescribeVolumeStatus", code, status, times=None)
    ended, report = drilled(stage)
    assert ended.status is Status.SUCCEEDED
    assert said in report["hydration"]
    assert report["rto_validated"] == compared_at(ended) - ended.values["lost_at"]
    assert (ended.ended or 0) - compared_at(ended) < 330


def test_a_missed_target_is_said_loudly_and_fails_nothing(stage: Stage) -> None:
    stage.seed(disks=SMALL)
    aims(stage, Targets(rto=60, rpo=86_400))
    ended, report = drilled(stage)
    assert ended.status is Status.SUCCEEDED
    assert [(each["name"], each["met"]) for each in report["judged"]] == [("RTO", False), ("RPO", True)]
    over = report["rto_validated"] - 60
    assert f":warning: *RTO target of 1 min missed by {duration(over)}.*" in shown(ended)
    assert "RPO target of 1 d met, with 23 h" in thread(ended)


def test_targets_that_are_met_are_told_in_the_thread_and_leave_the_card_alone(stage: Stage) -> None:
    stage.seed(disks=SMALL)
    aims(stage, Targets(rto=3600))
    ended, report = drilled(stage)
    assert [(each["name"], each["met"]) for each in report["judged"]] == [("RTO", True)]
    assert "RTO target of 1 h met, with 5" in thread(ended)
    assert "target" not in shown(ended)


def test_a_restore_counts_from_the_request_and_says_how_much_may_be_lost_at_most(stage: Stage) -> None:
    source = stage.seed(disks=SMALL)
    backup = stage.backup()
    aims(stage, Targets(rto=3600, rpo=1800))
    stage.clock.forward(3600)
    stage.lose(source)
    stage.clock.forward(60)
    restored = stage.restore()
    report = restored.values["report"]
    asked = restored.values["lost_at"]
    assert (report["since"], report["rpo"], report["downtime"]) == ("request", None, None)
    assert report["rpo_at_most"] == asked - backup.values["asked"]["at"] > 3600
    assert report["rto_validated"] == compared_at(restored) - asked
    assert "RPO at most 1 h" in shown(restored)
    assert ":warning: *RPO target of 30 min may be missed, by up to 3" in shown(restored)
    assert "Counted from the request." in thread(restored)


def test_a_copy_beside_a_living_server_has_lost_nothing_and_is_judged_by_its_rto_alone(stage: Stage) -> None:
    stage.seed(disks=SMALL)
    stage.backup()
    aims(stage, Targets(rto=3600, rpo=1))
    report = stage.restore(beside=True).values["report"]
    assert (report["rpo"], report["rpo_at_most"]) == (None, None)
    assert [each["name"] for each in report["judged"]] == ["RTO"]


def test_no_restore_is_held_up_by_a_doubt_about_which_profile_fits(stage: Stage) -> None:
    stage.seed(disks=SMALL)
    stage.backup()

    def doubtful(server: str, tags: object, name: str) -> Profile:
        raise UserError("The tags fit 2 profiles.")

    stage.desk = Desk(stage.store, stage.board, stage.clock, doubtful, patience=0.2)
    assert stage.restore(beside=True).status is Status.SUCCEEDED


def test_a_run_that_was_planned_before_there_were_targets_and_hydration_still_ends_with_its_report(
    stage: Stage,
) -> None:
    stage.seed(disks=SMALL)
    planned = stage.desk.drill(ASKING, "orders-db", accept_loss=False)
    old = replace(
        planned,
        steps=tuple(each for each in planned.steps if each.name != "see_hydration"),
        values={name: value for name, value in planned.values.items() if name != "targets"},
    )
    ended = stage.approve(stage.drive(stage.desk.start(old)))
    assert ended.status is Status.SUCCEEDED, ended.problem
    assert ended.values["report"]["rto_validated"] > 0
    assert ended.values["report"]["hydration"] == ""


def test_the_report_of_a_run_tells_the_measures_against_the_targets_as_they_were_judged(stage: Stage) -> None:
    stage.seed(disks=SMALL)
    aims(stage, Targets(rto=60, rpo=86_400))
    ended, report = drilled(stage)
    told = {each.name: each for each in measures_in(ended)}
    assert (told["rto_validated"].target, told["rto_validated"].met) == (60, False)
    assert (told["rpo"].target, told["rpo"].met) == (86_400, True)
    assert (told["rto_running"].target, told["rto_hydrated"].met) == (None, None)
    assert told["disk_bytes"].bytes == report["disk_bytes"]
