"""Tells in a channel what the workers' watch warns of: each warning once, when Slack takes it. Its message is pure."""

import logging
from collections.abc import Sequence
from threading import Event
from typing import Any

from slack_sdk import WebClient

from handlers.blocks import Block, chunks, context, section
from handlers.cards import Card
from handlers.forms.catalogue import button
from handlers.home_servers import coarse, name_of
from handlers.posting import UNREACHABLE, Posting, tell_of
from workflows.engine.board import Board, Cards
from workflows.engine.connection import Away
from workflows.engine.watchbook import Watchbook
from workflows.pause import Pause
from workflows.watch import Change, Kind, Level, Warned, warned_from_json
from workflows.words import count, cut, duration, safe, when

log = logging.getLogger(__name__)

#: Seconds between two looks, and for which one bot has them to itself.
EVERY, TURN = 5.0, 120
EVENT = "firedrill_watch"
#: What the notes are about, beside the runs.
ABOUT = "watch"
#: How many servers one message names of each sort.
MOST = 7
_SIGNS: dict[Level, str] = {"missed": ":red_circle:", "soon": ":large_yellow_circle:", "ok": ":large_green_circle:"}
_SAID: dict[Kind, dict[Level, str]] = {
    "rpo": {"missed": "misses its RPO", "soon": "is about to miss its RPO", "ok": "is within its RPO again"},
    "proof": {
        "missed": "is without a fresh proof", "soon": "is about to be without a fresh proof",
        "ok": "has a fresh proof again",
    },
}  # fmt: skip
_TEXT = 3500


class Watchman:
    """Any number of bots may do this. `client` must not retry by itself. Without a channel nothing is told."""

    def __init__(self, book: Watchbook, cards: Cards, board: Board, client: WebClient, channel: str) -> None:
        self._book = book
        self._cards = cards
        self._board = board
        self._posting = Posting(cards, client, EVENT)
        self._channel = channel
        self._pause = Pause()

    def work(self, stop: Event) -> None:
        """Until told to stop."""
        while not stop.wait(EVERY):
            try:
                self.tick()
            except Away as error:
                log.warning("Redis is away (%s); warnings wait", type(error).__name__)

    def tick(self) -> None:
        """Tell what was not told yet, the oldest first. Raises Away."""
        if not self._pause.over(self._cards.now()) or not self._book.untold():
            return
        if not self._board.take_turn("watchman", TURN):
            return
        try:
            self._tell()
        finally:
            self._board.end_turn("watchman")

    def _tell(self) -> None:
        """Stops at the first that Slack does not take: the others are for the same channel."""
        for name, record in sorted(self._book.untold().items(), key=lambda each: int(each[0].partition("-")[0])):
            try:
                if self._channel:
                    self._post(name, record)
            except UNREACHABLE as error:
                self._pause = Pause(self._cards.now(), tell_of(log, error, "a warning could not be told"))
                return
            self._book.told(name)
            self._cards.unnote(ABOUT, name, f"intent:{name}")

    def _post(self, name: str, record: str) -> None:
        try:
            warned = warned_from_json(record)
        except ValueError:
            log.error("a warning was written by another version, and cannot be told: %s", record[:200])
            return
        told = warning(warned)
        content: dict[str, Any] = {"text": told.text, "blocks": told.blocks}
        self._posting.once(ABOUT, self._channel, name, content, {"watch": name}, since=warned.at)


def warning(warned: Warned) -> Card:
    """One message for all that one look at AWS has changed, the worst first."""
    blocks: list[Block] = []
    for level in ("missed", "soon", "ok"):
        own = [each for each in warned.changes if each.level == level]
        lines = [f"{_SIGNS[level]} {_sentence(each, warned.at)}" for each in own[:MOST]]
        more = [f"… and {count(len(own) - MOST, 'more', 'more')}: Home shows all."] if len(own) > MOST else []
        blocks += [section(text) for text in chunks([*lines, *more])]
    if len(warned.changes) == 1:
        blocks += _button(warned.changes[0])
    return Card(_text(warned), [*blocks, context(f"As of {when(warned.at)}.")])


def _text(warned: Warned) -> str:
    first = min(warned.changes, key=lambda each: list(_SIGNS).index(each.level))
    more = len(warned.changes) - 1
    return cut(_sentence(first, warned.at) + (f" This message tells of {more} more." if more else ""), _TEXT)


def _sentence(each: Change, now: float) -> str:
    if each.kind == "rpo":
        age = _aged("its newest complete backup is {} old", "it has no complete backup", each, now)
    else:
        age = _aged("its last proof is {} old", "no backup of it was ever proven", each, now)
    told = f"*{name_of(each.server)}* ({safe(each.region)}) {_SAID[each.kind][each.level]}: {age}, and the target is"
    until = {"missed": f" Missed since {when(each.until)}.", "soon": f" Missed from {when(each.until)} on.", "ok": ""}
    return f"{told} {duration(each.target)}.{until[each.level]}"


def _aged(said: str, never: str, each: Change, now: float) -> str:
    return never if each.last is None else said.format(coarse(now - each.last))


def _button(each: Change) -> Sequence[Block]:
    """What mends it."""
    if each.level == "ok":
        return []
    verb = "backup" if each.kind == "rpo" else "drill"
    return [{"type": "actions", "block_id": "watch", "elements": [button(verb, each.server)]}]
