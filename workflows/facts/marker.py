"""The fact `marker`: one line that only one run wrote, which tells whose disk a machine has."""

from workflows.facts.evidence import FactResult
from workflows.facts.wire import Part, readable

NAME = "marker"


class Measured(Part):
    """What `record` says of the marker."""

    text: str


class _Comparison(Part):
    before: str
    after: str | None


def result(part: object) -> FactResult:
    """The fact before and after, from the script's own object. pydantic's ValidationError if it is not one."""
    found = _Comparison.of(part)
    return FactResult(
        fact=NAME,
        before=readable(found.before),
        after="missing" if found.after is None else readable(found.after) or "empty",
        same=found.after is not None and found.after == found.before != "",
    )
