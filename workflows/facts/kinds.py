"""The kinds of facts. One kind is a module here and a piece of `sh` of the same name with `<name>_record`, which adds
its line to the manifest, and `<name>_compare`; each leaves its object of JSON in `$work/<name>.json`."""

from typing import Protocol

from workflows.facts import files, marker
from workflows.facts.evidence import FactResult


class Kind(Protocol):
    """A module that reads back what its piece of `sh` wrote."""

    NAME: str

    def result(self, part: object) -> FactResult:
        """The fact before and after. pydantic's ValidationError if `part` is not what the script writes."""
        ...


KINDS: tuple[Kind, ...] = (files, marker)
