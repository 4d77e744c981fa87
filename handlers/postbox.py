"""Files into Slack, in its three calls: announce, send, share. Only the last is seen by anybody."""

import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from handlers.paced import NotYet, ranked
from handlers.posting import was_refused
from workflows.engine.board import Cards
from workflows.engine.budget import Rank

#: Seconds: for the bytes to arrive, and until a file that was shared must have appeared, since Slack shares it later.
SEND, SETTLED = 30.0, 60.0


@dataclass(frozen=True)
class File:
    """`name` is unique to what the file is about."""

    name: str
    title: str
    data: bytes


class NotSettled(Exception):
    """Whether a file was shared is not known yet: look again later."""


class Postbox:
    """`client` must not retry by itself."""

    def __init__(self, cards: Cards, client: WebClient) -> None:
        self._cards = cards
        self._slack = client
        self._last = ranked(client, Rank.URGENT)  # what was sent already is not sent again for want of room

    def share(self, files: Sequence[File], channel: str, comment: str, thread: str | None = None) -> None:
        """One message with all the files. Raises SlackApiError, OSError."""
        self._complete([(self._sent(each), each) for each in files], channel, comment, thread)

    def once(self, about: str, file: File, channel: str, comment: str, thread: str) -> None:
        """As `share`, of one file, once for what it is `about`, whatever happens to the answer. Raises NotSettled too.

        The intent is noted first. A noted intent without its end means that an answer was lost: then the file is
        looked for in the thread, by its name or its comment, and shared again only when it must have appeared by now.
        """
        name = f"file:{file.name}"
        notes = self._cards.notes(about)
        if name in notes:
            return
        intended = notes.get(f"intent:{name}")
        if intended is not None and not self._seen(file, channel, comment, thread):
            if abs(self._cards.now() - float(intended)) < SETTLED:
                raise NotSettled(file.name)
            intended = None
        if intended is None:
            sent = self._sent(file)
            self._cards.note(about, f"intent:{name}", str(self._cards.now()))
            try:
                self._complete([(sent, file)], channel, comment, thread)
            except SlackApiError as error:
                if was_refused(error):
                    self._cards.unnote(about, f"intent:{name}")
                raise
            except NotYet:
                self._cards.unnote(about, f"intent:{name}")
                raise
        self._cards.note(about, name, "shared")

    def give_up(self, about: str, file: File) -> None:
        """Slack will not take it: not tried again."""
        self._cards.note(about, f"file:{file.name}", "refused")

    def _sent(self, file: File) -> str:
        """Announce it and send its bytes. Gives Slack's id of it."""
        answer = self._slack.files_getUploadURLExternal(filename=file.name, length=len(file.data))
        request = urllib.request.Request(str(answer["upload_url"]), data=file.data, method="POST")
        with urllib.request.urlopen(request, timeout=SEND) as sent:
            sent.read()
        return str(answer["file_id"])

    def _complete(self, sent: Sequence[tuple[str, File]], channel: str, comment: str, thread: str | None) -> None:
        self._last.files_completeUploadExternal(
            files=[{"id": each, "title": file.title} for each, file in sent],
            channel_id=channel,
            initial_comment=comment,
            thread_ts=thread,
        )

    def _seen(self, file: File, channel: str, comment: str, thread: str) -> bool:
        cursor = ""
        while True:
            answer = self._slack.conversations_replies(channel=channel, ts=thread, limit=200, cursor=cursor)
            for message in answer["messages"]:
                names = {each.get("name") for each in message.get("files") or []}
                if file.name in names or message.get("text") == comment:
                    return True
            cursor = (answer.get("response_metadata") or {}).get("next_cursor") or ""
            if not cursor:
                return False
