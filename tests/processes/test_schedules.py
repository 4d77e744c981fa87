"""A schedule fires while workers are killed, Redis dies, and Slack is away: begun once, announced once."""

from typing import cast

import pytest

from handlers.announcer import EVENT
from practice.workspace import Message
from practice.world import CHANNEL
from tests.processes.play import BACKUP_ONCE, Play
from workflows.engine.run import Run

#: Seconds before its time at which a firing is awaited.
BEFORE = 2.0


@pytest.mark.parametrize("workers", [1, 2, 5])
def test_workers_killed_in_the_second_of_a_firing_begin_it_once(play: Play, workers: int) -> None:
    more = [f"worker-{number}" for number in range(1, workers)]
    for name in more:
        play.world.start_process("worker", name)
    _hourly(play)
    _almost(play)
    if workers > 1:  # while they look at it; one alone has not looked yet
        play.until(lambda: play.newest(play.server))
        play.world.kill("redis")
    for name in ("worker", *more):
        play.world.kill(name)
        play.world.processes.pop(name)
    if workers > 1:
        play.world.redis.start()
    play.world.start_process("worker")
    run = play.until(lambda: play.newest(play.server))
    play.until(lambda: _over(play.world.store().read(run.id)))
    play.end_claims(run)
    play.redis.delete("dr:turn:announcer")  # as after a minute
    play.check_done_once(run, BACKUP_ONCE)
    _told_once(play, run)


def test_while_slack_is_away_nothing_waits_for_an_announcement_and_it_comes_once(play: Play) -> None:
    _hourly(play)
    play.space.faults.is_away = True
    _almost(play)
    begun = play.until(lambda: play.newest(play.server))
    run = play.until(lambda: _over(play.world.store().read(begun.id)))
    play.space.faults.is_away = False
    _told_once(play, run)


def _hourly(play: Play) -> None:
    assert play.source
    play.say("operator", f"/dr schedule backup {play.server} --at 'every hour'")
    play.until(lambda: _schedule(play))


def _schedule(play: Play) -> str | None:
    found = (each.text.split("`")[1] for each in play.space.ephemerals("operator") if f"of {play.server}," in each.text)
    return next(found, None)


def _almost(play: Play) -> None:
    """Run ahead to just before it is due."""
    at = float(play.until(lambda: next(iter(_due(play)), None)))
    ahead = at / 1000 - BEFORE - play.world.clock.now()
    if ahead > 0:
        play.world.clock.run_ahead(play.world.redis.url, ahead)


def _due(play: Play) -> list[float]:
    """When its occurrences begin, in milliseconds."""
    agenda = cast(list[tuple[bytes, float]], play.redis.zrange("dr:agenda", 0, -1, withscores=True))
    return [score for name, score in agenda if name.decode().startswith(f"{_schedule(play)}@")]


def _told_once(play: Play, run: Run) -> None:
    """Then the schedule is removed, so that it is not the next test's."""
    play.until(lambda: any(f"{run.id}, " in each.text for each in _announced(play)) or None)
    told = _announced(play)
    play.say("operator", f"/dr unschedule {_schedule(play)}")
    assert len({each.metadata["event_payload"]["occurrence"] for each in told if each.metadata}) == len(told)
    assert [run.id for each in told if f"{run.id}, " in each.text] == [run.id]


def _over(run: Run) -> Run | None:
    return None if run.status.open else run


def _announced(play: Play) -> list[Message]:
    said = [each for each in play.space.messages(CHANNEL) if play.server in each.text]
    return [each for each in said if (each.metadata or {}).get("event_type") == EVENT]
