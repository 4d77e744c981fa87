"""What people do: say something, type a command, use an element. And what Slack tells them when it goes wrong."""

from typing import Any

from practice.workspace.couriers import Ack, Courier
from practice.workspace.elements import OPTION, OPTION_GROUP
from practice.workspace.events import Events
from practice.workspace.inputs import Values, state_values
from practice.workspace.parts import Json
from practice.workspace.payloads import (
    action,
    escaped,
    interaction,
    slash_command,
    suggestion,
    within_message,
    within_view,
)
from practice.workspace.records import Delivery, Message, Person
from practice.workspace.refusals import Refused
from practice.workspace.responses import Occasion, Responses, as_args, says_something, spoken
from practice.workspace.shapes import items
from practice.workspace.state import State
from practice.workspace.team import SLACKBOT, Channel
from practice.workspace.views import View

NOTHING_SENT = Delivery(None, None, None)
Place = Message | View
_SUGGESTED = {"options": items(OPTION, 100, least=0), "option_groups": items(OPTION_GROUP, 100, least=0)}


class Interactions:
    """Turns deeds into deliveries. Lives in the server's thread."""

    def __init__(self, state: State, responses: Responses, courier: Courier, events: Events) -> None:
        self._state = state
        self._responses = responses
        self._courier = courier
        self._events = events

    async def say(self, person: Person, channel: Channel, text: str, thread_ts: str | None = None) -> Delivery:
        """Text that begins with a slash is a command; all other text is a message."""
        if text.startswith("/"):
            name, _, rest = text.partition(" ")
            return await self._command(person, channel, name, rest.strip(), thread_ts)
        with self._state.changes.writing():
            written = escaped(text, self._state.team, labels=False)
            message = self._state.board.post(channel.id, person.id, written, thread_ts=thread_ts)
        self._events.said(message, channel)
        return NOTHING_SENT

    async def shortcut(self, person: Person, callback_id: str) -> Delivery:
        """Take one of the app's global shortcuts, which know no channel. Refused: shortcut_not_found."""
        self._check_offered(callback_id, on_message=False)
        with self._state.changes.writing():
            trigger, at = self._state.triggers.issue(person.id), self._state.board.next_ts()
        payload = interaction("shortcut", person, callback_id=callback_id, trigger_id=trigger, action_ts=at)
        return self._closed(await self._courier.deliver("interactive", payload), None)

    async def shortcut_on(self, person: Person, message: Message, callback_id: str) -> Delivery:
        """Take one of the app's shortcuts at a message. Refused: shortcut_not_found."""
        self._check_offered(callback_id, on_message=True)
        with self._state.changes.writing():
            occasion = Occasion(person.id, message.channel)
            payload = self._located("message_action", person, message, {})
            payload |= {"callback_id": callback_id, "message_ts": message.ts, "action_ts": self._state.board.next_ts()}
            payload["trigger_id"] = self._state.triggers.issue(person.id)
            payload["response_url"] = self._responses.issue(occasion)
        return self._closed(await self._courier.deliver("interactive", payload), occasion)

    def _check_offered(self, callback_id: str, *, on_message: bool) -> None:
        if (callback_id, on_message) not in {
            (each.callback_id, each.on_message) for each in self._state.manifest.shortcuts
        }:
            raise Refused("shortcut_not_found")

    async def act(
        self,
        person: Person,
        place: Place,
        block_id: str,
        element: Json,
        given: Any = None,
        values: Values | None = None,
    ) -> Delivery:
        """Use one element as the person sees it, which may be older than what stands there now.

        Raises Refused: invalid_value, view_not_found.
        """
        occasion = None
        with self._state.changes.writing():
            if isinstance(place, Message) and self._state.board.find(place.channel, place.ts) is None:
                return Delivery(None, None, None, "message_not_found")
            payload = self._located("block_actions", person, place, values or {})
            payload["actions"] = [action(block_id, element, given, self._state.board.next_ts())]
            payload["trigger_id"] = self._state.triggers.issue(person.id)
            if isinstance(place, Message):
                occasion = Occasion(person.id, place.channel, (place.channel, place.ts))
                payload["response_url"] = self._responses.issue(occasion)
        return self._closed(await self._courier.deliver("interactive", payload), occasion)

    async def suggest(self, person: Person, place: Place, block_id: str, element: Json, typed: str) -> Json:
        """Options for an external select, as the app gives them. Refused: Slack's word when it did not or too many."""
        with self._state.changes.reading():
            payload = self._located("block_suggestion", person, place, {}) | suggestion(block_id, element, typed)
        ack = await self._courier.deliver("interactive", payload)
        if ack.error:
            raise Refused(ack.error)
        given = ack.payload if isinstance(ack.payload, dict) else {}
        sent = {key: given[key] for key in _SUGGESTED if key in given}
        if not sent or any(fault for key, rule in _SUGGESTED.items() if key in sent for fault in rule(sent[key], "")):
            raise Refused("invalid_options")
        return sent

    def _located(self, kind: str, person: Person, place: Place, values: Values) -> dict[str, Any]:
        """The payload with the place as it stands now."""
        state = self._state
        if isinstance(place, View):
            return interaction(kind, person, **within_view(state.views.find(person.id, place.id), values))
        current = state.board.find(place.channel, place.ts) or place
        where = within_message(current, state.team.channel(place.channel), state.board)
        return interaction(kind, person, **where, state={"values": state_values(current.blocks, values)})

    async def _command(self, person: Person, channel: Channel, name: str, text: str, thread_ts: str | None) -> Delivery:
        state = self._state
        command = state.manifest.commands.get(name)
        if command is None:
            return self._slackbot(person, channel, f"`{name}` is not a valid command.", "unknown_command", thread_ts)
        if thread_ts is not None:
            sentence = f"`{name}` is not supported in threads. Sorry!"
            return self._slackbot(person, channel, sentence, "not_supported_in_threads", thread_ts)
        with state.changes.writing():
            occasion = Occasion(person.id, channel.id)
            payload = slash_command(
                person,
                channel,
                name,
                escaped(text, state.team, labels=True) if command.should_escape else text,
                response_url=self._responses.issue(occasion),
                trigger_id=state.triggers.issue(person.id),
            )
        ack = await self._courier.deliver("slash_commands", payload)
        if ack.error:
            self._slackbot(person, channel, f'{name} failed with the error "{ack.error}"', ack.error, None)
        return self._closed(ack, occasion)

    def _slackbot(self, person: Person, channel: Channel, sentence: str, error: str, thread_ts: str | None) -> Delivery:
        """A line from Slackbot that only this person sees; nothing went to the app."""
        with self._state.changes.writing():
            self._state.board.post(channel.id, SLACKBOT, sentence, ephemeral_for=person.id, thread_ts=thread_ts)
        return Delivery(None, None, None, error)

    def _closed(self, ack: Ack, occasion: Occasion | None) -> Delivery:
        """Carry out what the ack brought along. A click's ack brings nothing: Slack ignores its body."""
        error = ack.error
        if says_something(ack.payload) and occasion is not None and occasion.source is None:
            try:
                with self._state.changes.writing():
                    self._responses.answer(occasion, as_args(ack.payload))
            except Refused as refusal:
                error = refusal.error
        return Delivery(ack.envelope_id, ack.took, spoken(ack.payload), error)
