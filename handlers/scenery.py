"""What all homes are painted from, brought together once for everybody who looks."""

import hashlib
import logging
from collections.abc import Sequence

from slack_sdk import WebClient

from handlers.ahead import coming, next_drills
from handlers.home_page import MOST_RUNNING, Scene
from handlers.paced import ranked
from handlers.posting import UNREACHABLE, thread_of
from workflows import freshness
from workflows.engine.board import Board, Cards
from workflows.engine.budget import Rank
from workflows.engine.run import Run, Status
from workflows.engine.store import Store
from workflows.freshness import Known
from workflows.schedules.calendar import Calendar

log = logging.getLogger(__name__)

#: Addresses of cards that are asked of Slack in one look, and runs that have one on Home at most.
ASKED, LINKED = 5, 40


class Scenery:
    """`channel` is where cards of runs appear that were asked for in the shell."""

    def __init__(
        self, store: Store, board: Board, cards: Cards, client: WebClient, channel: str, calendar: Calendar
    ) -> None:  # fmt: skip
        self._store = store
        self._board = board
        self._cards = cards
        self._slack = ranked(client, Rank.HOME)
        self._channel = channel
        self._calendar = calendar
        self._links: dict[str, str] = {}
        self._of_batches: dict[str, str] = {}
        self._mark = ""
        self._known: Known | None = None

    def scene(self) -> Scene:
        """As it is now. Raises Away."""
        runs = self._store.open_runs()
        known = self.known()
        standings, near = self._calendar.all(), self._calendar.coming()
        links, drills = self._addresses(runs), next_drills(known, standings)
        return Scene(self._cards.now(), runs, known, coming(standings, near), links, drills, self._store.halt())

    def known(self) -> Known | None:
        """How fresh servers are, as a worker left it. Read anew only where it has changed: it may be long."""
        text = self._board.freshness() or b""
        mark = hashlib.sha256(text).hexdigest()
        if mark != self._mark:
            try:
                self._known = freshness.from_json(text) if text else None
            except ValueError:
                log.warning("how fresh servers are was written by another version; update all processes")
                self._known = None
            self._mark = mark
        return self._known

    def _addresses(self, runs: Sequence[Run]) -> dict[str, str]:
        """Of the cards that Home can show: those that ask first, then the oldest."""
        asking = [run for run in runs if run.status is Status.ASKING][: LINKED - MOST_RUNNING]
        shown = [*asking, *[run for run in runs if run not in asking][:MOST_RUNNING]]
        self._links = {run.id: self._links[run.id] for run in shown if run.id in self._links}
        for run in [run for run in shown if run.id not in self._links][:ASKED]:
            link = self._address(run)
            if link:
                self._links[run.id] = link
        return self._links

    def _address(self, run: Run) -> str:
        """Empty where there is no card yet, or Slack does not say: Home does without."""
        own = self._cards.notes(run.id).get("card")
        if not own and run.batch in self._of_batches:
            return self._of_batches[run.batch]
        ts = own or thread_of(self._cards, run)
        channel = run.channel or self._channel
        if not ts or not channel:
            return ""
        try:
            link = str(self._slack.chat_getPermalink(channel=channel, message_ts=ts)["permalink"])
        except UNREACHABLE as error:
            log.info("run=%s the address of its card is not known: %s", run.id, type(error).__name__)
            return ""
        if not own and run.batch:
            self._of_batches[run.batch] = link
        return link
