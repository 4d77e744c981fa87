"""docs/performance.md and the folder beside it: what was measured as JSON, drawn, and as one table.

The page's words are written by hand; what stands between its two marks is made from the JSON files.
"""

import json
import os
import platform
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks import NAMES
from benchmarks.budgets import Budget, Outcome
from benchmarks.pictures import drawn

DOCS = Path(__file__).resolve().parent.parent / "docs"
PAGE, FOLDER = DOCS / "performance.md", DOCS / "performance"
BEGIN, END = "<!-- measured -->", "<!-- /measured -->"


def keep(name: str, title: str, outcome: Outcome) -> None:
    """The outcome of one benchmark, in place of its last one."""
    FOLDER.mkdir(exist_ok=True)
    for old in FOLDER.glob(f"{name}*.png"):
        old.unlink()
    pictures = []
    for number, drawing in enumerate(outcome.drawings, start=1):
        file = f"{name}.png" if number == 1 else f"{name}-{number}.png"
        (FOLDER / file).write_bytes(drawn(drawing))
        pictures.append({"file": file, "title": drawing.title})
    told = {
        "title": title,
        "measured_on": machine(),
        "day": time.strftime("%Y-%m-%d", time.gmtime()),
        "budgets": [
            {
                "line": each.budget.line, "goal": each.budget.goal, "measured": each.shown, "beside": each.peers,
                "met": each.met, "why": each.why if not each.met else "",
            }
            for each in outcome.measured
        ],
        "pictures": pictures,
        "figures": outcome.figures,
    }  # fmt: skip
    (FOLDER / f"{name}.json").write_text(json.dumps(told, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def machine() -> str:
    """As much of it as a reader needs, and no name."""
    return f"{os.cpu_count()} cores, Python {platform.python_version()}, {platform.system()}"


def write(budgets: Mapping[str, Sequence[Budget]]) -> None:
    """The page anew, from what is kept; `budgets` are those of every benchmark, by its name."""
    before, rest = PAGE.read_text(encoding="utf-8").split(BEGIN)
    after = rest.split(END)[1]
    PAGE.write_text(f"{before}{BEGIN}\n{_made(budgets, _kept())}{END}{after}", encoding="utf-8")


def _kept() -> dict[str, dict[str, Any]]:
    files = {name: FOLDER / f"{name}.json" for name in NAMES}
    return {name: json.loads(file.read_text(encoding="utf-8")) for name, file in files.items() if file.exists()}


def _made(budgets: Mapping[str, Sequence[Budget]], kept: Mapping[str, Any]) -> str:
    known = {row["line"]: row for each in kept.values() for row in each["budgets"]}
    lines = ["| budget | goal | measured | | beside |", "|---|---|---|---|---|"]
    lines += [_row(budget, known.get(budget.line)) for each in budgets.values() for budget in each]
    missed = [f"- **{row['line']}**: {row['why']}" for row in known.values() if not row["met"] and row["why"]]
    lines += ["", "What was not met, and why:", "", *missed] if missed else []
    on = sorted({f"{each['measured_on']}, {each['day']}" for each in kept.values()})
    lines += ["", f"Measured on {'; '.join(on)}.", ""] if on else [""]
    for each in kept.values():
        for picture in each["pictures"]:
            lines += [f"![{picture['title']}](performance/{picture['file']})", ""]
    return "\n".join(lines)


def _row(budget: Budget, row: Mapping[str, Any] | None) -> str:
    if row is None:
        return f"| {budget.line} | {budget.goal} | not yet | | |"
    met = "met" if row["met"] else "**not met**"
    return f"| {budget.line} | {budget.goal} | {row['measured']} | {met} | {row['beside']} |"
