"""What recurs is announced: once, edited as it goes, and people are called only where they must act."""

import json
from dataclasses import replace

import pytest

from handlers.announcements import Outlook, announcement, details, replies
from handlers.occurrences import SHORTCUT
from practice.workspace import Message
from practice.workspace.blocks import check_blocks
from practice.workspace.views import View
from practice.world import CHANNEL
from tests.flows.scene import SMALL
from tests.handlers.test_cards import run as made
from tests.schedules.table import HERE, timetable
from tests.schedules.team import Team, shown, texts
from tests.stage import APPROVER, OPERATOR
from workflows.engine.run import Actor, Run, Status
from workflows.schedules.occurrence import State, planned
from workflows.schedules.schedule import Schedule
from workflows.schedules.tables import Freeze

HOUR, DAY = 3600.0, 86400.0


def until(team: Team, seconds: float) -> None:
    """Go on to so many seconds before the first occurrence of the only schedule begins, as a worker and bots would."""
    (standing,) = team.stage.calendar.all()
    assert standing.next is not None
    team.stage.clock.forward(standing.next - seconds - team.stage.clock.now())
    look(team)


def look(team: Team) -> None:
    timetable(team.stage).tick()
    team.tell()


def test_one_message_goes_from_the_day_before_to_the_verdict(team: Team) -> None:
    team.stage.seed(disks=SMALL)
    last = team.stage.backup()
    team.monthly("backup")
    until(team, DAY + 600)
    assert team.announced() == []
    until(team, DAY - 1)
    first = team.message()
    assert "Nothing is destroyed" in shown(first)
    assert f"the last one, `{last.id}`, took" in shown(first)
    assert "<@U0APPROVER" not in shown(first), "nobody is asked to approve a backup"
    assert [each.text for each in first.buttons()] == ["Skip this one", "Postpone…", "Run now", "Details"]
    until(team, HOUR - 1)
    assert [" begins " in each for each in texts(team.space.thread(first))] == [True]
    team.stage.clock.forward(HOUR)
    look(team)
    run = team.stage.store.latest(1)[0]
    assert f"`{run.id}`: the card" in shown(team.message())
    assert team.stage.drive(run).status is Status.SUCCEEDED
    look(team)
    look(team)
    assert f"{run.id}, backup of orders-db: succeeded" in shown(team.message())
    assert len(team.space.thread(first)) == 2
    assert team.message().edited_count == 2, "begun, ended; between them it stood still"


def test_a_run_that_this_bot_cannot_read_is_left_out_and_ends_no_announcements(team: Team) -> None:
    team.stage.seed(disks=SMALL)
    team.monthly("backup")
    until(team, HOUR - 1)
    team.stage.clock.forward(HOUR)
    timetable(team.stage).tick()
    run = team.stage.store.latest(1)[0]
    team.stage.store.redis.hset(f"dr:run:{run.id}", "record", '{"of": "another version"}')
    team.tell()
    assert "Began" in shown(team.message())
    assert f"`{run.id}`" in shown(team.message())


def test_a_live_drill_says_what_it_destroys_and_calls_those_who_may_approve(team: Team) -> None:
    team.stage.seed(disks=SMALL)
    team.monthly("live")
    until(team, HOUR - 1)
    first = team.message()
    assert "*Destructive.*" in shown(first)
    assert "*its instance is terminated*" in shown(first)
    assert "*Asked to approve:* <@U0APPROVER> <@U0APPROVER2>" in shown(first)
    assert team.space.thread(first) == [], "what has just been posted needs no reply"


def test_while_slack_is_away_an_announcement_waits_and_is_made_once(slow_team: Team) -> None:
    team = slow_team
    team.stage.seed(disks=SMALL)
    team.monthly("backup")
    team.space.faults.is_away = True
    until(team, DAY - 1)
    until(team, HOUR - 1)
    team.space.faults.is_away = False
    team.space.faults.lose_answer("chat.postMessage", 1)
    for _ in range(3):
        team.stage.clock.forward(60)
        look(team)
    assert len(team.announced()) == 1


def test_of_what_comes_every_hour_only_the_next_one_is_announced(team: Team) -> None:
    team.stage.seed(disks=SMALL)
    given = team.monthly("backup")
    team.stage.calendar.remove(given.id, OPERATOR, HERE)
    team.stage.calendar.add(replace(given, when="every hour"), HERE)
    look(team)
    assert len(team.announced()) == 1
    assert len(team.stage.calendar.coming()) == 25
    team.stage.clock.forward(HOUR)
    look(team)
    assert len(team.announced()) == 2


