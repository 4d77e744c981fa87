"""Where a key of a TOML file stands: what the parser does not keep, found again for people."""

import re
import tomllib
from collections import Counter
from collections.abc import Sequence
from typing import Any

_KEY = re.compile(r"\s*([A-Za-z0-9_-]+|\"[^\"]*\"|'[^']*')\s*=")

Parts = tuple[str | int, ...]


def line_of(text: str, at: Sequence[str | int]) -> int | None:
    """The line, counted from 1, of the key `at`, or of the nearest table or key around it; None if there is none."""
    best, line = 0, None
    table: Parts = ()
    seen: Counter[Parts] = Counter()
    for number, written in enumerate(text.splitlines(), start=1):
        if header := _header(written):
            table = header
            if written.lstrip().startswith("[["):
                table = (*header, seen[header])
                seen[header] += 1
            here = table
        elif found := _KEY.match(written):
            here = (*table, found[1].strip("\"'"))
        else:
            continue
        if len(here) > best and tuple(at[: len(here)]) == here:
            best, line = len(here), number
    return line


def _header(written: str) -> Parts:
    """The parts of `[a.b]` or `[[a.b]]`; nothing for any other line."""
    if not written.lstrip().startswith("["):
        return ()
    try:
        inside: Any = tomllib.loads(written)
    except tomllib.TOMLDecodeError:
        return ()
    parts: list[str] = []
    while isinstance(inside, dict | list) and inside:
        if isinstance(inside, list):
            inside = inside[0]
            continue
        [name] = inside
        parts.append(name)
        inside = inside[name]
    return tuple(parts)
