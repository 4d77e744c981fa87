"""The app's manifest: the same file that sets up a real workspace seeds the practice one."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml


@dataclass(frozen=True)
class Command:
    """A slash command of the app, and whether Slack turns @name and #channel into ids for it."""

    name: str
    should_escape: bool
    description: str = ""
    usage_hint: str = ""


@dataclass(frozen=True)
class Shortcut:
    """A shortcut that is there in every channel, or `on_message` at every message."""

    name: str
    callback_id: str
    description: str = ""
    on_message: bool = False


@dataclass(frozen=True)
class Manifest:
    """What the workspace needs to know of the app."""

    app_name: str
    bot_name: str
    commands: Mapping[str, Command]
    scopes: tuple[str, ...]
    events: tuple[str, ...] = ()
    """The bot events that the app is subscribed to."""
    has_home: bool = False
    shortcuts: tuple[Shortcut, ...] = ()


def read_manifest(path: Path) -> Manifest:
    """Raises OSError and yaml.YAMLError as they come, and KeyError for a manifest without a name."""
    whole: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    features: dict[str, Any] = whole.get("features") or {}
    commands = [
        Command(
            entry["command"],
            bool(entry.get("should_escape")),
            str(entry.get("description") or ""),
            str(entry.get("usage_hint") or ""),
        )
        for entry in features.get("slash_commands") or ()
    ]
    app_name = str(whole["display_information"]["name"])
    scopes = ((whole.get("oauth_config") or {}).get("scopes") or {}).get("bot") or ()
    return Manifest(
        app_name=app_name,
        bot_name=str((features.get("bot_user") or {}).get("display_name") or app_name),
        commands={command.name: command for command in commands},
        scopes=tuple(scopes),
        events=tuple(((whole.get("settings") or {}).get("event_subscriptions") or {}).get("bot_events") or ()),
        shortcuts=tuple(
            Shortcut(
                str(each["name"]),
                str(each["callback_id"]),
                str(each.get("description") or ""),
                each.get("type") == "message",
            )
            for each in features.get("shortcuts") or ()
        ),
        has_home=bool((features.get("app_home") or {}).get("home_tab_enabled")),
    )
