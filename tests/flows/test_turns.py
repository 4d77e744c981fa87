"""AWS is asked no more often than it allows, whoever asks; scarce calls are made in turn, and the wait is seen."""

import re
from dataclasses import replace

import pytest

from bot.engine_room import watching
from tests.flows.scene import SMALL, shown
from tests.stage import ASKING, OPERATOR, Stage
from workflows.aws import Home
from workflows.aws.limits import Limits, Whose
from workflows.catalogue import RUNBOOKS
from workflows.engine.buckets import Buckets
from workflows.engine.engine import Engine
from workflows.engine.halting import Halting
from workflows.engine.keys import texts
from workflows.engine.pace import Pace
from workflows.engine.run import Run, Status
from workflows.errors import HeldBack, Throttled
from workflows.turns import whose_turn

ME = Whose("me", 1.0)


@pytest.fixture
def buckets(stage: Stage) -> Buckets:
    return Buckets(stage.store.redis, stage.clock)


@pytest.fixture
def slept() -> list[float]:
    """How long calls have waited, without that any time has passed."""
    return []


def place_of(limits: Limits, who: str, score: float) -> int:
    """In the line for CreateImage; 0 when it was its turn."""
    try:
        replace(limits, whose=Whose(who, score)).before("ec2", "create_image")
    except HeldBack as held:
        return int(held.text.split()[1])
    return 0


def used_up(limits: Limits) -> None:
    """Every token of CreateImage is gone."""
    while place_of(limits, "greedy", -1.0) == 0:
        pass
    limits.gate.empty("here:create_image", 35, 3.5)  # type: ignore[union-attr]


def test_no_more_looks_are_made_at_once_than_the_share_of_what_aws_allows_and_more_when_time_has_passed(
    stage: Stage, slept: list[float]
) -> None:
    ours, theirs = (Limits(Buckets(stage.store.redis, stage.clock), 0.5, "here", sleep=slept.append) for _ in range(2))
    for limits in (ours, theirs) * 25:
        limits.before("ec2", "describe_images")
    assert slept == []
    for limits in (ours, theirs) * 10:
        limits.before("ec2", "describe_images")
    assert slept == pytest.approx([n / 10 for n in range(1, 21)], abs=0.01), "ten a second, each in its turn"
    with pytest.raises(HeldBack) as held:
        theirs.before("ec2", "describe_images")
    assert held.value.wait == pytest.approx(2.1, abs=0.01)
    replace(ours, place="there").before("ec2", "describe_images")
    ours.before("ec2", "describe_volumes")
    assert len(slept) == 20
    stage.clock.forward(held.value.wait)
    ours.before("ec2", "describe_images")
    assert len(slept) == 20


def test_where_aws_throttles_all_the_same_every_worker_asks_less_for_a_minute(stage: Stage, slept: list[float]) -> None:
    stage.lab.faults.throttle("DescribeVolumes")
    limits = Limits(Buckets(stage.store.redis, stage.clock), sleep=slept.append)
    other = Home("test", stage.lab.url, clients=stage.clients, limits=limits).region("us-east-1")
    with pytest.raises(Throttled):
        stage.aws.images.volumes(["vol-0123456789abcdef0"])
    other.images.volumes(["vol-0123456789abcdef0"])
    assert slept == pytest.approx([1 / 7], abs=0.01), "half of fourteen a second"
    name = f"dr:bucket:{stage.aws.account}:us-east-1:describe_volumes"
    assert stage.store.redis.ttl(name) > 60, "and nobody forgets that when nothing is asked for a moment"
    stage.clock.forward(61)
    for _ in range(10):
        other.images.volumes(["vol-0123456789abcdef0"])
    assert len(slept) == 1


@pytest.mark.parametrize(
    "code",
    ["PendingSnapshotLimitExceeded", "ConcurrentSnapshotLimitExceeded", "SnapshotCreationPerVolumeRateExceeded"],
)
def test_a_backup_waits_while_aws_has_as_many_snapshots_under_way_as_it_takes_and_nobody_asks_less_for_that(
    stage: Stage, code: str
) -> None:
    stage.seed(disks=SMALL)
    stage.lab.faults.refuse("CreateImage", code, 400, times=3)
    (planned,) = stage.desk.backup(ASKING, "orders-db", reboot=False, accept_loss=False)
    run = stage.drive(stage.desk.start(planned), until=lambda run: run.step.troubles == 3)
    assert "at a limit: AWS takes no more snapshots at the moment" in shown(run)
    bucket = f"dr:bucket:{stage.aws.account}:us-east-1:create_image"
    assert stage.store.redis.hget(bucket, "left") is not None
    assert stage.store.redis.hget(bucket, "slow_until") is None
    assert stage.drive(run).status is Status.SUCCEEDED
    assert stage.count("CreateImage") == 1


