"""The forms in Slack: opened, filled in, submitted. What comes of a submission is what would have come of the words."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from slack_bolt import Ack, App
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.web import SlackResponse

from handlers.answers import Answers
from handlers.blocks import Block
from handlers.errors import answering
from handlers.forms import points
from handlers.forms.catalogue import FORMS, chooser
from handlers.forms.fields import ASKS, Filled, filled_in
from handlers.forms.form import FORM, MORE, Form
from handlers.forms.kept import Kept, kept_of
from handlers.forms.questions import picked, profiles_matching
from handlers.forms.schedule import zones_matching
from handlers.forms.servers import Servers
from handlers.forms.wording import written
from handlers.grammar import understood
from handlers.membership import Membership
from handlers.requests import Start, StartSchedule
from handlers.telling import Teller
from workflows.desk import Asking
from workflows.engine.run import Actor
from workflows.errors import UserError

log = logging.getLogger(__name__)

#: The shortcut's callback_id, as deploy/slack-manifest.yaml has it.
SHORTCUT = "firedrill"
_NOT_OURS = UserError("That window is not one that Firedrill made, so nothing was started.", "Example: `/dr backup`")


@dataclass(frozen=True)
class _Read:
    """A form as Slack sends it back."""

    form: Form
    kept: Kept
    filled: Filled

    @property
    def values(self) -> Mapping[str, Any]:
        return self.filled.values

    def block_of(self, about: str) -> str:
        """Where it is said what is wrong with one of the request's parameters."""
        return self.filled.block_of(self.form.point if about == "point" else about)


