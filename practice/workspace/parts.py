"""Walking through blocks: their interactive elements wherever a type keeps them, and the ids that Slack gives them."""

import secrets
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

Json = Mapping[str, Any]


def interactive(blocks: Iterable[Json]) -> Iterator[tuple[Json, Json]]:
    """(block, element) for every element with an action_id, in the order in which they are shown."""
    for block in blocks:
        yield from ((block, element) for element in _elements(block) if element.get("action_id"))


def find_element(blocks: Iterable[Json], block_id: object, action_id: object) -> Json | None:
    for block, element in interactive(blocks):
        if (block.get("block_id"), element["action_id"]) == (block_id, action_id):
            return element
    return None


def _elements(block: Json) -> Iterator[Json]:
    for key in ("accessory", "element"):
        if isinstance(block.get(key), Mapping):
            yield block[key]
    for key in ("elements", "actions"):
        for element in block.get(key) or ():
            if isinstance(element, Mapping):
                yield element


def with_ids(blocks: Iterable[Json]) -> Iterator[dict[str, Any]]:
    """The same blocks, each with a block_id and its elements with an action_id: Slack makes up those left out."""
    for block in blocks:
        named = {**block, "block_id": block.get("block_id") or secrets.token_urlsafe(4)}
        for key in ("accessory", "element"):
            if isinstance(block.get(key), Mapping):
                named[key] = _with_action_id(block[key])
        if block.get("type") in ("actions", "context_actions", "card"):
            for key in ("elements", "actions"):
                if block.get(key):
                    named[key] = [_with_action_id(element) for element in block[key]]
        yield named


def _with_action_id(element: Json) -> dict[str, Any]:
    if element.get("type") == "image":
        return dict(element)
    return {**element, "action_id": element.get("action_id") or secrets.token_urlsafe(4)}
