"""The kinds of facts.

Every record has the *parts* `files` and `marker`, which keep something on the disk. All else is a *check* that a
profile asks for, whose values stand in the manifest: a module in `checks/` with a subclass of Kind is a new kind.
"""

from collections.abc import Iterator, Mapping
from importlib import import_module
from pkgutil import iter_modules
from typing import Protocol

from workflows.facts import checks, files, marker
from workflows.facts.check import Kind
from workflows.facts.evidence import FactResult


class PartOfRecord(Protocol):
    """A module that reads back what its piece of `sh` wrote. That piece has the same name, and `<name>_record`, which
    adds its line to the manifest, and `<name>_compare`; each leaves its object of JSON in `$work/<name>.json`."""

    NAME: str

    def result(self, part: object) -> FactResult:
        """The fact before and after. pydantic's ValidationError if `part` is not what the script writes."""
        ...


def _found() -> Iterator[type[Kind]]:
    for module in sorted(each.name for each in iter_modules(checks.__path__)):
        import_module(f"{checks.__name__}.{module}")
    yield from sorted(Kind.__subclasses__(), key=lambda kind: kind.NAME)


PARTS: tuple[PartOfRecord, ...] = (files, marker)
KINDS: Mapping[str, type[Kind]] = {kind.NAME: kind for kind in _found()}
