"""Halt and resume, over the processes: everybody sees it in Slack, and it outlives whatever is killed."""

from tests.processes.play import DRILL_ONCE, Play

WHY = "the network is being rebuilt"


def test_a_halted_drill_stands_still_over_restarts_and_asks_anew_when_it_is_resumed(play: Play) -> None:
    run, card = play.drill_asked()
    window = play.window("approver", card, "approve")
    told = play.answer_to("operator", lambda: play.say("operator", f"/dr halt {WHY}"))
    assert f"`{run.id}`" in told
    assert WHY in str(play.space.fill("approver", window, play.server)[1])
    for name in ("worker", "bot"):
        play.world.kill(name)
        play.world.revive(name)
    stood = play.until(lambda: next((each for each in play.cards(run) if "Stands still" in each.plain()), None))
    assert WHY in stood.plain()
    assert "approve" not in [each.action_id for each in stood.buttons()]
    refused = play.shell("backup", play.server)
    assert (refused.returncode, WHY in refused.stderr) == (2, True)
    assert play.effects()["TerminateInstances"] == 0
    assert "goes on" in play.shell("resume").stdout
    again = play.asked(run)
    assert "another one by now" in str(play.space.fill("approver", window, play.server)[1])
    play.space.close("approver", window)
    play.approves("approver", again)
    play.check_done_once(run, DRILL_ONCE)
