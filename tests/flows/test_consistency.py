"""A server that stands still while its image is asked for; and a label that never says more than what was reached."""

import os
import signal
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tests.flows.scene import (
    SMALL,
    Died,
    asked_for,
    dying,
    retried,
    shown,
    snapshot_appears_at_the_second_look,
    words,
    work,
    worker,
)
from tests.stage import ASKING, OPERATOR, Stage
from workflows.aws import tags
from workflows.engine.run import Status
from workflows.facts.freezing import Freezing

HOW = Freezing(freeze=('touch "$DR_ROOT/tmp/still"',), thaw=('rm -f "$DR_ROOT/tmp/still"',))
BROKEN = ('touch "$DR_ROOT/tmp/still"', "echo the database is away; false")


class Place:
    """`orders-db`, whose profile freezes it."""

    def __init__(self, stage: Stage, how: Freezing = HOW) -> None:
        self.stage = stage
        self.becomes(how)
        self.source = stage.seed(disks=SMALL)

    def becomes(self, how: Freezing) -> None:
        profile = self.stage.profiles["orders-db"]
        self.stage.profiles["orders-db"] = replace(profile, freeze=how)

    @property
    def still(self) -> bool:
        return self._path("tmp/still").exists()

    def fire(self) -> None:
        """The watchdog's time is over."""
        (own,) = [each for each in self._path("var/lib/firedrill/freeze").iterdir() if not (each / "ended").exists()]
        os.kill(int((own / "watchdog").read_text()), signal.SIGTERM)
        until((own / "ended").exists)

    def label(self) -> tuple[str, str]:
        (image,) = self.stage.aws.images.ours()
        return image.tags[tags.CONSISTENCY], image.tags.get(tags.CONSISTENCY_REASON, "")

    def _path(self, name: str) -> Path:
        return self.stage.lab.tree(self.source) / name


def until(look: Callable[[], object]) -> None:
    end = time.monotonic() + 30
    while not look():
        assert time.monotonic() < end, "it never came"
        time.sleep(0.02)


@pytest.fixture
def place(stage: Stage) -> Place:
    return Place(stage)


def at_the_request(place: Place) -> list[bool]:
    """Whether the server stood still when the image was asked for."""
    seen: list[bool] = []
    place.stage.lab.faults.before("CreateImage", lambda: seen.append(place.still))
    return seen


def test_an_image_of_a_server_that_stood_still_is_application_consistent(place: Place, stage: Stage) -> None:
    seen = at_the_request(place)
    labels: list[tuple[str, str]] = []
    stage.lab.faults.after("CreateImage", lambda: labels.append(place.label()))
    ended = stage.backup()
    assert ended.status is Status.SUCCEEDED, ended.problem
    assert (seen, place.still) == ([True], False)
    assert labels == [("crash-consistent", "")], "nothing is claimed before it is proven"
    assert place.label() == ("application-consistent", "")
    assert [each.consistency for each in stage.desk.points("orders-db")] == ["application-consistent"]
    assert "application-consistent: the freeze held" in shown(ended)
    order = [each.action for each in stage.lab.calls if each.action in ("SendCommand", "CreateImage")]
    assert order == ["SendCommand", "SendCommand", "CreateImage", "SendCommand"]


def test_a_watchdog_that_thawed_too_early_makes_it_crash_consistent_and_is_told(place: Place, stage: Stage) -> None:
    stage.lab.faults.before("CreateImage", place.fire)
    ended = stage.backup()
    assert ended.status is Status.SUCCEEDED, ended.problem
    label, reason = place.label()
    assert label == "crash-consistent"
    assert "the watchdog on the server thawed before the snapshots existed" in reason
    assert reason in shown(ended)


