"""What is pressed on Home. Home has no place for a note to one person, so whatever is to be said comes in a window."""

import logging
from typing import Any

from slack_bolt import Ack, App
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from handlers.actions import asking_of, stands_for
from handlers.answers import Answers
from handlers.blocks import Block, section
from handlers.errors import Tell, answering
from handlers.forms.listeners import Forms
from handlers.home import Home
from handlers.home_page import APPROVE, CARD, REFRESH, REJECT, START, VERBS
from handlers.home_servers import OF_SERVER, PAGES
from handlers.requests import Decide
from handlers.scenery import Scenery
from handlers.telling import tell_alone
from handlers.views import Views
from workflows.engine.board import Board
from workflows.engine.store import Store
from workflows.errors import UserError

log = logging.getLogger(__name__)


class HomeClicks:
    """`channel` is where something is said to one person alone when no window can be opened any more."""

    def __init__(
        self, home: Home, scenery: Scenery, answers: Answers, views: Views, forms: Forms, store: Store, board: Board,
        channel: str,
    ) -> None:  # fmt: skip
        self._home = home
        self._scenery = scenery
        self._answers = answers
        self._views = views
        self._forms = forms
        self._store = store
        self._board = board
        self._channel = channel

    def register(self, app: App) -> None:
        for name in (APPROVE, REJECT):
            app.action(name)(self.decide)
        for verb in VERBS:
            app.action(f"{START}_{verb}")(self.start)
        for way in ("previous", "next"):
            app.action(f"{PAGES}_{way}")(self.turn)
        app.action(OF_SERVER)(self.start)
        app.action(REFRESH)(self.refresh)
        app.action(CARD)(self.card)

    def decide(self, ack: Ack, body: dict[str, Any], action: dict[str, Any], client: WebClient) -> None:
        """The window of the question, as from its card; what comes of it is told in the run's channel."""
        ack()
        with answering(self._teller(client, body), f"{action['action_id']} {action.get('value')}"):
            run_id, question = stands_for(action)
            run = self._store.read(run_id)
            asking = asking_of(body, run.channel or self._channel)
            with self._answers.recorded(asking, f"click {action['action_id']} {action['value']}"):
                request = Decide(run_id, approved=action["action_id"] == APPROVE)
                text = self._views.open(client, body, request, asking, question)
            if text:
                self._teller(client, body)(text)
            self._home.look(body["user"]["id"])

    def start(self, ack: Ack, body: dict[str, Any], action: dict[str, Any], client: WebClient) -> None:
        """The form for a backup, a drill or a restore: of one server, or of whichever."""
        ack()
        with answering(self._teller(client, body), f"{action['action_id']}"):
            chosen = action.get("selected_option", action)["value"]
            verb, _, target = str(chosen).partition(" ")
            if verb not in VERBS:
                raise UserError("That button is not one that Firedrill made.", "Example: `/dr backup`")
            self._forms.open(client, body, verb, "", self._named(target))

    def turn(self, ack: Ack, body: dict[str, Any], action: dict[str, Any], client: WebClient) -> None:
        ack()
        with answering(self._teller(client, body), f"{action['action_id']}"):
            self._home.look(body["user"]["id"], int(action["value"]))

    def refresh(self, ack: Ack, body: dict[str, Any], client: WebClient) -> None:
        """At once as far as it is known, and again when the workers have looked at AWS."""
        ack()
        with answering(self._teller(client, body), REFRESH):
            self._home.look(body["user"]["id"])
            self._board.want_inventory()

    def card(self, ack: Ack) -> None:
        """The button is a link; Slack tells the app too, and wants to hear that it was told."""
        ack()

    def _named(self, target: str) -> str:
        """The server that a button means by an instance or an image; the instance itself, where two bear its name."""
        known = self._scenery.known()
        servers = known.servers if known else ()
        found = next((each.server for each in servers if target and target in (*each.instances, each.point)), target)
        bearers = sum(len(each.instances) for each in servers if each.server == found)
        return found if bearers < 2 else target

    def _teller(self, client: WebClient, body: dict[str, Any]) -> Tell:
        def tell(text: str) -> None:
            try:
                client.views_open(trigger_id=body["trigger_id"], view=_note(text))
            except SlackApiError as error:
                log.info("the answer to a click on Home comes without a window: %s", error.response.get("error"))
                tell_alone(client, self._channel, body["user"]["id"], text)

        return tell


def _note(text: str) -> Block:
    return {
        "type": "modal",
        "title": {"type": "plain_text", "text": "Firedrill"},
        "close": {"type": "plain_text", "text": "Close"},
        "blocks": [section(text)],
    }
