"""`/dr …` where no card could be shown."""

from pathlib import Path

import pytest
from slack_sdk import WebClient

from handlers.commands import Commands
from handlers.forms.listeners import Forms
from handlers.grammar import grammar, parse
from handlers.membership import GOOD_FOR, Membership
from handlers.requests import Start
from handlers.views import Views
from practice.workspace import Workspace
from tests.stage import OPERATOR, Stage
from workflows.errors import UserError

MANIFEST = Path(__file__).parents[2] / "deploy/slack-manifest.yaml"


def test_in_a_direct_message_no_verb_that_starts_a_run_starts_one_and_each_says_why(stage: Stage) -> None:
    answers, membership = stage.answers, Membership()
    forms = Forms(answers, membership, (), "C0DROPS")
    commands = Commands(answers, Views(answers), forms, membership, stage.cards, "C0DROPS")
    examples = [(command.epilog or "").removeprefix("Example: ") for command in grammar.commands.values()]
    starting = [example for example in examples if isinstance(parse(example), Start)]
    assert {"backup", "restore", "drill", "validate"} <= {example.split()[0] for example in starting}
    told: list[str] = []
    for example in starting:
        body = {"user_id": OPERATOR.id, "user_name": OPERATOR.name, "channel_id": "D0PRIVATE", "text": example}
        commands.command(
            lambda: None,  # type: ignore[arg-type]
            body,
            lambda text, response_type: told.append(text),  # type: ignore[arg-type]
            WebClient(),
        )
        assert "A direct message is no place for this" in told.pop(), example
    assert stage.store.latest(1) == []


def test_where_the_bot_was_removed_from_a_channel_nothing_is_started_there_a_minute_later() -> None:
    now = [0.0]
    membership = Membership(lambda: now[0])
    with Workspace(MANIFEST) as space:
        slack = WebClient(space.bot_token, base_url=space.api_url, retry_handlers=[])
        membership.check(slack, "C0DROPS")
        space.remove_bot("C0DROPS")
        now[0] = GOOD_FOR
        with pytest.raises(UserError, match="I am not in this channel"):
            membership.check(slack, "C0DROPS")
