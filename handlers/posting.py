"""A message posted to Slack once, whatever happens to the answer; and how long to wait after a refusal."""

import hashlib
import json
import logging
from http.client import HTTPException
from typing import Any

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackClientError

from handlers.paced import NotYet
from workflows.engine.board import Cards
from workflows.engine.run import Run

#: Seconds before the beginning of what a message is about, from which on it is looked for: clocks differ.
SLACK = 3600
#: Seconds until the next try, and after a refusal that only a person can mend: an invitation, a scope.
AGAIN, REFUSED = 5.0, 60.0
#: Slack's words for what passes by itself.
UNSURE = ("internal_error", "fatal_error", "service_unavailable", "request_timeout")
PASSING = (*UNSURE, "message_not_found")
#: What is raised when Slack did not answer.
UNREACHABLE = (SlackClientError, OSError, HTTPException)


class Posting:
    """`client` must not retry by itself. `event` is the type of the metadata by which a message is known again."""

    def __init__(self, cards: Cards, client: WebClient, event: str) -> None:
        self._cards = cards
        self._slack = client
        self._event = event

    def once(
        self, about: str, channel: str, name: str, content: dict[str, Any], payload: dict[str, str], *, since: float,
        thread: str | None = None,
    ) -> str:  # fmt: skip
        """Post the message `name` of what it is `about`. Gives its ts.

        The intent is noted first. A noted intent without a ts means that an answer was lost: then the message is
        looked for by its metadata's payload, and posted only if it is not there.
        """
        notes = self._cards.notes(about)
        if name in notes:
            return notes[name]
        ts = self._seen(channel, payload, since, thread) if f"intent:{name}" in notes else None
        if ts is None:
            self._cards.note(about, f"intent:{name}", "1")
            metadata = {"event_type": self._event, "event_payload": payload}
            try:
                answer = self._slack.chat_postMessage(
                    channel=channel, thread_ts=thread, metadata=metadata, unfurl_links=False, **content
                )
            except SlackApiError as error:
                if was_refused(error):
                    self._cards.unnote(about, f"intent:{name}")
                raise
            except NotYet:
                self._cards.unnote(about, f"intent:{name}")
                raise
            ts = str(answer["ts"])
        self._cards.note(about, name, ts)
        return ts

    def shown(
        self, about: str, channel: str, name: str, content: dict[str, Any], payload: dict[str, str], *, since: float,
        update: WebClient, thread: str | None = None,
    ) -> str:  # fmt: skip
        """As `once`, and brought up to date by `update` where it says something else by now."""
        notes = self._cards.notes(about)
        digest = hashlib.sha256(json.dumps(content).encode()).hexdigest()
        ts = self.once(about, channel, name, content, payload, since=since, thread=thread)
        fresh = name not in notes and f"intent:{name}" not in notes
        if not fresh and notes.get(f"digest:{name}") != digest:
            try:
                update.chat_update(channel=channel, ts=ts, **content)
            except SlackApiError as error:
                if error.response.get("error") == "message_not_found":
                    self._cards.unnote(about, name, f"intent:{name}", f"digest:{name}")
                raise
        self._cards.note(about, f"digest:{name}", digest)
        return ts

    def _seen(self, channel: str, payload: dict[str, str], since: float, thread: str | None) -> str | None:
        """Look for a message of ours in the channel or the thread."""
        cursor = ""
        while True:
            params: dict[str, Any] = {"channel": channel, "include_all_metadata": True, "limit": 200, "cursor": cursor}
            if thread:
                answer = self._slack.conversations_replies(ts=thread, **params)
            else:
                answer = self._slack.conversations_history(oldest=str(since - SLACK), **params)
            for message in answer["messages"]:
                if (message.get("metadata") or {}).get("event_payload", {}) == payload:
                    return str(message["ts"])
            cursor = (answer.get("response_metadata") or {}).get("next_cursor") or ""
            if not cursor:
                return None


def was_refused(error: SlackApiError) -> bool:
    """Whether it is Slack's own word that nothing was done. Its words for trouble of its own leave that open."""
    return error.response.status_code == 429 or said_no(error)


def said_no(error: SlackApiError) -> bool:
    """Whether Slack had the time to answer, and it would answer the same again: not a limit, not trouble of its own."""
    return error.response.status_code == 200 and error.response.get("error") not in UNSURE


def thread_of(cards: Cards, run: Run) -> str | None:
    """Below which message the run's replies stand: its own card, or its batch's; None where there is none yet."""
    return cards.notes(run.batch or run.id).get("card")


def tell_of(log: logging.Logger, error: Exception, what: str) -> float:
    """Say in the log what was not done, and why; to wait for room is nothing that anybody must know. Gives the seconds
    until the next try."""
    pause = pause_after(error)
    word = error.response.get("error") if isinstance(error, SlackApiError) else type(error).__name__
    level = logging.DEBUG if isinstance(error, NotYet) else logging.WARNING
    log.log(level, "%s: %s; again in %.0f s", what, word, pause)
    return pause


def pause_after(error: Exception) -> float:
    """Seconds until the next try: until there is room for it, what Slack says, or longer where a person must first do
    something."""
    if isinstance(error, NotYet):
        return error.seconds
    if not isinstance(error, SlackApiError):
        return AGAIN
    if error.response.get("error") == "ratelimited":
        return float(error.response.headers.get("Retry-After", AGAIN))
    passing = error.response.status_code >= 500 or error.response.get("error") in PASSING
    return AGAIN if passing else REFUSED
