"""Redis is killed in the middle of a run and started again where it was: the run goes on, nothing is done twice, and
the shell that follows it waits."""

from concurrent.futures import ThreadPoolExecutor
from threading import Event

from tests.processes.play import DRILL_ONCE, LONG, Play


def test_a_drill_goes_on_after_redis_died_between_an_effect_and_its_record(play: Play) -> None:
    dead = _dies_after(play, "CreateImage")
    assert play.source
    with ThreadPoolExecutor(1) as hall:
        followed = hall.submit(play.shell, "drill", play.server, "--live")
        _comes_back(play, dead)
        run = play.until(lambda: play.newest(play.server))
        card = play.asked(run)
        dead = _dies_after(play, "TerminateInstances")
        play.approves("approver", card)
        _comes_back(play, dead)
        play.check_done_once(run, DRILL_ONCE)
    shell = followed.result()
    assert (shell.returncode, shell.stderr) == (0, "")
    assert shell.stdout.count("Redis does not answer") == 1


def _dies_after(play: Play, action: str) -> Event:
    """Set once Redis is dead: the call was carried out, and nobody can record it."""
    dead = Event()

    def die() -> None:
        play.world.redis.kill()
        dead.set()

    play.world.lab.faults.after(action, die)
    return dead


def _comes_back(play: Play, dead: Event) -> None:
    """When both processes have met the outage."""
    before = {name: play.world.log(name).count("Redis is away") for name in ("worker", "bot")}
    assert dead.wait(LONG)
    play.until(lambda: all(play.world.log(name).count("Redis is away") > told for name, told in before.items()))
    play.world.redis.start()
