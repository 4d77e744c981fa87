"""Questions that several forms ask: which server, by which profile, why, and in which channel. Pure."""

from collections.abc import Mapping
from typing import Any

from handlers.blocks import Block
from handlers.forms.fields import Field, channel, option, search, typed

#: How a recovery point is called by a word, and how that is said.
LATEST = {"latest": "The latest that is complete"}
UNDOUBTED = {"latest": "The latest that did not differ"}
PROVEN = {"proven": "The latest that is proven"}


def server(chosen: Block | None) -> Field:
    hint = "Part of its name, its id, its Region or a tag."
    return Field("target", "Server", search("Type a part of its name", chosen), hint, needed=True, tells=True)


def point(mark: str, name: str = "point", *, usual: Mapping[str, str] = LATEST, tells: bool = False) -> Field:
    """`mark` changes with the server: the point of another one is no answer. `usual` is what is taken without one."""
    return Field(name, "Recovery point", search(usual["latest"]), tells=tells, mark=mark)


def profile() -> Field:
    return Field("profile", "Profile", search("The server's own"), "Which facts are measured.")


def reason() -> Field:
    return Field("reason", "Reason", typed(500, "Why it is done"), "Shown in the card and kept with the run.")


def where(first: str) -> Field:
    """Asked where the form was opened in no channel."""
    return Field("channel", "Channel", channel(first), "Where the run shows how far it is.", needed=True)


def profiles_matching(names: tuple[str, ...], said: str) -> list[Block]:
    wanted = said.casefold().strip()
    return [option(each, each) for each in names if wanted in each.casefold()]


def picked(values: Mapping[str, Any], name: str) -> str:
    """What was chosen, as text; empty if nothing was."""
    return str(values.get(name) or "")
