"""`python -m tests.faults`: the whole machine, a part of it, one case again, or the program without one of its guards.
The exit status is 0 if every case was right; with `--without`, if the machine saw that the guard is missing."""

import argparse
import sys
import time

from tests.faults import storm
from tests.faults.guards import GUARDS
from tests.faults.machine import KINDS, Wanted, played, say, table
from tests.faults.plays import PLAYS


def main() -> int:
    """For the shell: 1 if a case was wrong."""
    if sys.argv[1:2] == ["storm"]:
        return storm.main(sys.argv[2:])
    options = _parser().parse_args()
    begun = time.monotonic()
    if options.without:
        guard = GUARDS[options.without]
        wanted = Wanted([guard.play], [guard.kind], without=options.without, shares=1)
    else:
        usual = [name for name, kind in KINDS.items() if not kind.extra]
        wanted = Wanted(
            options.runbook or list(PLAYS), options.kind or usual, options.cases, options.only, "",
            1 if options.only else options.processes, options.celery,
        )  # fmt: skip
    results = played(wanted, say)
    wrong = sum(bool(each.faults) for each in results)
    seen = sum(bool(each.faults) and not each.broke for each in results)
    say(table(results))
    if options.without:
        say(f"without {options.without}: {'seen' if seen else 'not seen'}")
        return 0 if seen else 1
    say(f"{time.monotonic() - begun:.0f} s in {wanted.shares} processes")
    return 1 if wrong or not results else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("--runbook", action="append", choices=list(PLAYS), help="this one; again for more")
    parser.add_argument("--kind", action="append", choices=list(KINDS), help="this one; again for more")
    parser.add_argument("--without", choices=list(GUARDS), help="take this guard out of the program")
    parser.add_argument("--cases", type=int, default=0, help="at most so many of each kind of each runbook")
    parser.add_argument("--only", default="", metavar="CASE", help="the case of this name")
    parser.add_argument("--celery", action="store_true", help="runs are handed to the worker over Celery's queue")
    parser.add_argument("--processes", type=int, default=2, metavar="N", help="that share the cases (default: 2)")
    return parser


if __name__ == "__main__":
    sys.exit(main())
