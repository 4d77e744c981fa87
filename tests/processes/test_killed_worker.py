"""The worker is killed at the worst moments; another is started, and nothing is done twice."""

from tests.processes.play import BACKUP_ONCE, DRILL_ONCE, Play


def test_workers_that_die_after_measuring_and_after_the_image_leave_one_of_each(play: Play) -> None:
    _deadly(play, "SendCommand")
    run = play.ask("drill")
    _another(play)
    _deadly(play, "CreateImage")
    _another(play)
    play.approves("approver", play.asked(run))
    play.check_done_once(run, DRILL_ONCE)


def test_workers_that_die_after_the_termination_and_after_the_launch_leave_one_of_each(play: Play) -> None:
    run, card = play.drill_asked()
    _deadly(play, "TerminateInstances")
    play.approves("approver", card)
    _another(play)
    _deadly(play, "RunInstances")
    _another(play)
    play.check_done_once(run, DRILL_ONCE)


def test_a_server_that_was_frozen_when_the_worker_was_killed_thaws_by_itself(play: Play) -> None:
    name = f"{play.server}-still"
    source = play.seed(name, Still="yes")
    still = play.world.lab.tree(source) / "tmp/still"
    stood: list[bool] = []

    def killed() -> None:
        stood.append(still.exists())
        play.world.kill("worker")

    play.world.lab.faults.before("CreateImage", killed)
    play.world.lab.faults.unavailable("CreateImage")
    run = play.ask("backup", name)
    play.until(lambda: stood)
    assert stood == [True]
    play.until(lambda: not still.exists() or None)
    assert not play.world.alive("worker"), "nobody but the watchdog on the server can have thawed it"
    assert play.effects()["CreateImage"] == 0
    _another(play)
    done = play.ended(run)
    assert done.status.value == "succeeded", done.problem
    assert play.effects()["CreateImage"] == 1
    assert done.values["point"]["consistency"] == "crash-consistent"
    assert "watchdog" in done.values["consistency"]["why"]


def test_two_workers_on_one_redis_do_each_of_several_runs_once(play: Play) -> None:
    names = [f"{play.server}-{number}" for number in range(3)]
    for name in names:
        play.seed(name)
    play.world.start_process("worker", "second-worker")
    try:
        runs = [play.ask("backup", name) for name in names]
        ended = [play.ended(run) for run in runs]
        assert [run.status.value for run in ended] == ["succeeded"] * 3
        assert play.effects() == {call: 3 * times for call, times in BACKUP_ONCE.items()}
        assert play.locks() == []
        for run in ended:
            play.check_card(run)
    finally:
        play.world.kill("second-worker")
        del play.world.processes["second-worker"]


def _deadly(play: Play, action: str) -> None:
    """The next such call is carried out; then the worker's power is cut, and the answer is lost."""
    play.world.lab.faults.lose_answer(action)
    play.world.lab.faults.after(action, lambda: play.world.kill("worker"))


def _another(play: Play) -> None:
    """A new worker, once the old one is dead."""
    play.until(lambda: play.world.processes["worker"].poll() is not None)
    play.world.start_process("worker")
