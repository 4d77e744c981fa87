"""A worker loses Redis in the middle of a step, and is back when its lease is over."""

from tests.processes.play import Play
from tests.processes.relay import cut_off


def test_a_worker_that_is_cut_off_from_redis_in_the_middle_of_a_step_finds_its_run_taken_over(play: Play) -> None:
    cut_off(play, "worker")
