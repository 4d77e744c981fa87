"""Freezing, thawing and the watchdog, on a folder that stands for the server, under a real shell."""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from practice.cloud.sandbox import end_left
from tests.facts.server import SRV, Disk
from workflows.errors import FactsUnreadable
from workflows.facts.freeze_script import Thawed, freeze_script, read_frozen, read_thawed, thaw_script, token_of
from workflows.facts.freezing import Freezing
from workflows.facts.script import recognised
from workflows.freeze_errors import FreezeFailed, ThawFailed

TOKEN = token_of("D-0001-7f3a9c2e", 0)
OWN = Freezing(freeze=('touch "$DR_ROOT/srv/still"',), thaw=('rm -f "$DR_ROOT/srv/still"',))
MOUNTS = Freezing(filesystems=("/data", "/logs"))

#: It keeps a mark for each file system that is frozen, and a book of what it did.
FSFREEZE = """#!/bin/sh
mark=$DR_ROOT/frozen$(printf %s "$2" | tr / _)
echo "$1 ${2##*/}" >>"$DR_ROOT/book"
case $1 in
  --freeze) if [ -e "$mark" ]; then echo "fsfreeze: $2: Device or resource busy"; exit 1; fi; : >"$mark" ;;
  *) if [ ! -e "$mark" ]; then echo "fsfreeze: $2: unfreeze failed: Invalid argument"; exit 1; fi; rm "$mark" ;;
esac
"""
#: /data and /logs are file systems of their own.
FINDMNT = """#!/bin/sh
case $4 in */data|*/data/*) echo /dev/data ;; */logs|*/spool) echo /dev/logs ;; *) echo /dev/root ;; esac
"""


class Server(Disk):
    """A server with fake file systems. What runs on it ends with the test."""

    def does(self, script: str) -> subprocess.CompletedProcess[str]:
        return self.run(script, path=f"{self.root.parent}/tools:")

    def freeze(self, how: Freezing = OWN, token: str = TOKEN) -> int:
        return read_frozen(self.does(freeze_script(token, how)).stdout, token)

    def thaw(self, how: Freezing = OWN, *, let_go: bool = False) -> Thawed:
        done = self.does(thaw_script(TOKEN, how, let_go=let_go))
        return read_thawed(done.stdout.replace('"mode":"let_go"', '"mode":"thaw"'), TOKEN)

    def mark(self, name: str) -> Path:
        return self.path(f"/var/lib/firedrill/freeze/{TOKEN}/{name}")

    @property
    def still(self) -> list[str]:
        """What stands still: by commands, and by file systems."""
        names = [each.name.rsplit("_")[-1] for each in self.root.glob("frozen*")]
        return sorted([*names, *(["srv"] if self.path("/srv/still").exists() else [])])

    @property
    def book(self) -> list[str]:
        return self.path("/book").read_text().splitlines()

    @property
    def watchdog(self) -> int:
        return int(self.mark("watchdog").read_text())

    def fire(self) -> None:
        """The watchdog's time is over: a signal stands for it."""
        os.kill(self.watchdog, signal.SIGTERM)
        until(self.mark("ended").exists)


def until(look: Callable[[], object]) -> None:
    end = time.monotonic() + 30
    while not look():
        assert time.monotonic() < end, "it never came"
        time.sleep(0.02)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    tools = tmp_path / "tools"
    tools.mkdir()
    for name, text in (("fsfreeze", FSFREEZE), ("findmnt", FINDMNT)):
        (tools / name).write_text(text)
        (tools / name).chmod(0o755)
    made = Server(tmp_path / "server")
    for folder in ("/srv", "/data", "/logs", "/var/lib/firedrill", "/var/log", "/tmp"):
        made.path(folder).mkdir(parents=True)
    yield made
    end_left(made.root)


@pytest.mark.parametrize(("how", "still"), [(OWN, ["srv"]), (MOUNTS, ["data", "logs"])])
def test_what_is_frozen_stands_still_until_the_thaw_which_says_that_it_held(
    server: Server, how: Freezing, still: list[str]
) -> None:
    assert 0 < server.freeze(how) <= 60
    assert server.still == still
    assert server.thaw(how) == Thawed(True, "")
    assert server.still == []
    assert server.thaw(how) == Thawed(True, ""), "an answer that was lost may be asked for again"


