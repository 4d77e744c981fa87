"""The audit's head into a channel once a day: whoever rewrites the chain in Redis cannot rewrite that."""

import logging
from datetime import UTC, datetime
from http.client import HTTPException
from threading import Event

from slack_sdk import WebClient
from slack_sdk.errors import SlackClientError

from handlers.posting import Posting
from workflows.chainer import Chainer
from workflows.engine.board import Board, Cards
from workflows.engine.clock import Clock
from workflows.engine.connection import Away

log = logging.getLogger(__name__)

#: Seconds between two looks, and for which one bot has the post to itself: longer than it takes to look and to post.
EVERY, TURN = 60.0, 120
EVENT = "firedrill_audit"
#: What the notes are about, beside the runs.
ABOUT = "audit"


class Anchor:
    """Any number of bots may do this. `client` must not retry by itself."""

    def __init__(
        self, chainer: Chainer, cards: Cards, board: Board, client: WebClient, channel: str, clock: Clock
    ) -> None:
        self._chainer = chainer
        self._cards = cards
        self._board = board
        self._posting = Posting(cards, client, EVENT)
        self._channel = channel
        self._clock = clock

    def work(self, stop: Event) -> None:
        """Until told to stop."""
        while not stop.wait(EVERY):
            try:
                self.tick()
            except Away as error:
                log.warning("Redis is away (%s); the audit's head is told later", type(error).__name__)

    def tick(self) -> None:
        """Tell today's head, if it was not told yet."""
        now = self._clock.now()
        day = datetime.fromtimestamp(now, UTC).date().isoformat()
        if day in self._cards.notes(ABOUT) or not self._board.take_turn("anchor", TURN):
            return
        try:
            self._post(day, now)
        except (SlackClientError, OSError, HTTPException) as error:
            log.warning("the audit's head could not be told: %s; again in a minute or two", type(error).__name__)
        finally:
            self._board.end_turn("anchor")

    def _post(self, day: str, now: float) -> None:
        notes = self._cards.notes(ABOUT)
        head = notes.get(f"head:{day}") or self._fresh(day, notes)
        if head:
            seq, _, digest = head.partition(" ")
            text = f"Audit of {day}: entry {seq} has the digest `{digest}`. Nothing to do; docs/audit.md says what for."
            self._posting.once(ABOUT, self._channel, day, {"text": text}, {"audit": day}, since=now)

    def _fresh(self, day: str, notes: dict[str, str]) -> str:
        """Today's head, noted before it is posted, so that a second try posts the same. Older days' notes go."""
        self._chainer.catch_up()
        link = self._chainer.head().link
        if not link.seq:
            return ""
        if notes:
            self._cards.unnote(ABOUT, *notes)
        self._cards.note(ABOUT, f"head:{day}", f"{link.seq} {link.digest}")
        return f"{link.seq} {link.digest}"
