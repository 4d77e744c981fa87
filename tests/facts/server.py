"""A folder that stands for a server's disk, on which the scripts really run."""

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from workflows.facts.evidence import Compared, Evidence, Recorded, evidence_of
from workflows.facts.profile import Profile
from workflows.facts.script import compare_script, read_compared, read_recorded, record_script

KEY = "D-0001-7f3a9c2e"
OTHER_KEY = "D-0002-00c0ffee"
SRV = Profile("srv", paths=("/srv",))
LONG_AGO = 1_600_000_000
FUTURE = 4_000_000_000
not_as_root = pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")


@dataclass(frozen=True)
class Disk:
    """A server's root folder."""

    root: Path

    def path(self, name: str | bytes) -> Path:
        return Path(os.fsdecode(os.fsencode(self.root) + os.fsencode(name)))

    def write(self, name: str | bytes, content: str = "content", mtime: int = LONG_AGO) -> Path:
        """A file that was last written at `mtime`: long before any record, unless said otherwise."""
        path = self.path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
        path.chmod(0o644)
        os.utime(path, (mtime, mtime))
        return path

    def kept(self, name: str, key: str = KEY) -> Path:
        return self.root / "var/lib/firedrill" / key / name

    def run(self, script: str, *, path: str = "") -> subprocess.CompletedProcess[str]:
        """The script's answer under /bin/sh, in a clean environment."""
        return subprocess.run(
            ["/bin/sh", "-c", script],
            env={"DR_ROOT": str(self.root), "PATH": f"{path}/usr/bin:/bin"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    def record(self, profile: Profile = SRV, key: str = KEY) -> Recorded:
        done = self.run(record_script(key, profile))
        recorded = read_recorded(done.stdout)
        assert (done.returncode, done.stderr) == (0, "")
        return recorded

    def compare(self, recorded: Recorded) -> Compared:
        done = self.run(compare_script(recorded.key, recorded.digest))
        assert done.stdout.splitlines()[-1].startswith("firedrill-facts:")
        assert len(done.stdout) < 20_000
        return read_compared(done.stdout)

    def evidence(self, recorded: Recorded) -> Evidence:
        return evidence_of(recorded, self.compare(recorded))

    def restored(self, root: Path) -> "Disk":
        """What a new machine gets: a copy with owners, modes and times."""
        shutil.copytree(self.root, root, symlinks=True)
        return Disk(root)


def told(evidence: Evidence) -> list[tuple[str, str, str]]:
    """Kind, path and detail of every difference that is named."""
    return [(one.kind, one.path, one.detail) for result in evidence.results for one in result.differences]


def tool_before(folder: Path, name: str, lines: str) -> str:
    """A PATH entry with a program that does something of its own before the real one runs."""
    folder.mkdir()
    tool = folder / name
    tool.write_text(f'#!/bin/sh\n{lines}\nexec {shutil.which(name)} "$@"\n')
    tool.chmod(0o755)
    return f"{folder}:"
