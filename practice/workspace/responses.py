"""Response URLs: how an app answers what somebody did, five times within half an hour."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from practice.workspace.api_chat import content
from practice.workspace.args import Args
from practice.workspace.records import Message
from practice.workspace.refusals import Refused
from practice.workspace.state import State
from practice.workspace.team import BOT_USER

MOST_USES = 5
LIFE = 30 * 60.0


@dataclass(frozen=True)
class Occasion:
    """What is answered: who did it, where, and on which message if it was a click."""

    person: str
    channel: str
    source: tuple[str, str] | None = None
    """Channel and ts of the clicked message. A slash command has none, so nothing of it can be replaced."""


@dataclass
class _Open:
    occasion: Occasion
    at: float
    uses: int = 0


class Responses:
    """Issues the addresses and carries out what is posted to them. Callers hold the workspace's lock."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._open: dict[str, _Open] = {}

    def issue(self, occasion: Occasion) -> str:
        id_ = secrets.token_urlsafe(24)
        self._open[id_] = _Open(occasion, self._state.now())
        return f"{self._state.base_url}/respond/{id_}"

    def use(self, id_: str, args: Args) -> None:
        """Refused: invalid_url, expired_url, used_url, and what the message itself runs into."""
        opened = self._open.get(id_)
        if opened is None:
            raise Refused("invalid_url")
        if self._state.now() - opened.at > LIFE:
            raise Refused("expired_url")
        if opened.uses >= MOST_USES:
            raise Refused("used_url")
        opened.uses += 1
        self.answer(opened.occasion, args)

    def answer(self, occasion: Occasion, args: Args) -> None:
        """Post, replace or delete. Also what an ack with a payload does."""
        source = self._state.board.find(*occasion.source) if occasion.source else None
        if args.flag("delete_original"):
            if source:
                self._state.board.remove(source)
            return
        text, blocks = content(args)
        if source and _replaces(args):
            self._state.board.change(source, text=text, blocks=blocks, shows_edited=not blocks)
            return
        public = args.text("response_type") == "in_channel"
        self._state.board.post(
            occasion.channel,
            BOT_USER,
            text,
            blocks=blocks,
            thread_ts=args.text("thread_ts") or _thread_of(source),
            ephemeral_for=None if public else occasion.person,
        )


def _replaces(args: Args) -> bool:
    """Told to, or told nothing at all: Slack's documents disagree about the latter, so practice takes the worse."""
    if "replace_original" in args:
        return args.flag("replace_original")
    return "response_type" not in args


def _thread_of(source: Message | None) -> str | None:
    return source.thread_ts if source and source.is_reply else None


def spoken(payload: object) -> str | None:
    """The text of an ack's payload, if it has any."""
    return str(payload["text"]) if isinstance(payload, Mapping) and payload.get("text") else None


def says_something(payload: object) -> bool:
    """Whether an ack's payload is a message to post."""
    return isinstance(payload, Mapping) and any(payload.get(key) for key in ("text", "blocks", "delete_original"))


def as_args(payload: Mapping[str, Any]) -> Args:
    return Args(payload)
