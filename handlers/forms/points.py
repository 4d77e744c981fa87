"""Recovery points by typeahead: those of the server that was chosen, the newest first, and how each is shown. Pure."""

from collections.abc import Mapping
from datetime import UTC, datetime

from handlers.blocks import Block
from handlers.forms.fields import MOST, option
from workflows.errors import UserError
from workflows.inventory import Inventory
from workflows.points import Point
from workflows.words import duration


def matching(known: Inventory, target: str, typed: str, choices: Mapping[str, str], now: float) -> list[Block]:
    """Options: what the grammar calls by a word (`choices`: word → how it is said), then the points of the server that
    can be restored, where every typed word is found. `now` in seconds since the epoch."""
    wanted = typed.casefold().split()
    said = [option(text, word) for word, text in choices.items() if _fits(f"{word} {text}", wanted)]
    shown = [(each, *_shown(each, now)) for each in _of(known, target)]
    found = [option(text, each.image_id, about) for each, text, about in shown if _fits(f"{text} {about}", wanted)]
    return [*said, *found][:MOST]


def _of(known: Inventory, target: str) -> list[Point]:
    try:
        server = known.server_of(target)
    except UserError:
        return []
    own = [each for each in known.points if each.server == server and each.usable]
    return sorted(own, key=lambda each: each.requested, reverse=True)


def _shown(point: Point, now: float) -> tuple[str, str]:
    at = datetime.fromtimestamp(point.requested, UTC)
    age = f"{duration(now - point.requested)} old" if not point.copied else "a copy, age not known"
    return (
        f"{point.proof}, {'but differed, ' if point.differed_in else ''}{age}, {point.image_id}",
        f"{at:%Y-%m-%d %H:%M} UTC, {point.consistency}, {point.region}",
    )


def _fits(text: str, wanted: list[str]) -> bool:
    return all(word in text.casefold() for word in wanted)
