"""What the elements hold that a person fills in: the shape of `state.values`, and what Slack asks of it.

A value is given as JSON of its own: an option, a list of them, an id, a date, a text. Shapes of the payloads:
docs.slack.dev/reference/interaction-payloads.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from practice.workspace.parts import Json, interactive
from practice.workspace.refusals import Refused

Values = Mapping[str, Mapping[str, Any]]
"""block_id → action_id → what was given."""


@dataclass(frozen=True)
class Held:
    """Under which key a payload has the value, and which field of the element fills it at first."""

    key: str
    initial: str

    @property
    def many(self) -> bool:
        return self.key.endswith("s")


_TEXT = Held("value", "initial_value")
_ONE, _MANY = Held("selected_option", "initial_option"), Held("selected_options", "initial_options")
HELD: dict[str, Held] = {
    "channels_select": Held("selected_channel", "initial_channel"),
    "checkboxes": _MANY,
    "conversations_select": Held("selected_conversation", "initial_conversation"),
    "datepicker": Held("selected_date", "initial_date"),
    "datetimepicker": Held("selected_date_time", "initial_date_time"),
    "email_text_input": _TEXT,
    "external_select": _ONE,
    "multi_channels_select": Held("selected_channels", "initial_channels"),
    "multi_conversations_select": Held("selected_conversations", "initial_conversations"),
    "multi_external_select": _MANY,
    "multi_static_select": _MANY,
    "multi_users_select": Held("selected_users", "initial_users"),
    "number_input": _TEXT,
    "plain_text_input": _TEXT,
    "radio_buttons": _ONE,
    "static_select": _ONE,
    "timepicker": Held("selected_time", "initial_time"),
    "url_text_input": _TEXT,
    "users_select": Held("selected_user", "initial_user"),
}


def state_values(blocks: Iterable[Json], given: Values) -> dict[str, dict[str, dict[str, Any]]]:
    """`state.values`: every element that holds something, with what was given or else what it began with."""
    values: dict[str, dict[str, dict[str, Any]]] = {}
    for block, element in interactive(blocks):
        if element["type"] in HELD:
            block_id, action_id = str(block["block_id"]), str(element["action_id"])
            began = element.get(HELD[element["type"]].initial)
            chosen = given.get(block_id, {}).get(action_id, began)
            values.setdefault(block_id, {})[action_id] = {"type": element["type"], **held(element, chosen)}
    return values


def held(element: Json, given: Any) -> dict[str, Any]:
    """The part of the payload that says what an element holds. Refused: invalid_value for an option it has not."""
    how = HELD[element["type"]]
    chosen: Any = list(given or []) if how.many else (given if given not in ("", None) else None)
    offered = _offered(element)
    if offered is not None:
        wanted = chosen if how.many else [chosen] if chosen else []
        if any(_value(option) not in offered for option in wanted):
            raise Refused("invalid_value")
    return {how.key: chosen}


def chosen_option(element: Json, given: Any) -> dict[str, Any]:
    """What an overflow menu sends. Refused: invalid_value."""
    if _value(given) not in (_offered(element) or set()):
        raise Refused("invalid_value")
    return {"selected_option": given}


def _value(option: Any) -> Any:
    return option.get("value") if isinstance(option, Mapping) else None


def _offered(element: Json) -> set[Any] | None:
    """The values of its own options, in groups or not; None where it has none of its own."""
    if "options" not in element and "option_groups" not in element:
        return None
    groups: list[Json] = element.get("option_groups") or [element]
    return {_value(option) for group in groups for option in group.get("options") or ()}


def shortcomings(blocks: Iterable[Json], given: Values) -> dict[str, str]:
    """What keeps a modal from being submitted, by block_id. Slack's client asks for it before the app is asked."""
    blocks = list(blocks)
    values = state_values(blocks, given)
    faults: dict[str, str] = {}
    for block, element in interactive(blocks):
        if block.get("type") != "input" or element["type"] not in HELD:
            continue
        value = values[str(block["block_id"])][str(element["action_id"])][HELD[element["type"]].key]
        if value in (None, []):
            wrong = None if block.get("optional") else "Please complete this required field."
        else:
            wrong = next(_CHECKS.get(element["type"], _nothing)(element, value), None)
        if wrong:
            faults[str(block["block_id"])] = wrong
    return faults


def _nothing(_element: Json, _value: Any) -> Iterator[str]:
    yield from ()


def _length(element: Json, value: str) -> Iterator[str]:
    least, most = int(element.get("min_length") or 0), int(element.get("max_length") or 3000)
    if len(value) < least:
        yield f"Please enter at least {least} characters."
    if len(value) > most:
        yield f"Please enter no more than {most} characters."


def _number(element: Json, value: str) -> Iterator[str]:
    try:
        number = float(value)
    except ValueError:
        yield "Please enter a number."
        return
    if not element.get("is_decimal_allowed") and "." in value:
        yield "Please enter a whole number."
    if "min_value" in element and number < float(element["min_value"]):
        yield f"Please enter {element['min_value']} or more."
    if "max_value" in element and number > float(element["max_value"]):
        yield f"Please enter {element['max_value']} or less."


def _matches(pattern: str, otherwise: str) -> Callable[[Json, str], Iterator[str]]:
    def check(_element: Json, value: str) -> Iterator[str]:
        if not re.fullmatch(pattern, value):
            yield otherwise

    return check


_CHECKS: dict[str, Callable[[Json, Any], Iterator[str]]] = {
    "email_text_input": _matches(r"[^@\s]+@[^@\s]+\.[^@\s]+", "Please enter an e-mail address."),
    "number_input": _number,
    "plain_text_input": _length,
    "url_text_input": _matches(r"https?://[^\s/]+\S*", "Please enter an address that begins with https://."),
}
