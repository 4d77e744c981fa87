"""Keeps each occurrence's one message in Slack like what is known of it: a day before, an hour before, begun, ended."""

import hashlib
import json
import logging
from collections.abc import Sequence
from dataclasses import replace
from threading import Event
from typing import Any

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from handlers.access import Access
from handlers.announcements import Outlook, announcement, replies
from handlers.cards import Card
from handlers.posting import UNREACHABLE, Posting, tell_of
from workflows.desk import Desk
from workflows.engine.agenda import KEEP, Agenda
from workflows.engine.board import Board, Cards
from workflows.engine.connection import Away
from workflows.engine.run import Run, Status
from workflows.errors import Busy, UserError
from workflows.pause import Pause
from workflows.report.history import LOOKED_AT
from workflows.schedules.occurrence import Occurrence, State, occurrence_from_json
from workflows.schedules.planning import runs_of, unseen
from workflows.schedules.reading import readable

log = logging.getLogger(__name__)

#: Seconds between two looks, for which one bot has a look to itself, after which it begins nothing more, and until a
#: doubt is looked at again. A turn is longer than what has begun may take: three calls to Slack of 15 s.
EVERY, TURN, ENOUGH, DOUBT = 2.0, 60, 10.0, 30.0
EVENT = "firedrill_schedule"
#: Slack's words about one channel or message, which say nothing of others.
ABOUT_ONE = {"message_not_found", "not_in_channel", "channel_not_found", "is_archived", "restricted_action"}


