"""The windows in which runs are approved and rejected: opened by a click or a command, and what is typed into them."""

import logging
from typing import Any

from slack_bolt import Ack, App
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from handlers.answers import Answers
from handlers.errors import answering
from handlers.requests import Decide
from handlers.telling import Teller
from handlers.windows import FIELD, Kept, kept_of, said_in, window
from workflows.desk import Asking
from workflows.engine.run import Actor, Run
from workflows.errors import UserError

log = logging.getLogger(__name__)

NOT_OURS = UserError("That window is not one that Firedrill made.", "`/dr status` shows what is going on.")


class Views:
    """Opens the windows, and hears what is submitted."""

    def __init__(self, answers: Answers) -> None:
        self._answers = answers

    def register(self, app: App) -> None:
        for name in ("approve", "reject"):
            app.view(name)(self.submitted)

    def open(self, client: WebClient, body: dict[str, Any], request: Decide, asking: Asking, question: str = "") -> str:
        """Open the window for a question that this person may answer now. Gives what they are told instead, if an
        answer would not count; `body` is the payload of what they did, whose trigger Slack takes for three seconds.

        Raises UserError.
        """
        run = self._answers.deciding.about(request, asking, question)
        if not isinstance(run, Run):
            return run
        if run.question is None:
            return f"`{run.id}` asks nothing at the moment: it {run.how()}."
        kept = Kept(run.id, run.question.id, asking.channel, body.get("response_url", ""))
        try:
            client.views_open(trigger_id=body["trigger_id"], view=window(run, run.question, request, kept))
        except SlackApiError as error:
            word = error.response.get("error")
            log.warning("run=%s the window could not be opened: %s", run.id, word)
            raise UserError(
                f"Slack did not open the window (`{word}`), so nothing was decided.",
                f"Press the button again, or type `/dr {'approve' if request.approved else 'reject'} {run.id}`.",
            ) from error
        return ""

    def submitted(self, ack: Ack, body: dict[str, Any], view: dict[str, Any], client: WebClient) -> None:
        """Why it would not count is said in the window, which stays open, and nothing is decided. All else is said when
        the window is closed: to ask Slack about the person may take longer than Slack waits."""
        user = body["user"]
        teller = Teller(ack, client, user["id"], FIELD)
        with answering(teller.tell, f"window {view.get('callback_id')}"):
            kept, request = _meant(view)
            teller.channel, teller.url = kept.channel, kept.url
            asking = Asking(Actor(user["id"], user.get("username") or user.get("name", "")), kept.channel)
            with self._answers.recorded(asking, _words(kept, request)):
                text = self._answers.deciding.doubt(request, asking, kept.question)
                if not text:
                    teller.close()
                    text = self._answers.deciding.decide(request, asking, kept.question)
            teller.tell(text)


def _meant(view: dict[str, Any]) -> tuple[Kept, Decide]:
    try:
        kept, said, approved = kept_of(view), said_in(view), view["callback_id"] == "approve"
    except (KeyError, TypeError, ValueError):
        raise NOT_OURS from None
    told = {"name": said} if approved else {"reason": said}
    return kept, Decide(kept.run, approved, **told)


def _words(kept: Kept, request: Decide) -> str:
    """The submission, as the audit tells it."""
    did, said = ("approve", request.name) if request.approved else ("reject", request.reason)
    return f"window {did} {kept.run} {kept.question}: {said}"
