"""What Slack finds wrong with blocks, and that it says where."""

from collections.abc import Iterator
from typing import Any

import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from practice.workspace import Workspace
from practice.workspace.blocks import block_faults, check_blocks
from practice.workspace.refusals import Refused
from tests.practice.workspace_apps import MANIFEST, actions, button, client_of, refusal, section

PLAIN = {"type": "plain_text", "text": "x"}


@pytest.fixture(scope="module")
def client() -> Iterator[WebClient]:
    with Workspace(MANIFEST) as workspace:
        yield client_of(workspace)


@pytest.mark.parametrize(
    ("block", "fault"),
    [
        ({"type": "nonsense"}, "unsupported type: nonsense [json-pointer:/blocks/0/type]"),
        ({"text": PLAIN}, "missing required field: type [json-pointer:/blocks/0]"),
        (
            {"type": "alert", "text": PLAIN},
            "unsupported type: alert [json-pointer:/blocks/0/type]",
        ),
        (section("x" * 3001), "must be less than 3001 characters [json-pointer:/blocks/0/text/text]"),
        (section(""), "must be more than 0 characters [json-pointer:/blocks/0/text/text]"),
        ({"type": "section"}, "must define either `text` or `fields` [json-pointer:/blocks/0]"),
        (
            {"type": "section", "fields": [PLAIN] * 11},
            "no more than 10 items allowed [json-pointer:/blocks/0/fields]",
        ),
        (
            {"type": "section", "text": {**PLAIN, "type": "mrkdwn", "emoji": True}},
            "invalid additional property: emoji [json-pointer:/blocks/0/text]",
        ),
        (
            {"type": "header", "text": {"type": "mrkdwn", "text": "x"}},
            "unsupported type: mrkdwn [json-pointer:/blocks/0/text/type]",
        ),
        (
            {"type": "header", "text": {"type": "plain_text", "text": "x" * 151}},
            "must be less than 151 characters [json-pointer:/blocks/0/text/text]",
        ),
        (
            {"type": "context", "elements": [PLAIN] * 11},
            "no more than 10 items allowed [json-pointer:/blocks/0/elements]",
        ),
        (actions(), "no fewer than 1 items allowed [json-pointer:/blocks/0/elements]"),
        (
            actions(button("x" * 76, "a")),
            "must be less than 76 characters [json-pointer:/blocks/0/elements/0/text/text]",
        ),
        (
            actions(button("x", "a", value="x" * 2001)),
            "must be less than 2001 characters [json-pointer:/blocks/0/elements/0/value]",
        ),
        (
            actions(button("x", "a", style="green")),
            "must be one of primary, danger [json-pointer:/blocks/0/elements/0/style]",
        ),
        (
            actions(button("x", "a", confirm={"title": PLAIN, "text": PLAIN, "confirm": PLAIN})),
            "missing required field: deny [json-pointer:/blocks/0/elements/0/confirm]",
        ),
        (
            actions(button("x", "same"), button("y", "same")),
            "action_id 'same' already exists [json-pointer:/blocks/0/elements]",
        ),
        (
            {"type": "divider", "colour": "red"},
            "invalid additional property: colour [json-pointer:/blocks/0]",
        ),
    ],
)
def test_a_block_that_slack_refuses_is_refused_with_the_place(block: dict[str, Any], fault: str) -> None:
    assert fault in list(block_faults([block], "message", "/blocks"))


def test_every_fault_comes_back_to_the_caller_in_slacks_form(client: WebClient) -> None:
    with pytest.raises(SlackApiError) as refused:
        client.chat_postMessage(channel="C0DROPS", text="x", blocks=[section(""), {"type": "nonsense"}])
    body = refusal(refused.value)
    assert body["error"] == "invalid_blocks"
    assert body["response_metadata"]["messages"] == [
        "[ERROR] must be more than 0 characters [json-pointer:/blocks/0/text/text]",
        "[ERROR] unsupported type: nonsense [json-pointer:/blocks/1/type]",
    ]


def test_a_message_takes_fifty_blocks_and_a_modal_a_hundred() -> None:
    divider = {"type": "divider"}
    assert list(block_faults([divider] * 50, "message", "/blocks")) == []
    assert list(block_faults([divider] * 51, "message", "/blocks")) == [
        "no more than 50 items allowed [json-pointer:/blocks]"
    ]
    assert list(block_faults([divider] * 100, "modal", "/view/blocks")) == []


@pytest.mark.parametrize(
    ("kind", "message", "modal", "home"),
    [
        ("alert", False, True, False),
        ("table", True, False, False),
        ("carousel", True, False, True),
        ("divider", True, True, True),
    ],
)
def test_each_block_stands_only_where_slack_lets_it(kind: str, message: bool, modal: bool, home: bool) -> None:
    def refused(surface: Any) -> bool:
        faults = block_faults([{"type": kind}], surface, "/blocks")
        return any(fault.startswith("unsupported type") for fault in faults)

    assert [not refused(surface) for surface in ("message", "modal", "home")] == [message, modal, home]


def test_a_block_id_may_be_used_once() -> None:
    twice = [{**section("a"), "block_id": "same"}, {**section("b"), "block_id": "same"}]
    assert list(block_faults(twice, "message", "/blocks")) == [
        "block_id 'same' already exists [json-pointer:/blocks/1/block_id]"
    ]


def test_blocks_that_are_too_long_together_are_refused() -> None:
    assert check_blocks([section("x" * 3000)] * 4, "message")
    with pytest.raises(Refused, match="msg_blocks_too_long"):
        check_blocks([section("x" * 3000)] * 5, "message")


def test_blocks_that_are_no_list_of_objects_are_refused_by_their_format() -> None:
    for wrong in ("text", {"type": "divider"}, ["divider"]):
        with pytest.raises(Refused, match="invalid_blocks_format"):
            check_blocks(wrong, "message")


def test_a_view_is_refused_with_its_faults(client: WebClient) -> None:
    with pytest.raises(SlackApiError) as refused:
        client.views_publish(user_id="U0OPERATOR", view={"type": "modal", "blocks": [{"type": "table"}]})
    messages = refusal(refused.value)["response_metadata"]["messages"]
    assert "[ERROR] must be home [json-pointer:/view/type]" in messages
    assert "[ERROR] unsupported type: table [json-pointer:/view/blocks/0/type]" in messages