def test_where_slack_wants_a_pause_nothing_else_is_tried_before_it_is_over(team: Team) -> None:
    team.stage.seed(disks=SMALL)
    for _ in range(3):
        team.monthly("backup")
    team.stage.clock.forward(team.stage.calendar.all()[0].next - team.stage.clock.now() - HOUR)  # type: ignore[operator]
    timetable(team.stage).tick()
    team.space.faults.rate_limit("chat.postMessage", times=5, retry_after=20)
    for announcer in team.announcers[:1] * 3:
        announcer.tick()
    assert team.space.faults.limits_left("chat.postMessage") == 4
    team.space.faults.end_limits("chat.postMessage")
    team.stage.clock.forward(21)
    team.tell()
    assert len(team.announced()) == 3


def test_a_pause_that_slack_wanted_is_over_when_the_clock_was_set_back(team: Team) -> None:
    team.stage.seed(disks=SMALL)
    team.monthly("backup")
    team.space.faults.rate_limit("chat.postMessage", times=2, retry_after=20)
    until(team, HOUR)
    assert team.space.faults.limits_left("chat.postMessage") == 0, "both bots were told to wait"
    team.stage.clock.forward(-HOUR)
    team.tell()
    assert len(team.announced()) == 1


def test_what_was_missed_is_told_once_to_whoever_answers_for_it(team: Team) -> None:
    team.stage.seed(disks=SMALL)
    team.monthly("backup")
    (standing,) = team.stage.calendar.all()
    team.stage.clock.forward((standing.next or 0) - team.stage.clock.now() + 2 * HOUR)
    for _ in range(2):
        look(team)
    first = team.message()
    assert "*Missed.*" in shown(first)
    (reply,) = texts(team.space.thread(first))
    assert reply.startswith(f"<@{OPERATOR.id}> Backup of orders-db")
    assert team.stage.store.latest(10) == []


def test_what_a_freeze_holds_says_so_and_why(team: Team) -> None:
    team.stage.seed(disks=SMALL)
    team.stage.backup()
    team.monthly("drill")
    until(team, HOUR)
    team.stage.clock.forward(HOUR)
    now = team.stage.clock.now()
    timetable(team.stage, freezes=[Freeze(now - 60, now + 600, "a fair.")]).tick()
    team.tell()
    assert "*Held:* a freeze until" in shown(team.message())
    assert "a fair" in shown(team.message())
    assert "a fair.." not in shown(team.message())
    team.stage.clock.forward(700)
    look(team)
    assert "the card in" in shown(team.message())


def test_a_server_that_is_gone_is_told_before_it_matters(team: Team) -> None:
    team.stage.seed(disks=SMALL)
    given = team.monthly("backup")
    team.stage.calendar.remove(given.id, OPERATOR, HERE)
    team.stage.calendar.add(replace(given, target="gone-db"), HERE)
    until(team, DAY - 1)
    assert "*As things stand it could not begin:*" in shown(team.message())
    assert "gone-db" in shown(team.message())
    team.stage.seed("gone-db", disks=SMALL)
    team.stage.look()
    team.stage.clock.forward(-DAY / 2)  # it is doubted for no time that is not any more
    team.tell()
    assert "could not begin" not in shown(team.message())


def test_skip_postpone_twice_and_run_now_by_clicks(team: Team) -> None:
    team.stage.seed(disks=SMALL)
    team.monthly("backup")
    until(team, HOUR)
    assert "not an operator" in team.told(
        "bystander", lambda: team.space.click("bystander", team.message(), "Skip this one")
    )
    begins = team.stage.calendar.coming()[0].at
    for more in (1, 2):
        view = _pressed(team, "Postpone…")
        _, faults = team.space.submit("operator", view, {"said": {"typed": round(team.stage.clock.now())}})
        assert "at least a minute away" in str(faults)
        team.space.submit("operator", view, {"said": {"typed": round(begins + more * HOUR)}})
        look(team)
        assert "postponed by <@U0OPERATOR> from" in shown(team.message())
    assert [each.at - begins for each in team.stage.calendar.coming()] == [2 * HOUR]
    told = team.told("bystander", lambda: team.space.click("bystander", team.message(), "Details"))
    assert "Answers for it: <@U0OPERATOR>" in told
    team.told("operator", lambda: team.space.click("operator", team.message(), "Run now"))
    look(team)
    run = team.stage.store.latest(1)[0]
    assert f"`{run.id}`: the card" in shown(team.message())
    kinds = [each["what"] for each in team.stage.audit() if each["kind"] == "request"]
    assert [each.split()[1] for each in kinds] == [
        "occurrence_skip", "occurrence_postpone", "postpone", "postpone", "occurrence_postpone", "postpone", "postpone",
        "occurrence_details", "occurrence_run",
    ]  # fmt: skip


