"""What Slack sends an app when somebody types a command or uses an element: the JSON, field by field."""

import html
import re
from typing import Any

from practice.workspace.board import Board
from practice.workspace.inputs import HELD, Values, chosen_option, held
from practice.workspace.parts import Json
from practice.workspace.records import Message, Person
from practice.workspace.team import APP_ID, BOT_USER, DOMAIN, TEAM_ID, Channel, Team
from practice.workspace.views import View

#: As in Slack: an address, what looks like one to Slack (which knows all top-level domains), or somebody's name.
_DOMAIN = r"(?:[\w-]+\.)+(?:com|org|net|io|dev|eu|de|uk)\b(?!\.\w|-|@)"
_LINKED = re.compile(
    rf"(?P<url>https?://\S*[^\s.,:;!?)])|(?P<mail>[\w.+-]+@{_DOMAIN})|(?<![\w@.-])(?P<bare>{_DOMAIN}(?:/\S*[^\s.,:;!?)])?)"
    r"|(?<!\w)(?P<sign>[@#])(?P<name>[\w.-]*\w)"
)


def escaped(text: str, team: Team, *, labels: bool) -> str:
    """&, < and > spelled out; links, @name and #channel as Slack writes them, the last two with their labels for slash
    commands."""
    people = {person.name: person.id for person in team.people} | {team.bot_name: BOT_USER}
    channels = {channel.name: channel.id for channel in team.channels.values()}

    def linked(match: re.Match[str]) -> str:
        if match["url"]:
            return f"<{match['url']}>"
        if match["mail"] or match["bare"]:
            return f"<mailto:{match[0]}|{match[0]}>" if match["mail"] else f"<http://{match[0]}|{match[0]}>"
        sign, name = match["sign"], match["name"]
        id_ = (people if sign == "@" else channels).get(name)
        if id_ is None:
            return match[0]
        return f"<{sign}{id_}|{name}>" if labels else f"<{sign}{id_}>"

    return _LINKED.sub(linked, html.escape(text, quote=False))


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


def interaction(kind: str, person: Person, **more: Any) -> dict[str, Any]:
    """What every interaction says of itself."""
    return {
        "type": kind,
        "user": {"id": person.id, "username": person.name, "name": person.name, "team_id": TEAM_ID},
        "api_app_id": APP_ID,
        "token": "practice",
        "team": {"id": TEAM_ID, "domain": DOMAIN},
        "enterprise": None,
        "is_enterprise_install": False,
        **more,
    }


def within_message(message: Message, channel: Channel, board: Board) -> dict[str, Any]:
    """Where something was done: a message. One that is ephemeral is not sent along: Slack keeps none of it."""
    container = {
        "type": "message",
        "message_ts": message.ts,
        "channel_id": message.channel,
        "is_ephemeral": message.ephemeral_for is not None,
    }
    if message.thread_ts:
        container["thread_ts"] = message.thread_ts
    place: dict[str, Any] = {"container": container, "channel": {"id": channel.id, "name": channel.name}}
    return place if message.ephemeral_for else {**place, "message": board.wire(message)}


def within_view(view: View, values: Values) -> dict[str, Any]:
    """Where something was done: a modal or Home."""
    return {"container": {"type": "view", "view_id": view.id}, "view": view.wire(values)}


def action(block_id: str, element: Json, given: Any, action_ts: str) -> dict[str, Any]:
    """One entry of `actions`: what was done to one element. Refused: invalid_value."""
    return {
        "action_id": element["action_id"],
        "block_id": block_id,
        **_done(element, given),
        "type": element["type"],
        "action_ts": action_ts,
    }


def _done(element: Json, given: Any) -> dict[str, Any]:
    if element["type"] == "overflow":
        return chosen_option(element, given)
    if element["type"] in HELD:
        return held(element, given)
    if element["type"] == "feedback_buttons":
        element = element["negative_button" if given == "negative" else "positive_button"]
    said = {key: element[key] for key in ("text", "value", "style", "confirm", "icon") if element.get(key) is not None}
    return {**said, "text": {"emoji": True, **said["text"]}} if "text" in said else said


def suggestion(block_id: str, element: Json, typed: str) -> dict[str, Any]:
    """What is asked of the app while somebody types into an external select."""
    return {"action_id": element["action_id"], "block_id": block_id, "value": typed}