def test_calls_that_are_throttled_together_slow_their_bucket_down_once_and_later_ones_once_more(
    stage: Stage, buckets: Buckets
) -> None:
    def pause() -> float:
        return buckets.take("here:x", 10, 10, 60.0)[1]

    for _ in range(4):
        buckets.empty("here:x", 10, 10)
    assert pause() == pytest.approx(0.2, abs=0.01)
    stage.clock.forward(2)
    buckets.empty("here:x", 10, 10)
    assert pause() == pytest.approx(0.4, abs=0.01)


def test_a_bucket_is_slow_for_no_time_that_is_not_any_more(stage: Stage, buckets: Buckets) -> None:
    def comes_back_in(name: str = "here:x") -> float:
        """Of two that wait for a token each, by how much the second waits longer."""
        first, second = (buckets.take(name, 10, 10, 60.0)[1] for _ in range(2))
        return second - first

    buckets.empty("here:x", 10, 10)
    stage.clock.forward(-3600)
    for _ in range(10):
        buckets.take("here:x", 10, 10, 60.0)
    assert comes_back_in() == pytest.approx(0.1, abs=0.01)
    for each in (0.2, 0.4):
        buckets.empty("here:x", 10, 10)
        assert comes_back_in() == pytest.approx(each, abs=0.01), "what is throttled from now on counts"
        stage.clock.forward(2)
    for each in (0.2, 0.4):
        buckets.empty("here:y", 10, 10)
        assert comes_back_in("here:y") == pytest.approx(each, abs=0.01), "however little it was set back"
        stage.clock.forward(-30)


def test_a_bucket_that_is_throttled_goes_on_owing_what_others_wait_for(buckets: Buckets) -> None:
    for _ in range(15):
        buckets.take("here:x", 10, 10, 60.0)
    buckets.empty("here:x", 10, 10)
    assert buckets.take("here:x", 10, 10, 60.0)[1] == pytest.approx(6 / 5, abs=0.01), "five are owed, at half the pace"


def test_a_line_keeps_its_order_lets_whoever_is_in_a_hurry_pass_and_forgets_who_does_not_come_back(
    stage: Stage, buckets: Buckets
) -> None:
    limits = Limits(buckets, place="here")
    used_up(limits)
    assert [place_of(limits, who, score) for who, score in (("first", 10), ("second", 20), ("third", 30))] == [2, 3, 4]
    assert place_of(limits, "second", 20) == 3, "who asks again keeps its place"
    assert place_of(limits, "a restore", 5) == 2
    assert place_of(limits, "first", 10) == 3
    stage.clock.forward(90)  # nobody came back in time but for the last, who stands at the head now
    assert place_of(limits, "third", 30) == 0
    assert stage.store.redis.zcard("dr:line:here:create_image") == 0


def test_who_does_not_come_back_is_waited_for_no_longer_after_the_clock_was_set_back(
    stage: Stage, buckets: Buckets
) -> None:
    def stands(who: str, score: float) -> int:
        return buckets.stand("here:x", 1, 0.1, who, score)[0]

    assert [stands(who, score) for score, who in enumerate(("served", "gone", "second"))] == [0, 1, 2]
    stage.clock.forward(-3600)
    assert stands("second", 2) == 0
    assert stands("third", 3) == 1
    assert stands("fourth", 4) == 2
    assert stands("third", 3) == 1, "and the line of the new time stands"


def test_who_waits_for_what_others_have_taken_already_keeps_its_place(buckets: Buckets) -> None:
    for _ in range(100):
        buckets.take("here:x", 1, 1, patience=3600)
    buckets.empty("here:x", 1, 1)
    assert [buckets.stand("here:x", 1, 1, who, score)[0] for score, who in enumerate(("first", "second"))] == [1, 2]
    assert buckets.stand("here:x", 1, 1, "second", 1)[0] == 2


