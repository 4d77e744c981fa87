"""What Slack says of the people whom the policy names: who is in a user group, and whose account is deactivated."""

import logging
from collections.abc import Callable
from contextlib import suppress
from threading import Event, Lock
from typing import TypeVar

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from handlers.paced import NotYet
from handlers.posting import UNREACHABLE, said_no
from workflows.engine.board import Board
from workflows.engine.connection import Away
from workflows.policy import Directory, directory_from_json, directory_to_json

log = logging.getLogger(__name__)

T = TypeVar("T")

#: Seconds between two looks at everybody.
EVERY = 300.0


class SlackDirectory:
    """Asks Slack, and leaves in Redis what it said, for the worker and the shell, which have no token, and for the next
    bot. By `quiet` it looks at everybody, when there is room for that."""

    def __init__(self, client: WebClient, board: Board, members: list[str], quiet: WebClient | None = None) -> None:
        self._slack = client
        self._quiet = quiet or client
        self._stop = Event()
        self._learning = Lock()
        self._board = board
        self._users = [each for each in members if not each.startswith("S")]
        self._groups = [each for each in members if each.startswith("S")]
        self._known = directory_from_json(board.directory())

    def work(self, stop: Event) -> None:
        """Look at everybody now and then, until told to stop."""
        self._stop = stop
        while not stop.is_set():
            try:
                with suppress(NotYet):
                    self.refresh()
            except Away as error:
                log.warning("Redis is away (%s); nobody is looked at", type(error).__name__)
            stop.wait(EVERY)

    def refresh(self) -> None:
        """Everybody. What Slack does not answer stays as it was known. Each answer counts at once: many people take
        minutes, and meanwhile a question is to call its approvers, and a click finds out what is newer."""
        for group in self._groups:
            self._learn({group: self._patiently(self._members, group)}, {})
        members = (self._known.groups.get(group, frozenset()) for group in self._groups)
        for person in sorted({*self._users, *(person for group in members for person in group)}):
            self._learn({}, {person: self._patiently(self._is_gone, person)})

    def _patiently(self, ask: Callable[[str, WebClient], T], about: str) -> T:
        """Raises NotYet when told to stop."""
        while True:
            try:
                return ask(about, self._quiet)
            except NotYet as later:
                if self._stop.wait(later.seconds):
                    raise

    def look(self, person: str) -> Directory:
        """Ask anew about one person, since it matters now; about nobody, if there is no name."""
        if person:
            self._learn(
                {each: self._members(each, self._slack) for each in self._groups},
                {person: self._is_gone(person, self._slack)},
            )
        return self._known

    def _learn(self, groups: dict[str, frozenset[str]], gone: dict[str, bool]) -> None:
        """Clicks and the look at everybody come from threads of their own."""
        here = {each for each, left in gone.items() if not left}
        left = {each for each, left in gone.items() if left}
        with self._learning:
            self._known = Directory({**self._known.groups, **groups}, (self._known.gone - here) | left)
            try:
                self._board.put_directory(directory_to_json(self._known))
            except Away as error:
                log.warning("Redis is away (%s); the directory is kept later", type(error).__name__)

    def _members(self, group: str, slack: WebClient) -> frozenset[str]:
        try:
            return frozenset(slack.usergroups_users_list(usergroup=group)["users"])
        except SlackApiError as error:
            log.warning("group=%s cannot be looked at: %s", group, error.response.get("error"))
            return frozenset() if said_no(error) else self._known.groups.get(group, frozenset())
        except NotYet:
            raise
        except UNREACHABLE as error:
            log.warning("group=%s cannot be looked at: %s", group, type(error).__name__)
            return self._known.groups.get(group, frozenset())

    def _is_gone(self, person: str, slack: WebClient) -> bool:
        try:
            return bool(slack.users_info(user=person)["user"].get("deleted", False))
        except SlackApiError as error:
            word = error.response.get("error")
            log.warning("user=%s cannot be looked at: %s", person, word)
            return person in self._known.gone or word == "user_not_found"
        except NotYet:
            raise
        except UNREACHABLE as error:
            log.warning("user=%s cannot be looked at: %s", person, type(error).__name__)
            return person in self._known.gone
