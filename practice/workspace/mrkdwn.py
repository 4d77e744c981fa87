"""Slack's mrkdwn as plain words: marks taken away, mentions, links and dates spelled out."""

import html
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from practice.workspace.emoji import EMOJI

_ANGLE = re.compile(r"<([^<>]+)>")
_EMOJI = re.compile(r":([a-z0-9_+-]+):")
_FENCE = re.compile(r"```(.*?)```", re.DOTALL)
_CODE = re.compile(r"`([^`\n]+)`")
_MARK = re.compile(r"(?<![\w*_~])([*_~])(?=\S)([^\n]*?\S)\1(?![\w*_~])")


@dataclass(frozen=True)
class Names:
    """What to call people and channels by their ids."""

    people: Mapping[str, str] = field(default_factory=dict)
    channels: Mapping[str, str] = field(default_factory=dict)


def plain_mrkdwn(text: str, names: Names) -> str:
    """Text of a mrkdwn object as a reader would say it. Code keeps its letters, also where they look like marks."""
    kept: list[str] = []

    def keep(words: str) -> str:
        kept.append(words)
        return f"\x00{len(kept) - 1}\x00"

    text = _ANGLE.sub(lambda match: keep(_angle(match[1], names)), text)
    text = _FENCE.sub(lambda match: keep(match[1].strip("\n")), text)
    text = _CODE.sub(lambda match: keep(match[1]), text)
    text = plain_emoji(text)
    for _ in range(3):  # *_both_* is two marks deep, and Slack knows three
        text = _MARK.sub(r"\2", text)
    for _ in range(2):  # a mention within code is kept within something kept
        text = re.sub(r"\x00(\d+)\x00", lambda match: kept[int(match[1])], text)
    return html.unescape(text)


def plain_emoji(text: str) -> str:
    return _EMOJI.sub(lambda match: EMOJI.get(match[1], match[0]), text)


def _angle(inside: str, names: Names) -> str:
    """What stands between < and >: @U…, #C…, !date^…, !subteam^…, !here, or a link."""
    target, _, label = inside.partition("|")
    if target.startswith("@"):
        return "@" + (names.people.get(target[1:]) or label or target[1:])
    if target.startswith("#"):
        return "#" + (names.channels.get(target[1:]) or label or target[1:])
    if target.startswith("!"):
        return label or _special(target[1:])
    if label:
        return label if label == target else f"{label} ({target})"
    return target


def _special(target: str) -> str:
    """A date without a fallback, a group, or @here and its kin."""
    kind, _, rest = target.partition("^")
    first = rest.partition("^")[0]
    if kind == "date" and first.isdigit():
        return datetime.fromtimestamp(int(first), tz=UTC).astimezone().strftime("%Y-%m-%d %H:%M")
    return "@" + (first or kind)
