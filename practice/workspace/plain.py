"""Blocks as lines of plain text, for a terminal and for tests."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from practice.workspace.mrkdwn import Names, plain_emoji, plain_mrkdwn

__all__ = ["Names", "plain_lines"]

Block = Mapping[str, Any]


def plain_lines(blocks: Sequence[Block], text: str, names: Names) -> Iterator[str]:
    """The lines that a reader sees. Slack shows `text` only where there are no blocks."""
    if not blocks:
        yield plain_mrkdwn(text, names)
    for block in blocks:
        draw = _DRAWN.get(str(block.get("type")))
        if draw is None:
            yield f"[unsupported block: {block.get('type')}]"
        else:
            yield from draw(block, names)


def _text(thing: object, names: Names) -> str:
    """A text object, a bare string, or rich text, as words."""
    if isinstance(thing, str):
        return plain_mrkdwn(thing, names)
    if not isinstance(thing, Mapping):
        return ""
    if thing.get("type") == "mrkdwn":
        return plain_mrkdwn(str(thing.get("text", "")), names)
    if "elements" in thing:
        return _rich(thing, names)
    return plain_emoji(str(thing.get("text", "")))


def _section(block: Block, names: Names) -> Iterator[str]:
    text = _text(block.get("text"), names)
    accessory = _element(block["accessory"], names) if block.get("accessory") else ""
    if text or accessory:
        yield "  ".join(part for part in (text, accessory) if part)
    for item in block.get("fields") or ():
        label, newline, value = _text(item, names).partition("\n")
        yield f"{label.rstrip(':')}: {value}" if newline and "\n" not in value else f"{label}{newline}{value}"


def _element(element: Block, names: Names) -> str:
    """An element of actions, context or a section's accessory: what is written on it."""
    kind = element.get("type")
    if kind in ("mrkdwn", "plain_text"):
        return _text(element, names)
    if kind == "image":
        return f"[image: {element.get('alt_text', '')}]"
    written = _text(element.get("text") or element.get("placeholder"), names)
    if kind in ("button", "workflow_button", "icon_button"):
        return f"[{written}]"
    options = [_text(option.get("text"), names) for option in element.get("options") or ()]
    return f"[{written or kind}: {', '.join(options)}]" if options else f"[{written or kind} …]"


def _row(block: Block, names: Names, between: str = " ") -> Iterator[str]:
    yield between.join(_element(element, names) for element in block.get("elements") or ())


def _context(block: Block, names: Names) -> Iterator[str]:
    yield from _row(block, names, " · ")


def _rich(part: Block, names: Names) -> str:
    """Rich text, from the outermost part to the single words."""
    if "elements" not in part:
        return _rich_leaf(part, names)
    inner = [_rich(element, names) for element in part["elements"]]
    kind = part.get("type")
    if kind == "rich_text_list":
        return "\n".join(f"• {item}" for item in inner)
    if kind == "rich_text_quote":
        return "> " + "".join(inner)
    return ("\n" if kind == "rich_text" else "").join(inner)


def _rich_leaf(part: Block, names: Names) -> str:
    kind = part.get("type")
    if kind == "user":
        return "@" + names.people.get(str(part.get("user_id")), str(part.get("user_id")))
    if kind == "channel":
        return "#" + names.channels.get(str(part.get("channel_id")), str(part.get("channel_id")))
    if kind == "emoji":
        return plain_emoji(f":{part.get('name')}:")
    if kind == "date":
        return str(part.get("fallback") or part.get("timestamp"))
    return str(part.get("text") or part.get("url") or "")


def _table(block: Block, names: Names) -> Iterator[str]:
    for row in block.get("rows") or ():
        yield " | ".join(_text(cell, names) for cell in row)


def _task(block: Block, names: Names) -> Iterator[str]:
    yield f"({block.get('status', 'pending')}) {_text(block.get('title'), names)}"
    yield from (f"    {_text(block[key], names)}" for key in ("details", "output") if block.get(key))


def _plan(block: Block, names: Names) -> Iterator[str]:
    yield _text(block.get("title"), names)
    for task in block.get("tasks") or ():
        yield from (f"  {line}" for line in _task(task, names))


def _input(block: Block, names: Names) -> Iterator[str]:
    yield f"{_text(block.get('label'), names)}: {_element(block.get('element') or {}, names)}"


def _card(block: Block, names: Names) -> Iterator[str]:
    yield from (_text(block[key], names) for key in ("title", "subtitle", "body") if block.get(key))
    if block.get("actions"):
        yield " ".join(_element(element, names) for element in block["actions"])


_DRAWN: dict[str, Callable[[Block, Names], Iterator[str]]] = {
    "actions": _row,
    "card": _card,
    "context": _context,
    "context_actions": _row,
    "divider": lambda _block, _names: iter(["─" * 24]),
    "header": lambda block, names: iter([_text(block.get("text"), names)]),
    "image": lambda block, _names: iter([f"[image: {block.get('alt_text', '')}]"]),
    "input": _input,
    "markdown": lambda block, _names: iter([str(block.get("text", ""))]),
    "plan": _plan,
    "rich_text": lambda block, names: iter([_rich(block, names)]),
    "section": _section,
    "table": _table,
    "task_card": _task,
}
