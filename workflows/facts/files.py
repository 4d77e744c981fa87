"""The fact `files`: every file, folder and link below the profile's paths, measured by `files.sh`."""

from typing import Annotated, get_args

from pydantic import Field

from workflows.facts.evidence import Difference, DifferenceKind, FactResult, files_of
from workflows.facts.wire import Part, readable

NAME = "files"
_Count = Annotated[int, Field(ge=0)]
_TROUBLE = {
    "list-missing": "not measured again: the list of files is missing from the disk",
    "list-tampered": "not measured again: the list of files on the disk was tampered with",
}


class Measured(Part):
    """What `record` says of the files."""

    count: _Count
    bytes: _Count
    entries: _Count
    digest: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    absent: list[tuple[str]]


class _Total(Part):
    count: _Count
    bytes: _Count


class _Section(Part):
    count: _Count
    first: list[tuple[str, str]]


class _Comparison(Part):
    before: _Total
    after: _Total
    corrupt: _Count
    drifted: _Count
    changed: _Section
    type: _Section
    missing: _Section
    unreadable: _Section
    new: _Section

    def sections(self) -> list[tuple[DifferenceKind, _Section]]:
        return [(kind, getattr(self, kind)) for kind in get_args(DifferenceKind)]


class _Trouble(Part):
    trouble: str


def result(part: object) -> FactResult:
    """The fact before and after, from the script's own object. pydantic's ValidationError if it is not one."""
    if isinstance(part, dict) and "trouble" in part:
        trouble = _Trouble.of(part).trouble
        return FactResult(NAME, "recorded", _TROUBLE.get(trouble, f"not measured again: {trouble}"), same=False)
    found = _Comparison.of(part)
    sections = found.sections()
    total = sum(section.count for _, section in sections)
    differences = tuple(
        Difference(kind, readable(path), readable(detail))
        for kind, section in sections
        for path, detail in section.first
    )
    counts = ", ".join(f"{section.count:,} {kind}" for kind, section in sections if section.count)
    after = files_of(found.after.count, found.after.bytes)
    return FactResult(
        fact=NAME,
        before=files_of(found.before.count, found.before.bytes),
        after=f"{after}: {counts}" if counts else after,
        same=total == 0 and not differences and found.before == found.after,
        differences=differences,
        more=max(0, total - len(differences)),
    )
