"""Records of runs that have ended, without a cloud: for what needs many of them, or odd ones."""

from dataclasses import replace
from typing import Any

from tests.handlers.test_cards import ASKER, NOW, run
from workflows.engine import moves
from workflows.engine.run import Run, Status

#: What a page must show as it is, and never take as its own: the longest name that AWS allows is 255 characters.
HOSTILE = "<script>alert(1)</script><img src=//evil.example/x>\u202e&\"'\x07" + "W" * 200
FILES = {"fact": "files", "before": "102 files, 1.0 MiB", "after": "102 files, 1.0 MiB", "same": True}
#: What a later version of the step that reports gives besides.
FIGURES = {
    "since": "loss", "rto_hydrated": None, "hydration": "42 % was there", "downtime": 60.0, "disk_bytes": 30 << 30,
    "judged": [{"name": "RTO", "target": 45.0, "measured": 60.0, "met": False, "at_most": False}],
}  # fmt: skip
POINT = {
    "image_id": "ami-0123456789abcdef0", "server": "orders-db", "region": "eu-west-1", "run_key": "B-0001-0123abcd",
    "source": "i-0123456789abcdef0", "requested": NOW - 86400, "state": "available", "proof": "complete",
    "consistency": "crash-consistent", "facts": "ab" * 32, "launch": "lt-0123456789abcdef0:3", "differed_in": "",
    "snapshots": [["/dev/sdf", "snap-2"], ["/dev/xvda", "snap-1"]],
}  # fmt: skip


def evidence(*differences: dict[str, Any], more: int = 0) -> dict[str, Any]:
    same = not differences
    files = {**FILES, "same": same, "differences": list(differences), "more": more}
    return {"results": [files], "verdict": "same" if same else "different", "key": "B-0001-0123abcd"}


def ended(book: str = "restore", status: Status = Status.SUCCEEDED, server: str = "orders-db", **values: Any) -> Run:
    """A run that took ten seconds a step. `values` are added to what the steps gave."""
    made = run(book, server=server)
    steps = tuple(
        replace(each, state="done", started=NOW + at * 10, ended=NOW + at * 10 + 10)
        for at, each in enumerate(made.steps)
    )
    report = {"rto_running": 20.0, "rto_validated": 60.0, "rpo": 90.0, "left_behind": [], **FIGURES}
    held = {"point": POINT, "evidence": evidence(), "replacement_id": "i-9", "left_behind": [], "report": report}
    return replace(
        made, steps=steps, at=len(steps), status=status, ended=NOW + len(steps) * 10, values={**held, **values}
    )


def failed(different: Run) -> Run:
    """The verdict, as the step of that name gives it."""
    at = len(different.steps) - 1
    return moves.failed(replace(different, at=at), NOW + 500, "Different: files.", "Do not trust it.", final=True)


__all__ = ["ASKER", "HOSTILE", "NOW", "POINT", "ended", "evidence", "failed"]
