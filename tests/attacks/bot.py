"""The bot in this process, reached as Slack reaches it: signed requests over HTTP to its real listeners."""

import hashlib
import hmac
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from slack_bolt.adapter.wsgi import SlackRequestHandler
from slack_sdk import WebClient

from bot.settings import Environment, File, Settings
from bot.slack_app import app_of
from handlers.access import Access
from handlers.answers import Answers
from handlers.directory import SlackDirectory
from handlers.notifier import Notifier
from handlers.windows import FIELD, TYPED
from practice.workspace import Message, Workspace
from practice.workspace.http_courier import written
from practice.workspace.inputs import Values
from practice.workspace.payloads import interaction
from practice.workspace.team import PEOPLE
from practice.workspace.views import View
from practice.world import CHANNEL
from tests.practice.workspace_apps import Served
from tests.stage import Stage
from workflows.engine.run import Actor, Run
from workflows.facts.tables import read_profiles
from workflows.policy import Policy

T = TypeVar("T")

Body = Mapping[str, Any]
#: Seconds that an answer may take before something is wrong.
LONG = 60.0
OURS = "the secret that Slack and the bot share"


class Bot:
    """Beside a stage, which plays the worker."""

    def __init__(self, stage: Stage, space: Workspace, served: Served) -> None:
        self.stage, self.space, self._served = stage, space, served
        self.slack = WebClient(space.bot_token, base_url=space.api_url, retry_handlers=[])
        self.start(stage.policy)

    def start(self, policy: Policy) -> None:
        """Start, or start again, with these rules."""
        environment = Environment(slack_signing_secret=self.space.signing_secret)
        settings = Settings(environment=environment, file=File(), profiles=read_profiles({})[0], policy=policy)
        people = SlackDirectory(self.slack, self.stage.board, policy.members())
        access = Access(policy, people.look)
        app = app_of(settings, self.slack, Answers(self.stage.desk, access, self.stage.calendar), self.stage.cards)
        self._notifier = Notifier(self.stage.store, self.stage.cards, self.slack, access, "")
        self._served.handler = SlackRequestHandler(app)

    def card(self, run: Run) -> Message:
        """The run's card, as it stands now."""
        self.stage.clock.forward(6)
        self._notifier.tick()
        return next(each for each in self.space.messages(CHANNEL) if f"{run.id}," in each.text)

    def window(self, person: str, run: Run, button: str = "approve") -> View:
        """Press a button of the card that opens a window."""
        delivery = self.space.click(person, self.card(run), button)
        assert delivery.error is None, delivery
        return self.until(lambda: self.space.modals(person) or None)[-1]

    def told(self, person: str, deed: Callable[[], object]) -> str:
        """What only this person is told because of a deed, in the channel."""
        before = len(self.space.ephemerals(person))
        deed()
        return self.until(lambda: self.space.ephemerals(person)[before:])[0].text

    def fault(self, person: str, view: View, text: str) -> str:
        """What is said in the window, which stays open."""
        delivery, faults = self.space.fill(person, view, text)
        assert delivery.error == "errors", delivery
        (fault,) = faults.values()
        return fault

    def until(self, look: Callable[[], T | None]) -> T:
        return self.space.wait_for(look, LONG)

    # ── forged and repeated requests ─────────────────────────────────────────────────────────────────────

    def submission(self, who: Actor, view: View, text: str) -> Body:
        """The payload of a window that somebody submits."""
        return self.payload(who, view, {FIELD: {TYPED: text}})

    def payload(self, who: Actor, view: View, values: Values) -> Body:
        """The same of a window with more than one question."""
        person = next(each for each in PEOPLE if each.id == who.id)
        return interaction("view_submission", person, trigger_id="1.2.3", view=view.wire(values), response_urls=[])

    def post(self, payload: Body, *, secret: str = OURS, age: float = 0, signed: Body | None = None) -> tuple[int, str]:
        """Post an interaction as Slack would, and give status and body. Without a `secret` it bears no signature;
        `signed` is the payload whose signature it bears, if not its own."""
        (body, kind), (ours, _) = written("interactive", dict(payload)), written("interactive", dict(signed or payload))
        stamp = str(int(time.time() - age))
        key = self.space.signing_secret if secret == OURS else secret
        digest = hmac.new(key.encode(), f"v0:{stamp}:{ours}".encode(), hashlib.sha256).hexdigest()
        marks = {"X-Slack-Request-Timestamp": stamp, "X-Slack-Signature": f"v0={digest}"} if key else {}
        request = urllib.request.Request(self._served.url, body.encode(), {"Content-Type": kind, **marks})
        try:
            with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=LONG) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, ""
