"""The script that measures: rendered from validated, quoted data; recognised; its answer read."""

import hashlib
import re
from collections.abc import Collection, Iterable, Sequence
from functools import cache
from importlib.resources import files as package_files
from typing import Any

from pydantic import ValidationError

from workflows.errors import FactsUnreadable
from workflows.facts import files, marker, windows_script
from workflows.facts.check import Answers, Check, result_of, value_of
from workflows.facts.evidence import Compared, Measured, Recorded
from workflows.facts.freeze_script import recognised_freeze
from workflows.facts.kinds import KINDS, PARTS
from workflows.facts.profile import Profile
from workflows.facts.quoting import quoted, unquoted
from workflows.facts.wire import read_line, readable

_KEY = re.compile(r"[A-Z]-[0-9]{4,16}-[0-9a-f]{8}")
_DIGEST = re.compile(r"[0-9a-f]{64}")
_HEAD = re.compile(r"#!/bin/sh\n# [^\n]*\n(?P<data>mode=.*?\n)\n", re.DOTALL)
_SETTING = re.compile(r"^(key|expected|asked|sealed)=('[^\n]*')$")
_CHECKS = "checks"
_HELP = ("files_judge",)
"""Pieces that are no part by themselves."""
_TROUBLE = {
    "no-manifest": "The disk holds no facts of {key}.",
    "manifest-tampered": "The facts of {key} on the disk were tampered with: their manifest is not the one recorded.",
    "other-format": "The facts of {key} were recorded by another version of Firedrill, in a form unknown here.",
    "other-key": "The facts on the disk are not those of {key}.",
    "unknown-fact": "The facts of {key} hold a kind of fact that this version of Firedrill cannot measure.",
}


def record_script(run_key: str, profile: Profile, asked: float | None = None) -> str:
    """The script that measures `profile` and keeps the record under `run_key`, such as `D-0001-7f3a9c2e`.

    `asked` is now, in seconds since the epoch by the clock that later says when the image was sealed: so the two
    clocks, that one and the server's own, may differ.

    ValueError if the key is not of that form. The script exits with 1 and still answers if it cannot measure.
    """
    words = [("path", path) for path in profile.paths]
    words += [("optional", path) for path in profile.optional]
    words += [("without", path) for path in profile.without]
    words += profile.rules.words()
    return _rendered("record", run_key, {"asked": _whole(asked)}, words, profile.checks, windows=profile.windows)


def compare_script(point_key: str, manifest_digest: str, sealed: float | None = None, *, windows: bool = False) -> str:
    """The script that compares a machine with the record of `point_key`, if its manifest has that SHA-256 (64 hex).

    `sealed`, in seconds since the epoch, is when nothing could be written into the image any more: what differs and was
    written later was written after the restore. None for a machine that was not restored. `windows` is what it runs.

    ValueError if one of them is not of its form. Differences, and facts that are not there, are an answer (exit 0).
    """
    if not _DIGEST.fullmatch(manifest_digest):
        raise ValueError(f"The manifest's digest must be 64 hexadecimal digits, not {manifest_digest!r:.100}.")
    return _rendered("compare", point_key, {"expected": manifest_digest, "sealed": _whole(sealed)}, [], windows=windows)


def recognised(script: str, profiles: Collection[Profile]) -> bool:
    """True exactly for texts that `compare_script`, or `record_script` with one of `profiles`, can have made, and for
    those that freeze and thaw as one of them says.

    So a profile's commands run only where whoever asks has allowed that very profile.
    """
    if recognised_freeze(script, profiles):
        return True
    on_windows = windows_script.given(script)
    try:
        values = _settings(script) if on_windows is None else on_windows.settings
        key, expected = values.get("key", ""), values.get("expected", "")
        asked, sealed = _moment(values.get("asked", "")), _moment(values.get("sealed", ""))
        if expected:
            return script == compare_script(key, expected, sealed, windows=on_windows is not None)
        return any(script == record_script(key, profile, asked) for profile in profiles)
    except ValueError:
        return False


def read_recorded(stdout: str) -> Recorded:
    """What `record` measured, from the command's output. FactsUnreadable, FactsNotMeasured."""
    answer = read_line(stdout, "record")
    try:
        measured = files.Measured.of(answer["files"])
        text = marker.Measured.of(answer["marker"]).text
        return Recorded(
            **_common(answer),
            marker=readable(text),
            files=measured.count,
            bytes=measured.bytes,
            entries=measured.entries,
            list_digest=measured.digest,
            absent=tuple(readable(path) for (path,) in measured.absent),
            checks=tuple(Measured(each.fact, value_of(KINDS[each.kind], each)) for each in _answers(answer).each),
            left_out=measured.told(),
        )
    except (KeyError, TypeError, ValidationError) as error:
        raise FactsUnreadable("The server's answer lacks facts that it must hold.") from error


