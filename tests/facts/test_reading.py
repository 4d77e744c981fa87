"""Who reads the content, and what becomes of the readers when the time is over or the script is gone."""

import os
import signal
import subprocess
from pathlib import Path

import pytest

from tests.facts.server import KEY, LONG_AGO, SRV, Disk, told, tool
from workflows.errors import FactsNotMeasured
from workflows.facts.evidence import Recorded
from workflows.facts.profile import Profile
from workflows.facts.rules import FileRules
from workflows.facts.script import read_recorded, record_script

AWKWARD = [b"-", b"*", b"a b", b"it's", b"a\\", b"\\n", b"a\nb", b"tab\t", b"\r", b"\xff", "é".encode()]
#: Reads one file, writes half a line about another, and is still at it when the clock of `timeout` rings.
INTERRUPTED = """[ $# -gt 0 ] || exec /usr/bin/sha256sum
/usr/bin/sha256sum ./srv/index.html
printf '%064d  ./srv/app/conf' 0
read -r _ _ _ timeout _ </proc/$PPID/stat
kill -ALRM "$timeout"
exec sleep 60"""


@pytest.fixture
def bin(tmp_path: Path) -> Path:
    """Where programs stand that are found before the machine's own."""
    return tmp_path / "bin"


def without_openssl(bin: Path) -> str:
    return tool(bin, "openssl", "exit 127")


def out_of_time(bin: Path) -> str:
    tool(bin, "nproc", "echo 1")
    tool(bin, "sha256sum", INTERRUPTED)
    return without_openssl(bin)


@pytest.mark.parametrize("says", ["exit 1", "echo 00", "/usr/bin/sha256sum ./srv/index.html", 'sha256sum "$4"'])
def test_an_openssl_that_does_not_agree_reads_nothing_and_every_hash_is_the_same_without(
    disk: Disk, bin: Path, says: str
) -> None:
    for name in AWKWARD:
        disk.write(b"/srv/names/" + name, repr(name))
    first = disk.record()
    again = disk.record(path=tool(bin, "openssl", f'echo >>"{bin}/calls"\n{says}'))
    assert (bin / "calls").read_text() == "\n"
    assert again.list_digest == first.list_digest


def test_names_that_openssl_would_write_in_its_own_way_are_left_to_sha256sum(disk: Disk, bin: Path) -> None:
    for name in AWKWARD:
        disk.write(b"/srv/names/" + name, repr(name))
    path = tool(bin, "openssl", f'printf "%s\\n" "$@" >>"{bin}/read"\nexec /usr/bin/openssl "$@"')
    recorded = disk.record(path=path)
    read = {line for line in (bin / "read").read_bytes().splitlines() if line.startswith(b"./srv/names/")}
    assert read == {b"./srv/names/" + name for name in AWKWARD if not set(name) & set(b"\\\n\t\r")}
    for name in AWKWARD:
        disk.write(b"/srv/names/" + name, repr(name).swapcase(), mtime=LONG_AGO)
    changed = [kind for kind, path, _ in told(disk.evidence(recorded)) if path.startswith("/srv/names/")]
    assert changed == ["corrupt"] * len(AWKWARD)


@pytest.mark.parametrize("program", ["openssl", "sha256sum"])
def test_a_program_that_cannot_read_the_files_never_gives_the_same(
    recorded: Recorded, restored: Disk, bin: Path, program: str
) -> None:
    path = without_openssl(bin)
    tool(bin, program, f'case "$#$*" in 0 | *trial) exec /usr/bin/{program} "$@" ;; esac\nexit 1')
    evidence = restored.evidence(recorded, path=path)
    assert {kind for kind, _, _ in told(evidence)} == {"unreadable"}
    assert evidence.verdict == "different"


def test_a_reader_that_is_killed_stops_the_record(disk: Disk, bin: Path) -> None:
    tool(bin, "sha256sum", "[ $# -gt 0 ] || exec /usr/bin/sha256sum\nkill -KILL $$")
    assert "the script stopped while reading the files" in disk.refused(SRV, path=without_openssl(bin))


# ── the time is over ─────────────────────────────────────────────────────────────────────────────────────


def test_content_that_cannot_be_read_in_time_stops_the_record(disk: Disk, bin: Path) -> None:
    assert "2 files could not be read within most_seconds = 3000" in disk.refused(SRV, path=out_of_time(bin))


def test_a_sample_keeps_what_it_read_in_time_and_no_half_line(disk: Disk, bin: Path) -> None:
    disk.write("/srv/app/conf")
    profile = Profile("x", ("/srv",), rules=FileRules(sample=99.99))
    recorded = read_recorded(disk.run(record_script(KEY, profile), path=out_of_time(bin)).stdout)
    rows = [line.split("\t") for line in disk.kept("files.list").read_text().splitlines()]
    assert [row[0] for row in rows if row[1] == "f" and row[6] != "-"] == ["/srv/index.html"]
    assert "Of 4 files only the content of 1 file, 16 bytes, was read" in recorded.left_out[0]
    assert disk.evidence(recorded).verdict == "same"


def test_a_comparison_that_runs_out_of_time_is_not_the_same(recorded: Recorded, restored: Disk, bin: Path) -> None:
    evidence = restored.evidence(recorded, path=out_of_time(bin))
    assert {(kind, detail) for kind, _, detail in told(evidence)} == {("unreadable", "not read in time")}
    assert evidence.verdict == "different"


# ── the script is gone ───────────────────────────────────────────────────────────────────────────────────


def started(disk: Disk, bin: Path, reader: str) -> subprocess.Popen[str]:
    tool(bin, "sha256sum", f"[ $# -gt 0 ] || exec /usr/bin/sha256sum\n{reader}")
    environment = {"DR_ROOT": str(disk.root), "PATH": f"{without_openssl(bin)}/usr/bin:/bin"}
    return subprocess.Popen(
        ["/bin/sh", "-c", record_script(KEY, SRV)], env=environment, stdout=subprocess.PIPE, text=True
    )


def test_a_script_that_is_asked_to_stop_ends_its_readers_answers_and_cleans_up(disk: Disk, bin: Path) -> None:
    alive = bin.parent / "alive"
    os.mkfifo(alive)
    with (
        started(disk, bin, f'exec 9>"{alive}"\necho >&9\nsleep 60\necho to the end >&9') as script,
        alive.open() as readers,
    ):
        assert readers.readline() == "\n"
        script.send_signal(signal.SIGTERM)
        assert "to the end" not in readers.read()
        with pytest.raises(FactsNotMeasured, match=r"reading the files \(exit 143\)"):
            read_recorded(script.communicate()[0])
    assert list(disk.path("/var/lib/firedrill").iterdir()) == []


def test_once_the_script_is_killed_no_reader_begins(disk: Disk, bin: Path) -> None:
    for number in range(300):
        disk.write(f"/srv/many/{number}")
    alive, go = bin.parent / "alive", bin.parent / "go"
    os.mkfifo(alive)
    os.mkfifo(go)
    reader = f'exec 9>"{alive}"\necho >&9\nread -r _ <"{go}"'
    with started(disk, bin, reader) as script, alive.open() as readers:
        begun = [readers.readline()]
        script.kill()
        script.wait()
        with go.open("r+b", buffering=0) as gate:
            gate.write(b"\n" * 300)
            begun += readers.readlines()
    assert 1 <= len(begun) <= (os.cpu_count() or 1)
