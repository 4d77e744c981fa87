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


class _Total(Part):
    count: _Count
    bytes: _Count


class _LeftOut(Part):
    """What was there and not measured. `left` counts it, `out` names the first with the reason; `read` is the content
    that was read, `short` says that it is less than the profile asked for."""

    read: _Total
    short: bool
    left: _Count
    out: list[tuple[str, str]]

    def unmeasured(self) -> list[str]:
        if not self.left:
            return []
        named = "; ".join(f"{readable(path)}: {readable(why)}" for path, why in self.out[:3])
        more = self.left - len(self.out[:3])
        return [f"Not measured: {named}{f'; and {more:,} more' if more > 0 else ''}."]

    def sampled(self, total: _Total, sample: str = "") -> list[str]:
        if self.read.count >= total.count:
            return []
        read = files_of(self.read.count, self.read.bytes)
        asked = f", a sample of {sample} %" if sample else ""
        limit = " A limit of the profile made it smaller than was asked for." if self.short else ""
        return [f"Of {total.count:,} files only the content of {read}, was read{asked}.{limit}"]


class Measured(_LeftOut):
    """What `record` says of the files."""

    count: _Count
    bytes: _Count
    entries: _Count
    digest: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    absent: list[tuple[str]]

    def told(self) -> tuple[str, ...]:
        """A sentence each about what was left out."""
        return (*self.sampled(_Total(count=self.count, bytes=self.bytes)), *self.unmeasured())


class _Section(Part):
    count: _Count
    first: list[tuple[str, str]]


class _Comparison(_LeftOut):
    before: _Total
    after: _Total
    sample: str
    corrupt: _Section
    missing: _Section
    changed: _Section
    type: _Section
    rewritten: _Section
    unreadable: _Section
    new: _Section
    drifted: _Section

    def sections(self) -> list[tuple[DifferenceKind, _Section]]:
        return [(kind, getattr(self, kind)) for kind in get_args(DifferenceKind)]

    def drift(self) -> list[str]:
        if not self.drifted.count:
            return []
        shown = [f"{readable(path)} ({readable(detail)})" for path, detail in self.drifted.first[:3]]
        more = self.drifted.count - len(shown)
        names = "1 name has" if self.drifted.count == 1 else f"{self.drifted.count:,} names have"
        return [f"{names} drifted, which is no failure: {', '.join(shown)}{f' and {more:,} more' if more else ''}."]


class _Trouble(Part):
    trouble: str


def result(part: object) -> FactResult:
    """The fact before and after, from the script's own object. pydantic's ValidationError if it is not one."""
    if isinstance(part, dict) and "trouble" in part:
        trouble = _Trouble.of(part).trouble
        return FactResult(NAME, "recorded", _TROUBLE.get(trouble, f"not measured again: {trouble}"), same=False)
    found = _Comparison.of(part)
    sections = found.sections()
    failing = sum(section.count for kind, section in sections if kind != "drifted")
    differences = tuple(
        Difference(kind, readable(path), readable(detail))
        for kind, section in sections
        for path, detail in section.first
    )
    counts = ", ".join(f"{section.count:,} {kind}" for kind, section in sections if section.count)
    after = files_of(found.after.count, found.after.bytes)
    explained = bool(differences) or found.before == found.after
    return FactResult(
        fact=NAME,
        before=files_of(found.before.count, found.before.bytes),
        after=f"{after}: {counts}" if counts else after,
        same=failing == 0 and explained and all(one.kind == "drifted" for one in differences),
        differences=differences,
        more=max(0, failing + found.drifted.count - len(differences)),
        notes=(*found.sampled(found.before, found.sample), *found.unmeasured(), *found.drift()),
    )
