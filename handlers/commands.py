"""`/dr …`: acknowledge at once, then carry it out and answer the asker alone."""

import logging
from typing import Any

from slack_bolt import Ack, App, Respond
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from handlers.answers import Answers
from handlers.errors import answering
from handlers.grammar import parse
from handlers.report_command import deliver
from handlers.requests import Decide, ShowReport, StartBackup, StartDrill, StartRestore
from handlers.views import Views
from workflows.desk import Asking
from workflows.engine.board import Cards
from workflows.engine.run import Actor
from workflows.errors import UserError

log = logging.getLogger(__name__)

COMMAND = "/dr"
_REPORT = "Example: `/dr report D-0013`"


class Commands:
    """The slash command's listener."""

    def __init__(self, answers: Answers, views: Views, cards: Cards, default_channel: str) -> None:
        self._answers = answers
        self._views = views
        self._cards = cards
        self._default = default_channel
        self._joined: set[str] = set()

    def register(self, app: App) -> None:
        app.command(COMMAND)(self.command)

    def command(self, ack: Ack, body: dict[str, Any], respond: Respond, client: WebClient) -> None:
        """Slack gives three seconds; the work begins after the acknowledgement."""
        ack()
        with answering(lambda text: respond(text=text, response_type="ephemeral"), f"{body.get('trigger_id', '')}"):
            with self._answers.recorded(asking(body), f"{COMMAND} {body.get('text', '')}".strip()):
                text = self._text(client, body)
            if text:
                respond(text=text, response_type="ephemeral")

    def _text(self, client: WebClient, body: dict[str, Any]) -> str:
        request = parse(body.get("text", ""))
        if isinstance(request, StartBackup | StartRestore | StartDrill) and not request.dry_run:
            self._check_member(client, body["channel_id"])
        if isinstance(request, ShowReport):
            return self._report(request, client, body["channel_id"])
        if isinstance(request, Decide) and not request.reason.strip():  # a window asks for what a button's asks for
            return self._views.open(client, body, request, asking(body))
        return self._answers.to(request, asking(body))[0]

    def _report(self, request: ShowReport, client: WebClient, channel: str) -> str:
        if request.to:
            raise UserError("`--to` is for the shell: in Slack the files come into the thread.", _REPORT)
        return deliver(self._answers.report(request), self._cards, client, channel, self._default)

    def _check_member(self, client: WebClient, channel: str) -> None:
        """Where the bot is no member it cannot show a card; better to say so before anything is started."""
        if channel.startswith("D"):
            raise UserError(
                "A direct message is no place for this: nobody else would see it, and nothing was started.",
                "Ask in a channel that I am in.",
            )
        if channel in self._joined:
            return
        try:
            member = client.conversations_info(channel=channel)["channel"].get("is_member", False)
        except SlackApiError as error:
            log.info("channel=%s cannot be looked at: %s", channel, error.response.get("error"))
            member = False
        if not member:
            raise UserError(
                "I am not in this channel, so I could not show how far it is; nothing was started.",
                "Invite me first: `/invite @Firedrill`",
            )
        self._joined.add(channel)


def asking(body: dict[str, Any]) -> Asking:
    """Who asks and where, from a slash command's payload."""
    return Asking(
        by=Actor(body["user_id"], body.get("user_name", "")),
        channel=body["channel_id"],
        request=body.get("trigger_id", ""),
    )
