"""Text objects and the elements that stand within blocks, with Slack's limits.

Limits: docs.slack.dev/reference/block-kit/block-elements and /composition-objects.
"""

from practice.workspace.shapes import (
    Rule,
    anything,
    boolean,
    items,
    one_of,
    shape,
    string,
    typed,
)


def text(most: int, *kinds: str) -> Rule:
    """A text object of 1 to `most` characters; without kinds, both are fine."""
    words = string(most, least=1)
    shapes = {
        "plain_text": shape({"text": words}, {"emoji": boolean}),
        "mrkdwn": shape({"text": words}, {"verbatim": boolean}),
    }
    return typed(shapes, frozenset(kinds or shapes))


def plain(most: int) -> Rule:
    return text(most, "plain_text")


ID = string(255)
STYLE = one_of("primary", "danger")
CONFIRM = shape(
    {"title": plain(100), "text": text(300), "confirm": plain(30), "deny": plain(30)},
    {"style": STYLE},
)
OPTION = shape({"text": text(75), "value": string(150)}, {"description": text(75), "url": string(3000)})
OPTION_GROUP = shape({"label": plain(75), "options": items(OPTION, 100)})
_PICK = {"action_id": ID, "confirm": CONFIRM, "focus_on_load": boolean}
_PLACED = {**_PICK, "placeholder": plain(150)}
_MULTI = {**_PLACED, "max_selected_items": anything}
_WRITTEN = {
    "action_id": ID,
    "placeholder": plain(150),
    "initial_value": anything,
    "dispatch_action_config": anything,
    "focus_on_load": boolean,
}
_LISTS = {"options": items(OPTION, 100), "option_groups": items(OPTION_GROUP, 100)}
_CONVERSATION = {"filter": anything, "default_to_current_conversation": boolean}

IMAGE = shape({"alt_text": string(2000)}, {"image_url": string(3000), "slack_file": anything})
BUTTON = shape(
    {"text": plain(75)},
    {
        "action_id": ID,
        "url": string(3000),
        "value": string(2000),
        "style": STYLE,
        "confirm": CONFIRM,
        "accessibility_label": string(75),
        "agent_prompt": anything,
        "agent_prompt_display": anything,
        "visible_to_user_ids": anything,
    },
)

ELEMENTS: dict[str, Rule] = {
    "button": BUTTON,
    "channels_select": shape({}, {**_PLACED, "initial_channel": ID, "response_url_enabled": boolean}),
    "checkboxes": shape({"options": items(OPTION, 10)}, {**_PICK, "initial_options": anything}),
    "conversations_select": shape(
        {}, {**_PLACED, **_CONVERSATION, "initial_conversation": ID, "response_url_enabled": boolean}
    ),
    "datepicker": shape({}, {**_PLACED, "initial_date": string(10)}),
    "datetimepicker": shape({}, {**_PICK, "initial_date_time": anything}),
    "email_text_input": shape({}, _WRITTEN),
    "external_select": shape({}, {**_PLACED, "initial_option": OPTION, "min_query_length": anything}),
    "feedback_buttons": shape({}, {"action_id": ID, "positive_button": anything, "negative_button": anything}),
    "file_input": shape({}, {"action_id": ID, "filetypes": anything, "max_files": anything}),
    "icon_button": shape(
        {"icon": string(75), "text": plain(75)},
        {**_PICK, "accessibility_label": string(75), "value": string(2000), "visible_to_user_ids": anything},
    ),
    "image": IMAGE,
    "multi_channels_select": shape({}, {**_MULTI, "initial_channels": anything}),
    "multi_conversations_select": shape({}, {**_MULTI, **_CONVERSATION, "initial_conversations": anything}),
    "multi_external_select": shape({}, {**_MULTI, "initial_options": anything, "min_query_length": anything}),
    "multi_static_select": shape({}, {**_MULTI, **_LISTS, "initial_options": anything}),
    "multi_users_select": shape({}, {**_MULTI, "initial_users": anything}),
    "number_input": shape({"is_decimal_allowed": boolean}, {**_WRITTEN, "min_value": anything, "max_value": anything}),
    "overflow": shape({"options": items(OPTION, 5)}, _PICK),
    "plain_text_input": shape({}, {**_WRITTEN, "multiline": boolean, "min_length": anything, "max_length": anything}),
    "radio_buttons": shape({"options": items(OPTION, 10)}, {**_PICK, "initial_option": OPTION}),
    "rich_text_input": shape({}, {**_WRITTEN, "min_lines": anything, "max_lines": anything}),
    "static_select": shape({}, {**_PLACED, **_LISTS, "initial_option": OPTION}),
    "timepicker": shape({}, {**_PLACED, "initial_time": string(5), "timezone": string(255)}),
    "url_text_input": shape({}, _WRITTEN),
    "users_select": shape({}, {**_PLACED, "initial_user": ID}),
    "workflow_button": shape(
        {"text": plain(75), "workflow": anything},
        {"action_id": ID, "style": STYLE, "accessibility_label": string(75)},
    ),
}

_FOR_TYPING = frozenset(
    {"email_text_input", "file_input", "number_input", "plain_text_input", "rich_text_input", "url_text_input"}
)
_SELDOM = frozenset({"feedback_buttons", "icon_button"})
IN_ACTIONS = frozenset(ELEMENTS) - _FOR_TYPING - _SELDOM - {"image"}
IN_SECTION = IN_ACTIONS | {"image"}
IN_INPUT = frozenset(ELEMENTS) - _SELDOM - {"button", "image", "overflow", "workflow_button"}


def element(allowed: frozenset[str]) -> Rule:
    return typed(ELEMENTS, allowed)
