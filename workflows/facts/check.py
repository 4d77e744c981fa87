"""One thing that a profile asks to be measured beside the files, and what every kind of such a check has in common."""

import re
from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, ClassVar

from pydantic import BaseModel, ConfigDict, Field

from workflows.facts.evidence import Difference, FactResult
from workflows.facts.wire import Part, readable

LONGEST_NAME = 80
_NAME = re.compile(r"[!-~]+( [!-~]+)*")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


@dataclass(frozen=True)
class Check:
    """A check as it goes to the server and into the manifest: strings only. ValueError if they cannot.

    `words` are the arguments of the kind's `<kind>_measure`. `rule` comes back with the answer, and says when two
    values count as the same. On a comparison a value that differs is measured again for up to `wait` seconds.
    """

    kind: str
    name: str
    rule: str
    wait: int
    words: tuple[str, ...]

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name) or len(self.name) > LONGEST_NAME:
            raise ValueError(
                f"The name of a {self.kind} has 1 to {LONGEST_NAME} plain ASCII characters, unlike {self.name!r:.100}."
            )
        for word in (self.rule, *self.words):
            if not word or _CONTROL.search(word):
                raise ValueError(
                    f"A setting of the {self.kind} {self.name} is empty, or holds a line break, a tab or the like."
                )

    @property
    def fact(self) -> str:
        """What people call it: `port 5432`."""
        return f"{self.kind} {self.name}"


@dataclass(frozen=True)
class Row:
    """One thing that a check has measured, such as `enabled`. None: it was not there."""

    what: str
    before: str | None
    after: str | None


class Kind(BaseModel):
    """The settings of one check, as they stand in `[[profiles.NAME.<kind>]]`, and what the kind does.

    `NAME` is the key. `SH` is a function `<NAME>_measure` for `sh`, which takes the check's words and prints what it
    found by `row what value`. It says by `cannot` why it cannot measure, and by `unfit` that what it found is no state
    to back up: that stops a record, and is a value like any other on a comparison. `EACH`: every row that differs is
    named, as a file would be. `PS` is `Check-<NAME>` for PowerShell, with `Row`, `Stop-Check` and `Unfit`; a kind that
    has none says by `INSTEAD` what to do on Windows.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    NAME: ClassVar[str]
    SH: ClassVar[str]
    PS: ClassVar[str] = ""
    INSTEAD: ClassVar[str] = "measure it by a command"
    EACH: ClassVar[bool] = False

    wait: Annotated[int, Field(ge=0, le=600)] = 0

    @abstractmethod
    def check(self) -> Check:
        """What is sent."""

    @staticmethod
    def same(rule: str, row: Row) -> bool:
        """Whether a row counts as the same."""
        return row.before == row.after

    @classmethod
    @abstractmethod
    def told(cls, found: Mapping[str, str], count: int) -> str:
        """The values by their names in plain words. Of more than six rows only those that differ are in `found`;
        `count` is how many there are."""


_Count = Annotated[int, Field(ge=0)]


class Answer(Part):
    """What the script says of one check. A row is a name and a value, or a name and the values before and after."""

    kind: str
    name: str
    rule: str
    before: _Count
    after: _Count
    differ: _Count
    trouble: str
    rows: list[tuple[str, str] | tuple[str, str | None, str | None]]

    @property
    def fact(self) -> str:
        return f"{self.kind} {readable(self.name)}"

    def found(self) -> list[Row]:
        """The rows that were named: all, or as many as there was room for, those that differ first."""
        return [Row(readable(row[0]), _text(row[1]), _text(row[-1])) for row in self.rows]


class Answers(Part):
    """What the script says of all checks. `count` is how many the manifest holds."""

    count: _Count
    each: list[Answer]


def value_of(kind: type[Kind], answer: Answer) -> str:
    """What was recorded, in plain words."""
    return kind.told({row.what: row.before for row in answer.found() if row.before is not None}, answer.before)


def result_of(kind: type[Kind], answer: Answer) -> FactResult:
    """Before and after. A difference that there was no room to name is one that nobody has judged: not the same."""
    rows = answer.found()
    differing = [row for row in rows if not kind.same(answer.rule, row)]
    unnamed = answer.differ - sum(row.before != row.after for row in rows)
    after = kind.told({row.what: row.after for row in rows if row.after is not None}, answer.after)
    return FactResult(
        fact=answer.fact,
        before=value_of(kind, answer),
        after=f"not measured again: {readable(answer.trouble)}" if answer.trouble else after,
        same=not (answer.trouble or differing or unnamed > 0),
        differences=tuple(map(_difference, differing)) if kind.EACH and not answer.trouble else (),
        more=max(unnamed, 0),
    )


def _difference(row: Row) -> Difference:
    if row.after is None:
        return Difference("missing", row.what, f"was {row.before}")
    if row.before is None:
        return Difference("new", row.what, row.after)
    return Difference("changed", row.what, f"{row.after} was {row.before}")


def _text(value: str | None) -> str | None:
    return None if value is None else readable(value)
