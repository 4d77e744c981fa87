"""The same verbs in the shell, which knows Redis and firedrill.toml and neither Slack's nor AWS's secrets."""

import getpass

from tests.processes.play import BACKUP_ONCE, Play


def test_a_backup_in_the_shell_is_followed_to_its_end_and_then_listed(play: Play) -> None:
    assert play.source
    done = play.shell("backup", play.server, "--reason", "before the upgrade")
    assert (done.returncode, done.stderr) == (0, "")
    run = play.ended(play.until(lambda: play.newest(play.server)))
    lines = [line for line in done.stdout.splitlines() if line.strip()]
    assert lines[0] == f"{run.id} Backup of {play.server} is on its way; its card says how far it is."
    assert lines[-1].startswith(f"{run.id}, backup of {play.server}: succeeded. ami-")
    card = play.check_card(play.check_done_once(run, BACKUP_ONCE))
    assert "in the shell" in card.plain()
    assert "before the upgrade" in card.plain()
    assert play.shell("status").stdout == "Nothing is going on. /dr runs lists what has been.\n"
    assert f"{run.id} Backup of {play.server}: succeeded, asked by @U0OPERATOR" in play.shell("runs").stdout
    assert f"{run.id}, backup of {play.server}: succeeded." in play.shell("status", run.id).stdout
    point = f"• {run.values['point']['image_id']} "
    assert play.until(lambda: _line(play.shell("points", play.server).stdout, point)).endswith(" complete")


def test_a_login_that_nobody_has_named_is_told_what_to_add(play: Play) -> None:
    login = getpass.getuser()
    unknown = play.shell("runs", person="")
    assert (unknown.returncode, unknown.stdout) == (2, "")
    assert unknown.stderr.splitlines() == [
        f"firedrill.toml does not say who {login} is in Slack.",
        f'Add under [people]: {login} = "U0123ABCD" — the member id from the Slack profile.',
    ]


def test_a_run_that_does_not_succeed_gives_the_shell_status_1_and_a_wrong_word_2(play: Play) -> None:
    play.world.lab.faults.fail_image()
    assert play.source
    failed = play.shell("backup", play.server)
    assert failed.returncode == 1, failed.stdout
    assert "AWS could not make ami-" in failed.stdout
    wrong = play.shell("backpu", play.server)
    assert wrong.returncode == 2
    assert "backpu" in wrong.stderr


def _line(text: str, start: str) -> str | None:
    return next((line for line in text.splitlines() if line.startswith(start)), None)
