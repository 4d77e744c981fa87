"""Clicks on Approve: many at once, by people who may not, and on cards that are not as they were."""

from concurrent.futures import ThreadPoolExecutor

from tests.processes.play import DRILL_ONCE, Play

APPROVERS = ("approver", "second-approver")


def test_two_windows_submitted_at_once_are_one_decision_and_both_are_answered(play: Play) -> None:
    run, card = play.drill_asked()
    windows = {name: play.window(name, card, "approve") for name in APPROVERS}
    before = {name: len(play.space.ephemerals(name)) for name in APPROVERS}
    with ThreadPoolExecutor(2) as people:
        said = list(people.map(lambda name: play.space.fill(name, windows[name], play.server)[1], APPROVERS))

    def answers() -> list[str]:
        told = [each.text for name in APPROVERS for each in play.space.ephemerals(name)[before[name] :]]
        return told + [fault for faults in said for fault in faults.values()]

    play.until(lambda: len(answers()) == 2)
    assert answers().count(f"You approved `{run.id}`.") == 1
    assert sum(each.startswith("That was already decided: ") for each in answers()) == 1
    kept = play.redis.hgetall(f"dr:inbox:{run.id}")
    assert sorted(str(name, "ascii").split(":")[0] for name in kept if isinstance(name, bytes)) == ["answer", "decided"]
    done = play.check_done_once(run, DRILL_ONCE)
    decider = done.values["approval_terminate"]["answers"][0]["by"]["id"]
    other = "second-approver" if decider == "U0APPROVER" else "approver"
    late = play.answer_to(other, lambda: play.click(other, card, "reject"))
    assert late.startswith(f"That was already decided: <@{decider}> approved it <!date^")
    assert play.effects() == DRILL_ONCE


def test_the_asker_and_a_bystander_are_refused_with_a_reason_in_slack_and_in_the_shell(play: Play) -> None:
    run, card = play.drill_asked()
    own = play.answer_to("operator", lambda: play.click("operator", card, "approve"))
    assert own == "You asked for it yourself, so somebody else must approve it."
    other = play.answer_to("bystander", lambda: play.click("bystander", card, "approve"))
    assert other.startswith("You are not an approver for that, so nothing was decided.")
    shell = play.shell("approve", run.id, "--name", play.server, person="U0OPERATOR")
    assert (shell.returncode, shell.stdout) == (2, "")
    assert shell.stderr == "You asked for it yourself, so somebody else must approve it.\n"
    assert play.redis.hgetall(f"dr:inbox:{run.id}") == {}
    assert play.shell("reject", run.id, "not", "today", person="U0APPROVER").stdout == f"You rejected {run.id}.\n"
    assert play.ended(run).status.value == "rejected"
    late = play.answer_to("second-approver", lambda: play.click("second-approver", card, "approve"))
    assert late.startswith("That was already decided: <@U0APPROVER> rejected it <!date^")
    assert play.effects()["TerminateInstances"] == 0
    assert play.locks() == []


def test_a_click_after_the_expiry_says_expired_and_terminates_nothing(play: Play) -> None:
    run, card = play.hasty_drill()
    assert play.ended(run).status.value == "expired"
    late = play.answer_to("approver", lambda: play.click("approver", card, "approve"))
    assert late == f"That question of `{run.id}` is not open any more: the run is expired."
    assert play.effects()["TerminateInstances"] == 0
    assert play.locks() == []
    play.check_card(play.ended(run))
