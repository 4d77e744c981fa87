"""How long the facts of many files take, beside the least that their content costs: sha256sum on all cores."""

import argparse
import os
import random
import shutil
import statistics
import subprocess
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from benchmarks.budgets import TIMES, Bars, Budget, Measured, Outcome
from benchmarks.ground import say
from workflows.facts.evidence import evidence_of
from workflows.facts.profile import Profile
from workflows.facts.script import compare_script, read_compared, read_recorded, record_script

TITLE = "File facts, beside find | xargs -P | sha256sum on the same files"
FACTS = Budget("facts of files, recorded and compared", 1.1, TIMES)
BUDGETS = (FACTS,)
KEY = "B-0001-00000000"
BARE = 'find "$DR_ROOT/srv" -type f -print0 | xargs -0 -P "$(nproc)" -n 500 sha256sum >/dev/null'
#: What is told beside the budget: a machine whose openssl is missing, so that sha256sum reads here too.
SLOWER = "no openssl"
#: Seconds between two looks at the memory.
LOOK = 0.05
PAGE = os.sysconf("SC_PAGE_SIZE")


def options(parser: argparse.ArgumentParser) -> None:
    """What of this benchmark can be asked for otherwise."""
    parser.add_argument("--files", type=int, default=20_000, help="how many files are made (20000)")
    parser.add_argument("--mib", type=int, default=2048, help="how much they hold together (2048)")
    parser.add_argument("--rounds", type=int, default=5, help="how often each side is measured, in turns (5)")


@dataclass(frozen=True)
class Took:
    """Seconds of wall time, the peak of the memory of all its processes together in bytes, and what it printed."""

    seconds: float
    memory: int
    stdout: str


def run(asked: argparse.Namespace) -> Outcome:
    """Prints each round, and the median of the rounds' ratios: a machine that is busy for a while slows both sides of
    a round."""
    with tempfile.TemporaryDirectory(prefix="firedrill-bench-") as folder:
        root = Path(folder)
        total = _made(root / "srv", asked.files, asked.mib << 20)
        say(f"{asked.files:,} files, {total / (1 << 30):.2f} GiB, {os.cpu_count()} cores, warm cache")
        _timed(BARE, root)
        sides: dict[str, list[Took]] = {"sha256sum": [], "record": [], "compare": [], SLOWER: []}
        for _ in range(asked.rounds):
            _round(sides, root, asked.files)
        return _told(sides)


def _round(sides: dict[str, list[Took]], root: Path, files: int) -> None:
    """Each side once, with the same result from all that measure."""
    profile = Profile("bench", paths=("/srv",))
    sides["sha256sum"].append(_timed(BARE, root))
    sides[SLOWER].append(_timed(record_script(KEY, profile), root, f"{_failing(root, 'openssl')}:"))
    slower = read_recorded(sides[SLOWER][-1].stdout)
    sides["record"].append(_timed(record_script(KEY, profile), root))
    recorded = read_recorded(sides["record"][-1].stdout)
    sides["compare"].append(_timed(compare_script(KEY, recorded.digest), root))
    evidence = evidence_of(recorded, read_compared(sides["compare"][-1].stdout))
    assert evidence.verdict == "same", evidence.sentence()
    assert recorded.files == files
    assert recorded.list_digest == slower.list_digest


def _failing(root: Path, program: str) -> Path:
    """A folder with a program of that name that only fails."""
    folder = root / "bin"
    folder.mkdir(exist_ok=True)
    (folder / program).write_text("#!/bin/sh\nexit 127\n")
    (folder / program).chmod(0o755)
    return folder


def _told(sides: dict[str, list[Took]]) -> Outcome:
    bare = [each.seconds for each in sides["sha256sum"]]
    ratios, seconds, memory = {}, {}, {}
    for name, rounds in sides.items():
        seconds[name] = statistics.median(each.seconds for each in rounds)
        ratios[name] = statistics.median(one.seconds / other for one, other in zip(rounds, bare, strict=True))
        memory[name] = max(each.memory for each in rounds) / (1 << 20)
        each = " ".join(f"{one.seconds:.2f}" for one in rounds)
        say(f"{name:10} {seconds[name]:6.2f} s  {ratios[name]:5.2f} x  peak {memory[name]:4.0f} MiB   rounds: {each}")
    slower = max(("record", "compare"), key=lambda name: ratios[name])
    rows = (("find | xargs sha256sum", seconds["sha256sum"]),
            *((f"Firedrill, {name}", seconds[name]) for name in ("record", "compare", SLOWER)))  # fmt: skip
    beside = f"find, xargs -P, sha256sum: {seconds['sha256sum']:.2f} s; ours {seconds[slower]:.2f} s"
    return Outcome(
        (Measured(FACTS, ratios[slower], beside),),
        {"ratios": ratios, "seconds": seconds, "peak_mib": memory},
        (Bars("The facts of many files, and their bare hashes", "s", rows),),
    )


def _made(folder: Path, files: int, total: int) -> int:
    """Sizes as on a server: most small, a few large; always the same."""
    chance = random.Random(7)
    weights = [chance.paretovariate(1.2) for _ in range(files)]
    scale = total / sum(weights)
    noise = chance.randbytes(1 << 20)
    written = 0
    for number, weight in enumerate(weights):
        path = folder / f"{number % 100:02}" / f"{number % 10_000 // 100:02}" / f"file-{number}.dat"
        path.parent.mkdir(parents=True, exist_ok=True)
        size = max(1, round(weight * scale))
        with path.open("wb") as file:
            file.write(number.to_bytes(8, "big"))
            for at in range(8, size, len(noise)):
                file.write(noise[: min(len(noise), size - at)])
        written += max(8, size)
    os.sync()
    return written


def _timed(script: str, root: Path, path: str = "") -> Took:
    shell = shutil.which("sh") or "/bin/sh"
    environment = {"DR_ROOT": str(root), "PATH": f"{path}/usr/local/bin:/usr/bin:/bin"}
    peak = 0
    with tempfile.TemporaryFile("w+") as output:
        began = time.monotonic()
        process = subprocess.Popen(
            [shell, "-c", script], env=environment, stdin=subprocess.DEVNULL, stdout=output, start_new_session=True
        )
        ended = threading.Event()

        def look() -> None:
            nonlocal peak
            while not ended.wait(LOOK):
                peak = max(peak, _memory(process.pid))

        watch = threading.Thread(target=look)
        watch.start()
        code = process.wait()
        seconds = time.monotonic() - began
        ended.set()
        watch.join()
        output.seek(0)
        assert code == 0, output.read()
        return Took(seconds, peak, output.read())


def _memory(session: int) -> int:
    """Bytes that the processes of a session hold now; what they share counts for each."""
    total = 0
    for entry in Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and os.getsid(int(entry.name)) == session:
                total += int((entry / "statm").read_text().split()[1]) * PAGE
        except OSError:  # it has ended meanwhile
            continue
    return total