def test_a_frozen_server_does_not_stand_still_while_aws_takes_no_more_snapshots(place: Place, stage: Stage) -> None:
    stage.lab.faults.refuse("CreateImage", "PendingSnapshotLimitExceeded", status=400)
    failed = stage.backup()
    assert failed.status is Status.FAILED
    assert "AWS takes no more snapshots at the moment" in words(failed)
    assert not place.still
    assert retried(stage, failed).status is Status.SUCCEEDED


def test_a_server_that_need_not_stand_still_waits_for_room_and_its_image_says_what_it_is(
    place: Place, stage: Stage
) -> None:
    place.becomes(replace(HOW, required=False))
    stage.lab.faults.refuse("CreateImage", "PendingSnapshotLimitExceeded", status=400)
    ended = stage.backup()
    assert ended.status is Status.SUCCEEDED, ended.problem
    assert stage.count("CreateImage") == 1


def test_a_freeze_that_fails_stops_the_run_before_any_image_and_a_retry_freezes_again(
    place: Place, stage: Stage
) -> None:
    place.becomes(replace(HOW, freeze=(*HOW.freeze, '[ -e "$DR_ROOT/tmp/mended" ] || { echo it is away; false; }')))
    failed = stage.backup()
    assert failed.status is Status.FAILED
    assert "it is away" in words(failed)
    assert "No image was made" in words(failed)
    assert (stage.count("CreateImage"), place.still) == (0, False)
    (stage.lab.tree(place.source) / "tmp/mended").touch()
    assert retried(stage, failed).status is Status.SUCCEEDED
    assert place.label() == ("application-consistent", "")


def test_where_the_freeze_is_not_required_the_run_goes_on_as_crash_consistent_and_says_why(
    place: Place, stage: Stage
) -> None:
    place.becomes(replace(HOW, freeze=BROKEN, required=False))
    ended = stage.backup()
    assert ended.status is Status.SUCCEEDED, ended.problem
    label, reason = place.label()
    assert label == "crash-consistent"
    assert "the database is away" in reason
    assert "the database is away" in shown(ended)
    assert not place.still


def test_a_backup_with_a_reboot_freezes_nothing_and_says_so(place: Place, stage: Stage) -> None:
    seen = at_the_request(place)
    ended = stage.backup(reboot=True)
    assert ended.status is Status.SUCCEEDED, ended.problem
    assert seen == [False]
    assert place.label() == ("rebooted", "")
    assert "freeze_file_systems" not in [each.name for each in ended.steps]
    assert "a reboot takes the freeze's place" in shown(ended)


def test_a_server_whose_profile_freezes_nothing_has_no_such_steps(stage: Stage) -> None:
    stage.seed(disks=SMALL)
    ended = stage.backup()
    assert ended.status is Status.SUCCEEDED
    assert [each.name for each in ended.steps if "file_systems" in each.name] == []


def test_a_run_that_is_cancelled_while_the_server_stands_still_thaws_it(place: Place, stage: Stage) -> None:
    run = stage.desk.start(stage.desk.backup(ASKING, "orders-db", reboot=False, accept_loss=False)[0])
    stage.drive(run, until=lambda now: place.still)
    stage.desk.cancel(run.id, OPERATOR)
    assert stage.drive(run).status is Status.CANCELLED
    assert not place.still
    assert stage.count("CreateImage") == 0


def test_a_refused_image_thaws_the_server_and_a_retry_freezes_it_again(place: Place, stage: Stage) -> None:
    stage.lab.faults.refuse("CreateImage", "UnauthorizedOperation", 403)
    failed = stage.backup()
    assert failed.status is Status.FAILED
    assert not place.still
    seen = at_the_request(place)
    assert retried(stage, failed).status is Status.SUCCEEDED
    assert seen == [True]
    assert place.label() == ("application-consistent", "")


