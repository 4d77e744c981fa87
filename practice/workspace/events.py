"""The Events API: what the app is told of without having been asked. Only what its manifest subscribes to."""

import asyncio
import secrets
from typing import Any

from practice.workspace.couriers import Courier
from practice.workspace.records import Message, Person
from practice.workspace.state import State
from practice.workspace.team import APP_ID, BOT_USER, TEAM_ID, Channel, direct_of

_SCOPES = {"app_mention": "app_mentions:read", "message.channels": "channels:history"}


class Events:
    """Each event is delivered beside whatever else happens: nobody who types waits for the app."""

    def __init__(self, state: State, courier: Courier) -> None:
        self._state = state
        self._courier = courier
        self._underway: set[asyncio.Task[None]] = set()

    def said(self, message: Message, channel: Channel) -> None:
        """A person wrote something in a channel where the bot is a member."""
        if not channel.joined or channel.direct:
            return
        event = {
            "user": message.user,
            "ts": message.ts,
            "text": message.text,
            "team": TEAM_ID,
            "channel": channel.id,
            "event_ts": message.ts,
        }
        if message.thread_ts:
            event["thread_ts"] = message.thread_ts
        self._tell("message.channels", {"type": "message", "channel_type": "channel", **event})
        if f"<@{BOT_USER}>" in message.text:
            self._tell("app_mention", {"type": "app_mention", **event})

    def home_opened(self, person: Person) -> None:
        event = {
            "type": "app_home_opened",
            "user": person.id,
            "channel": direct_of(person.id),
            "tab": "home",
            "event_ts": f"{self._state.now():.6f}",
        }
        home = self._state.views.home(person.id)
        self._tell("app_home_opened", {**event, "view": home.wire()} if home else event)

    def _tell(self, subscription: str, event: dict[str, Any]) -> None:
        manifest = self._state.manifest
        scope = _SCOPES.get(subscription)
        if subscription not in manifest.events or (scope and scope not in manifest.scopes):
            return
        payload = {
            "token": "practice",
            "team_id": TEAM_ID,
            "api_app_id": APP_ID,
            "event": event,
            "type": "event_callback",
            "event_id": f"Ev{secrets.token_hex(5).upper()}",
            "event_time": int(self._state.now()),
            "authorizations": [
                {"team_id": TEAM_ID, "user_id": BOT_USER, "is_bot": True, "is_enterprise_install": False}
            ],
            "is_ext_shared_channel": False,
        }
        task = asyncio.get_running_loop().create_task(self._deliver(payload))
        self._underway.add(task)
        task.add_done_callback(self._underway.discard)

    async def _deliver(self, payload: dict[str, Any]) -> None:
        """Once more if it was not acked, as Slack does at first. Its later tries, after minutes, are left out."""
        ack = await self._courier.deliver("events_api", payload)
        if ack.error == "operation_timeout":
            await self._courier.deliver("events_api", payload)
