"""The script that freezes a server, watches over it, and thaws it: rendered from validated data; its answer read."""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files as package_files
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from workflows.errors import FactsUnreadable
from workflows.facts.freezing import Freezing
from workflows.facts.profile import Profile
from workflows.facts.quoting import quoted, unquoted
from workflows.freeze_errors import FreezeFailed, ThawFailed
from workflows.words import safe

SENTINEL = "firedrill-freeze:"
Mode = Literal["freeze", "watch", "thaw", "let_go"]

_TOKEN = re.compile(r"[A-Z]-[0-9]{4,16}-[0-9a-f]{8}\.[0-9]{1,6}")
_GIVEN = re.compile(r"^(mode|token)=('[^\n]*')$", re.MULTILINE)
_WHY = {
    "watchdog": "the freeze had run out: the watchdog on the server thawed before the snapshots existed",
    "rebooted": "the server was restarted while it was frozen",
    "lost": "something else on the server had thawed it before",
    "let-go": "the freeze was let go when the run stopped",
    "nothing": "nothing was frozen on the server any more",
}


@dataclass(frozen=True)
class Thawed:
    """`held`: everything stood still until the thaw began. `why` says in words why not."""

    held: bool
    why: str


class _Answer(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    format: Literal[1]
    mode: Mode
    token: str
    left: int = Field(default=0, ge=-3600, le=3600)
    held: bool = False
    why: str = ""
    error: str = ""


def token_of(run_key: str, tries: int) -> str:
    """Names one freeze on the server and on the image."""
    return f"{run_key}.{tries}"


def freeze_script(token: str, freezing: Freezing) -> str:
    """The script that starts the watchdog, then freezes; what it froze it thaws again if the rest cannot be frozen.

    ValueError if the token is not of `token_of`'s form.
    """
    return _rendered("freeze", token, freezing, {"watch": _rendered("watch", token, freezing, {})})


def thaw_script(token: str, freezing: Freezing, *, let_go: bool = False) -> str:
    """The script that thaws and tells whether the freeze had held until then. With `let_go` it never says so."""
    return _rendered("let_go" if let_go else "thaw", token, freezing, {})


def recognised_freeze(script: str, profiles: Iterable[Profile]) -> bool:
    """True exactly for texts that were made here of one of `profiles`, the watchdog's own aside."""
    try:
        given = {name: unquoted(text) for name, text in _GIVEN.findall(script)[:2]}
        mode, token = given.get("mode"), given.get("token", "")
        made = [
            freeze_script(token, each.freeze) if mode == "freeze" else thaw_script(token, each.freeze, let_go=let_go)
            for each in profiles
            if each.freeze is not None
            for let_go in (False, True)
        ]
    except ValueError:
        return False
    return script in made


def read_frozen(stdout: str, token: str) -> int:
    """How many seconds were left until the watchdog thaws. Raises FreezeFailed, FactsUnreadable."""
    answer = _read(stdout, "freeze", token)
    if answer.error:
        raise FreezeFailed(safe(answer.error))
    return answer.left


def read_thawed(stdout: str, token: str) -> Thawed:
    """Raises ThawFailed while something may still be frozen, FactsUnreadable."""
    answer = _read(stdout, "thaw", token)
    if answer.error:
        raise ThawFailed(safe(answer.error))
    return Thawed(answer.held, "" if answer.held else _WHY.get(answer.why, "the server could not say whether it held"))


def _read(stdout: str, mode: Mode, token: str) -> _Answer:
    lines = [line for line in stdout.splitlines() if line.startswith(SENTINEL)]
    try:
        raw: Any = json.loads(lines[-1][len(SENTINEL) :])
        answer = _Answer.model_validate(raw)
    except (IndexError, ValueError, ValidationError) as error:
        raise FactsUnreadable("The server did not answer whether it froze or thawed.") from error
    if answer.mode != mode or answer.token != token:
        raise FactsUnreadable("The server answered about another freeze than the one that was asked for.")
    return answer


def _rendered(mode: Mode, token: str, freezing: Freezing, more: dict[str, str]) -> str:
    if not _TOKEN.fullmatch(token):
        raise ValueError(f"A freeze's token looks like D-0001-7f3a9c2e.0, not like {token!r:.100}.")
    data = {"mode": mode, "token": token, "seconds": str(freezing.seconds), **more}
    lines = [f"{name}={quoted(value)}" for name, value in data.items()]
    words = [
        *(("freeze", each) for each in freezing.freeze),
        *(("thaw", each) for each in freezing.thaw),
        *(("filesystem", each) for each in freezing.filesystems),
    ]
    lines.append(" \\\n".join(["set --", *(f"  {word} {quoted(text)}" for word, text in words)]))
    return "#!/bin/sh\n" + "\n".join(lines) + "\n\n" + _program()


@cache
def _program() -> str:
    return package_files("workflows.facts").joinpath("freeze.sh").read_text(encoding="utf-8")
