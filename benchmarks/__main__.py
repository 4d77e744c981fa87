"""`python -m benchmarks [NAME …] [options]`: every benchmark, or those that are named; then one table of the budgets.

A benchmark is a module with `TITLE`, `BUDGETS`, `options(parser)` and `run(options) -> Outcome`. What comes of all of
them, asked for without any option, is kept in docs/performance.md; of some of them only with `--keep`.
"""

import argparse
import logging
import sys
import time
from importlib import import_module
from typing import Any

from benchmarks import NAMES, page
from benchmarks.budgets import Measured, Outcome


def benchmarks() -> dict[str, Any]:
    """Every benchmark's module, by its name."""
    return {name: import_module(f"benchmarks.{name}") for name in NAMES}


def parser_of(found: dict[str, Any]) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks")
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(found))
    parser.add_argument("--keep", action="store_true", help="write the results into docs/performance.md")
    for module in found.values():
        module.options(parser)
    return parser


def main() -> int:
    """0 when every budget was met."""
    logging.disable(logging.ERROR)  # runs that fail are part of what is measured
    found = benchmarks()
    parser = parser_of(found)
    options = parser.parse_args()
    unknown = [name for name in options.names if name not in found]
    if unknown:
        parser.error(f"there is no benchmark {unknown[0]}; there are {', '.join(found)}")
    keep = options.keep or not sys.argv[1:]
    outcomes: dict[str, Outcome] = {}
    for name in options.names or found:
        began = time.monotonic()
        sys.stdout.write(f"{found[name].TITLE}\n")
        sys.stdout.flush()
        outcomes[name] = found[name].run(options)
        sys.stdout.write(f"  ({time.monotonic() - began:.0f} s)\n")
        if keep:
            page.keep(name, found[name].TITLE, outcomes[name])
            page.write({each: module.BUDGETS for each, module in found.items()})
    measured = [each for outcome in outcomes.values() for each in outcome.measured]
    sys.stdout.write(f"\n{_table(measured)}\n")
    return sum(not each.met for each in measured)


def _table(measured: list[Measured]) -> str:
    rows = [("budget", "goal", "measured", "", "beside")]
    rows += [(m.budget.line, m.budget.goal, m.shown, "met" if m.met else "NOT MET", m.peers) for m in measured]
    widths = [max(len(row[at]) for row in rows) for at in range(4)]
    lines = [
        "  ".join([*(cell.ljust(width) for cell, width in zip(row, widths, strict=False)), row[4]]) for row in rows
    ]
    lines += [f"\n{m.budget.line}: {m.why}" for m in measured if not m.met and m.why]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
