"""What Slack sends an app when somebody types a command or presses a button: the JSON, field by field."""

import html
import re
from typing import Any

from practice.workspace.board import Board
from practice.workspace.records import Button, Message, Person
from practice.workspace.team import APP_ID, DOMAIN, TEAM_ID, Channel, Team

_MENTION = re.compile(r"(?<!\w)([@#])([\w.-]*\w)")


def escaped(text: str, team: Team, *, labels: bool) -> str:
    """&, < and > spelled out, @name and #channel as Slack writes them, with their labels for slash commands."""
    people = {person.name: person.id for person in team.people}
    channels = {channel.name: channel.id for channel in team.channels.values()}

    def mention(match: re.Match[str]) -> str:
        sign, name = match[1], match[2]
        id_ = (people if sign == "@" else channels).get(name)
        if id_ is None:
            return match[0]
        return f"<{sign}{id_}|{name}>" if labels else f"<{sign}{id_}>"

    return _MENTION.sub(mention, html.escape(text, quote=False))


def slash_command(
    person: Person, channel: Channel, command: str, text: str, *, response_url: str, trigger_id: str
) -> dict[str, Any]:
    """The form of a slash command; in Socket Mode the same as JSON."""
    return {
        "token": "practice",
        "team_id": TEAM_ID,
        "team_domain": DOMAIN,
        "channel_id": channel.id,
        "channel_name": channel.name,
        "user_id": person.id,
        "user_name": person.name,
        "command": command,
        "text": text,
        "api_app_id": APP_ID,
        "is_enterprise_install": "false",
        "response_url": response_url,
        "trigger_id": trigger_id,
    }


def _container(message: Message) -> dict[str, Any]:
    container = {
        "type": "message",
        "message_ts": message.ts,
        "channel_id": message.channel,
        "is_ephemeral": message.ephemeral_for is not None,
    }
    return {**container, "thread_ts": message.thread_ts} if message.thread_ts else container


def _action(button: Button, action_ts: str) -> dict[str, Any]:
    action = {
        "action_id": button.action_id,
        "block_id": button.block_id,
        "text": {"type": "plain_text", "text": button.text, "emoji": True},
        "value": button.value,
        "style": button.style,
        "confirm": button.confirm,
        "type": "button",
        "action_ts": action_ts,
    }
    return {key: value for key, value in action.items() if value is not None}


def block_actions(
    person: Person,
    channel: Channel,
    message: Message,
    button: Button,
    board: Board,
    *,
    response_url: str,
    trigger_id: str,
) -> dict[str, Any]:
    """A pressed button. An ephemeral message is not sent along: Slack keeps none of it."""
    payload: dict[str, Any] = {
        "type": "block_actions",
        "user": {"id": person.id, "username": person.name, "name": person.name, "team_id": TEAM_ID},
        "api_app_id": APP_ID,
        "token": "practice",
        "container": _container(message),
        "trigger_id": trigger_id,
        "team": {"id": TEAM_ID, "domain": DOMAIN},
        "enterprise": None,
        "is_enterprise_install": False,
        "channel": {"id": channel.id, "name": channel.name},
        "state": {"values": {}},
        "response_url": response_url,
        "actions": [_action(button, board.next_ts())],
    }
    if message.ephemeral_for is None:
        payload["message"] = board.wire(message)
    return payload
