"""`/dr …` where no card could be shown."""

import pytest
from slack_sdk import WebClient

from handlers.commands import Commands
from handlers.forms.listeners import Forms
from handlers.grammar import grammar, parse
from handlers.membership import Membership
from handlers.requests import Start
from handlers.views import Views
from practice.workspace import Workspace
from practice.world import CHANNEL, MANIFEST
from tests.stage import OPERATOR, Stage
from workflows.errors import UserError


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


def test_a_channel_the_bot_was_removed_from_is_no_place_any_more_but_trouble_of_slacks_own_changes_nothing() -> None:
    membership = Membership()
    with Workspace(MANIFEST) as space:
        slack = WebClient(space.bot_token, base_url=space.api_url, retry_handlers=[])
        membership.check(slack, CHANNEL)
        space.faults.away()
        membership.check(slack, CHANNEL)
        with pytest.raises(UserError, match="Slack does not say"):
            Membership().check(slack, CHANNEL)
        space.faults.back()
        space.faults.refuse("conversations.info", "missing_scope", times=1)
        with pytest.raises(UserError, match=r"may not look whether I am in this channel.*`channels:read`"):
            Membership().check(slack, CHANNEL)
        space.leave(CHANNEL)
        with pytest.raises(UserError, match="I am not in this channel"):
            membership.check(slack, CHANNEL)
        space.faults.away()
        with pytest.raises(UserError, match="Slack does not say"):
            membership.check(slack, CHANNEL)
