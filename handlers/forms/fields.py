"""The questions of a form, one a block: what is picked, ticked or typed, within Slack's limits. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from handlers.blocks import Block
from workflows.words import cut

#: Slack's limits, in characters: an option's text and its description, its value, a placeholder, a label or hint.
TEXT, VALUE, PLACEHOLDER, LABEL = 75, 150, 150, 2000
#: How many options a list may have.
MOST = 100
#: Before the name of a question: the action_id of its element.
ASKS = "ask_"


@dataclass(frozen=True)
class Field:
    """One question. `name` is the grammar's parameter. What `tells` has the form painted anew when it is answered; an
    answer is forgotten when `mark` changes."""

    name: str
    label: str
    element: Block
    hint: str = ""
    needed: bool = False
    tells: bool = False
    mark: str = ""

    def block(self) -> Block:
        made: Block = {
            "type": "input",
            "block_id": f"{self.name}:{self.mark}" if self.mark else self.name,
            "label": words(self.label, LABEL),
            "element": {**self.element, "action_id": ASKS + self.name},
            "optional": not self.needed,
        }
        if self.hint:
            made["hint"] = words(self.hint, LABEL)
        return {**made, "dispatch_action": True} if self.tells else made


def words(text: str, most: int) -> Block:
    """Plain text; what does not print becomes a space."""
    clean = "".join(each if each.isprintable() else " " for each in text)
    return {"type": "plain_text", "text": cut(clean, most), "emoji": False}


def option(text: str, value: str, description: str = "") -> Block:
    """One thing to choose. A long text keeps its end, by which long names differ."""
    made = {"text": words(shortened(text, TEXT), TEXT), "value": value}
    return {**made, "description": words(description, TEXT)} if description else made


def shortened(text: str, most: int) -> str:
    """At most `most` characters of it: its beginning and its end."""
    if len(text) <= most:
        return text
    end = most // 3
    return f"{text[: most - end - 1]}…{text[-end:]}"


# ── elements: what stands in a question ──────────────────────────────────────────────────────────────────


def search(placeholder: str, chosen: Block | None = None) -> Block:
    """A list that is asked of the app while somebody types."""
    made = {"type": "external_select", "min_query_length": 0, "placeholder": words(placeholder, PLACEHOLDER)}
    return {**made, "initial_option": chosen} if chosen else made


def one_of(options: Sequence[Block], first: str = "") -> Block:
    """Up to ten, all in sight; `first` is the value that is chosen at the beginning."""
    chosen = next((each for each in options if each["value"] == first), None)
    made: Block = {"type": "radio_buttons", "options": list(options)}
    return {**made, "initial_option": chosen} if chosen else made


def listed(values: Sequence[str]) -> Block:
    """A list of words that stand for themselves."""
    return {"type": "static_select", "options": [option(each, each) for each in values[:MOST]]}


def ticks(options: Sequence[Block]) -> Block:
    return {"type": "checkboxes", "options": list(options)}


def typed(most: int = 500, placeholder: str = "", *, lines: bool = False) -> Block:
    made: Block = {"type": "plain_text_input", "max_length": most, "multiline": lines}
    return {**made, "placeholder": words(placeholder, PLACEHOLDER)} if placeholder else made


def moment() -> Block:
    """Date and time in the reader's zone."""
    return {"type": "datetimepicker"}


def channel(first: str = "") -> Block:
    """Where people talk; at the beginning `first`, else the one that is on the screen."""
    made: Block = {"type": "conversations_select", "filter": {"include": ["public", "private"]}}
    return {**made, **({"initial_conversation": first} if first else {"default_to_current_conversation": True})}


# ── what was filled in ───────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Filled:
    """`values` by the name of the question, without those that were left empty; a list of ticks gives each as True."""

    values: dict[str, Any]
    blocks: dict[str, str]

    def block_of(self, name: str) -> str:
        """Where a fault about a question is said; beside the first one if that is not asked."""
        return self.blocks.get(name) or next(iter(self.blocks.values()))


def filled_in(view: dict[str, Any]) -> Filled:
    """Raises KeyError, TypeError, AttributeError or ValueError for what is no such view."""
    blocks = {
        each["block_id"].partition(":")[0]: each["block_id"] for each in view["blocks"] if each["type"] == "input"
    }
    values: dict[str, Any] = {}
    for name, block_id in blocks.items():
        for held in view["state"]["values"].get(block_id, {}).values():
            if held["type"] == "checkboxes":
                values |= {str(each["value"]): True for each in held["selected_options"] or ()}
            elif (value := _held(held)) not in (None, ""):
                values[name] = value
    return Filled(values, blocks)


def _held(element: dict[str, Any]) -> Any:
    for key in ("selected_option", "selected_conversation", "selected_date_time", "selected_date", "value"):
        if key in element:
            value = element[key]
            return (
                str(value["value"]) if isinstance(value, dict) else value.strip() if isinstance(value, str) else value
            )
    return None
