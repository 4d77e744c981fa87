"""Keeps the one message of each run, or batch, like its record: whole, coalesced, the last state always, once."""

import hashlib
import json
import logging
from threading import Event
from typing import Any

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from handlers.access import Access
from handlers.batch_painter import BatchPainter
from handlers.cards import Card, card, replies
from handlers.paced import NotYet, ranked
from handlers.postbox import NotSettled, Postbox
from handlers.posting import AGAIN, PASSING, REFUSED, UNREACHABLE, Posting, tell_of, thread_of
from handlers.reports import shows_timeline, timeline_of
from workflows.engine.batches import is_batch
from workflows.engine.board import Cards
from workflows.engine.budget import Rank
from workflows.engine.connection import Away
from workflows.engine.run import Run, Status
from workflows.engine.store import Store
from workflows.errors import UnknownRun, UserError
from workflows.pause import Pause

log = logging.getLogger(__name__)

#: Seconds between two paintings of one card, and until somebody else may paint it.
SPACING, LEASE = 2.0, 60.0
#: Seconds after which nothing more is begun of what was claimed at once, and the longest between two tries of a card
#: that Slack refuses.
ENOUGH, SELDOM = 10.0, 900.0
EVENT = "firedrill_run"


class Notifier:
    """`client` must not retry by itself: a message whose answer was lost is looked for, not sent again."""

    def __init__(self, store: Store, cards: Cards, client: WebClient, access: Access, default_channel: str) -> None:
        self._store = store
        self._cards = cards
        self._slack = client
        self._posting = {rank: Posting(cards, ranked(client, rank), EVENT) for rank in Rank}
        self._postbox = Postbox(cards, ranked(client, Rank.REPLY))
        self._access = access
        self._default = default_channel
        self._batches = BatchPainter(store, cards, client, default_channel)
        self._full = Pause()

    def work(self, stop: Event) -> None:
        """Paint what is behind, until told to stop. A nudge makes it at once, else once a second."""
        with self._cards.nudges() as nudged:
            while not stop.is_set():
                try:
                    busy = self.tick()
                except Away as error:
                    log.warning("Redis is away (%s); the cards wait", type(error).__name__)
                    busy = 0
                if not busy:
                    nudged(1.0)

    def tick(self) -> int:
        """Paint the cards that are due; gives how many. While there is no room for progress, cards that show nothing
        else are left where they are, and painted later as they are then."""
        begun = self._cards.now()
        claimed = self._cards.claim(10, LEASE, only_urgent=not self._full.over(begun))
        for run_id, revision in claimed:
            if self._cards.now() - begun > ENOUGH:  # Slack is slow, and the claim does not last for all of them
                self._cards.later(run_id, 0)
            else:
                self._attempt(run_id, revision)
        return len(claimed)

    def _attempt(self, run_id: str, revision: str) -> None:
        """Slack down is not backup failed: the card waits, and heals itself when Slack is back."""
        try:
            self._paint(run_id, revision)
        except SlackApiError as error:
            if error.response.get("error") == "message_not_found" and not is_batch(run_id):
                self._cards.unnote(run_id, "card", "intent:card", "digest")
            self._put_off(run_id, error)
        except NotSettled:
            self._cards.later(run_id, AGAIN)
        except NotYet as error:
            if error.rank is Rank.PROGRESS:
                self._full = Pause(self._cards.now(), error.seconds)
            self._put_off(run_id, error)
        except UNREACHABLE as error:
            self._put_off(run_id, error)
        except ValueError as error:
            log.error("run=%s cannot be painted, and waits: is it of another version? (%s)", run_id, error)
            self._cards.later(run_id, LEASE)

    def _put_off(self, run_id: str, error: Exception) -> None:
        """What only a person can mend is tried more and more seldom: it must not use up what others need."""
        pause = tell_of(log, error, f"run={run_id} card not painted")
        self._cards.later(run_id, pause if pause != REFUSED else self._cards.refused(run_id, pause, SELDOM))

    def _paint(self, run_id: str, revision: str) -> None:
        if is_batch(run_id):
            self._batches.paint(run_id, revision)
            return
        try:
            run = self._store.read(run_id)
        except UnknownRun:
            self._cards.forget(run_id)
            return
        except UserError as other_version:
            raise ValueError(other_version.text) from other_version
        channel = run.channel or self._default
        if not channel:
            self._cards.forget(run_id)
            return
        above = thread_of(self._cards, run) if run.batch else None
        if run.batch and above is None:
            self._cards.later(run_id, AGAIN)
            return
        own = self._card(run, channel, card(run), above)
        thread = above or own
        for reply in replies(run, self._access.may_be_asked(run)):
            self._once(run, channel, reply.key, {"text": reply.text}, thread, urgency(run, Rank.REPLY))
        if shows_timeline(run):
            self._timeline(run, channel, thread)
        self._cards.painted(run_id, revision, SPACING)

    def _timeline(self, run: Run, channel: str, thread: str) -> None:
        """The picture at the end. What only a person could mend is told once in the log: nothing waits for it."""
        file, comment = timeline_of(run)
        try:
            self._postbox.once(run.id, file, channel, comment, thread)
        except SlackApiError as error:
            word = error.response.get("error")
            if error.response.status_code != 200 or word in PASSING:
                raise
            hint = "docs/slack.md says which scopes the app needs"
            log.error("run=%s Slack does not take its timeline: %s (%s)", run.id, word, hint)
            self._postbox.give_up(run.id, file)

    def _card(self, run: Run, channel: str, painted: Card, above: str | None) -> str:
        """Post the card, or bring it up to date. Gives its ts."""
        content: dict[str, Any] = {"text": painted.text, "blocks": painted.blocks}
        digest = hashlib.sha256(json.dumps(content).encode()).hexdigest()
        notes = self._cards.notes(run.id)
        shown = notes.get("digest")
        ts = self._once(run, channel, "card", content, above, Rank.URGENT)
        if "card" not in notes and "intent:card" not in notes:
            shown = digest  # it was posted a moment ago, as it is
        if shown != digest:
            ranked(self._slack, urgency(run, Rank.PROGRESS)).chat_update(channel=channel, ts=ts, **content)
        self._cards.note(run.id, "digest", digest)
        return ts

    def _once(self, run: Run, channel: str, name: str, content: dict[str, Any], thread: str | None, rank: Rank) -> str:
        payload = {"run": run.key, "message": name}
        return self._posting[rank].once(run.id, channel, name, content, payload, since=run.created, thread=thread)


def urgency(run: Run, otherwise: Rank) -> Rank:
    """A question and an end are urgent."""
    return Rank.URGENT if run.status is Status.ASKING or not run.status.open else otherwise
