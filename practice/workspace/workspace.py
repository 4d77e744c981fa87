"""The practice workspace as its users hold it: start it, do what people do, see what there is to be seen."""

import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from aiohttp import web

from practice.workspace.api import Api
from practice.workspace.couriers import Courier
from practice.workspace.events import Events
from practice.workspace.faults import Faults
from practice.workspace.guard import add_headers, make_guard
from practice.workspace.http_courier import HttpCourier
from practice.workspace.inputs import Values
from practice.workspace.interactions import Interactions
from practice.workspace.manifest import read_manifest
from practice.workspace.modals import Modals
from practice.workspace.parts import find_element, interactive
from practice.workspace.records import ApiCall, Button, Delivery, Message, Person
from practice.workspace.responses import Responses
from practice.workspace.server import Server
from practice.workspace.sockets import Sockets
from practice.workspace.state import State
from practice.workspace.team import CHANNELS, PEOPLE, Team
from practice.workspace.transcript import transcript
from practice.workspace.ui import Ui
from practice.workspace.views import View
from practice.workspace.web_api import WebApi

T = TypeVar("T")

BIGGEST_REQUEST = 20 * 1024 * 1024


class Workspace:
    """A small Slack on 127.0.0.1, good for one start. It writes nothing to disk."""

    def __init__(
        self,
        manifest: Path,
        *,
        people: Sequence[Person] = PEOPLE,
        channels: Mapping[str, str] = CHANNELS,
        now: Callable[[], float] = time.time,
        request_url: str | None = None,
        extra: Callable[[web.Application], None] | None = None,
        tabs: Sequence[tuple[str, str]] = (),
        welcome: str = "",
        tiers: bool = False,
    ) -> None:
        """`channels` maps ids to names; the bot is a member of all but `random`.

        With a `request_url` the app is reached by signed HTTP requests instead of Socket Mode. `now` decides about
        timestamps, deadlines and rates. `extra` adds routes under /world/, which the same guard keeps; each of `tabs`
        is (title, address) of a link in the page's banner, to which the page adds the key; `welcome` is the address
        of a script whose function of that name draws what newcomers are told. With `tiers` Slack's rate tiers hold
        from the start. Raises what read_manifest raises.
        """
        read = read_manifest(manifest)
        self._state = State(read, Team(read.bot_name, people, channels), now)
        self._key = secrets.token_urlsafe(18)
        self._sockets = Sockets(now, self._state.changes, lambda: self._state.base_url)
        self.faults = Faults(lambda: self._server.do(self._sockets.drop), tiers)
        self._responses = Responses(self._state)
        self._by_http = request_url is not None
        courier: Courier = self._sockets
        if request_url is not None:
            courier = HttpCourier(request_url, self._state.tokens.signing_secret, now)
        self._events = Events(self._state, courier)
        self._interactions = Interactions(self._state, self._responses, courier, self._events)
        self._modals = Modals(self._state, courier)
        self._server = Server(self._application(extra, tabs, welcome))

    def _application(
        self, extra: Callable[[web.Application], None] | None, tabs: Sequence[tuple[str, str]], welcome: str
    ) -> web.Application:
        application = web.Application(middlewares=[make_guard(self._key)], client_max_size=BIGGEST_REQUEST)
        api = Api(self._state, self.faults, self._sockets.issue)
        ui = Ui(
            self._state,
            self._interactions,
            self._modals,
            self._events,
            None if self._by_http else self._sockets,
            tabs,
            welcome,
        )

        async def link(request: web.Request) -> web.StreamResponse:
            return await self._sockets.serve(request, self.faults)

        async def close(_application: web.Application) -> None:
            await self._sockets.close()

        application.add_routes(WebApi(self._state, api, self._responses, self.faults).routes())
        application.add_routes(ui.routes())
        application.router.add_get("/link/", link)
        if extra is not None:
            extra(application)
        application.on_response_prepare.append(add_headers)
        application.on_shutdown.append(ui.close)
        application.on_shutdown.append(close)
        return application

    def start(self) -> str:
        """Listen on a free port of 127.0.0.1. Gives the address of the page."""
        self._state.base_url = f"http://127.0.0.1:{self._server.start()}"
        return self.url

    def stop(self) -> None:
        self._server.stop()

    def __enter__(self) -> "Workspace":
        self.start()
        return self

    def __exit__(self, *_exc: object) -> None:
        self.stop()

    @property
    def url(self) -> str:
        """The page's address, with the key of this start."""
        return f"{self._state.base_url}/?key={self._key}"

    @property
    def api_url(self) -> str:
        return f"{self._state.base_url}/api/"

    @property
    def bot_token(self) -> str:
        return self._state.tokens.bot

    @property
    def app_token(self) -> str:
        return self._state.tokens.app

    @property
    def signing_secret(self) -> str:
        return self._state.tokens.signing_secret

    def environment(self) -> dict[str, str]:
        """What an app needs in its environment to live here instead of in Slack."""
        return {
            "SLACK_API_URL": self.api_url,
            "SLACK_BOT_TOKEN": self.bot_token,
            "SLACK_APP_TOKEN": self.app_token,
            "SLACK_SIGNING_SECRET": self.signing_secret,
        }

    def deactivate(self, person: str) -> None:
        """An administrator deactivates somebody's account."""
        self._state.team.gone.add(self._state.team.person(person).id)

    def leave(self, channel: str, person: str = "") -> None:
        """Somebody leaves it, or, without a name, the bot is removed from it. The app is told of neither."""
        self._state.team.leave(channel, person)

    def say(self, person: str, channel: str, text: str, *, thread: Message | None = None) -> Delivery:
        """Type something, people and channels by id or name. Returns when the app has acked or Slack gave up."""
        who, where = self._state.team.person(person), self._state.team.channel(channel)
        thread_ts = (thread.thread_ts or thread.ts) if thread else None
        return self._server.call(self._interactions.say(who, where, text, thread_ts))

    def shortcut(self, person: str, callback_id: str) -> Delivery:
        """Take a global shortcut of the app."""
        return self._server.call(self._interactions.shortcut(self._state.team.person(person), callback_id))

    def shortcut_on(self, person: str, message: Message, callback_id: str) -> Delivery:
        """Take a shortcut of the app at a message."""
        return self._server.call(self._interactions.shortcut_on(self._state.team.person(person), message, callback_id))

    def suggest(self, person: str, view: View, action_id: str, typed: str) -> list[dict[str, Any]]:
        """The options that the app gives for what is typed into an external select of a modal."""
        block, element = next(each for each in interactive(view.blocks) if each[1]["action_id"] == action_id)
        who, block_id = self._state.team.person(person), str(block["block_id"])
        told = self._server.call(self._interactions.suggest(who, view, block_id, element, typed))
        return list(told["options"])

    def click(self, person: str, message: Message, button: str) -> Delivery:
        """Press a button by its action_id or its text, as this snapshot shows it, even if it is gone by now.

        Raises LookupError when the snapshot has no such button.
        """
        pressed = _button(message, button)
        element = find_element(message.blocks, pressed.block_id, pressed.action_id) or {}
        who = self._state.team.person(person)
        return self._server.call(self._interactions.act(who, message, pressed.block_id, element))

    def act(
        self, person: str, place: Message | View, action_id: str, given: Any = None, values: Values | None = None
    ) -> Delivery:
        """Use an element of a message, modal or Home. `given` is an option, an id, a date or a text; `values` is what
        the other elements of the place hold, by block_id and action_id.

        Raises LookupError when there is no such element.
        """
        for block, element in interactive(place.blocks):
            if element["action_id"] == action_id:
                who, block_id = self._state.team.person(person), str(block["block_id"])
                return self._server.call(self._interactions.act(who, place, block_id, element, given, values))
        raise LookupError(f"no element {action_id!r} here")

    def submit(self, person: str, view: View, values: Values) -> tuple[Delivery, Mapping[str, str]]:
        """Press a modal's submit button. Gives what became of it, and the faults by block_id."""
        return self._server.call(self._modals.submit(self._state.team.person(person), view.id, values))

    def fill(self, person: str, view: View, text: str) -> tuple[Delivery, Mapping[str, str]]:
        """Type a text into a modal's first input and submit, as submit() does."""
        block, element = next(each for each in interactive(view.blocks) if each[0]["type"] == "input")
        return self.submit(person, view, {str(block["block_id"]): {element["action_id"]: text}})

    def close(self, person: str, view: View) -> Delivery:
        """Close a modal without submitting it."""
        return self._server.call(self._modals.close(self._state.team.person(person), view.id))

    def open_home(self, person: str) -> None:
        """Look at the app's Home tab; the app is told."""
        self._server.do(lambda: self._events.home_opened(self._state.team.person(person)))

    def messages(self, channel: str) -> list[Message]:
        """The channel's own messages, oldest first, as they stand now."""
        with self._state.changes.reading():
            return self._state.board.top_level(self._state.team.channel(channel).id)

    def thread(self, message: Message) -> list[Message]:
        """The replies below a message, oldest first."""
        with self._state.changes.reading():
            return self._state.board.thread(message.channel, message.ts)

    def ephemerals(self, person: str, channel: str | None = None) -> list[Message]:
        """What only this person sees, oldest first."""
        with self._state.changes.reading():
            where = self._state.team.channel(channel).id if channel else None
            return self._state.board.ephemerals(self._state.team.person(person).id, where)

    def modals(self, person: str) -> list[View]:
        with self._state.changes.reading():
            return self._state.views.stack(self._state.team.person(person).id)

    def home(self, person: str) -> View | None:
        with self._state.changes.reading():
            return self._state.views.home(self._state.team.person(person).id)

    def file(self, file_id: str) -> bytes:
        """The bytes of an uploaded file."""
        with self._state.changes.reading():
            return self._state.files.content(file_id)

    @property
    def calls(self) -> list[ApiCall]:
        """Every call so far, response URLs among them as "respond"."""
        with self._state.changes.reading():
            return list(self._state.calls)

    @property
    def connections(self) -> int:
        """How many Socket Mode connections are open."""
        return self._sockets.count

    def wait_for(self, predicate: Callable[[], T | None], timeout: float) -> T:
        """The predicate's first truthy answer; it is asked again at every change.

        Raises TimeoutError, whose text shows the channels and the last calls.
        """
        answer = self._state.changes.wait_for(predicate, timeout)
        if answer is None:
            raise TimeoutError(f"nothing came within {timeout} s\n{self.transcript()}")
        return answer

    def wait_connected(self, timeout: float = 10.0) -> None:
        """Until at least one Socket Mode connection is open."""
        self.wait_for(lambda: self._sockets.count, timeout)

    def refresh_sockets(self) -> None:
        """Ask every connection to be made anew, as Slack does every few hours."""
        self._server.call(self._sockets.refresh())

    def clear(self) -> None:
        """Every message, modal and Home is gone; connections, calls and faults stay."""
        with self._state.changes.writing():
            self._state.board.clear()
            self._state.views.clear()

    def transcript(self) -> str:
        """All channels as plain text, and the last calls: for the message of a failed test."""
        return transcript(self._state)


def _button(message: Message, wanted: str) -> Button:
    buttons = message.buttons()
    for button in buttons:
        if wanted in (button.action_id, button.text):
            return button
    there = ", ".join(f"{button.text!r} ({button.action_id})" for button in buttons) or "no buttons at all"
    raise LookupError(f"no button {wanted!r} on this message; it has {there}")
