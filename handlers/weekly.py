"""The week's digest into a channel: once, by however many bots, whatever happens to them, to Redis or to Slack."""

import json
import logging
from collections.abc import Callable
from threading import Event
from typing import TypeVar

from slack_sdk import WebClient

from handlers.digest import digest
from handlers.posting import UNREACHABLE, Posting, tell_of
from workflows import freshness, inventory
from workflows.digest import BEFORE, digest_of, latest
from workflows.engine.agenda import Agenda
from workflows.engine.board import Board, Cards
from workflows.engine.connection import Away
from workflows.engine.store import Store
from workflows.pause import Pause
from workflows.schedules.occurrence import occurrence_from_json
from workflows.schedules.reading import readable
from workflows.schedules.rule import Rule

log = logging.getLogger(__name__)

Record = TypeVar("Record")

#: Seconds between two looks, and for which one bot has the post to itself: longer than it takes to look and to post.
EVERY, TURN = 10.0, 120
EVENT = "firedrill_digest"
#: What the notes are about, beside the runs.
ABOUT = "digest"


class Weekly:
    """Any number of bots may do this. `client` must not retry by itself.

    The notes hold since when digests come by this rule, so that a week before that has none; what this week's says,
    before it is posted, so that a second try posts the same; and where it stands.
    """

    def __init__(
        self, store: Store, agenda: Agenda, board: Board, cards: Cards, client: WebClient, channel: str, rule: Rule
    ) -> None:
        self._store = store
        self._agenda = agenda
        self._board = board
        self._cards = cards
        self._posting = Posting(cards, client, EVENT)
        self._channel = channel
        self._rule = rule
        self._mark = f"{rule.zone} {' '.join(rule.fields)}"
        self._pause = Pause()

    def work(self, stop: Event) -> None:
        """Until told to stop. It looks at once, since digests come from the first look on."""
        while not stop.is_set():
            try:
                self.tick()
            except Away as error:
                log.warning("Redis is away (%s); the digest waits", type(error).__name__)
            stop.wait(EVERY)

    def tick(self) -> None:
        """Tell of the latest week that is over, if that was not done yet. Raises Away."""
        now = self._cards.now()
        if not self._pause.over(now):
            return
        week = latest(self._rule, now)
        if self._settled(self._cards.notes(ABOUT), week[1]) or not self._board.take_turn("digest", TURN):
            return
        try:
            self._tell(week, now)
        except UNREACHABLE as error:
            self._pause = Pause(now, tell_of(log, error, "the week's digest could not be told"))
        finally:
            self._board.end_turn("digest")

    def _settled(self, notes: dict[str, str], until: float) -> bool:
        mark, _, begun = notes.get("begun", "").partition("|")
        return mark == self._mark and (until <= float(begun) or _name(until) in notes)

    def _tell(self, week: tuple[float, float], now: float) -> None:
        notes = self._cards.notes(ABOUT)
        if notes.get("begun", "").partition("|")[0] != self._mark:
            self._cards.note(ABOUT, "begun", f"{self._mark}|{now}")
            return
        if self._settled(notes, week[1]):  # by another bot, since this one looked
            return
        name = _name(week[1])
        content = notes.get(f"said:{name}") or self._fresh(name, notes, week, now)
        self._posting.once(ABOUT, self._channel, name, json.loads(content), {"digest": name}, since=week[1])

    def _fresh(self, name: str, notes: dict[str, str], week: tuple[float, float], now: float) -> str:
        """What this week's says, noted. Older weeks' notes go."""
        over = readable(self._agenda.over(*week), occurrence_from_json)
        runs = self._store.asked_since(week[0] - BEFORE)
        known = _read(self._board.freshness(), freshness.from_json)
        seen = _read(self._board.inventory(), inventory.from_json)
        told = digest(digest_of(week, now, runs, over, known, seen))
        content = json.dumps({"text": told.text, "blocks": told.blocks})
        self._cards.unnote(ABOUT, *(each for each in notes if each != "begun"), f"intent:{name}")
        self._cards.note(ABOUT, f"said:{name}", content)
        return content


def _name(until: float) -> str:
    return str(round(until))


def _read(text: bytes | None, parse: Callable[[bytes], Record]) -> Record | None:
    """None for what is not there, or was written by another version: the digest does without."""
    try:
        return parse(text) if text else None
    except ValueError:
        log.warning("the digest leaves out what was written by another version; update all processes")
        return None
