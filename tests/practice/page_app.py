"""An unmodified Bolt app that does a little of everything, for the tests of the page."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from slack_bolt import App
from slack_bolt.adapter.wsgi import SlackRequestHandler

from practice.workspace import Workspace
from tests.practice.gallery import HOME, RESTORE, mrkdwn, option
from tests.practice.gallery import modal as modal_of
from tests.practice.workspace_apps import FULL_MANIFEST, Served, bolt_app, connected

POINTS = ["ami-0aaa proven", "ami-0bbb complete", "ami-0ccc created"]
SECOND = modal_of("Points", {"type": "section", "text": mrkdwn("Three of them.")}, callback_id="points")


class PageApp:
    """The app and what came to it: `actions`, `submitted` and `closed` are payloads, `mentions` texts."""

    def __init__(self, workspace: Workspace) -> None:
        self.bolt: App = bolt_app(workspace)
        self.actions: list[dict[str, Any]] = []
        self.submitted: list[dict[str, Any]] = []
        self.closed: list[dict[str, Any]] = []
        self.mentions: list[str] = []
        self.answer: dict[str, Any] = {}
        """What the next submission is acked with."""
        self._listen()

    def forget(self) -> None:
        for kept in (self.actions, self.submitted, self.closed, self.mentions):
            kept.clear()
        self.answer = {}

    def post(self, *blocks: dict[str, Any], text: str = "a message") -> str:
        """In #dr-ops. Gives its ts."""
        return str(self.bolt.client.chat_postMessage(channel="C0DROPS", text=text, blocks=list(blocks))["ts"])

    def _listen(self) -> None:
        self.bolt.command("/dr")(self._command)
        self.bolt.command("/draw")(lambda ack: ack("Drawn."))
        self.bolt.action(re.compile(""))(self._action)
        self.bolt.shortcut("rehearse")(self._shortcut)
        self.bolt.options("point")(self._suggest)
        self.bolt.view("restore")(self._submit)
        self.bolt.view("points")(self._submit)
        self.bolt.view_closed("restore")(self._close)
        self.bolt.event("app_home_opened")(self._home)
        self.bolt.event("app_mention")(lambda event: self.mentions.append(event["text"]))
        self.bolt.event("message")(lambda: None)

    def _shortcut(self, ack: Any, body: dict[str, Any], client: Any) -> None:
        ack()
        self.actions.append(body)
        client.views_open(trigger_id=body["trigger_id"], view=SECOND)

    def _command(self, ack: Any, body: dict[str, Any], client: Any) -> None:
        if body["text"] == "restore":
            ack()
            client.views_open(trigger_id=body["trigger_id"], view=RESTORE)
        else:
            ack(f"You said `{body['text']}`.")

    def _action(self, ack: Any, body: dict[str, Any], client: Any) -> None:
        ack()
        self.actions.append(body)
        if body["actions"][0]["action_id"] == "push":
            client.views_push(trigger_id=body["trigger_id"], view=SECOND)

    def _suggest(self, ack: Any, body: dict[str, Any]) -> None:
        ack(options=[option(each, each.split()[0]) for each in POINTS if body["value"] in each])

    def _submit(self, ack: Any, body: dict[str, Any]) -> None:
        self.submitted.append(body)
        answer, self.answer = self.answer, {}
        ack(**answer)

    def _close(self, ack: Any, body: dict[str, Any]) -> None:
        ack()
        self.closed.append(body)

    def _home(self, event: dict[str, Any], client: Any) -> None:
        client.views_publish(user_id=event["user"], view=HOME)


@contextmanager
def inhabited(http: bool) -> Iterator[tuple[Workspace, PageApp]]:
    """A workspace with the app in it, reached by requests or over Socket Mode."""
    if not http:
        with Workspace(FULL_MANIFEST) as space:
            app = PageApp(space)
            with connected(space, app.bolt):
                yield space, app
        return
    served = Served()
    try:
        with Workspace(FULL_MANIFEST, request_url=served.url) as space:
            app = PageApp(space)
            served.handler = SlackRequestHandler(app.bolt)
            yield space, app
    finally:
        served.close()
