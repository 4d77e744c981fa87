"""Which blocks Slack takes, on which surface, with which lengths and counts.

Limits and surfaces: docs.slack.dev/reference/block-kit/blocks. What Slack documents too thinly to be sure of is left
open (`closed=False`), so that practice never refuses a field that Slack would take.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from practice.workspace.elements import (
    BUTTON,
    ID,
    IMAGE,
    IN_ACTIONS,
    IN_INPUT,
    IN_SECTION,
    element,
    plain,
    text,
)
from practice.workspace.refusals import Refused, refused_with_messages
from practice.workspace.shapes import (
    Rule,
    any_field,
    anything,
    boolean,
    both,
    fault,
    items,
    one_of,
    shape,
    string,
    typed,
)

Surface = Literal["message", "modal", "home"]

MOST_BLOCKS = {"message": 50, "modal": 100, "home": 100}
MOST_CHARACTERS = 13_200
"""Of all blocks of a message together. Slack names no number; people measured refusals from about here on, and that
more than the visible text counts. The length of the JSON is what is compared: never milder than Slack."""

_EVERYWHERE = frozenset({"message", "modal", "home"})
_MESSAGES = frozenset({"message"})
_CELL = typed(
    {
        "raw_text": shape({"text": string(3000)}),
        "raw_number": shape({"value": anything}, {"text": anything}),
        "rich_text": shape({"elements": items(anything, 1000)}, closed=False),
    }
)
_CONTEXT_ITEM = typed(
    {
        "image": IMAGE,
        "plain_text": shape({"text": string(3000, least=1)}, {"emoji": boolean}),
        "mrkdwn": shape({"text": string(3000, least=1)}, {"verbatim": boolean}),
    }
)
_CARD = both(
    shape(
        {},
        {
            "title": text(150),
            "subtitle": text(150),
            "body": text(200),
            "actions": items(BUTTON, 25),
            "block_id": ID,
        },
        closed=False,
    ),
    any_field("title", "body"),
)
_TASK = shape(
    {"task_id": ID, "title": string(3000, least=1)},
    {"status": one_of("pending", "in_progress", "complete", "error"), "block_id": ID},
    closed=False,
)


@dataclass(frozen=True)
class Kind:
    """One type of block: where it may stand, and what it must look like."""

    surfaces: frozenset[str]
    rule: Rule


def _closed(required: dict[str, Rule], optional: dict[str, Rule] | None = None) -> Rule:
    return shape(required, {**(optional or {}), "block_id": ID})


def _open(required: dict[str, Rule], optional: dict[str, Rule] | None = None) -> Rule:
    return shape(required, {**(optional or {}), "block_id": ID}, closed=False)


BLOCKS: dict[str, Kind] = {
    "actions": Kind(_EVERYWHERE, _closed({"elements": items(element(IN_ACTIONS), 25)})),
    "alert": Kind(frozenset({"modal"}), _open({"text": anything})),
    "call": Kind(_MESSAGES, _open({"call_id": ID})),
    "card": Kind(_EVERYWHERE, _CARD),
    "carousel": Kind(frozenset({"message", "home"}), _open({"elements": items(_CARD, 10)})),
    "container": Kind(_MESSAGES, _open({"child_blocks": items(anything, 10)}, {"title": text(150)})),
    "context": Kind(_EVERYWHERE, _closed({"elements": items(_CONTEXT_ITEM, 10)})),
    "context_actions": Kind(
        _MESSAGES,
        _closed({"elements": items(element(frozenset({"feedback_buttons", "icon_button"})), 5)}),
    ),
    "data_table": Kind(_MESSAGES, _open({})),
    "data_visualization": Kind(_MESSAGES, _open({})),
    "divider": Kind(_EVERYWHERE, _closed({})),
    "file": Kind(_MESSAGES, _open({"external_id": string(255), "source": one_of("remote")})),
    "header": Kind(_EVERYWHERE, _closed({"text": plain(150)}, {"level": anything})),
    "image": Kind(
        _EVERYWHERE,
        both(
            _closed(
                {"alt_text": string(2000)},
                {"image_url": string(3000), "slack_file": anything, "title": plain(2000)},
            ),
            any_field("image_url", "slack_file"),
        ),
    ),
    "input": Kind(
        _EVERYWHERE,
        _closed(
            {"label": plain(2000), "element": element(IN_INPUT)},
            {"hint": plain(2000), "optional": boolean, "dispatch_action": boolean},
        ),
    ),
    "markdown": Kind(_MESSAGES, _closed({"text": string(12_000, least=1)})),
    "plan": Kind(_MESSAGES, _open({"title": anything}, {"tasks": items(_TASK, 50, least=0)})),
    "rich_text": Kind(_EVERYWHERE, _closed({"elements": items(anything, 1000)})),
    "section": Kind(
        _EVERYWHERE,
        both(
            _closed(
                {},
                {
                    "text": text(3000),
                    "fields": items(text(2000), 10),
                    "accessory": element(IN_SECTION),
                    "expand": boolean,
                },
            ),
            any_field("text", "fields"),
        ),
    ),
    "table": Kind(_MESSAGES, _closed({"rows": items(items(_CELL, 20), 100)}, {"column_settings": anything})),
    "task_card": Kind(_MESSAGES, _TASK),
    "video": Kind(_EVERYWHERE, _open({"alt_text": string(2000), "title": plain(200), "video_url": string(3000)})),
}


def check_blocks(blocks: object, surface: Surface) -> list[dict[str, Any]]:
    """The blocks, or Refused: invalid_blocks_format, invalid_blocks with every fault, msg_blocks_too_long."""
    if not isinstance(blocks, list) or not all(isinstance(block, dict) for block in blocks):
        raise Refused("invalid_blocks_format")
    faults = list(block_faults(blocks, surface, "/blocks"))
    if faults:
        raise refused_with_messages("invalid_blocks", faults)
    if surface == "message" and len(json.dumps(blocks, ensure_ascii=False, separators=(",", ":"))) > MOST_CHARACTERS:
        raise Refused("msg_blocks_too_long")
    return blocks


def block_faults(blocks: list[dict[str, Any]], surface: Surface, at: str) -> Iterator[str]:
    """Everything that Slack would find wrong with the blocks of one message or view."""
    most = MOST_BLOCKS[surface]
    if len(blocks) > most:
        yield fault(f"no more than {most} items allowed", at)
    allowed = frozenset(name for name, kind in BLOCKS.items() if surface in kind.surfaces)
    rule = typed({name: kind.rule for name, kind in BLOCKS.items()}, allowed)
    for number, block in enumerate(blocks):
        yield from rule(block, f"{at}/{number}")
    yield from _together(blocks, at)


def _together(blocks: list[dict[str, Any]], at: str) -> Iterator[str]:
    """Faults that no block has alone: ids used twice, too much markdown, a second table."""
    seen: set[str] = set()
    for number, block in enumerate(blocks):
        block_id = block.get("block_id")
        if block_id and block_id in seen:
            yield fault(f"block_id '{block_id}' already exists", f"{at}/{number}/block_id")
        seen.add(str(block_id))
    yield from _doubled_actions(blocks, at)
    if sum(len(str(block.get("text", ""))) for block in blocks if block.get("type") == "markdown") > 12_000:
        yield fault("markdown blocks must be less than 12001 characters together", at)
    if sum(block.get("type") == "table" for block in blocks) > 1:
        yield fault("only one table is allowed", at)


def _doubled_actions(blocks: list[dict[str, Any]], at: str) -> Iterator[str]:
    """An action_id must be unique within its block."""
    for number, block in enumerate(blocks):
        elements = block.get("elements")
        if block.get("type") != "actions" or not isinstance(elements, list):
            continue
        ids = [each["action_id"] for each in elements if isinstance(each, dict) and each.get("action_id")]
        for twice in sorted({id_ for id_ in ids if ids.count(id_) > 1}):
            yield fault(f"action_id '{twice}' already exists", f"{at}/{number}/elements")
