"""What the bot learns from Slack of the people in the policy, on the practice workspace."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import redis
from slack_sdk import WebClient

from handlers.directory import SlackDirectory
from practice.workspace import Workspace
from workflows.engine.board import Board
from workflows.policy import directory_from_json

MANIFEST = Path(__file__).parents[2] / "deploy/slack-manifest.yaml"


@pytest.fixture
def space() -> Iterator[Workspace]:
    with Workspace(MANIFEST) as opened:
        yield opened


@pytest.fixture
def board(redis_client: redis.Redis) -> Board:
    return Board(redis_client)


def directory(space: Workspace, board: Board) -> SlackDirectory:
    slack = WebClient(space.bot_token, base_url=space.api_url, retry_handlers=[])
    return SlackDirectory(slack, board, ["U0OPERATOR", "S0APPROVERS", "S0NOBODY"])


def test_groups_are_known_by_their_members_and_kept_for_those_without_a_token(space: Workspace, board: Board) -> None:
    people = directory(space, board)
    people.refresh()
    known = people.look("")
    assert known.within("U0APPROVER2", ["S0APPROVERS"])
    assert not known.within("U0OPERATOR", ["S0APPROVERS"])
    assert not known.within("U0OPERATOR", ["S0NOBODY"])
    kept = board.directory()
    assert kept is not None
    assert directory_from_json(kept) == known


def test_whose_account_is_deactivated_is_found_out_at_the_click(space: Workspace, board: Board) -> None:
    people = directory(space, board)
    people.refresh()
    assert people.look("").gone == frozenset()
    space.deactivate("U0APPROVER")
    assert people.look("U0APPROVER").gone == {"U0APPROVER"}
    kept = board.directory()
    assert kept is not None
    assert directory_from_json(kept).gone == {"U0APPROVER"}


def test_what_slack_does_not_answer_stays_as_it_was_known(space: Workspace, board: Board) -> None:
    people = directory(space, board)
    space.deactivate("U0APPROVER")
    people.refresh()
    people.look("U0APPROVER")
    space.stop()
    again = people.look("U0APPROVER")
    assert again.gone == {"U0APPROVER"}
    assert again.within("U0APPROVER2", ["S0APPROVERS"])
