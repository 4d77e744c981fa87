"""chat.*: posting, changing, deleting messages."""

from typing import Any

from practice.workspace.args import Args
from practice.workspace.blocks import check_blocks
from practice.workspace.methods import Method
from practice.workspace.parts import with_ids
from practice.workspace.records import Message
from practice.workspace.refusals import Refused, refused_with_messages
from practice.workspace.state import State
from practice.workspace.team import BOT_USER, DOMAIN

LONGEST_TEXT = 40_000
LONGEST_UPDATE = 4_000
"""chat.update refuses where chat.postMessage cuts."""


def content(args: Args) -> tuple[str, tuple[dict[str, Any], ...]]:
    """Text and blocks of a new message. Refused: no_text, invalid_blocks and its kin."""
    text = args.text("text")[:LONGEST_TEXT]
    blocks = given_blocks(args) or ()
    if not text.strip() and not blocks:
        raise Refused("no_text")
    return text, blocks


def given_blocks(args: Args) -> tuple[dict[str, Any], ...] | None:
    """The checked blocks, with the ids that Slack gives them; None when none were sent at all."""
    sent = args.data("blocks")
    if sent is None:
        return None
    return tuple(with_ids(check_blocks(sent, "message")))


def given_metadata(args: Args) -> dict[str, Any] | None:
    """Refused: invalid_metadata_format, invalid_metadata_schema."""
    sent = args.data("metadata")
    if sent is None or sent == {}:
        return None
    if not isinstance(sent, dict):
        raise Refused("invalid_metadata_format")
    if not isinstance(sent.get("event_type"), str) or not isinstance(sent.get("event_payload"), dict):
        raise refused_with_messages("invalid_metadata_schema", ["must have event_type and event_payload"])
    return sent


def _thread(state: State, channel: str, args: Args) -> str | None:
    """The root of the thread to answer in. A reply's own ts leads to its root, as with Slack."""
    ts = args.text("thread_ts")
    if not ts:
        return None
    parent = state.board.find_shared(channel, ts)
    if parent is None:
        raise Refused("thread_not_found")
    return parent.thread_ts or parent.ts


def post_message(state: State, args: Args) -> dict[str, Any]:
    """A person's id stands for the conversation with them."""
    where = args.needed("channel")
    channel = state.team.directs.get(where) or state.joined_channel(where)
    text, blocks = content(args)
    message = state.board.post(
        channel.id,
        BOT_USER,
        text,
        blocks=blocks,
        thread_ts=_thread(state, channel.id, args),
        metadata=given_metadata(args),
    )
    return _posted(state, message)


def _posted(state: State, message: Message) -> dict[str, Any]:
    body = state.board.wire(message)
    if message.metadata:
        body["metadata"] = message.metadata
    return {"channel": message.channel, "ts": message.ts, "message": body}


def post_ephemeral(state: State, args: Args) -> dict[str, Any]:
    channel = state.joined_channel(args.needed("channel"))
    try:
        person = state.team.person(args.needed("user"))
    except Refused as unknown:
        raise Refused("user_not_in_channel") from unknown
    if (channel.id, person.id) in state.team.absent:
        raise Refused("user_not_in_channel")
    text, blocks = content(args)
    message = state.board.post(
        channel.id, BOT_USER, text, blocks=blocks, thread_ts=args.text("thread_ts") or None, ephemeral_for=person.id
    )
    return {"message_ts": message.ts}


def _own(state: State, args: Args, otherwise: str) -> Message:
    """The bot's own message. Refused: channel_not_found, message_not_found, or `otherwise`."""
    channel = state.team.channel(args.needed("channel"), by_name=False)
    message = state.board.find_shared(channel.id, args.needed("ts"))
    if message is None:
        raise Refused("message_not_found")
    if message.user != BOT_USER:
        raise Refused(otherwise)
    return message


def update(state: State, args: Args) -> dict[str, Any]:
    """Text without blocks takes the blocks away; blocks alone keep the text; `metadata` absent keeps it."""
    message = _own(state, args, "cant_update_message")
    blocks = given_blocks(args)
    if blocks is None and "text" not in args and "metadata" not in args:
        raise Refused("no_text")
    if len(args.text("text")) > LONGEST_UPDATE:
        raise Refused("msg_too_long")
    if not args.text("text") and "text" in args and not blocks:
        raise Refused("no_text")
    changed = state.board.change(
        message,
        text=args.text("text") if "text" in args else message.text,
        blocks=_new_blocks(message, args, blocks),
        metadata=given_metadata(args) if "metadata" in args else message.metadata,
        shows_edited=not blocks and "text" in args,
    )
    return {**_posted(state, changed), "text": changed.text}


def _new_blocks(message: Message, args: Args, blocks: tuple[dict[str, Any], ...] | None) -> Any:
    if blocks is not None:
        return blocks
    return () if "text" in args else message.blocks


def delete(state: State, args: Args) -> dict[str, Any]:
    message = _own(state, args, "cant_delete_message")
    state.board.remove(message)
    return {"channel": message.channel, "ts": message.ts}


def get_permalink(state: State, args: Args) -> dict[str, Any]:
    channel = state.team.channel(args.needed("channel"), by_name=False)
    message = state.board.find_shared(channel.id, args.needed("message_ts"))
    if message is None:
        raise Refused("message_not_found")
    link = f"https://{DOMAIN}.slack.com/archives/{channel.id}/p{message.ts.replace('.', '')}"
    if message.is_reply:
        link += f"?thread_ts={message.thread_ts}&cid={channel.id}"
    return {"channel": channel.id, "permalink": link}


def add_reaction(state: State, args: Args) -> dict[str, Any]:
    channel = state.joined_channel(args.needed("channel"))
    message = state.board.find_shared(channel.id, args.needed("timestamp"))
    if message is None:
        raise Refused("message_not_found")
    name = args.needed("name").strip(":")
    who = message.reactions.get(name, ())
    if BOT_USER in who:
        raise Refused("already_reacted")
    state.board.react(message, {**message.reactions, name: (*who, BOT_USER)})
    return {}


_WRITE = ("chat:write",)
METHODS = [
    Method("chat.postMessage", post_message, _WRITE, "post", changes=True),
    Method("chat.postEphemeral", post_ephemeral, _WRITE, "tier4", changes=True),
    Method("chat.update", update, _WRITE, "tier3", changes=True),
    Method("chat.delete", delete, _WRITE, "tier3", changes=True),
    Method("chat.getPermalink", get_permalink, (), "none"),
    Method("reactions.add", add_reaction, ("reactions:write",), "tier3", changes=True),
]
