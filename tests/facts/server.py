"""A folder that stands for a server's disk, on which the scripts really run."""

import os
import shutil
import subprocess
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pytest

from workflows.errors import FactsNotMeasured
from workflows.facts.evidence import Compared, Evidence, FactResult, Recorded, evidence_of
from workflows.facts.profile import Profile
from workflows.facts.script import compare_script, read_compared, read_recorded, record_script
from workflows.facts.tables import read_profiles

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

    def record(self, profile: Profile = SRV, key: str = KEY, *, path: str = "", asked: float | None = None) -> Recorded:
        done = self.run(record_script(key, profile, asked), path=path)
        recorded = read_recorded(done.stdout)
        assert (done.returncode, done.stderr) == (0, "")
        return recorded

    def refused(self, profile: Profile, key: str = KEY, *, path: str = "") -> str:
        """What is said when the facts cannot be measured; nothing is kept then."""
        done = self.run(record_script(key, profile), path=path)
        assert (done.returncode, self.kept("manifest").exists()) == (1, False)
        with pytest.raises(FactsNotMeasured) as failure:
            read_recorded(done.stdout)
        return failure.value.text

    def compare(
        self, recorded: Recorded, sealed: float | None = None, *, restored: bool = True, path: str = ""
    ) -> Compared:
        """Unless said otherwise the image was sealed the moment that the record began: nothing can have drifted."""
        moment = (sealed or moment_of(recorded)) if restored else None
        done = self.run(compare_script(recorded.key, recorded.digest, moment), path=path)
        assert done.stdout.splitlines()[-1].startswith("firedrill-facts:")
        assert len(done.stdout) < 20_000
        return read_compared(done.stdout)

    def evidence(
        self, recorded: Recorded, sealed: float | None = None, *, restored: bool = True, path: str = ""
    ) -> Evidence:
        return evidence_of(recorded, self.compare(recorded, sealed, restored=restored, path=path))

    def restored(self, root: Path) -> "Disk":
        """What a new machine gets: a copy with owners, modes and times."""
        shutil.copytree(self.root, root, symlinks=True)
        return Disk(root)


def asking(**kinds: list[dict[str, object]]) -> Profile:
    """The profile of `/srv` and these checks, as firedrill.toml would have them."""
    profiles, faults = read_profiles({"asking": {"paths": ["/srv"], **kinds}})
    assert faults == []
    return profiles.made["asking"]


def fact(evidence: Evidence, name: str) -> FactResult:
    """The one of that name."""
    return next(each for each in evidence.results if each.fact == name)


def moment_of(recorded: Recorded) -> int:
    """When the record began. What was written then has drifted: it was not before, and the image not sealed yet."""
    return int(datetime.fromisoformat(recorded.measured_at).timestamp())


def told(evidence: Evidence) -> list[tuple[str, str, str]]:
    """Kind, path and detail of every difference that is named."""
    return [(one.kind, one.path, one.detail) for result in evidence.results for one in result.differences]


def tool(folder: Path, name: str, lines: str) -> str:
    """A PATH entry with a program of these lines of `sh`; several may stand in one folder."""
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(f"#!/bin/sh\n{lines}\n")
    (folder / name).chmod(0o755)
    return f"{folder}:"


def tool_before(folder: Path, name: str, lines: str) -> str:
    """A PATH entry with a program that does something of its own before the real one runs."""
    folder.mkdir()
    tool = folder / name
    tool.write_text(f'#!/bin/sh\n{lines}\nexec {shutil.which(name)} "$@"\n')
    tool.chmod(0o755)
    return f"{folder}:"
