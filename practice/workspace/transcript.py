"""The whole workspace as plain text: for the message of a failed test, and for a terminal."""

from collections.abc import Iterator

from practice.workspace.records import Message
from practice.workspace.state import State

_LAST_CALLS = 10


def transcript(state: State) -> str:
    """All channels with their threads and ephemeral messages, then the last calls with their outcome."""
    with state.changes.reading():
        lines = [line for id_, name in state.team.channel_names.items() for line in _channel(state, id_, name)]
        lines.append(f"--- last calls ({len(state.calls)} in all)")
        lines += [f"{call.method} → {call.outcome}" for call in state.calls[-_LAST_CALLS:]]
    return "\n".join(lines)


def _channel(state: State, id_: str, name: str) -> Iterator[str]:
    hidden = [message for person in state.team.people for message in state.board.ephemerals(person.id, id_)]
    yield f"--- #{name}"
    for message in sorted([*state.board.shared(id_), *hidden], key=lambda each: each.thread_ts or each.ts):
        yield from _message(state, message)


def _message(state: State, message: Message) -> Iterator[str]:
    names = state.team.names.people
    indent = "    " if message.is_reply else ""
    only = f" (only {names.get(message.ephemeral_for)} sees it)" if message.ephemeral_for else ""
    yield f"{indent}{names.get(message.user, message.user)}{only}:"
    yield from (f"{indent}  {line}" for line in message.plain().splitlines())