def test_a_skipped_one_says_who_skipped_it_and_an_old_button_says_so_too(team: Team) -> None:
    team.stage.seed(disks=SMALL)
    team.monthly("backup")
    until(team, HOUR)
    before = team.message()
    team.told("operator", lambda: team.space.click("operator", before, "Skip this one"))
    look(team)
    assert "Skipped by <@U0OPERATOR>" in shown(team.message())
    assert team.message().buttons() == []
    for button in ("Skip this one", "Run now", "Postpone…"):
        said = team.told("operator", lambda name=button: team.space.click("operator", before, name))  # type: ignore[misc]
        assert "is skipped by <@U0OPERATOR> already" in said


def test_the_shortcut_at_a_message_tells_of_what_it_announces_or_of_its_run(team: Team) -> None:
    team.stage.seed(disks=SMALL)
    team.monthly("backup")
    until(team, HOUR)
    (note,) = _asked(team, team.message())
    assert "Answers for it: <@U0OPERATOR>" in note.text
    team.told("operator", lambda: team.space.click("operator", note, "Skip this one"))
    look(team)
    (later,) = _asked(team, team.message())
    assert ("Answers for it" in later.text, later.buttons()) == (True, [])
    run = team.stage.backup()
    (card,) = _asked(team, team.card(run))
    assert f"{run.id}, backup of orders-db: succeeded" in card.text
    team.space.say("bystander", CHANNEL, "lunch?")
    (other,) = _asked(team, team.space.messages(CHANNEL)[-1])
    assert other.text.startswith("That message is about no run and no schedule.")


def _asked(team: Team, message: Message) -> list[Message]:
    before = len(team.space.ephemerals("operator"))
    team.space.shortcut_on("operator", message, SHORTCUT)
    return team.until(lambda: team.space.ephemerals("operator")[before:])


def test_what_is_unscheduled_while_its_announcement_is_open_is_withdrawn_there(team: Team) -> None:
    team.stage.seed(disks=SMALL)
    given = team.monthly("live")
    until(team, HOUR)
    team.stage.calendar.remove(given.id, APPROVER, HERE)
    look(team)
    assert "Withdrawn by <@U0APPROVER>: its schedule was removed" in shown(team.message())
    assert team.message().buttons() == []


def test_who_may_approve_is_said_as_far_as_it_is_known() -> None:
    own = Schedule("live", "live", "orders-db", "every day at 03:00", "UTC", OPERATOR, "C1", 0.0)
    each = planned(own, 1.8e9)
    unknown, nobody = Outlook(True, "It is gone."), Outlook(True, approvers=())
    assert "Asked to approve" not in str(announcement(each, unknown).blocks)
    assert [reply.text.split(". ")[1:] for reply in replies(each, unknown)] == [[]]
    assert "*Asked to approve:* nobody in firedrill.toml may approve it" in str(announcement(each, nobody).blocks)
    assert replies(each, nobody)[0].text.endswith(". Nobody in firedrill.toml may approve it.")


@pytest.mark.parametrize("state", State)
def test_the_longest_names_fit_into_slacks_limits(state: State) -> None:
    name = "<&>`" * 64
    own = Schedule(
        name[:40], "live", name, "first sunday of the month at 03:00", "America/Argentina/ComodRivadavia",
        Actor("U" + "0" * 30), "C1", 0.0, "p" * 40, "random", "&" * 500,
    )  # fmt: skip
    each = replace(planned(own, 1.8e9), state=state, why="&" * 900, by=Actor("U1"), runs=("D-0001",) * 60, ended=1.9e9)
    known = Outlook(True, "&" * 1500, (name,) * 200, tuple(f"U{number:010}" for number in range(300)), None, _runs(60))
    painted = announcement(each, known)
    check_blocks(json.loads(json.dumps(painted.blocks)), "message")
    assert len(painted.text) <= 3500
    assert all(len(reply.text) <= 4000 for reply in replies(each, known))
    assert len(details(each, [1.9e9] * 3)) <= 4000


def _runs(number: int) -> tuple[Run, ...]:
    return (made(server="&" * 256, status=Status.CANCELLED, ended=1.9e9),) * number


def _pressed(team: Team, button: str) -> View:
    team.space.click("operator", team.message(), button)
    return team.until(lambda: team.space.modals("operator") or None)[-1]