class Forms:
    """`profiles` are the names of all profiles, `channel` the one of `[slack]`."""

    def __init__(self, answers: Answers, membership: Membership, profiles: tuple[str, ...], channel: str) -> None:
        self._answers = answers
        self._membership = membership
        self._profiles = profiles
        self._channel = channel
        self._servers: Servers | None = None

    def register(self, app: App) -> None:
        app.shortcut(SHORTCUT)(self.shortcut)
        for verb in FORMS:
            app.action(FORM + verb)(self.pressed)
            app.view(FORM + verb)(self.submitted)
        for name in ("target", "live", "point", "what", "at", "zone"):
            app.action(ASKS + name)(self.changed)
        app.action(MORE)(self.changed)
        for name in ("target", "point", "against", "profile", "zone"):
            app.options(ASKS + name)(self.suggested)

    # ── opening: within the three seconds for which a trigger is good ────────────────────────────────────

    def open(self, client: WebClient, body: Mapping[str, Any], verb: str, channel: str, server: str = "") -> None:
        """Open a verb's form for who typed or pressed something, about a server if its name is given. `body` is the
        payload of what they did. In a direct message the form asks for a channel. Raises UserError."""
        seen = self._seen()
        chosen = seen.option(server) if seen and server else None
        target = chosen["value"] if chosen else ""
        kept = Kept("" if channel.startswith("D") else channel, body.get("response_url") or "", target)
        _shown(client, body, self._painted(FORMS[verb], kept, {}))

    def shortcut(self, ack: Ack, body: dict[str, Any], client: WebClient) -> None:
        ack()
        with answering(log.warning, "shortcut"):
            _shown(client, body, chooser())

    def pressed(self, ack: Ack, body: dict[str, Any], action: dict[str, Any], client: WebClient) -> None:
        """A button of a message, of Home or of the chooser: its value is a server's name, or nothing."""
        ack()
        channel = (body.get("channel") or {}).get("id", "")
        teller = Teller(ack, client, body["user"]["id"], "", channel, body.get("response_url") or "", closed=True)
        with answering(teller.tell, f"{action.get('action_id')}"):
            verb = action["action_id"].removeprefix(FORM)
            self.open(client, body, verb, channel, action.get("value") or "")

    # ── while it is filled in ────────────────────────────────────────────────────────────────────────────

    def changed(self, ack: Ack, body: dict[str, Any], action: dict[str, Any], client: WebClient) -> None:
        """An answer on which other questions depend. Slack keeps what stands in questions that stay."""
        ack()
        with answering(log.warning, f"form {action.get('action_id')}"):
            read = _read(body["view"])
            more = read.kept.more or action["action_id"] == MORE
            kept = replace(read.kept, target=picked(read.values, "target"), more=more)
            _shown(client, body, self._painted(read.form, kept, read.values))

    def suggested(self, ack: Ack, body: dict[str, Any]) -> None:
        """Options for what somebody has typed so far, out of what the workers last saw: at once, whatever happens."""
        found: list[Block] = []
        with answering(log.warning, f"typeahead {body.get('action_id')}"):
            found = self._options(body)
        ack(options=found)

    def _options(self, body: Mapping[str, Any]) -> list[Block]:
        seen, typed = self._seen(), str(body.get("value") or "")
        name = str(body["action_id"]).removeprefix(ASKS)
        if name == "profile":
            return profiles_matching(self._profiles, typed)
        if name == "zone":
            return zones_matching(typed)
        if seen is None:
            return []
        if name == "target":
            return seen.matching(typed)
        read = _read(body["view"])  # of what is filled in by now Slack sends nothing along; what was kept is there
        return points.matching(seen.known, read.kept.target, typed, read.form.points, self._answers.now())

    def _painted(self, form: Form, kept: Kept, values: Mapping[str, Any]) -> Block:
        seen, note, chosen = self._seen(), "", None
        if seen and kept.target:
            chosen, note = seen.option(kept.target), seen.newest(kept.target, self._answers.now())
        return form.window(kept, values, chosen, note, self._channel, self._answers.now())

    def _seen(self) -> Servers | None:
        """What the workers last saw, ready to be searched; nothing where they have not looked yet."""
        known, ready = self._answers.seen(), self._servers
        if known is None:
            return None
        if ready is None or ready.known is not known:
            self._servers = ready = Servers(known)
        return ready

    # ── when it is submitted ─────────────────────────────────────────────────────────────────────────────

    def submitted(self, ack: Ack, body: dict[str, Any], view: dict[str, Any], client: WebClient) -> None:
        """What is wrong is said beside its question, and nothing is started. All else is said when the window is
        closed: to ask Slack about the person, or a worker about AWS, may take longer than Slack waits."""
        user = body["user"]
        teller = Teller(ack, client, user["id"], "target")
        with answering(teller.tell, f"form {view.get('callback_id')}"):
            read = _read(view)
            channel = read.kept.channel or picked(read.values, "channel")
            teller.channel, teller.url, teller.block = channel, read.kept.url, read.filled.block_of("target")
            actor = Actor(user["id"], user.get("username") or user.get("name", ""))
            asking = Asking(actor, channel, request=f"form-{view['id']}")
            words = read.form.words(read.values)
            with self._answers.recorded(asking, f"form {written(words)}"):
                try:
                    text = self._carried_out(client, words, asking, teller)
                except UserError as error:
                    teller.block = read.block_of(error.about)
                    raise
            teller.tell(text)

    def _carried_out(self, client: WebClient, words: list[str], asking: Asking, teller: Teller) -> str:
        """What is told to the asker. Raises UserError, before the window is closed if it can be known by then."""
        request = understood(words)
        if isinstance(request, StartSchedule):
            self._answers.scheduling.doubt(request, asking)
            self._membership.check(client, asking.channel)
        if isinstance(request, Start):
            self._answers.doubt(request, asking)
            if not request.dry_run:
                self._membership.check(client, asking.channel)
        teller.close()
        return self._answers.to(request, asking)[0]


def _read(view: dict[str, Any]) -> _Read:
    try:
        return _Read(FORMS[view["callback_id"].removeprefix(FORM)], kept_of(view), filled_in(view))
    except (KeyError, TypeError, ValueError, AttributeError):
        raise _NOT_OURS from None


def _shown(client: WebClient, body: Mapping[str, Any], window: Block) -> SlackResponse:
    """In place of the window that was used, else as a new one. Raises UserError when Slack does not take it."""
    view = body.get("view") or {}
    try:
        if view.get("type") == "modal":
            return client.views_update(view_id=view["id"], view=window)
        return client.views_open(trigger_id=body["trigger_id"], view=window)
    except SlackApiError as error:
        word = error.response.get("error")
        log.warning("the form could not be opened: %s", word)
        raise UserError(
            f"Slack did not open the form (`{word}`), so nothing was started.",
            "Ask again, or type it: `/dr help backup` says how that is written.",
        ) from error