class Announcer:
    """Any number of bots may do this. `client` must not retry by itself. `ahead` are seconds before an occurrence
    begins at which it is told, the longest first. All are told in `channel`; where that is none, in their schedule's
    own, or else in `default`."""

    def __init__(
        self, agenda: Agenda, desk: Desk, cards: Cards, board: Board, client: WebClient, access: Access,
        channel: str, default: str, ahead: Sequence[float],
    ) -> None:  # fmt: skip
        self._agenda = agenda
        self._desk = desk
        self._cards = cards
        self._board = board
        self._slack = client
        self._posting = Posting(cards, client, EVENT)
        self._access = access
        self._channel = channel
        self._default = default
        self._ahead = ahead
        self._shown: dict[str, tuple[int, bool]] = {}
        self._later: dict[str, Pause] = {}
        self._doubts: dict[str, Pause] = {}
        self._silence = Pause()

    def work(self, stop: Event) -> None:
        """Until told to stop."""
        while not stop.wait(EVERY):
            try:
                self.tick()
            except Away as error:
                log.warning("Redis is away (%s); announcements wait", type(error).__name__)

    def tick(self) -> None:
        """Tell what has changed, or come near. Raises Away."""
        if not self._board.take_turn("announcer", TURN):
            return
        try:
            coming = readable(self._agenda.coming(), occurrence_from_json)
            unsaid = readable(self._agenda.unsaid(), occurrence_from_json)
            nearest = {each.schedule.id: each.id for each in reversed(coming) if each.state.open}
            begun = self._cards.now()
            for each in {each.id: each for each in [*coming, *unsaid]}.values():
                if not self._silence.over(self._cards.now()) or self._cards.now() > begun + ENOUGH:
                    break
                self._attempt(each, each.id in nearest.values())
            self._forget({each.id for each in coming})
        finally:
            self._board.end_turn("announcer")

    def _forget(self, coming: set[str]) -> None:
        self._shown = {name: shown for name, shown in self._shown.items() if name in coming}
        self._doubts = {name: doubt for name, doubt in self._doubts.items() if name in coming}
        self._later = {name: pause for name, pause in self._later.items() if not pause.over(self._cards.now())}

    def _attempt(self, each: Occurrence, nearest: bool) -> None:
        """Slack down is not backup failed: it is told when Slack is back. Where it wants a pause, or does not answer,
        nothing else is tried before that."""
        now = self._cards.now()
        soon = bool(self._ahead) and now >= each.at - self._ahead[-1]
        doubt = self._doubts.get(each.id)
        told = self._shown.get(each.id) == (each.version, soon) and not (doubt and doubt.over(now))
        if told or not self._later.get(each.id, Pause()).over(now):
            return
        try:
            self._tell(each, soon, nearest, now)
        except UNREACHABLE as error:
            word = error.response.get("error") if isinstance(error, SlackApiError) else ""
            if word == "message_not_found":
                self._cards.unnote(each.id, "message", "intent:message", "digest")
            pause = Pause(now, tell_of(log, error, f"occurrence={each.id} not announced"))
            self._later[each.id] = pause
            if word not in ABOUT_ONE:
                self._silence = pause

    def _tell(self, each: Occurrence, soon: bool, nearest: bool, now: float) -> None:
        notes = self._cards.notes(each.id)
        if self._is_for_anybody(each, nearest, now, notes):
            known = self._outlook(each, soon)
            thread = self._message(each, announcement(each, known), notes)
            for reply in replies(each, known):
                if "message" not in notes and each.state.open:  # it says so itself, and has just been posted
                    self._cards.note(each.id, reply.key, thread)
                self._once(each, reply.key, {"text": reply.text}, thread)
            self._shown[each.id] = (each.version, soon)
            if known.doubt or known.unseen:  # which may go away by itself
                self._doubts[each.id] = Pause(now, DOUBT)
                return
        elif each.state.open:
            return
        self._doubts.pop(each.id, None)
        self._shown[each.id] = (each.version, soon)
        self._agenda.said(each.id, each.version)
        if each.over:
            self._cards.keep(each.id, KEEP)

    def _is_for_anybody(self, each: Occurrence, nearest: bool, now: float, notes: dict[str, str]) -> bool:
        """Nobody is told of what was called off before it was announced, nor of the one after the next."""
        if not self._where(each):
            return False
        if "message" in notes or "intent:message" in notes:
            return True
        if each.state in (State.SKIPPED, State.WITHDRAWN):
            return False
        return not each.state.open or (nearest and (not self._ahead or now >= each.at - self._ahead[0]))

    def _where(self, each: Occurrence) -> str:
        return self._channel or each.schedule.channel or self._default

    # ── what is known ────────────────────────────────────────────────────────────────────────────────────

    def _outlook(self, each: Occurrence, soon: bool) -> Outlook:
        if not each.state.open:
            return Outlook(soon, runs=tuple(self._known(each.runs)))
        try:
            planned = runs_of(self._desk, each.schedule, each.asker)
        except Busy:
            return Outlook(soon)
        except UserError as error:
            return Outlook(soon, doubt=f"{error.text} {error.hint}".strip())
        first = replace(planned[0], channel=planned[0].channel or self._default)
        return Outlook(
            soon, "", tuple(run.target.server for run in planned), self._access.may_be_asked(first), self._last(first),
            unseen=unseen(self._desk, each.schedule),
        )  # fmt: skip

    def _last(self, like: Run) -> Run | None:
        for run in self._desk.store.latest(LOOKED_AT):
            if (run.runbook, run.target, run.status) == (like.runbook, like.target, Status.SUCCEEDED):
                return run
        return None

    def _known(self, names: Sequence[str]) -> list[Run]:
        found = []
        for name in names:
            try:
                found.append(self._desk.store.read(name))
            except UserError as error:  # not known any more, or of a version that this bot cannot read
                log.info("run=%s is left out: %s", name, error.text)
        return found

    # ── into Slack ───────────────────────────────────────────────────────────────────────────────────────

    def _message(self, each: Occurrence, painted: Card, notes: dict[str, str]) -> str:
        """Post it, or bring it up to date. Gives its ts."""
        content: dict[str, Any] = {"text": painted.text, "blocks": painted.blocks}
        digest = hashlib.sha256(json.dumps(content).encode()).hexdigest()
        ts = self._once(each, "message", content, None)
        fresh = "message" not in notes and "intent:message" not in notes
        if not fresh and notes.get("digest") != digest:
            self._slack.chat_update(channel=self._where(each), ts=ts, **content)
        self._cards.note(each.id, "digest", digest)
        return ts

    def _once(self, each: Occurrence, name: str, content: dict[str, Any], thread: str | None) -> str:
        payload = {"occurrence": each.id, "message": name}
        since = min(each.due, each.at) - (self._ahead[0] if self._ahead else 0)
        return self._posting.once(each.id, self._where(each), name, content, payload, since=since, thread=thread)
