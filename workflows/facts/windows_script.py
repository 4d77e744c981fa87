"""The script that measures a Windows server: rendered for PowerShell from validated, quoted data, and read back.

It answers in the very form in which the one for `sh` answers, so whatever reads an answer need not know which it was.
"""

import hashlib
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files as package_files

from workflows.facts.check import Check
from workflows.facts.kinds import KINDS
from workflows.facts.quoting import ps_quoted, ps_unquoted

FIRST_LINE = "#Requires -Version 5.1"
_SETTING = re.compile(r"^\$(mode|key|expected|asked|sealed) = (\S[^\n]*)$", re.MULTILINE)
_WORDS = re.compile(r"^\$words = @\(\n(.*?)^\)$", re.MULTILINE | re.DOTALL)
_CHECKS = re.compile(r"^\$checks \+= ,@\((.*)\)$", re.MULTILINE)


@dataclass(frozen=True)
class Given:
    """The data of such a script: its settings by name, words and texts, and each check's kind, name, rule and so on."""

    settings: dict[str, str]
    words: tuple[tuple[str, str], ...]
    checks: tuple[tuple[str, ...], ...]


def rendered(settings: dict[str, str], words: Iterable[tuple[str, str]], checks: Sequence[Check]) -> str:
    """The script. What `settings` hold has been validated; whatever it is, nothing of it is evaluated."""
    data = settings | {"kinds": " ".join(name for name, kind in KINDS.items() if kind.PS)}
    lines = [f"${name} = {ps_quoted(value)}" for name, value in data.items()]
    lines += ["$words = @(", *(f"  {_row(pair)}" for pair in words), ")", "$checks = @()"]
    lines += [
        f"$checks += ,@({_row((each.kind, each.name, each.rule, str(each.wait), *each.words))})" for each in checks
    ]
    text = "\n".join(lines) + "\n\n" + _program()
    digest = hashlib.sha256(text.encode()).hexdigest()
    return f"{FIRST_LINE}\n# Firedrill measures facts. SHA-256 of what follows this line: {digest}\n{text}"


def given(script: str) -> Given | None:
    """The data that a script was rendered from; None for one of another form. It need not have been rendered here:
    who wants to know renders it again."""
    data, _, _ = script.partition("\n\n")
    words = _WORDS.search(data)
    if not script.startswith(FIRST_LINE + "\n") or words is None:
        return None
    try:
        settings = {name: ps_unquoted(value) for name, value in _SETTING.findall(data)}
        pairs = [tuple(_read(line)) for line in words[1].splitlines()]
        checks = tuple(tuple(_read(line)) for line in _CHECKS.findall(data))
    except ValueError:
        return None
    return Given(settings, tuple((pair[0], pair[1]) for pair in pairs if len(pair) == 2), checks)


def _row(words: Iterable[str]) -> str:
    return ", ".join(map(ps_quoted, words))


def _read(line: str) -> Iterator[str]:
    """The values of a row. ValueError where one was not quoted here."""
    rest = line.strip()
    while rest:
        found = re.match(r"(?:\((?:'(?:[^']|'')*'|[^')])*\)|'(?:[^']|'')*')", rest)
        if found is None:
            raise ValueError("not one quoted value")
        yield ps_unquoted(found[0])
        rest = rest[found.end() :].removeprefix(", ")


@cache
def _program() -> str:
    """The constant part of the script, with what each kind measures before the first line that starts anything."""
    folder = package_files("workflows.facts")
    text = folder.joinpath("measure.ps1").read_text(encoding="ascii")
    kinds = "".join(kind.PS for kind in KINDS.values())
    lines = (line.strip() for line in f"{kinds}\n{text}".split("\n"))
    return "\n".join(line for line in lines if line and not line.startswith("# ")) + "\n"
