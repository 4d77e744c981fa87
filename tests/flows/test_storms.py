"""AWS in the way: throttled, away, out of machines, no permission, no credentials. What mends itself is waited for and
shown; what does not is said."""

import pytest

from tests.flows.scene import (
    ONCE,
    SMALL,
    Watch,
    after_the_disaster,
    asked_for,
    clean_drill,
    mark,
    nothing_lost,
    once,
    retried,
    shown,
    since,
    words,
)
from tests.stage import APPROVER, ASKING, Stage
from workflows.aws.calls import Calls
from workflows.engine.run import Run, Status
from workflows.errors import Unreachable

MINUTES = 60.0


def _drive_through(stage: Stage, name: str, watch: Watch) -> Run:
    return stage.drive(stage.desk.start(stage.desk.drill(ASKING, name, accept_loss=False)), until=watch)


def _approve(stage: Stage, run: Run, watch: Watch) -> Run:
    stage.desk.answer(run.id, APPROVER, True)
    stage.clock.forward(1)
    stage.step()
    return stage.drive(run, until=watch)


#: What befalls a call, and the word that the card has for it. AWS says "too many" with 503 and 400, and "overloaded"
#: with 503; where no answer came, nobody knows why.
FAULTS = [("throttle", "throttled"), ("unavailable", "throttled"), ("lose_answer", "unreachable")]


@pytest.mark.parametrize(("fault", "code"), FAULTS[:2])
def test_an_action_that_is_refused_for_a_moment_is_shown_and_done_later(stage: Stage, fault: str, code: str) -> None:
    clean = clean_drill(stage)
    source = stage.seed(disks=SMALL)
    then, watch = mark(stage), Watch(stage)
    for action in clean.actions:
        getattr(stage.lab.faults, fault)(action)
    asked = _drive_through(stage, "orders-db", watch)
    assert asked.status is Status.ASKING, asked.problem
    assert nothing_lost(stage, source)
    for action in clean.actions:
        getattr(stage.lab.faults, fault)(action)
    ended = _approve(stage, asked, watch)
    assert ended.status is Status.SUCCEEDED, ended.problem
    assert watch.silent(clean.actions) == ["DescribeTargetGroups"], "whose trouble is a doubt, and holds nothing up"
    assert all(each.startswith(f"{code}: ") for each in watch.troubles)
    assert all(code in each for each in watch.cards)
    assert since(stage, then).effects == clean.effects


@pytest.mark.parametrize(("fault", "code"), FAULTS)
def test_a_storm_of_everything_for_a_minute_is_sat_out_and_shown(stage: Stage, fault: str, code: str) -> None:
    stage.seed(disks=SMALL)
    asked: Run | None = None
    for _ in ("before the approval", "after it"):
        watch = Watch(stage, calm=60)
        getattr(stage.lab.faults, fault)("*", times=None)
        asked = _approve(stage, asked, watch) if asked else _drive_through(stage, "orders-db", watch)
        assert watch.troubles != []
        assert {each.partition(":")[0] for each in watch.troubles} == {code}
        assert all(code in each for each in watch.cards)
    assert asked is not None
    assert asked.status is Status.SUCCEEDED, asked.problem
    assert once(stage) == ONCE


def test_a_throttled_look_at_the_click_is_not_repeated_at_once(stage: Stage) -> None:
    stage.seed(disks=SMALL)
    asked = stage.drill()
    stage.lab.faults.throttle("*", times=None)
    stage.desk.answer(asked.id, APPROVER, True)
    stage.clock.forward(1)
    stage.step()
    assert stage.store.read(asked.id).step.trouble.startswith("throttled")
    due = stage.store.next_due()
    assert due is not None
    assert due >= stage.clock.now() + 1


def _until_patience_ends(stage: Stage, run: Run) -> Run:
    """The step has met trouble; an hour later it meets it still."""
    stuck = stage.drive(run, until=lambda run: bool(run.step.trouble))
    assert stuck.step.trouble
    stage.clock.forward(61 * MINUTES)
    return stage.drive(run)


