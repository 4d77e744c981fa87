"""What one person sees: the whole state of the page as JSON."""

from collections.abc import Sequence
from typing import Any

from practice.workspace.emoji import EMOJI
from practice.workspace.records import Message
from practice.workspace.state import State
from practice.workspace.team import BOT_USER, SLACKBOT


def seen_by(state: State, person: str, channel: str) -> dict[str, Any]:
    """Everything that this person sees in this channel, and around it."""
    team, board, home = state.team, state.board, state.views.home(person)
    shown = [*board.shared(channel), *board.ephemerals(person, channel)]
    return {
        "now": state.now(),
        "bot": {"id": BOT_USER, "name": team.bot_name},
        "apps": [BOT_USER, SLACKBOT],
        "commands": [
            {"name": each.name, "description": each.description, "usage_hint": each.usage_hint}
            for each in state.manifest.commands.values()
        ],
        "shortcuts": [
            {"name": each.name, "description": each.description, "callback_id": each.callback_id}
            for each in state.manifest.shortcuts
            if not each.on_message
        ],
        "message_shortcuts": [
            {"name": each.name, "description": each.description, "callback_id": each.callback_id}
            for each in state.manifest.shortcuts
            if each.on_message
        ],
        "has_home": state.manifest.has_home,
        "people": [{"id": each.id, "name": each.name, "real_name": each.real_name} for each in team.people],
        "channels": [
            {"id": each.id, "name": each.name, "latest": _latest(state, person, each.id)}
            for each in team.channels.values()
        ],
        "direct": _direct(state, person),
        "names": dict(team.names.people),
        "groups": dict(team.groups),
        "emoji": EMOJI,
        "messages": [_drawn(message) for message in sorted(shown, key=lambda each: each.ts)],
        "modals": [view.wire() for view in state.views.stack(person)],
        "home": home.wire() if home else None,
    }


def _direct(state: State, person: str) -> dict[str, Any] | None:
    """Their conversation with the app, once it has written there."""
    found = state.team.directs.get(person)
    latest = _latest(state, person, found.id) if found else ""
    return {"id": found.id, "name": found.name, "latest": latest} if found and latest else None


def _latest(state: State, person: str, channel: str) -> str:
    """The ts of the newest message that others wrote and this person would see in the channel itself."""
    shown: Sequence[Message] = [*state.board.top_level(channel), *state.board.ephemerals(person, channel)]
    return max((message.ts for message in shown if message.user != person and not message.is_reply), default="")


def _drawn(message: Message) -> dict[str, Any]:
    return {
        "ts": message.ts,
        "user": message.user,
        "text": message.text,
        "blocks": list(message.blocks),
        "thread_ts": message.thread_ts if message.is_reply else None,
        "edited": message.shows_edited,
        "ephemeral": message.ephemeral_for is not None,
        "files": [{name: file[name] for name in ("id", "title", "name", "size", "alt_txt")} for file in message.files],
        "reactions": {name: len(who) for name, who in message.reactions.items()},
    }
