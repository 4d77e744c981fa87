"""conversations.*, users.*, usergroups.*: who and what there is, and what was said."""

from collections.abc import Sequence
from typing import Any

from practice.workspace.args import Args
from practice.workspace.methods import Method
from practice.workspace.records import Message
from practice.workspace.refusals import Refused
from practice.workspace.state import State

_NO_MORE = {"response_metadata": {"next_cursor": ""}}


def list_channels(state: State, _args: Args) -> dict[str, Any]:
    members = len(state.team.people)
    return {"channels": [channel.wire(members) for channel in state.team.channels.values()], **_NO_MORE}


def info(state: State, args: Args) -> dict[str, Any]:
    channel = state.team.channel(args.needed("channel"), by_name=False)
    return {"channel": channel.wire(len(state.team.people))}


def _page(state: State, args: Args, messages: Sequence[Message]) -> dict[str, Any]:
    """One page, and the cursor to the next. Metadata goes along only when it is asked for."""
    start = args.whole("cursor", 0, 10**9)
    limit = args.whole("limit", 100, 999)
    within = _within(args, messages)
    shown = []
    for message in within[start : start + limit]:
        body = state.board.wire(message)
        if message.metadata and args.flag("include_all_metadata"):
            body["metadata"] = message.metadata
        shown.append(body)
    more = len(within) > start + limit
    cursor = str(start + limit) if more else ""
    return {"messages": shown, "has_more": more, "response_metadata": {"next_cursor": cursor}}


def _within(args: Args, messages: Sequence[Message]) -> list[Message]:
    """Those between `oldest` and `latest`, the bounds themselves only when `inclusive`. Refused: invalid_ts_oldest."""
    first, last = args.text("oldest") or "0", args.text("latest") or "9999999999"
    try:
        after, before = float(first), float(last)
    except ValueError as bad:
        raise Refused("invalid_ts_oldest") from bad
    inclusive = args.flag("inclusive")
    return [
        message
        for message in messages
        if after < float(message.ts) < before or (inclusive and message.ts in (first, last))
    ]


def history(state: State, args: Args) -> dict[str, Any]:
    """The channel's own messages, newest first."""
    channel = state.team.channel(args.needed("channel"), by_name=False)
    if not channel.joined:
        raise Refused("not_in_channel")
    return _page(state, args, state.board.top_level(channel.id)[::-1])


def replies(state: State, args: Args) -> dict[str, Any]:
    """A thread from its first message on, oldest first."""
    channel = state.team.channel(args.needed("channel"), by_name=False)
    if not channel.joined:
        raise Refused("not_in_channel")
    message = state.board.find_shared(channel.id, args.needed("ts"))
    if message is None:
        raise Refused("thread_not_found")
    root = state.board.find_shared(channel.id, message.thread_ts or message.ts)
    below = state.board.thread(channel.id, message.thread_ts or message.ts)
    return _page(state, args, [*([root] if root else []), *below])


def user_info(state: State, args: Args) -> dict[str, Any]:
    wanted = args.needed("user")
    for user in state.team.users():
        if user["id"] == wanted:
            return {"user": user}
    raise Refused("user_not_found")


def list_users(state: State, _args: Args) -> dict[str, Any]:
    return {"members": list(state.team.users()), "cache_ts": int(state.now()), **_NO_MORE}


def list_group(state: State, args: Args) -> dict[str, Any]:
    group = args.needed("usergroup")
    if group not in state.team.groups:
        raise Refused("no_such_subteam")
    here = {person.id for person in state.team.people}
    return {"users": [id_ for id_ in state.team.groups[group] if id_ in here]}


_READ = ("channels:read", "groups:read")
_HISTORY = ("channels:history",)
METHODS = [
    Method("conversations.list", list_channels, _READ, "tier2"),
    Method("conversations.info", info, _READ, "tier3"),
    Method("conversations.history", history, _HISTORY, "tier3"),
    Method("conversations.replies", replies, _HISTORY, "tier3"),
    Method("users.info", user_info, ("users:read",), "tier4"),
    Method("users.list", list_users, ("users:read",), "tier2"),
    Method("usergroups.users.list", list_group, ("usergroups:read",), "tier2"),
]