def test_a_storm_that_does_not_end_fails_in_words_and_a_retry_goes_on(stage: Stage) -> None:
    source = stage.seed(disks=SMALL)
    run = stage.desk.start(stage.desk.drill(ASKING, "orders-db", accept_loss=False))
    stage.lab.faults.throttle("DescribeSnapshots", times=None)
    failed = _until_patience_ends(stage, run)
    assert failed.status is Status.FAILED
    assert "AWS asks for fewer calls of DescribeSnapshots. That went on for 60 min." in words(failed)
    assert "/dr retry" in words(failed)
    assert nothing_lost(stage, source)
    stage.lab.faults.clear()
    asked = retried(stage, failed)
    assert asked.status is Status.ASKING, asked.problem
    assert stage.approve(asked).status is Status.SUCCEEDED
    assert once(stage) == ONCE


def test_a_storm_after_the_disaster_says_that_the_server_is_gone_and_a_retry_brings_it_back(stage: Stage) -> None:
    stage.seed(disks=SMALL)
    asked = stage.drill()
    after_the_disaster(stage, lambda: stage.lab.faults.unavailable("RunInstances", times=None))
    stage.desk.answer(asked.id, APPROVER, True)
    stage.clock.forward(1)
    stage.step()
    failed = _until_patience_ends(stage, stage.drive(asked, until=lambda run: run.step.name == "launch_replacement"))
    assert failed.status is Status.FAILED
    assert "The source was terminated." in shown(failed)
    assert failed.values["point"]["image_id"] in shown(failed)
    stage.lab.faults.clear()
    assert retried(stage, failed).status is Status.SUCCEEDED
    assert once(stage) == ONCE


def test_what_was_launched_before_its_answer_was_lost_is_adopted_and_after_a_retry_too(stage: Stage) -> None:
    stage.seed(disks=SMALL)
    asked = stage.drill()
    after_the_disaster(stage, lambda: stage.lab.faults.capacity(times=1))
    stage.lab.faults.lose_answer("RunInstances")
    stage.lab.faults.refuse("DescribeInstanceStatus", "UnauthorizedOperation", 403)
    failed = stage.approve(asked)
    assert failed.status is Status.FAILED
    assert retried(stage, failed).status is Status.SUCCEEDED
    tries = asked_for(stage, "RunInstances")
    assert [each.outcome for each in tries] == ["InsufficientInstanceCapacity", "ok"]
    assert len({each.params["ClientToken"] for each in tries}) == 2
    assert once(stage) == ONCE


def test_a_missing_permission_fails_by_its_name_and_once_it_is_granted_a_retry_goes_on(stage: Stage) -> None:
    clean = clean_drill(stage)
    source = stage.seed(disks=SMALL)
    then = mark(stage)
    for action in clean.actions:
        stage.lab.faults.refuse(action, "UnauthorizedOperation", 403)
    run = stage.drill()
    missing = []
    while run.status is not Status.SUCCEEDED:
        if run.status is Status.ASKING:
            run = stage.approve(run)
            continue
        assert run.status is Status.FAILED
        missing += [each for each in clean.actions if f"needs the permission for {each}." in words(run)]
        if nothing_lost(stage, source):
            assert "was terminated.*" not in shown(run)
        run = retried(stage, run)
    told = {"DescribeVolumeStatus", "DescribeTargetGroups"}  # and no reason to fail
    assert sorted(missing) == sorted(set(clean.actions) - told)
    assert "refused DescribeVolumeStatus" in run.values["report"]["hydration"]
    assert "refused DescribeTargetGroups" in run.values["registered"]["doubt"]
    assert set(since(stage, then).effects - clean.effects) <= {"SendCommand"}  # a retry measures again


def test_credentials_that_are_not_valid_any_more_are_named_as_such(stage: Stage) -> None:
    source = stage.seed(disks=SMALL)
    run = stage.drill()
    for code in ("ExpiredToken", "RequestExpired", "AuthFailure", "UnrecognizedClientException"):
        stage.lab.faults.refuse("*", code, 400, times=None)
        failed = stage.approve(run)
        assert failed.status is Status.FAILED
        assert "credentials are not valid" in words(failed)
        stage.lab.faults.clear()
        assert nothing_lost(stage, source)
        run = retried(stage, failed)
        assert run.status is Status.ASKING


def test_a_worker_whose_profile_is_not_there_says_so_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    """A client cannot even be made then, and no call leaves."""
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    with pytest.raises(Unreachable, match="ProfileNotFound"):
        Calls("us-east-1", "http://127.0.0.1:9")("ec2", "describe_images")
