"""One of every block and element that the practice workspace draws."""

from typing import Any

Json = dict[str, Any]


def plain(text: str) -> Json:
    return {"type": "plain_text", "text": text}


def mrkdwn(text: str) -> Json:
    return {"type": "mrkdwn", "text": text}


def option(text: str, value: str | None = None) -> Json:
    return {"text": plain(text), "value": value or text}


def rich(*elements: Json) -> Json:
    return {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": list(elements)}]}


SERVERS = [option("orders-db"), option("web-1"), option("web-2")]
CONFIRM = {
    "title": plain("Terminate orders-db?"),
    "text": mrkdwn("`i-0c49a1f2b3c4d5e6f` is gone for good after this."),
    "confirm": plain("Terminate"),
    "deny": plain("Keep it"),
    "style": "danger",
}

WORDS: list[Json] = [
    {"type": "header", "text": plain("Live drill of orders-db")},
    {
        "type": "section",
        "text": mrkdwn("*Waits for an approval* to terminate `i-0c49a1f2b3c4d5e6f`, asked by <@U0OPERATOR>."),
        "fields": [mrkdwn("*Point*\n`ami-0d1e2f3a4b5c6d7e8`"), mrkdwn("*Expires*\n<!date^1795500000^{ago}|soon>")],
        "accessory": {"type": "button", "text": plain("Details"), "action_id": "details"},
    },
    {"type": "context", "elements": [mrkdwn(":lock: eu-west-1"), plain("8 GiB")]},
    {"type": "divider"},
    {"type": "image", "image_url": "https://example.org/rto.png", "alt_text": "RTO by week", "title": plain("RTO")},
    {
        "type": "rich_text",
        "elements": [
            {"type": "rich_text_section", "elements": [{"type": "text", "text": "Bold", "style": {"bold": True}}]},
            {
                "type": "rich_text_list",
                "style": "ordered",
                "elements": [
                    {"type": "rich_text_section", "elements": [{"type": "text", "text": "stop the service"}]},
                    {"type": "rich_text_section", "elements": [{"type": "user", "user_id": "U0APPROVER"}]},
                ],
            },
            {"type": "rich_text_quote", "elements": [{"type": "text", "text": "said once"}]},
            {"type": "rich_text_preformatted", "elements": [{"type": "text", "text": "sha256sum -c list"}]},
        ],
    },
    {
        "type": "table",
        "column_settings": [{}, {"align": "right"}],
        "rows": [
            [{"type": "raw_text", "text": "fact"}, {"type": "raw_text", "text": "files"}],
            [{"type": "raw_text", "text": "orders"}, rich({"type": "text", "text": "1,204", "style": {"bold": True}})],
        ],
    },
]
REPORTS: list[Json] = [
    {
        "type": "markdown",
        "text": "## Evidence\n\n1. **same**: 1,204 files\n2. *drifted*: `app.log`\n\n| fact | verdict |\n|---|---|\n"
        "| port 5432 | same |\n\n```\nls -l\n```\n> quoted\n\n[guide](https://example.org/guide)",
    },
    {
        "type": "plan",
        "title": "Drill D-0013",
        "tasks": [
            {"task_id": "1", "title": "Create the image", "status": "complete"},
            {
                "task_id": "2",
                "title": "Verify it",
                "status": "in_progress",
                "details": rich({"type": "text", "text": "42 %"}),
            },
            {"task_id": "3", "title": "Terminate", "status": "error"},
        ],
    },
    {"type": "task_card", "task_id": "9", "title": "Compare the facts", "status": "pending"},
    {
        "type": "card",
        "title": mrkdwn("orders-db"),
        "subtitle": plain("proven 3 days ago"),
        "body": mrkdwn("RTO `4 min 12 s`"),
        "actions": [{"type": "button", "text": plain("Restore"), "action_id": "card-restore", "style": "primary"}],
    },
    {
        "type": "context_actions",
        "elements": [
            {
                "type": "feedback_buttons",
                "action_id": "feedback",
                "positive_button": {"text": plain("Good"), "value": "good"},
                "negative_button": {"text": plain("Bad"), "value": "bad"},
            },
            {"type": "icon_button", "icon": "trash", "text": plain("Remove"), "action_id": "remove"},
        ],
    },
    {"type": "file", "external_id": "REPORT-13", "source": "remote"},
    {
        "type": "video",
        "title": plain("How to"),
        "alt_text": "how to",
        "video_url": "https://example.org/v",
        "thumbnail_url": "https://example.org/t",
    },
]
CHOICES: list[Json] = [
    {
        "type": "actions",
        "block_id": "buttons",
        "elements": [
            {
                "type": "button",
                "text": plain("Approve termination"),
                "action_id": "approve",
                "style": "danger",
                "value": "D-0013",
                "confirm": CONFIRM,
            },
            {"type": "button", "text": plain("Plan"), "action_id": "plan", "style": "primary"},
            {
                "type": "overflow",
                "action_id": "more",
                "options": [option("Show the log", "log"), option("Cancel", "no")],
            },
            {"type": "workflow_button", "text": plain("Flow"), "workflow": {}, "action_id": "flow"},
        ],
    },
    {
        "type": "actions",
        "block_id": "selects",
        "elements": [
            {
                "type": "static_select",
                "action_id": "server",
                "placeholder": plain("Server"),
                "option_groups": [
                    {"label": plain("Data"), "options": SERVERS[:1]},
                    {"label": plain("Web"), "options": SERVERS[1:]},
                ],
            },
            {"type": "users_select", "action_id": "who", "placeholder": plain("Person")},
            {"type": "channels_select", "action_id": "where", "placeholder": plain("Channel")},
            {
                "type": "external_select",
                "action_id": "point",
                "placeholder": plain("Recovery point"),
                "min_query_length": 0,
            },
            {
                "type": "multi_static_select",
                "action_id": "several",
                "placeholder": plain("Servers"),
                "options": SERVERS,
            },
            {"type": "datepicker", "action_id": "day", "placeholder": plain("Day")},
            {"type": "timepicker", "action_id": "time", "placeholder": plain("Time")},
        ],
    },
    {
        "type": "section",
        "block_id": "checks",
        "text": mrkdwn("What to check"),
        "accessory": {"type": "checkboxes", "action_id": "facts", "options": [option("files"), option("ports")]},
    },
    {
        "type": "section",
        "block_id": "radio",
        "text": mrkdwn("Which point"),
        "accessory": {
            "type": "radio_buttons",
            "action_id": "which",
            "options": [option("latest"), option("proven")],
            "initial_option": option("proven"),
        },
    },
]


def asked(block_id: str, label: str, element: Json, **more: Any) -> Json:
    return {"type": "input", "block_id": block_id, "label": plain(label), "element": element, **more}


def modal(title: str, *blocks: Json, **more: Any) -> Json:
    submit = {"submit": plain("Start")} if any(block["type"] == "input" for block in blocks) else {}
    return {"type": "modal", "title": plain(title), "blocks": list(blocks), **submit, **more}


RESTORE = modal(
    "Restore a server",
    {"type": "section", "text": mrkdwn("A new instance is launched from the point that you choose.")},
    asked(
        "name",
        "Server",
        {"type": "plain_text_input", "action_id": "text", "min_length": 3, "placeholder": plain("orders-db")},
        hint=plain("Its name or its instance id."),
    ),
    asked("point", "Point", {"type": "external_select", "action_id": "point", "min_query_length": 0}),
    asked(
        "count",
        "How many",
        {"type": "number_input", "action_id": "number", "is_decimal_allowed": False, "max_value": "3"},
    ),
    asked("mail", "Report to", {"type": "email_text_input", "action_id": "mail"}, optional=True),
    asked(
        "facts",
        "Facts",
        {"type": "checkboxes", "action_id": "facts", "options": [option("files"), option("ports")]},
        optional=True,
    ),
    asked("why", "Reason", {"type": "plain_text_input", "action_id": "text", "multiline": True}, optional=True),
    {
        "type": "actions",
        "block_id": "more",
        "elements": [{"type": "button", "text": plain("Points …"), "action_id": "push"}],
    },
    callback_id="restore",
    notify_on_close=True,
)
HOME: Json = {
    "type": "home",
    "blocks": [
        {"type": "header", "text": plain("Servers")},
        {"type": "section", "text": mrkdwn("`orders-db`: last proven point 3 days ago")},
        {"type": "actions", "elements": [{"type": "button", "text": plain("Back up now"), "action_id": "home-backup"}]},
    ],
}