def test_commands_come_before_file_systems_and_are_undone_after_them(server: Server) -> None:
    server.freeze(Freezing(("/data", "/logs"), ('echo pause >>"$DR_ROOT/book"',), ('echo resume >>"$DR_ROOT/book"',)))
    server.thaw(Freezing(("/data", "/logs"), ('echo pause >>"$DR_ROOT/book"',), ('echo resume >>"$DR_ROOT/book"',)))
    frozen = ["pause", "--freeze data", "--freeze logs"]
    assert server.book == [*frozen, "--unfreeze logs", "--unfreeze data", "resume"]


@pytest.mark.parametrize("how", [OWN, MOUNTS])
def test_a_watchdog_that_had_to_thaw_is_told_and_the_thaw_does_nothing_more(server: Server, how: Freezing) -> None:
    server.freeze(how)
    server.fire()
    assert server.still == []
    thawed = server.thaw(how)
    assert not thawed.held
    assert "the watchdog on the server thawed before" in thawed.why


def test_the_watchdog_thaws_after_its_seconds_even_if_the_script_was_killed_while_it_froze(server: Server) -> None:
    how = Freezing(freeze=(*OWN.freeze, "sleep 60"), thaw=OWN.thaw, seconds=5)
    command = ["/bin/sh", "-c", freeze_script(TOKEN, how)]
    process = subprocess.Popen(
        command, env={"DR_ROOT": str(server.root), "PATH": "/usr/bin:/bin"}, start_new_session=True
    )
    until(lambda: server.still)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    assert server.still == ["srv"]
    until(lambda: not server.still)
    assert server.mark("fired").exists()


def test_a_freeze_that_takes_longer_than_the_watchdog_waits_is_undone_and_no_freeze(server: Server) -> None:
    slow = Freezing(freeze=(*OWN.freeze, "sleep 60"), thaw=OWN.thaw, seconds=5)
    with pytest.raises(FreezeFailed, match=r"sleep 60: not done after 5 s"):
        server.freeze(slow)
    assert server.still == []
    assert not server.thaw(slow).held


def test_what_freezes_only_after_the_watchdog_has_thawed_is_undone_and_no_freeze(server: Server) -> None:
    wait = 'until [ -e "$DR_ROOT/fired" ]; do sleep 0.05; done; touch "$DR_ROOT/srv/still"'
    late = Freezing(freeze=(*OWN.freeze, wait), thaw=OWN.thaw)
    with ThreadPoolExecutor(1) as pool:
        done = pool.submit(server.freeze, late)
        until(lambda: server.still)
        os.kill(server.watchdog, signal.SIGTERM)
        until(server.mark("fired").exists)
        server.path("/fired").touch()
        with pytest.raises(FreezeFailed, match="the watchdog has thawed"):
            done.result()
    until(server.mark("ended").exists)
    assert server.still == []


def test_what_a_command_leaves_running_keeps_nobody_waiting(server: Server) -> None:
    assert server.freeze(replace(OWN, freeze=("sleep 600 &",)))


def test_what_was_frozen_is_thawed_again_if_the_rest_cannot_be(server: Server) -> None:
    with pytest.raises(FreezeFailed, match=r"false: exit 1"):
        server.freeze(Freezing((), (*OWN.freeze, "echo no; false"), OWN.thaw))
    assert server.still == []
    assert server.mark("ended").exists()


def test_a_file_system_that_somebody_else_has_frozen_stays_theirs(server: Server) -> None:
    server.path(f"/frozen{str(server.path('/logs')).replace('/', '_')}").touch()
    with pytest.raises(FreezeFailed, match="Device or resource busy"):
        server.freeze(MOUNTS)
    assert server.still == ["logs"]
    assert server.book == ["--freeze data", "--freeze logs", "--unfreeze data"]


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("/srv", "/srv lies on the root file system"),
        ("/spool", "/spool is not there"),
        ("/away", "/away leads out of the root folder"),
    ],
)
def test_a_file_system_that_must_not_or_cannot_freeze_is_refused(server: Server, path: str, why: str) -> None:
    server.path("/away").symlink_to("/")
    with pytest.raises(FreezeFailed, match=why):
        server.freeze(Freezing((path,)))
    assert not server.path("/book").exists()


def test_a_file_system_that_holds_the_marks_or_the_agents_files_is_refused(server: Server) -> None:
    server.path("/data/amazon").mkdir()
    server.path("/var/lib/amazon").symlink_to("../../data/amazon")
    findmnt = server.root.parent / "tools/findmnt"
    findmnt.write_text(FINDMNT.replace("*/data|", "*/data|*/var/lib/amazon|"))
    with pytest.raises(FreezeFailed, match="/data lies on the file system of /var/lib/amazon, where the thaw itself"):
        server.freeze(Freezing(("/data",)))


