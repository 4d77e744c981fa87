"""What is said about the workspace: people, messages as they stand, deliveries, calls. All frozen."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from practice.workspace.parts import interactive
from practice.workspace.plain import Names, plain_lines

Json = Any  # what json.loads gives


@dataclass(frozen=True)
class Person:
    """Somebody who can type and click. `id` looks as Slack's do: U0OPERATOR."""

    id: str
    name: str
    real_name: str


@dataclass(frozen=True)
class Button:
    """A button of a message. `confirm` is Slack's confirm object, or None."""

    action_id: str
    text: str
    value: str | None
    confirm: Mapping[str, Json] | None
    block_id: str = ""
    style: str | None = None


@dataclass(frozen=True)
class Delivery:
    """What became of something that a person did.

    `envelope_id` is None when nothing was sent to the app; `acked_in` are seconds, None when the app did not ack in
    time; `response` is the text of the ack; `error` is Slack's word for what went wrong.
    """

    envelope_id: str | None
    acked_in: float | None
    response: str | None
    error: str | None = None


@dataclass(frozen=True)
class ApiCall:
    """One call that arrived. `outcome` is "ok", an error code, or "lost" when the answer never left."""

    method: str
    args: Mapping[str, Json]
    outcome: str
    at: float


@dataclass(frozen=True)
class Message:
    """A message as it stands at the moment of asking; a later change gives another snapshot.

    `edited_count` counts every change, `shows_edited` is whether Slack would write "(edited)" behind it.
    """

    ts: str
    channel: str
    user: str
    text: str
    blocks: tuple[Mapping[str, Json], ...] = ()
    thread_ts: str | None = None
    edited_count: int = 0
    metadata: Mapping[str, Json] | None = None
    ephemeral_for: str | None = None
    shows_edited: bool = False
    files: tuple[Mapping[str, Json], ...] = ()
    reactions: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    names: Names = field(default_factory=Names, repr=False, compare=False)

    @property
    def is_reply(self) -> bool:
        return self.thread_ts is not None and self.thread_ts != self.ts

    def plain(self) -> str:
        """What a reader sees, for a terminal: the blocks, or where there are none the text."""
        lines = list(plain_lines(self.blocks, self.text, self.names))
        lines += [f"[file: {file.get('title') or file.get('name')}]" for file in self.files]
        return "\n".join(lines)

    def buttons(self) -> list[Button]:
        """All buttons, in the order in which they are shown."""
        return [
            Button(
                action_id=str(element.get("action_id", "")),
                text=str(element.get("text", {}).get("text", "")),
                value=element.get("value"),
                confirm=element.get("confirm"),
                block_id=str(block.get("block_id", "")),
                style=element.get("style"),
            )
            for block, element in interactive(self.blocks)
            if element["type"] == "button"
        ]
