"""The facts before and after, and what follows from them. Pure values; all of them JSON-able by pydantic."""

from dataclasses import dataclass
from typing import Literal

DifferenceKind = Literal["corrupt", "missing", "changed", "type", "rewritten", "unreadable", "new", "drifted"]
"""`corrupt`: the content differs although nobody has written it since it was recorded. `rewritten`: it was written
after the image was taken. `changed`: mode, owner or a link's target. `drifted`: told, and no failure."""
Verdict = Literal["same", "different"]

SHORT = 30
"""Characters of a measured value that a sentence shows."""
MOST_NAMED = 6
"""Facts that a sentence names."""
_PLAIN = ("missing", "new", "unreadable")
"""Differences that their kind tells whole."""
ALWAYS = ("files", "marker")
"""Facts without which nothing counts as the same, whatever a manifest says."""


@dataclass(frozen=True)
class Measured:
    """A fact and its value in plain words."""

    fact: str
    value: str


@dataclass(frozen=True)
class Recorded:
    """What `record` measured. `digest` is the SHA-256 of the manifest, 64 hex digits: it stands for all the rest.

    `measured_at` is UTC in ISO 8601, `files` counts regular files and `bytes` theirs; `entries` counts folders and
    links too. `absent` are optional paths that the server does not have, `checks` what the profile asks for beside its
    files; `left_out` are sentences about what else was not measured, or not all of it.
    """

    key: str
    digest: str
    measured_at: str
    marker: str
    files: int
    bytes: int
    entries: int
    list_digest: str
    absent: tuple[str, ...] = ()
    checks: tuple[Measured, ...] = ()
    left_out: tuple[str, ...] = ()


@dataclass(frozen=True)
class Difference:
    """One name that is not as it was.

    `path` is shown readably and unambiguously: a backslash is doubled, a newline is `\\n`, a tab `\\t`, a carriage
    return `\\r`; any other control character and any byte that is not UTF-8 is `\\xHH`. Long paths lack their middle,
    marked by `…`. `detail` is plain text such as `content corrupt; mode 600 was 644`.
    """

    kind: DifferenceKind
    path: str
    detail: str


@dataclass(frozen=True)
class FactResult:
    """One fact before and after. `more` counts the differences beyond those that are named.

    `same` says whether it passes; differences that fail nothing are of the kind *drifted*. `notes` are sentences that
    belong to the verdict whatever it is: what was not measured, what has drifted.
    """

    fact: str
    before: str
    after: str
    same: bool
    differences: tuple[Difference, ...] = ()
    more: int = 0
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Compared:
    """What `compare` found on a machine. `digest` is that of the manifest on its disk, empty if there is none.

    `facts` are the names that the manifest lists; `trouble` is a sentence and says why nothing was compared.
    """

    key: str
    digest: str
    measured_at: str
    facts: tuple[str, ...]
    results: tuple[FactResult, ...]
    trouble: str = ""


@dataclass(frozen=True)
class Evidence:
    """Fact by fact, and the verdict. `measured_at` is when the facts were recorded, UTC in ISO 8601, or empty."""

    results: tuple[FactResult, ...]
    verdict: Verdict
    key: str
    measured_at: str = ""
    trouble: str = ""

    def sentence(self) -> str:
        """The result in one plain sentence with up to three differing names, and the notes. Not escaped for Slack."""
        if self.trouble:
            return self.trouble
        notes = [note for each in self.results for note in each.notes]
        if self.verdict == "same":
            shown = [f"{each.fact} ({each.after})" if len(each.after) <= SHORT else each.fact for each in self.results]
            return " ".join((f"The same: {_first(shown, ', ')}.", *notes))
        differing = _first([_told(result) for result in self.results if not result.same], "; ")
        return " ".join((f"Different: {differing}.", *notes))


def evidence_of(before: Recorded | str, compared: Compared) -> Evidence:
    """The verdict. `before` is what was recorded or, where only the recovery point's tag is left, its digest.

    `same` needs every recorded fact to be measured again and to be the same, under the very manifest that was expected.
    """
    trouble = compared.trouble or _mismatch(before, compared)
    measured = {result.fact: result for result in compared.results}
    own = () if isinstance(before, str) else tuple(each.fact for each in before.checks)
    names = tuple(dict.fromkeys((*ALWAYS, *compared.facts, *own)))
    if trouble:
        measured = {}
    results = tuple(measured.get(name) or _not_measured(name, before) for name in names)
    same = not trouble and all(result.same for result in results)
    return Evidence(
        results=results,
        verdict="same" if same else "different",
        key=compared.key,
        measured_at=compared.measured_at,
        trouble=trouble,
    )


def size(count: int) -> str:
    """Bytes as people say them: `5 bytes`, `1.5 KiB`, `2.0 GiB`."""
    if count < 1024:
        return "1 byte" if count == 1 else f"{count} bytes"
    amount = float(count)
    for unit in ("KiB", "MiB", "GiB"):
        amount /= 1024
        if amount < 1024:
            return f"{amount:.1f} {unit}"
    return f"{amount / 1024:.1f} TiB"


def files_of(count: int, total: int) -> str:
    """Regular files and their bytes: `1,234 files, 5.2 MiB`."""
    return f"{count:,} file{'' if count == 1 else 's'}, {size(total)}"


def _mismatch(before: Recorded | str, compared: Compared) -> str:
    digest = before if isinstance(before, str) else before.digest
    if compared.digest != digest:
        return f"The comparison was made with another manifest than that of {compared.key}, so it proves nothing."
    if isinstance(before, Recorded) and before.key != compared.key:
        return f"The comparison was made with the facts of {compared.key} and not with those of {before.key}."
    return ""


def _not_measured(fact: str, before: Recorded | str) -> FactResult:
    known: dict[str, str] = {}
    if isinstance(before, Recorded):
        known = {each.fact: each.value for each in before.checks}
        known |= {"files": files_of(before.files, before.bytes), "marker": before.marker}
    return FactResult(fact=fact, before=known.get(fact, "recorded"), after="not measured again", same=False)


def _first(facts: list[str], by: str) -> str:
    more = len(facts) - MOST_NAMED
    return by.join(facts[:MOST_NAMED]) + (f" and {more:,} more" if more > 0 else "")


def _told(result: FactResult) -> str:
    failing = [one for one in result.differences if one.kind != "drifted"]
    if not failing:
        return f"{result.fact} is {result.after} and was {result.before}"
    named = [f"{one.path} ({one.kind if one.kind in _PLAIN else one.detail})" for one in failing[:3]]
    more = len(failing) - len(named) + result.more
    return f"{result.fact}: {', '.join(named)}{f' and {more:,} more' if more else ''}"