def read_compared(stdout: str) -> Compared:
    """What `compare` found, from the command's output. FactsUnreadable, FactsNotMeasured."""
    answer = read_line(stdout, "compare")
    if answer.get("trouble"):
        return _in_trouble(answer)
    try:
        names = [str(name) for name in answer["facts"]]
        results = [part.result(answer[part.NAME]) for part in PARTS if part.NAME in names]
        if _CHECKS in names:
            names.remove(_CHECKS)
            found = [result_of(KINDS[each.kind], each) for each in _answers(answer).each]
            names += [each.fact for each in found]
            results += found
        return Compared(**_common(answer), facts=tuple(names), results=tuple(results))
    except (KeyError, TypeError, ValidationError) as error:
        raise FactsUnreadable("The server's answer lacks facts that it must hold.") from error


def _answers(answer: dict[str, Any]) -> Answers:
    """All checks of the manifest. TypeError if one is not in the answer."""
    found = Answers.of(answer[_CHECKS])
    if len(found.each) != found.count:
        raise TypeError("some checks are not in the answer")
    return found


def _in_trouble(answer: dict[str, Any]) -> Compared:
    key, trouble = str(answer.get("key")), str(answer["trouble"])
    text = _TROUBLE.get(trouble, "The facts of {key} could not be compared.").format(key=key)
    return Compared(key, str(answer.get("digest", "")), measured_at="", facts=(), results=(), trouble=text)


def _common(answer: dict[str, Any]) -> dict[str, Any]:
    key, digest, measured = answer["key"], answer["digest"], answer["measured"]
    if not _KEY.fullmatch(key) or not _DIGEST.fullmatch(digest) or not isinstance(measured, str):
        raise TypeError("key, digest or time is not of its form")
    return {"key": key, "digest": digest, "measured_at": measured}


def _whole(moment: float | None) -> str:
    return "" if moment is None else str(int(moment))


def _settings(script: str) -> dict[str, str]:
    """Of a script for `sh`; none of any other text. ValueError where a word was not quoted here."""
    head = _HEAD.match(script)
    lines = head["data"].split("\n") if head else []
    return {name: unquoted(text) for line in lines for name, text in _SETTING.findall(line)}


def _moment(digits: str) -> int | None:
    return int(digits) if digits.isascii() and digits.isdigit() else None


def _rendered(
    mode: str, key: str, values: dict[str, str], words: Iterable[tuple[str, str]], checks: Sequence[Check] = (),
    *, windows: bool = False,
) -> str:  # fmt: skip
    if not _KEY.fullmatch(key):
        raise ValueError(f"A run's key looks like D-0001-7f3a9c2e, not like {key!r:.100}.")
    data = {
        "mode": mode,
        "key": key,
        "expected": "",
        "asked": "",
        "sealed": "",
        "facts": " ".join([*(part.NAME for part in PARTS), _CHECKS]),
    } | values
    if windows:
        return windows_script.rendered(data, words, checks)
    data |= {"kinds": " ".join(KINDS), "checks": str(len(checks))}
    lines = [f"{name}={quoted(value)}" for name, value in data.items()]
    lines += ["profile_checks() {", "  :", *(f"  check {_words(each)}" for each in checks), "}"]
    lines.append(" \\\n".join(["set --", *(f"  {word} {quoted(path)}" for word, path in words)]))
    text = "\n".join(lines) + "\n\n" + _program()
    digest = hashlib.sha256(text.encode()).hexdigest()
    return f"#!/bin/sh\n# Firedrill measures facts. SHA-256 of what follows this line: {digest}\n{text}"


def _words(check: Check) -> str:
    """`{{` stands in many a command, and SSM would replace it: the quotes are closed and opened between the two."""
    words = (check.kind, check.name, check.rule, str(check.wait), *check.words)
    return re.sub(r"\{(?=\{)", "{''", " ".join(map(quoted, words)))


@cache
def _program() -> str:
    """The constant part of the script. It begins after the data and ends with the only line that starts anything."""
    folder = package_files("workflows.facts")
    names = ("common", *_HELP, *(part.NAME for part in PARTS), _CHECKS, "main")
    texts = {name: folder.joinpath(f"{name}.sh").read_text(encoding="ascii") for name in names}
    texts[_CHECKS] += "".join(kind.SH for kind in KINDS.values())
    return _slim("\n".join(texts.values()))


def _slim(text: str) -> str:
    """Without comments and indentation, which no machine needs: Systems Manager takes 64 KiB, the profile included."""
    lines = (line.lstrip() for line in text.split("\n"))
    return "\n".join(line for line in lines if line and not line.startswith("# ")) + "\n"
