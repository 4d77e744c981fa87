"""What the bot learns from Slack of the people in the policy, on the practice workspace."""

from collections.abc import Iterator
from pathlib import Path
from threading import Event

import pytest
import redis
from slack_sdk import WebClient
from slack_sdk.web import SlackResponse

from handlers.directory import SlackDirectory
from handlers.paced import NotYet
from practice.workspace import Workspace
from workflows.engine.board import Board
from workflows.engine.budget import Rank
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


@pytest.mark.parametrize("word", ["internal_error", "fatal_error", ""])
def test_trouble_of_slacks_own_empties_no_group_and_its_plain_no_does(
    space: Workspace, board: Board, word: str
) -> None:
    people = directory(space, board)
    people.refresh()
    if word:
        space.faults.refuse("usergroups.users.list", word, times=2)
    else:
        space.faults.away()
    assert people.look("U0OPERATOR").within("U0APPROVER2", ["S0APPROVERS"])
    space.faults.clear()
    space.faults.refuse("usergroups.users.list", "no_such_subteam", times=2)
    assert not people.look("U0OPERATOR").within("U0APPROVER2", ["S0APPROVERS"])


def test_a_redis_that_goes_away_while_somebody_is_looked_at_ends_nothing(space: Workspace, board: Board) -> None:
    stop = Event()

    class Uncounted(WebClient):
        """Redis does not say whether there is room for a call."""

        def usergroups_users_list(self, **_: object) -> SlackResponse:
            stop.set()
            raise redis.ConnectionError

    slack = WebClient(space.bot_token, base_url=space.api_url, retry_handlers=[])
    quiet = Uncounted(space.bot_token, base_url=space.api_url, retry_handlers=[])
    SlackDirectory(slack, board, ["S0APPROVERS"], quiet).work(stop)
    assert stop.is_set()


def test_a_bot_that_starts_anew_knows_what_the_last_one_heard(space: Workspace, board: Board) -> None:
    directory(space, board).refresh()
    space.stop()
    assert directory(space, board).look("").within("U0APPROVER2", ["S0APPROVERS"])


def test_groups_count_before_everybody_in_them_was_looked_at(space: Workspace, board: Board) -> None:
    stop = Event()

    class Full(WebClient):
        """There is no room for one more person."""

        def users_info(self, **_: object) -> SlackResponse:
            stop.set()
            raise NotYet(Rank.HOME, 60)

    slack = WebClient(space.bot_token, base_url=space.api_url, retry_handlers=[])
    quiet = Full(space.bot_token, base_url=space.api_url, retry_handlers=[])
    people = SlackDirectory(slack, board, ["U0OPERATOR", "S0APPROVERS"], quiet)
    people.work(stop)
    assert people.look("").within("U0APPROVER2", ["S0APPROVERS"])


def test_what_was_looked_up_meanwhile_is_not_overwritten_by_a_slow_look_at_everybody(
    space: Workspace, board: Board
) -> None:
    class Slow(WebClient):
        """By the last person somebody has left the group, and somebody has been deactivated; a click finds it out."""

        def users_info(self, *, user: str, **more: object) -> SlackResponse:
            if user == "U0OPERATOR":
                space.deactivate("U0APPROVER")
                space.faults.refuse("usergroups.users.list", "no_such_subteam", times=1)
                people.look("U0APPROVER")
            return super().users_info(user=user)

    slack = WebClient(space.bot_token, base_url=space.api_url, retry_handlers=[])
    quiet = Slow(space.bot_token, base_url=space.api_url, retry_handlers=[])
    people = SlackDirectory(slack, board, ["U0OPERATOR", "S0APPROVERS"], quiet)
    people.refresh()
    known = people.look("")
    assert not known.within("U0APPROVER2", ["S0APPROVERS"])
    assert known.gone == {"U0APPROVER"}
    kept = board.directory()
    assert kept is not None
    assert directory_from_json(kept) == known