def test_a_token_goes_to_whoever_is_first_though_another_asks_before(stage: Stage, buckets: Buckets) -> None:
    limits = Limits(buckets, place="here")
    used_up(limits)  # and whoever did that stands at the head
    assert [place_of(limits, who, score) for who, score in (("first", 10), ("second", 20))] == [2, 3]
    stage.clock.forward(2.2 / 1.75)  # two tokens, and some
    assert place_of(limits, "second", 20) == 3
    assert place_of(limits, "first", 10) == 0


def test_a_token_that_was_set_aside_waits_for_whoever_must_not_wait(stage: Stage, buckets: Buckets) -> None:
    limits = Limits(buckets, place="here", whose=ME)
    limits.set_aside("create_image")
    limits.set_aside("create_image")
    used_up(limits)
    limits.before("ec2", "create_image")
    with pytest.raises(HeldBack):
        limits.before("ec2", "create_image")


def test_backups_that_are_asked_for_at_once_are_made_in_turn_and_each_card_tells_its_place(stage: Stage) -> None:
    for n in range(9):
        stage.lab.add_server(f"server-{n:02d}", SMALL[:1], tags={"Fleet": "yes"})
    stage.look()
    planned = stage.desk.backup(ASKING, "tag:Fleet=yes", reboot=False, accept_loss=False)
    runs = [stage.desk.start(each) for each in planned]
    stage.lab.faults.throttle("CreateImage")  # of the first: then all know that there is less
    cards: set[str] = set()

    def look(run: Run) -> bool:
        cards.update(shown(stage.store.read(each.id)) for each in runs)
        return False

    ended = [stage.drive(run, look) for run in runs]
    assert {each.status for each in ended} == {Status.SUCCEEDED}, [each.problem for each in ended]
    assert {place for card in cards for place in re.findall(r"number (\d+) in line for AWS's CreateImage, about", card)}
    at = [each.values["asked"]["at"] for each in ended[1:]]
    assert at == sorted(at), "in the order in which they were asked for"
    assert len(set(at)) > 5, "and not all at once"
    assert stage.count("CreateImage") == 9


def test_what_is_cancelled_or_halted_while_it_stands_in_line_holds_up_nobody(stage: Stage, buckets: Buckets) -> None:
    stage.engine = Engine(
        stage.store, RUNBOOKS, stage.services, stage.clock, Pace(), ledger=stage.ledger,
        watching=watching(stage.home, lambda before, after: None),
    )  # fmt: skip
    for n in range(3):
        stage.lab.add_server(f"server-{n:02d}", SMALL[:1], tags={"Fleet": "yes"})
    stage.look()
    runs = [
        stage.desk.start(each) for each in stage.desk.backup(ASKING, "tag:Fleet=yes", reboot=False, accept_loss=False)
    ]
    name = f"{stage.aws.account}:us-east-1:create_image"
    for _ in range(100):
        buckets.take(name, 35, 3.5, patience=3600)

    def standing() -> list[str]:
        return texts(stage.store.redis.zrange(f"dr:line:{name}", 0, -1))

    stage.drive(runs[0], lambda _: len(standing()) == 3)
    assert standing() == [each.key for each in runs]
    stage.desk.cancel(runs[0].id, OPERATOR)
    stage.step()
    assert standing() == [each.key for each in runs[1:]]
    Halting(stage.store).halt(OPERATOR, "an outage")
    stage.step()
    assert standing() == []
    Halting(stage.store).resume(OPERATOR)
    assert [stage.drive(each).status for each in runs[1:]] == [Status.SUCCEEDED] * 2


def test_what_is_down_comes_before_a_restore_before_a_backup_before_what_a_schedule_began(stage: Stage) -> None:
    stage.seed(disks=SMALL)
    backup = stage.desk.backup(ASKING, "orders-db", reboot=False, accept_loss=False)[0]
    restore, scheduled = replace(backup, runbook="restore"), replace(backup, via="schedule")
    down = replace(scheduled, runbook="drill", no_return=True)
    turns = sorted([backup, scheduled, restore, down], key=lambda run: whose_turn(run).score)
    assert turns == [down, restore, backup, scheduled]
    late = replace(restore, created=backup.created + 7200)
    assert whose_turn(late).score > whose_turn(scheduled).score, "and nobody waits for ever"
