"""`python -m benchmarks [NAME …] [options]`: every benchmark, or those that are named.

A benchmark is a module here with `TITLE`, `options(parser)` and `run(options) -> bool`, which prints its lines and says
whether it kept its budget.
"""

import argparse
import sys
from importlib import import_module
from pkgutil import iter_modules
from typing import Any

import benchmarks


def main() -> int:
    """The number of benchmarks that missed their budget, for the shell."""
    found: dict[str, Any] = {
        each.name: import_module(f"benchmarks.{each.name}")
        for each in iter_modules(benchmarks.__path__)
        if not each.name.startswith("_")
    }
    parser = argparse.ArgumentParser(prog="python -m benchmarks")
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(found))
    for module in found.values():
        module.options(parser)
    options = parser.parse_args()
    unknown = [name for name in options.names if name not in found]
    if unknown:
        parser.error(f"there is no benchmark {unknown[0]}; there are {', '.join(found)}")
    missed = 0
    for name in options.names or found:
        sys.stdout.write(f"{found[name].TITLE}\n")
        missed += not found[name].run(options)
    return missed


if __name__ == "__main__":
    sys.exit(main())
