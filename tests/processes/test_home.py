"""Home over the real protocol: opened, kept fresh by itself, and a drill approved from it."""

from practice.workspace.views import View
from practice.world import CHANNEL
from tests.processes.play import DRILL_ONCE, Play


def shown(play: Play, text: str, person: str = "approver") -> View | None:
    """Somebody's Home, if it shows that."""
    view = play.space.home(person)
    return view if view and text in str(view.body) else None


def test_a_drill_is_approved_from_home_which_shows_the_question_and_loses_it_by_itself(play: Play) -> None:
    play.space.open_home("approver")
    play.until(lambda: shown(play, "Nothing waits for your approval"))
    run, card = play.drill_asked()
    home = play.until(lambda: shown(play, f"*Terminate {play.server}?*  `{run.id}`"))
    play.until(lambda: shown(play, f"/p{card.ts.replace('.', '')}"))
    assert play.space.act("approver", home, "home_approve").error is None
    window = play.until(lambda: play.space.modals("approver") or None)[-1]
    told = play.answer_to("approver", lambda: play.fills("approver", window, play.server))
    assert told == f"You approved `{run.id}`."
    play.check_done_once(run, DRILL_ONCE)
    play.until(lambda: shown(play, "Nothing waits for your approval"))
    assert play.space.act("approver", home, "home_approve").error is None
    note = play.until(lambda: play.space.modals("approver") or None)[-1]
    assert "already" in str(note.body)
    play.space.close("approver", note)


def test_an_approver_who_is_not_in_the_runs_channel_is_told_in_a_direct_message_what_came_of_it(play: Play) -> None:
    play.space.leave(CHANNEL, "approver")
    run, _ = play.drill_asked()
    play.space.open_home("approver")
    home = play.until(lambda: shown(play, f"*Terminate {play.server}?*  `{run.id}`"))
    assert play.space.act("approver", home, "home_reject").error is None
    window = play.until(lambda: play.space.modals("approver") or None)[-1]
    play.fills("approver", window, "not today")
    (told,) = play.until(lambda: play.space.messages("D0APPROVER"))
    assert told.text == f"You rejected `{run.id}`."


def test_the_menu_of_a_server_on_home_opens_the_form_with_that_server_chosen_in_it(play: Play) -> None:
    assert play.source
    play.space.open_home("operator")
    home = play.until(lambda: shown(play, "Drill…", "operator"))
    worst = next(each for each in home.blocks if "accessory" in each)
    menu = worst["accessory"]["options"]
    drill = next(each for each in menu if each["text"]["text"] == "Drill…")
    assert play.space.act("operator", home, "home_server", drill).error is None
    form = play.until(lambda: play.space.modals("operator") or None)[-1]
    assert form.body["callback_id"] == "form_drill"
    chosen = next(each["element"]["initial_option"] for each in form.blocks if "initial_option" in str(each))
    assert f"*{chosen['text']['text']}*" in worst["text"]["text"]
    play.space.close("operator", form)
