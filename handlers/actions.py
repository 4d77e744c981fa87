"""Clicks on a card's buttons. A click is never ignored: a window opens, or the clicker is told what came of it."""

import json
from typing import Any

from slack_bolt import Ack, App, Respond
from slack_sdk import WebClient

from handlers.answers import Answers
from handlers.errors import answering
from handlers.requests import Cancel, Decide, Retry
from handlers.views import Views
from workflows.desk import Asking
from workflows.engine.run import Actor
from workflows.errors import UserError


class Actions:
    """The buttons' listeners. What a button stands for is read from its value: a run, and the question it answers."""

    def __init__(self, answers: Answers, views: Views) -> None:
        self._answers = answers
        self._views = views

    def register(self, app: App) -> None:
        for name in ("approve", "reject", "cancel", "retry"):
            app.action(name)(self.click)

    def click(
        self, ack: Ack, body: dict[str, Any], action: dict[str, Any], respond: Respond, client: WebClient
    ) -> None:
        ack()

        def tell(text: str) -> None:
            respond(text=text, response_type="ephemeral", replace_original=False)

        with answering(tell, f"{action.get('action_id')} {action.get('value')}"):
            with self._answers.recorded(asking := asking_of(body), _words(action)):
                run_id, question = stands_for(action)
                match action["action_id"]:
                    case "cancel":
                        text = self._answers.cancel(Cancel(run_id, key_of(action)), asking)
                    case "retry":
                        text = self._answers.retry(Retry(run_id, key_of(action)), asking)
                    case name:
                        request = Decide(run_id, approved=name == "approve")
                        text = self._views.open(client, body, request, asking, question)
            if text:
                tell(text)


def asking_of(body: dict[str, Any], channel: str = "") -> Asking:
    """Who clicked, and in which channel; in `channel`, where the click was in none."""
    user = body["user"]
    where = (body.get("channel") or {}).get("id", channel)
    return Asking(Actor(user["id"], user.get("username") or user.get("name", "")), where)


def _words(action: dict[str, Any]) -> str:
    """The click, as the audit tells it."""
    return f"click {action.get('action_id')} {action.get('value')}"


def stands_for(action: dict[str, Any]) -> tuple[str, str]:
    """Run and question of a button's value. Raises UserError for a value that no card of ours has."""
    try:
        value = json.loads(action["value"])
        return str(value["run"]), str(value.get("question", ""))
    except (KeyError, TypeError, ValueError):
        raise UserError("That button is not one that Firedrill made.", "`/dr status` shows what is going on.") from None


def key_of(action: dict[str, Any]) -> str:
    """The key of the run or batch that a button stands for; empty on cards of earlier versions. For a value that
    stands_for takes."""
    return str(json.loads(action["value"]).get("key", ""))
