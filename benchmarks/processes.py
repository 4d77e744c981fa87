"""Processes that are measured: started in a session of their own, weighed, stopped for a while, ended."""

import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Self

ROOT = Path(__file__).resolve().parent.parent
_TICKS, _PAGE = os.sysconf("SC_CLK_TCK"), os.sysconf("SC_PAGE_SIZE")


class Child:
    """A Python module as a process of its own, with all that it forks. What it complains of goes into `log`; with
    `ask` it can be told things."""

    def __init__(self, *words: str, environment: Mapping[str, str], log: Path, ask: bool = False) -> None:
        kept = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "LANG", "VIRTUAL_ENV")}
        with log.open("ab") as file:
            self._process = subprocess.Popen(
                [sys.executable, "-m", *words],
                env={**kept, "PYTHONPATH": str(ROOT), **environment},
                cwd=log.parent,
                stdin=subprocess.PIPE if ask else subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=file,
                start_new_session=True,
                text=True,
            )
        self.log = log

    @property
    def pid(self) -> int:
        return self._process.pid

    def said(self) -> str:
        """All that it printed, once it has ended well. Raises RuntimeError with the end of its log."""
        out = self._process.communicate()[0]
        if self._process.returncode:
            raise RuntimeError(f"{self.log.stem} failed:\n{self.log.read_text(errors='replace')[-3000:]}")
        return out

    def line(self) -> str:
        """The next line that it prints. Raises RuntimeError, with the end of its log, when it has ended instead."""
        stream = self._process.stdout
        found = stream.readline() if stream else ""
        if not found:
            raise RuntimeError(f"{self.log.stem} has ended:\n{self.log.read_text(errors='replace')[-3000:]}")
        return found

    def tell(self, line: str) -> None:
        """Raises ValueError where it does not listen."""
        if self._process.stdin is None:
            raise ValueError(f"{self.log.stem} does not listen")
        self._process.stdin.write(line)
        self._process.stdin.flush()

    def signal(self, number: signal.Signals) -> None:
        os.killpg(self.pid, number)

    def stop(self) -> None:
        if self._process.poll() is None:
            self.signal(signal.SIGTERM)
            try:
                self._process.wait(timeout=15)
            except subprocess.TimeoutExpired:
                self.signal(signal.SIGKILL)
                self._process.wait()
        for each in (self._process.stdin, self._process.stdout):
            if each:
                each.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


def cpu_seconds(pid: int) -> float:
    """Processor time that the process has used, its ended children's included."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(int(fields[at]) for at in (11, 12, 13, 14)) / _TICKS


def memory(pid: int) -> int:
    """Bytes that the process holds now."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * _PAGE


def threads(pid: int) -> int:
    return len(list(Path(f"/proc/{pid}/task").iterdir()))
