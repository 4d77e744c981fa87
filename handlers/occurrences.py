"""Clicks on an announcement's buttons, and the window in which an occurrence is postponed."""

import json
import logging
import re
from typing import Any

from slack_bolt import Ack, App, Respond
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from handlers.actions import asking_of
from handlers.announcements import ABOUT, DETAILS, HURRY, POSTPONE, SKIP, buttons
from handlers.answers import Answers
from handlers.blocks import Block, section
from handlers.errors import answering
from handlers.requests import ShowStatus
from handlers.telling import Teller
from handlers.views import NOT_OURS
from handlers.windows import FIELD, TYPED, plain_text
from workflows.desk import Asking
from workflows.engine.run import Actor
from workflows.errors import UserError
from workflows.schedules.occurrence import Occurrence
from workflows.words import cut, plain

log = logging.getLogger(__name__)

#: Seconds after its time that the window proposes.
LATER = 3600
VIEW = "postpone"
#: The message shortcut's callback_id, as deploy/slack-manifest.yaml has it.
SHORTCUT = "firedrill_message"
_ID = re.compile(r"[A-Za-z0-9-]{1,60}@\d{1,12}")


class Occurrences:
    """The listeners."""

    def __init__(self, answers: Answers) -> None:
        self._answers = answers

    def register(self, app: App) -> None:
        for name in (SKIP, POSTPONE, HURRY, DETAILS):
            app.action(name)(self.click)
        app.view(VIEW)(self.submitted)
        app.shortcut(SHORTCUT)(self.asked)

    def click(
        self, ack: Ack, body: dict[str, Any], action: dict[str, Any], respond: Respond, client: WebClient
    ) -> None:
        ack()

        def tell(text: str) -> None:
            respond(text=text, response_type="ephemeral", replace_original=False)

        what = f"click {action.get('action_id')} {action.get('value')}"
        with answering(tell, what):
            with self._answers.recorded(who := asking_of(body), what):
                text = self._done(client, body, action, who)
            if text:
                tell(text)

    def asked(self, ack: Ack, body: dict[str, Any], respond: Respond) -> None:
        """The shortcut at a message: an announcement tells of its occurrence, and offers its buttons while it is still
        to come; any other message tells of the run that it names first."""
        ack()

        def tell(text: str, blocks: list[Block] | None = None) -> None:
            respond(text=text, blocks=blocks, response_type="ephemeral", replace_original=False)

        with answering(tell, f"shortcut {SHORTCUT}"):
            message = body.get("message") or {}
            each = self._about(message)
            if each is None:
                tell(self._answers.to(ShowStatus(_run_in(message)), asking_of(body))[0])
                return
            text = self._answers.scheduling.details(each.id)
            tell(text, [section(text), buttons(each)] if each.state.open else None)

    def _about(self, message: dict[str, Any]) -> Occurrence | None:
        ids = [str(block.get("block_id", "")) for block in message.get("blocks") or []]
        found = next((each.removeprefix(ABOUT) for each in ids if each.startswith(ABOUT)), None)
        return self._answers.scheduling.calendar.occurrence(named(found.partition("/")[0])) if found else None

    def _done(self, client: WebClient, body: dict[str, Any], action: dict[str, Any], who: Asking) -> str:
        name, scheduling = named(action.get("value", "")), self._answers.scheduling
        match action["action_id"]:
            case "occurrence_skip":
                return scheduling.skip(name, who)
            case "occurrence_run":
                return scheduling.hurry(name, who)
            case "occurrence_postpone":
                return self._open(client, body, scheduling.movable(name, who), who)
            case _:
                return scheduling.details(name)

    def _open(self, client: WebClient, body: dict[str, Any], each: Occurrence, who: Asking) -> str:
        kept = {"occurrence": each.id, "channel": who.channel, "url": body.get("response_url", "")}
        try:
            client.views_open(trigger_id=body["trigger_id"], view=window(each, kept))
        except SlackApiError as error:
            word = error.response.get("error")
            log.warning("occurrence=%s the window could not be opened: %s", each.id, word)
            text = f"Slack did not open the window (`{word}`), so nothing was postponed."
            raise UserError(text, "Press the button again.") from error
        return ""

    def submitted(self, ack: Ack, body: dict[str, Any], view: dict[str, Any], client: WebClient) -> None:
        """A time that will not do is said in the window, which stays open. All else is said when the window is closed:
        to ask Slack about the person may take longer than Slack waits."""
        user = body["user"]
        teller = Teller(ack, client, user["id"], FIELD)
        with answering(teller.tell, f"window {VIEW}"):
            kept, until = _meant(view)
            teller.channel, teller.url = kept["channel"], kept["url"]
            who = Asking(Actor(user["id"], user.get("username") or user.get("name", "")), kept["channel"])
            with self._answers.recorded(who, f"window {VIEW} {kept['occurrence']} {until:.0f}"):
                name, scheduling = named(kept["occurrence"]), self._answers.scheduling
                scheduling.doubt_postponing(name, until, who)
                teller.close()
                text = scheduling.postpone(name, until, who)
            teller.tell(text)


def window(each: Occurrence, kept: dict[str, str]) -> dict[str, Any]:
    """For views.open. Slack shows the times in the reader's own zone."""
    return {
        "type": "modal",
        "callback_id": VIEW,
        "private_metadata": json.dumps(kept),
        "title": plain_text("Postpone"),
        "submit": plain_text("Postpone"),
        "close": plain_text("Not now"),
        "blocks": [
            {"type": "section", "text": plain_text(cut(plain(each.schedule.title), 3000))},
            {
                "type": "input",
                "block_id": FIELD,
                "label": plain_text("When should it begin instead?"),
                "hint": plain_text("Only this one moves: not to before its planned time, and at most two weeks ahead."),
                "element": {
                    "type": "datetimepicker",
                    "action_id": TYPED,
                    "initial_date_time": round(each.at) + LATER,
                },
            },
        ],
    }


def named(value: str) -> str:
    """The occurrence that a button or a window stands for. Raises UserError for a value that none of ours has."""
    if not isinstance(value, str) or not _ID.fullmatch(value):
        raise UserError("That button is not one that Firedrill made.", "`/dr schedules` says what comes.")
    return value


def _run_in(message: dict[str, Any]) -> str:
    """The first run that a message names. Raises UserError."""
    found = re.search(r"\b[A-Z]-\d{4,9}\b", str(message.get("text", "")))
    if found is None:
        raise UserError("That message is about no run and no schedule.", "`/dr status` shows what is going on.")
    return found[0]


def _meant(view: dict[str, Any]) -> tuple[dict[str, str], float]:
    try:
        said = json.loads(view["private_metadata"])
        kept = {name: str(said[name]) for name in ("occurrence", "channel", "url")}
        return kept, float(view["state"]["values"][FIELD][TYPED]["selected_date_time"])
    except (KeyError, TypeError, ValueError):
        raise NOT_OURS from None