def test_a_file_system_that_somebody_else_thawed_did_not_hold(server: Server) -> None:
    server.freeze(MOUNTS)
    next(server.root.glob("frozen*_data")).unlink()
    assert server.thaw(MOUNTS) == Thawed(False, "something else on the server had thawed it before")
    assert server.still == []


def test_a_server_that_was_restarted_meanwhile_did_not_hold(server: Server) -> None:
    server.freeze()
    server.mark("boot").write_text("another")
    assert "restarted" in server.thaw().why


def test_a_thaw_that_fails_is_told_and_left_to_the_watchdog(server: Server) -> None:
    stubborn = replace(OWN, thaw=('[ ! -e "$DR_ROOT/srv/stuck" ] && rm "$DR_ROOT/srv/still"',))
    server.path("/srv/stuck").touch()
    server.freeze(stubborn)
    with pytest.raises(ThawFailed, match=r"srv/stuck.*exit 1"):
        server.thaw(stubborn)
    os.kill(server.watchdog, signal.SIGTERM)
    until(server.mark("fired").exists)
    server.path("/srv/stuck").unlink()
    until(lambda: not server.still)


def test_a_freeze_that_is_let_go_never_says_that_it_held(server: Server) -> None:
    server.freeze()
    assert not server.thaw(let_go=True).held
    assert server.still == []
    assert server.thaw() == Thawed(False, "the freeze was let go when the run stopped")


def test_a_freeze_that_is_let_go_while_it_freezes_freezes_nothing_more(server: Server) -> None:
    slow = replace(OWN, freeze=("sleep 2", 'touch "$DR_ROOT/srv/still"'))
    with ThreadPoolExecutor(1) as pool:
        freezing = pool.submit(server.freeze, slow)
        until(server.mark("watchdog").exists)
        server.thaw(slow, let_go=True)
        assert "let go while it froze" in str(freezing.exception())
    assert server.still == []


def test_a_freeze_that_comes_after_it_was_let_go_is_refused(server: Server) -> None:
    server.thaw(let_go=True)
    with pytest.raises(FreezeFailed, match="begun before"):
        server.freeze()
    assert server.still == []


def test_a_thaw_on_a_machine_that_nothing_was_frozen_on_does_nothing(server: Server) -> None:
    assert server.thaw() == Thawed(False, "nothing was frozen on the server any more")


def test_one_freeze_cannot_be_begun_twice(server: Server) -> None:
    server.freeze()
    with pytest.raises(FreezeFailed, match="was begun before"):
        server.freeze()
    assert server.still == ["srv"]


def test_marks_of_freezes_long_ago_are_cleared_away(server: Server) -> None:
    old = server.path("/var/lib/firedrill/freeze/D-0000-00000000.0")
    old.mkdir(parents=True)
    os.utime(old, (1, 1))
    server.freeze()
    assert not old.exists()


AWKWARD = Freezing(("/it's",), ("echo 'a' \"b\" $(id) \\ `x`",), ("true # }",))
PROFILES = [replace(SRV, freeze=OWN), replace(SRV, freeze=AWKWARD), SRV]


@pytest.mark.parametrize("how", [OWN, AWKWARD])
def test_scripts_are_recognised_for_the_profiles_they_were_made_of_and_for_no_other(how: Freezing) -> None:
    for script in (freeze_script(TOKEN, how), thaw_script(TOKEN, how), thaw_script(TOKEN, how, let_go=True)):
        assert recognised(script, PROFILES)
        assert not recognised(script, [SRV, replace(SRV, freeze=MOUNTS)])
        assert not recognised(script.replace("seconds='60'", "seconds='61'"), PROFILES)
        assert not recognised(script + "\n", PROFILES)
        assert "{{" not in script
        assert len(script.encode()) < 60_000


@pytest.mark.parametrize("token", ["", "D-0001-7f3a9c2e", "D-0001-7f3a9c2e.0/..", "$(id).0", f"{TOKEN}\n"])
def test_a_token_of_another_form_is_refused(token: str) -> None:
    with pytest.raises(ValueError, match="token looks like"):
        freeze_script(token, OWN)


@pytest.mark.parametrize(
    "stdout", ["", "firedrill-freeze:{", f'firedrill-freeze:{{"format":1,"mode":"thaw","token":"{TOKEN}"}}']
)
def test_rubbish_is_no_answer(stdout: str) -> None:
    with pytest.raises(FactsUnreadable):
        read_frozen(stdout, TOKEN)
