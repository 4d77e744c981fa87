"""`/dr …`: acknowledge at once, then carry it out and answer the asker alone."""

from typing import Any

from slack_bolt import Ack, App, Respond
from slack_sdk import WebClient

from handlers.answers import Answers
from handlers.errors import answering
from handlers.forms.catalogue import FORMS
from handlers.forms.listeners import Forms
from handlers.grammar import parse
from handlers.membership import Membership
from handlers.report_command import deliver
from handlers.requests import Decide, ShowReport, Start, StartSchedule
from handlers.typed import split
from handlers.views import Views
from workflows.desk import Asking
from workflows.engine.board import Cards
from workflows.engine.run import Actor
from workflows.errors import UserError

COMMAND = "/dr"
_REPORT = "Example: `/dr report D-0013`"


class Commands:
    """The slash command's listener."""

    def __init__(
        self, answers: Answers, views: Views, forms: Forms, membership: Membership, cards: Cards, default_channel: str
    ) -> None:
        self._answers = answers
        self._views = views
        self._forms = forms
        self._membership = membership
        self._cards = cards
        self._default = default_channel

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
        words = split(body.get("text", ""))
        if len(words) == 1 and words[0] in FORMS:
            self._forms.open(client, body, words[0], body["channel_id"])
            return ""
        request = parse(body.get("text", ""))
        if isinstance(request, StartSchedule) or (isinstance(request, Start) and not request.dry_run):
            self._membership.check(client, body["channel_id"])
        if isinstance(request, ShowReport):
            return self._report(request, client, body["channel_id"])
        if isinstance(request, Decide) and not request.reason.strip():  # a window asks for what a button's asks for
            return self._views.open(client, body, request, asking(body))
        return self._answers.to(request, asking(body))[0]

    def _report(self, request: ShowReport, client: WebClient, channel: str) -> str:
        if request.to:
            raise UserError("`--to` is for the shell: in Slack the files come into the thread.", _REPORT)
        return deliver(self._answers.report(request), self._cards, client, channel, self._default)


def asking(body: dict[str, Any]) -> Asking:
    """Who asks and where, from a slash command's payload."""
    return Asking(
        by=Actor(body["user_id"], body.get("user_name", "")),
        channel=body["channel_id"],
        request=body.get("trigger_id", ""),
    )
