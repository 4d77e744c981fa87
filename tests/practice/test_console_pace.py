"""AWS's pace, changed while it runs: nothing that was ready is ever pending again."""

import pytest

from practice.cloud import Delays
from practice.console.pace import Pace
from practice.console.switches import Switches
from tests.clock import HandClock

USUAL = Delays(image=30.0, boot=10.0, checks=60.0, agent=20.0, command=4.0, stop=5.0)


@pytest.fixture
def pace(clock: HandClock) -> Pace:
    return Pace(USUAL, clock.now)


def is_pending(begun: float, pace: Pace, clock: HandClock) -> bool:
    """As the lab decides it for an image."""
    return clock.now() < begun + pace.image


def test_the_pace_is_the_usual_one_until_it_is_changed(pace: Pace) -> None:
    assert [pace.image, pace.boot, pace.checks, pace.agent, pace.command, pace.stop] == [30, 10, 60, 20, 4, 5]


def test_what_had_begun_is_finished_at_once_and_stays_so_and_what_begins_later_takes_its_time(
    pace: Pace, clock: HandClock
) -> None:
    early = clock.now()
    clock.forward(2)
    pace.finish()
    assert not is_pending(early, pace, clock)
    clock.forward(1)
    late = clock.now()
    for passed in range(60):
        assert not is_pending(early, pace, clock)
        assert is_pending(late, pace, clock) == (passed < 30)
        clock.forward(1)


def test_a_machine_that_boots_is_through_its_checks_at_once_and_stays_so(pace: Pace, clock: HandClock) -> None:
    started = clock.now()
    clock.forward(1)
    pace.finish()
    assert clock.now() >= started + pace.boot + max(pace.checks, pace.agent)
    clock.forward(1)
    later = clock.now()
    for passed in range(120):
        assert clock.now() >= started + pace.boot + max(pace.checks, pace.agent)
        assert (clock.now() >= later + pace.boot) == (passed >= 10)
        assert (clock.now() >= later + pace.boot + pace.checks) == (passed >= 70)
        clock.forward(1)


def test_images_are_slow_from_the_switch_on_and_older_ones_stay_as_they_are(pace: Pace, clock: HandClock) -> None:
    old = clock.now()
    clock.forward(31)
    pace.slow_images(300.0)
    clock.forward(1)
    new = clock.now()
    for passed in range(400):
        assert not is_pending(old, pace, clock)
        assert is_pending(new, pace, clock) == (passed < 300)
        clock.forward(1)


def test_a_slow_image_is_finished_by_the_end_of_slowness_or_by_the_button(pace: Pace, clock: HandClock) -> None:
    pace.slow_images(300.0)
    clock.forward(1)
    first = clock.now()
    clock.forward(40)
    assert is_pending(first, pace, clock)
    pace.finish()
    assert not is_pending(first, pace, clock)
    clock.forward(1)
    second = clock.now()
    clock.forward(40)
    assert is_pending(second, pace, clock)
    pace.usual_images()
    assert not is_pending(second, pace, clock)


def test_a_fault_that_lasts_ends_by_itself(clock: HandClock) -> None:
    faults = Switches(clock.now)
    faults.throttle_for(10.0)
    faults.no_capacity_for(15.0)
    assert (faults.seconds_left("throttle"), faults.seconds_left("capacity")) == (10, 15)
    clock.forward(10)
    assert (faults.seconds_left("throttle"), faults.seconds_left("capacity")) == (0, 5)
    faults.clear()
    assert faults.seconds_left("capacity") == 0
    faults.coming_in("ec2", "RunInstances")


def test_what_strikes_once_is_listed_until_it_has_struck(clock: HandClock) -> None:
    faults = Switches(clock.now)
    faults.fail_image()
    faults.lose_answer("CreateImage")
    faults.lose_answer("RunInstances")
    faults.end("lose", "RunInstances")
    assert faults.armed() == [("fail_image", "*"), ("lose", "CreateImage")]
    assert faults.strikes("fail_image")
    assert faults.going_out("CreateImage")
    assert faults.armed() == []