def test_an_image_that_an_earlier_try_asked_for_is_never_taken_for_one_of_the_later_freeze(
    place: Place, stage: Stage
) -> None:
    def unsure() -> None:
        stage.lab.faults.refuse("DescribeImages", "UnauthorizedOperation", 403)

    stage.lab.faults.after("CreateImage", unsure)
    stage.lab.faults.lose_answer("CreateImage")
    failed = stage.backup()
    assert failed.status is Status.FAILED
    assert retried(stage, failed).status is Status.SUCCEEDED
    assert stage.count("CreateImage") == 1
    assert place.label() == ("crash-consistent", "an earlier try had asked for the image before this freeze")


@pytest.mark.parametrize(("action", "times"), [("SendCommand", None), ("CreateImage", None), ("CreateTags", 3)])
def test_a_lost_answer_freezes_and_thaws_once_and_the_label_is_right(
    place: Place, stage: Stage, action: str, times: int | None
) -> None:
    stage.lab.faults.lose_answer(action, times=times)
    run = stage.desk.start(stage.desk.backup(ASKING, "orders-db", reboot=False, accept_loss=False)[0])
    ended = stage.drive(run)
    assert ended.status is Status.SUCCEEDED, ended.problem
    assert (stage.count("CreateImage"), stage.count("SendCommand")) == (1, 3)
    assert place.label() == ("application-consistent", "")


def test_an_image_whose_snapshots_appear_late_keeps_the_server_still_until_they_exist(
    place: Place, stage: Stage
) -> None:
    looks: list[bool] = []
    snapshot_appears_at_the_second_look(stage, lambda: looks.append(place.still))
    seen: list[str] = []
    run = stage.desk.start(stage.desk.backup(ASKING, "orders-db", reboot=False, accept_loss=False)[0])
    ended = stage.drive(run, until=lambda now: seen.append(now.step.because) or False)  # type: ignore[func-returns-value]
    assert ended.status is Status.SUCCEEDED, ended.problem
    assert "AWS shows 1 of 2" in seen
    assert looks == [True, True]
    assert place.label() == ("application-consistent", "")


@pytest.mark.parametrize("required", [True, False])
def test_a_worker_that_dies_between_freeze_and_image_leaves_the_thaw_to_the_watchdog(
    place: Place, stage: Stage, required: bool
) -> None:
    place.becomes(replace(HOW, required=required))
    run = stage.desk.start(stage.desk.backup(ASKING, "orders-db", reboot=False, accept_loss=False)[0])
    with pytest.raises(Died):
        work(stage, dying(stage, "create_image"), run.id)
    assert place.still
    place.fire()
    assert not place.still
    stage.clock.forward(120)
    ended = work(stage, worker(stage), run.id)
    if required:
        assert ended.status is Status.FAILED
        assert "run out before the image was asked for" in words(ended)
        assert asked_for(stage, "CreateImage") == []
        assert retried(stage, ended).status is Status.SUCCEEDED
        assert place.label() == ("application-consistent", "")
    else:
        assert ended.status is Status.SUCCEEDED, ended.problem
        assert place.label()[0] == "crash-consistent"


def test_a_live_drill_shows_the_approver_which_consistency_was_reached(place: Place, stage: Stage) -> None:
    stage.lab.faults.before("CreateImage", place.fire)
    asked = stage.drill()
    assert asked.question is not None
    (told,) = [value for label, value in asked.question.items if label == "Consistency"]
    assert told.startswith("crash-consistent (the freeze had run out")
    ended = stage.approve(asked)
    assert ended.status is Status.SUCCEEDED, ended.problem


def test_a_thaw_that_fails_stops_the_run_loudly_and_a_retry_thaws(place: Place, stage: Stage) -> None:
    place.becomes(replace(HOW, thaw=('[ ! -e "$DR_ROOT/tmp/stuck" ]', *HOW.thaw)))
    stuck = stage.lab.tree(place.source) / "tmp/stuck"
    stuck.touch()
    failed = stage.backup()
    assert failed.status is Status.FAILED
    assert "what it serves may hang" in words(failed)
    assert place.label()[0] == "crash-consistent"
    stuck.unlink()
    assert retried(stage, failed).status is Status.SUCCEEDED
    assert not place.still
