"""The messages of all channels, as they stand now. Callers hold the workspace's lock."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from practice.workspace.records import Message
from practice.workspace.team import APP_ID, BOT_ID, BOT_USER, TEAM_ID, Team


class Board:
    """Keeps one frozen record a message and puts a new one in its place at every change."""

    def __init__(self, team: Team, now: Callable[[], float]) -> None:
        self._team = team
        self._now = now
        self._last = 0
        self._messages: dict[tuple[str, str], Message] = {}

    def next_ts(self) -> str:
        """Slack's timestamp: also the message's id, so no two are the same and later ones are greater."""
        self._last = max(self._last + 1, int(self._now() * 1_000_000))
        return f"{self._last // 1_000_000}.{self._last % 1_000_000:06d}"

    def post(self, channel: str, user: str, text: str, **more: Any) -> Message:
        """`more` are fields of Message."""
        message = Message(self.next_ts(), channel, user, text, names=self._team.names, **more)
        self._messages[channel, message.ts] = message
        return message

    def clear(self) -> None:
        self._messages.clear()

    def find(self, channel: str, ts: str) -> Message | None:
        return self._messages.get((channel, ts))

    def find_shared(self, channel: str, ts: str) -> Message | None:
        """As `find`, but an ephemeral message is nowhere: the Web API cannot see it."""
        message = self.find(channel, ts)
        return message if message and message.ephemeral_for is None else None

    def change(self, message: Message, **fields: Any) -> Message:
        changed = replace(message, edited_count=message.edited_count + 1, **fields)
        self._messages[message.channel, message.ts] = changed
        return changed

    def react(self, message: Message, reactions: Mapping[str, tuple[str, ...]]) -> None:
        """Reactions change a message without editing it."""
        self._messages[message.channel, message.ts] = replace(message, reactions=reactions)

    def remove(self, message: Message) -> None:
        self._messages.pop((message.channel, message.ts), None)

    def shared(self, channel: str) -> Iterator[Message]:
        """What everybody in the channel can see, oldest first, replies among it."""
        return (m for m in self._messages.values() if m.channel == channel and m.ephemeral_for is None)

    def top_level(self, channel: str) -> list[Message]:
        return [message for message in self.shared(channel) if not message.is_reply]

    def thread(self, channel: str, ts: str) -> list[Message]:
        """The replies below a message, oldest first, without the message itself."""
        return [message for message in self.shared(channel) if message.is_reply and message.thread_ts == ts]

    def ephemerals(self, person: str, channel: str | None = None) -> list[Message]:
        return [
            message
            for message in self._messages.values()
            if message.ephemeral_for == person and channel in (None, message.channel)
        ]

    def wire(self, message: Message) -> dict[str, Any]:
        """A message as the Web API and the payloads of clicks show it, with its thread's counts."""
        replies: Sequence[Message] = ()
        if not message.is_reply and message.ephemeral_for is None:
            replies = self.thread(message.channel, message.ts)
        return wire_message(message, self._team.bot_name, replies)


def wire_message(message: Message, bot_name: str, replies: Sequence[Message]) -> dict[str, Any]:
    """The JSON of one message."""
    body: dict[str, Any] = {"type": "message", "user": message.user, "ts": message.ts, "text": message.text}
    body["team"] = TEAM_ID
    if message.user == BOT_USER:
        profile = {"id": BOT_ID, "app_id": APP_ID, "name": bot_name, "team_id": TEAM_ID, "deleted": False}
        body |= {"bot_id": BOT_ID, "app_id": APP_ID, "bot_profile": profile}
    body |= {
        key: value
        for key, value in {
            "blocks": list(message.blocks),
            "thread_ts": message.thread_ts or (message.ts if replies else None),
            "reply_count": len(replies),
            "files": list(message.files),
            "reactions": [{"name": n, "users": list(u), "count": len(u)} for n, u in message.reactions.items()],
        }.items()
        if value
    }
    if message.edited_count and message.shows_edited:
        body["edited"] = {"user": message.user, "ts": message.ts}
    return body
