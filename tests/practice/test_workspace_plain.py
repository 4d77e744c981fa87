"""Messages as plain text, as a terminal shows them."""

from typing import Any

import pytest

from practice.workspace import Message
from practice.workspace.mrkdwn import Names, plain_mrkdwn
from tests.practice.workspace_apps import actions, button, section

NAMES = Names({"U0OPERATOR": "operator"}, {"C0DROPS": "dr-ops"})


def shown(*blocks: dict[str, Any], text: str = "") -> str:
    return Message("1.0", "C0DROPS", "U0BOT", text, blocks=blocks, names=NAMES).plain()


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("*Drill* of _orders-db_ ~failed~ `i-0abc`", "Drill of orders-db failed i-0abc"),
        ("<@U0OPERATOR> in <#C0DROPS|x>, <!here>", "@operator in #dr-ops, @here"),
        ("<!date^1795500000^{date} at {time}|24 Nov, 10:00>", "24 Nov, 10:00"),
        ("<https://example.org/a_b_c|the guide>", "the guide (https://example.org/a_b_c)"),
        ("<https://example.org>", "https://example.org"),
        ("a &lt; b &amp;&amp; c", "a < b && c"),
        (":white_check_mark: done :unheard_of:", "✅ done :unheard_of:"),
        ("`*not bold* :x:` snake_case_name 2*3*4", "*not bold* :x: snake_case_name 2*3*4"),
        ("```\nls -l\n```", "ls -l"),
        ("*_both_*", "both"),
    ],
)
def test_mrkdwn_reads_as_plain_words(written: str, read: str) -> None:
    assert plain_mrkdwn(written, NAMES) == read


def test_a_message_without_blocks_is_its_text() -> None:
    assert shown(text="*Done* :tada:") == "Done 🎉"


def test_a_card_reads_from_top_to_bottom_with_its_buttons_in_brackets() -> None:
    card = (
        {"type": "header", "text": {"type": "plain_text", "text": "D-0001 · live drill of orders-db"}},
        {"type": "section", "fields": [{"type": "mrkdwn", "text": "*Asked by*\n<@U0OPERATOR>"}]},
        {**section("Instance `i-0abc`"), "accessory": button("Details", "details")},
        {"type": "divider"},
        {"type": "context", "elements": [{"type": "mrkdwn", "text": "eu-west-1"}, {"type": "mrkdwn", "text": "8 GiB"}]},
        actions(button("Approve termination", "approve"), button("Reject", "reject")),
    )
    assert shown(*card, text="not shown").splitlines() == [
        "D-0001 · live drill of orders-db",
        "Asked by: @operator",
        "Instance i-0abc  [Details]",
        "─" * 24,
        "eu-west-1 · 8 GiB",
        "[Approve termination] [Reject]",
    ]


def test_rich_text_tables_and_plans_can_be_read_too() -> None:
    by = [{"type": "text", "text": "By "}, {"type": "user", "user_id": "U0OPERATOR"}]
    one = {"type": "rich_text_section", "elements": [{"type": "text", "text": "one"}]}
    parts = [{"type": "rich_text_section", "elements": by}, {"type": "rich_text_list", "elements": [one]}]
    rich = {"type": "rich_text", "elements": parts}
    table = {"type": "table", "rows": [[{"type": "raw_text", "text": "fact"}, {"type": "raw_text", "text": "same"}]]}
    plan = {"type": "plan", "title": "Steps", "tasks": [{"task_id": "1", "title": "Create", "status": "complete"}]}
    assert shown(rich, table, plan).splitlines() == [
        "By @operator",
        "• one",
        "fact | same",
        "Steps",
        "  (complete) Create",
    ]


def test_a_block_that_is_not_known_says_so() -> None:
    assert shown({"type": "hologram"}) == "[unsupported block: hologram]"
