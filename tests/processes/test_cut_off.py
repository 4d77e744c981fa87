"""A worker loses Redis in the middle of a step, and is back when its lease is over."""

import pytest

from tests.processes.hosts import Host, why_none
from tests.processes.play import Play
from tests.processes.relay import BehindRelay, cut_off


def test_a_worker_that_is_cut_off_from_redis_in_the_middle_of_a_step_finds_its_run_taken_over(play: Play) -> None:
    cut_off(play, "worker", BehindRelay(play.world))


@pytest.mark.skipif(bool(why_none()), reason=why_none())
def test_a_machine_whose_network_goes_down_and_up_delivers_what_it_had_sent_and_changes_nothing(play: Play) -> None:
    """Unlike behind a relay no connection ends: what was on its way arrives when the network is back."""
    cut_off(play, "worker", Host(play.world))
