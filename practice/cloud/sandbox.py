"""Where a script of SSM's runs: with bwrap the server's tree is `/`, without it the script gets the tree in DR_ROOT.

Plain mode isolates nothing; who runs it decides first which scripts are run at all.
"""

import contextlib
import os
import secrets
import shutil
import signal
import subprocess
import tempfile
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

_LINKS = "/.alternatives"
_PATH = f"{_LINKS}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

#: What bwrap's own processes are found by. The first in a script's namespace lives as long as anything in it, so what
#: the script leaves running outlives it, as on a machine; its end is the end of all of them.
_TREE = "FIREDRILL_LAB_TREE"

#: The host's own, or made by bwrap.
_HOSTS = ("usr", "bin", "sbin", "lib", "lib32", "lib64", "libx32")
_MADE = ("proc", "dev", "sys")


@dataclass(frozen=True)
class Outcome:
    """How a script ended. A negative `code` is the signal that ended it."""

    code: int
    stdout: str
    stderr: str
    timed_out: bool = False


def bwrap_works() -> bool:
    """Whether this machine lets us make namespaces: a container often does not."""
    if shutil.which("bwrap") is None:
        return False
    command = ["bwrap", "--unshare-all", *_host_binds(), "--proc", "/proc", "--dev", "/dev", "/bin/sh", "-c", ":"]
    return subprocess.run(command, capture_output=True, timeout=20, check=False).returncode == 0


class Script:
    """One run of one script on one tree. `run` is called once, in the thread that waits for it; `kill` in any."""

    def __init__(self, text: str, tree: Path, *, isolated: bool) -> None:
        self._command = [*(_bwrap(tree) if isolated else []), "/bin/sh", "-c", text]
        home, root = ("/root", "") if isolated else (str(tree / "root"), str(tree))
        self._environment = {"PATH": _PATH, "LANG": "C", "HOME": home, "DR_ROOT": root}
        self._mark = f"{_TREE}={tree}#{secrets.token_hex(8)}" if isolated else ""
        if isolated:
            self._environment[_TREE] = self._mark.partition("=")[2]
        self._tree = tree
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._killed = False

    def run(self, seconds: float) -> Outcome:
        """What the script started is gone when this returns, but for what has a session of its own: `end_left`."""
        with tempfile.TemporaryFile() as stdout, tempfile.TemporaryFile() as stderr:
            with self._lock:
                if self._killed:
                    return Outcome(-signal.SIGKILL, "", "")
                self._process = subprocess.Popen(
                    self._command,
                    cwd=self._tree,
                    env=self._environment,
                    stdin=subprocess.DEVNULL,
                    stdout=stdout,
                    stderr=stderr,
                    start_new_session=True,
                )
            timed_out = False
            try:
                self._process.wait(seconds)
            except subprocess.TimeoutExpired:
                timed_out = True
            if timed_out or not self._mark:
                self.kill()
            code = self._process.wait()
            stdout.seek(0)
            stderr.seek(0)
            return Outcome(code, _text(stdout.read()), _text(stderr.read()), timed_out)

    def kill(self) -> None:
        """End the script's whole process group; one that has not begun never begins."""
        with self._lock:
            self._killed = True
            if self._process is not None:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(self._process.pid, signal.SIGKILL)
            if self._mark:
                _end(lambda each: each == os.fsencode(self._mark))


def end_left(tree: Path) -> None:
    """End what scripts have left running on a tree, as on a machine that is turned off."""
    plain, isolated = b"DR_ROOT=" + os.fsencode(tree), f"{_TREE}={tree}#".encode()
    _end(lambda each: each == plain or each.startswith(isolated))


def _end(is_mark: Callable[[bytes], bool]) -> None:
    """End the processes whose environment at their start held such a variable. Any of them may be gone at any moment:
    then even to ask whether its file exists raises ProcessLookupError."""
    for name in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(OSError):
            if any(is_mark(each) for each in Path("/proc", name, "environ").read_bytes().split(b"\0")):
                os.kill(int(name), signal.SIGKILL)


def _host_binds() -> list[str]:
    binds = []
    for name in _HOSTS:
        host = Path("/", name)
        if host.is_symlink():
            binds += ["--symlink", os.readlink(host), str(host)]
        elif host.is_dir():
            binds += ["--ro-bind", str(host), str(host)]
    return binds


def _alternatives() -> list[str]:
    """Debian's /usr/bin/awk leads through /etc, which is the tree's own in there: lead to the program itself."""
    awk = shutil.which("awk")
    return ["--symlink", str(Path(awk).resolve()), f"{_LINKS}/awk"] if awk and Path(awk).is_symlink() else []


def _bwrap(tree: Path) -> list[str]:
    """Nothing of the host but its programs, read-only. Directories that a script makes in / itself are lost."""
    command = [
        shutil.which("bwrap") or "bwrap",
        "--unshare-all",
        "--new-session",
        "--uid",
        "0",
        "--gid",
        "0",
        "--unsetenv",
        _TREE,
    ]
    command += ["--tmpfs", "/", *_host_binds(), *_alternatives(), "--proc", "/proc", "--dev", "/dev"]
    for each in sorted(tree.iterdir()):
        if each.name in _HOSTS + _MADE:
            continue
        if each.is_symlink():
            command += ["--symlink", os.readlink(each), f"/{each.name}"]
        else:
            command += ["--bind", str(each), f"/{each.name}"]
    return [*command, "--chdir", "/", "--"]


def _text(output: bytes) -> str:
    return output.decode("utf-8", "replace")
