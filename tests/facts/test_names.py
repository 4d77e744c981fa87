"""File names may be any bytes but NUL and the slash."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.facts.server import SRV, Disk, told
from workflows.errors import FactsUnreadable
from workflows.facts.profile import Profile
from workflows.facts.script import compare_script, record_script
from workflows.facts.wire import readable

SHOWN = {
    b"two words": "two words",
    b" leading and trailing ": " leading and trailing ",
    b"-n": "-n",
    b"--help": "--help",
    b'it\'s "quoted" `x` $(y)': 'it\'s "quoted" `x` $(y)',
    b"back\\slash": "back\\\\slash",
    b"\\": "\\\\",
    b"back\\nslash-n": "back\\\\nslash-n",
    b"new\nline": "new\\nline",
    b"\n": "\\n",
    b"ends in a newline\n": "ends in a newline\\n",
    b"tab\there": "tab\\there",
    b"carriage\rreturn": "carriage\\rreturn",
    b"\\\r": "\\\\\\r",
    b"bell\x07 and \x01 and \x7f": "bell\\x07 and \\x01 and \\x7f",
    "grün 日本 🦀".encode(): "grün 日本 🦀",
    b"latin-1 gr\xfcn": "latin-1 gr\\xfcn",
    b"half a character \xe6\x97": "half a character \\xe6\\x97",
    "turned \u202e round".encode(): "turned \\xe2\\x80\\xae round",
    b"*?[a]{b,c}": "*?[a]{b,c}",
    b"%s %d %n": "%s %d %n",
    b"&amp; & a": "&amp; & a",
    b"firedrill-facts:{}": "firedrill-facts:{}",
    b"'; touch hacked; '": "'; touch hacked; '",
    b"$(touch hacked)": "$(touch hacked)",
    b"\nfiredrill-facts:{}\n": "\\nfiredrill-facts:{}\\n",
}


def test_names_of_any_kind_are_the_same_before_and_after(disk: Disk, tmp_path: Path) -> None:
    for name in SHOWN:
        disk.write(b"/srv/" + name)
        disk.path(b"/srv/link to " + name).symlink_to(os.fsdecode(name))
    recorded = disk.record()
    assert recorded.files == 3 + len(SHOWN)
    assert disk.kept("files.list").read_bytes().count(b"\n") == recorded.entries
    restored = disk.restored(tmp_path / "restored")
    assert restored.evidence(recorded).verdict == "same"
    assert not restored.path("/hacked").exists()
    assert not disk.path("/hacked").exists()


@pytest.mark.parametrize("name", SHOWN, ids=repr)
def test_a_name_is_shown_readably_and_unambiguously(disk: Disk, name: bytes) -> None:
    recorded = disk.record()
    disk.write(b"/srv/app/" + name)
    assert told(disk.evidence(recorded)) == [("new", "/srv/app/" + SHOWN[name], "file")]


def test_no_two_names_are_shown_alike() -> None:
    assert len(set(SHOWN.values())) == len(SHOWN)


@pytest.mark.parametrize("name", SHOWN, ids=repr)
def test_a_file_of_any_name_is_missed_when_it_is_gone_and_told_when_it_changed(disk: Disk, name: bytes) -> None:
    changed, gone = disk.write(b"/srv/app/" + name), disk.write(b"/srv/spool/" + name)
    recorded = disk.record()
    changed.write_text("CONTENT")
    os.utime(changed, (1, 1))
    gone.unlink()
    assert told(disk.evidence(recorded)) == [
        ("corrupt", "/srv/app/" + SHOWN[name], "content corrupt"),
        ("missing", "/srv/spool/" + SHOWN[name], "file"),
    ]


@given(
    names=st.sets(
        st.binary(min_size=1, max_size=40).map(lambda raw: raw.translate(None, b"\0/") or b"x"),
        min_size=10,
        max_size=40,
    )
)
@example(names=set())
@example(names={b"a", b"a!", b"a\x01", b"a\t", b"a b", b"a\\", b"a\n", b"A"})
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_set_of_names_is_measured_again_as_it_was(disk: Disk, names: set[bytes]) -> None:
    folder = disk.path("/srv/any")
    shutil.rmtree(folder, ignore_errors=True)
    for name in names - {b".", b".."}:
        disk.write(b"/srv/any/" + name)
    recorded = disk.record()
    assert recorded.files == 3 + len(names - {b".", b".."})
    assert disk.evidence(recorded).verdict == "same"


def test_profile_paths_full_of_shell_are_only_names(disk: Disk, tmp_path: Path) -> None:
    touched = tmp_path / "touched"
    paths = [
        f"/srv/'; touch {touched}; '",
        f"/srv/$(touch {touched})",
        f"/srv/`touch {touched}`",
        f'/srv/"; touch {touched}; "',
        f"/srv/\\'; touch {touched} #",
        "/srv/-delete",
        "/srv/é *",
        "/srv/a\\",
    ]
    for path in paths:
        disk.write(f"{path}/file")
    recorded = disk.record(Profile("x", paths=tuple(paths), without=(f"/srv/x'$(touch {touched})",)))
    assert recorded.files == len(paths)
    assert disk.evidence(recorded).verdict == "same"
    assert not touched.exists()


def test_the_answer_is_one_line_of_pure_ascii_json_whatever_the_names_are(disk: Disk) -> None:
    recorded = disk.record()
    for name in SHOWN:
        disk.write(b"/srv/app/" + name)
    stdout = disk.run(compare_script(recorded.key, recorded.digest)).stdout
    assert stdout.isascii()
    assert stdout.count("\n") == 1
    assert json.loads(stdout.partition(":")[2])["files"]["new"]["count"] == len(SHOWN)


@pytest.mark.parametrize("awk", [["gawk"], ["original-awk"], ["busybox", "awk"]], ids="-".join)
def test_every_awk_gives_the_same_answer(disk: Disk, tmp_path: Path, awk: list[str]) -> None:
    program = shutil.which(awk[0])
    if program is None:
        pytest.skip(f"{awk[0]} is not installed")
    (tmp_path / "bin").mkdir()
    wrapper = tmp_path / "bin/awk"
    wrapper.write_text(f'#!/bin/sh\nexec {" ".join([program, *awk[1:]])} "$@"\n')
    wrapper.chmod(0o755)
    recorded = disk.record()
    for name in SHOWN:
        disk.write(b"/srv/app/" + name)
    disk.write("/srv/index.html", "changed", mtime=4_000_000_000)
    script = compare_script(recorded.key, recorded.digest)
    assert disk.run(script, path=f"{tmp_path}/bin:").stdout == disk.run(script).stdout


def test_a_name_that_is_not_bytes_is_refused() -> None:
    with pytest.raises(FactsUnreadable):
        readable("\u2026")


def test_bash_runs_the_script_as_dash_does(disk: Disk) -> None:
    bash = shutil.which("bash")
    if bash is None:
        pytest.skip("bash is not installed")
    first = disk.record()
    environment = {"DR_ROOT": str(disk.root), "PATH": "/usr/bin:/bin"}
    script = record_script(first.key, SRV)
    done = subprocess.run([bash, "--posix", "-c", script], env=environment, capture_output=True, text=True, check=True)
    assert first.list_digest in done.stdout
