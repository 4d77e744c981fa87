"""Reports over the real processes: the picture at the end, the files in the thread, the same files in the shell."""

import hashlib
from pathlib import Path

from practice.workspace import Message
from tests.processes.play import DRILL_ONCE, Play


def test_a_drill_leaves_its_timeline_and_its_report_is_the_same_in_slack_and_in_the_shell(
    play: Play, tmp_path: Path
) -> None:
    run, card = play.drill_asked()
    play.approves("approver", card)
    done = play.check_done_once(play.ended(run), DRILL_ONCE)
    play.painted(done)
    assert _names(play, card) == [f"firedrill-{done.key}.png"]
    told = play.answer_to("bystander", lambda: play.say("bystander", f"/dr report {done.id}"))
    assert "*Passed*" in told
    assert "PRACTICE" in told
    assert [name.partition(".")[2] for name in _names(play, card)] == ["png", "html", "json", "png"]
    written = play.shell("report", done.id, "--to", str(tmp_path))
    assert (written.returncode, written.stderr) == (0, "")
    digest = hashlib.sha256((tmp_path / f"firedrill-{done.key}.json").read_bytes()).hexdigest()
    assert digest == done.seal
    assert digest in written.stdout
    assert digest in told
    assert "made by another version" not in (tmp_path / f"firedrill-{done.key}.html").read_text(encoding="utf-8")
    history = play.shell("report", play.server, "--to", str(tmp_path))
    assert "1 restore. The last, " in history.stdout
    assert (tmp_path / f"firedrill-history-{play.server}.png").read_bytes().startswith(b"\x89PNG")


def test_a_report_of_a_run_that_goes_on_is_refused_and_says_where_to_look(play: Play) -> None:
    run, _ = play.drill_asked()
    told = play.answer_to("operator", lambda: play.say("operator", f"/dr report {run.id}"))
    assert told == f"`{run.id}` has not ended yet, so it has no report. `/dr status {run.id}` says how far."
    play.say("operator", f"/dr cancel {run.id}")
    play.ended(run)


def _names(play: Play, card: Message) -> list[str]:
    """Of the files in a card's thread."""
    return [str(file["name"]) for each in play.space.thread(card) for file in each.files]
