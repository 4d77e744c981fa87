"""What people do: say something, type a command, press a button. And what Slack tells them when it goes wrong."""

from practice.workspace.couriers import Ack, Courier
from practice.workspace.payloads import block_actions, escaped, slash_command
from practice.workspace.records import Button, Delivery, Message, Person
from practice.workspace.refusals import Refused
from practice.workspace.responses import Occasion, Responses, as_args, says_something, spoken
from practice.workspace.state import State
from practice.workspace.team import SLACKBOT, Channel

NOTHING_SENT = Delivery(None, None, None)


class Interactions:
    """Turns deeds into deliveries. Lives in the server's thread."""

    def __init__(self, state: State, responses: Responses, courier: Courier) -> None:
        self._state = state
        self._responses = responses
        self._courier = courier

    async def say(self, person: Person, channel: Channel, text: str, thread_ts: str | None = None) -> Delivery:
        """Text that begins with a slash is a command; all other text is a message."""
        if text.startswith("/"):
            name, _, rest = text.partition(" ")
            return await self._command(person, channel, name, rest.strip(), thread_ts)
        with self._state.changes.writing():
            written = escaped(text, self._state.team, labels=False)
            self._state.board.post(channel.id, person.id, written, thread_ts=thread_ts)
        return NOTHING_SENT

    async def press(self, person: Person, message: Message, button: Button) -> Delivery:
        """Press a button as the person sees it, which may be older than what stands there now."""
        state = self._state
        with state.changes.writing():
            current = state.board.find(message.channel, message.ts)
            if current is None:
                return Delivery(None, None, None, "message_not_found")
            occasion = Occasion(person.id, message.channel, (message.channel, message.ts))
            payload = block_actions(
                person,
                state.team.channel(message.channel),
                current,
                button,
                state.board,
                response_url=self._responses.issue(occasion),
                trigger_id=state.triggers.issue(person.id),
            )
        ack = await self._courier.deliver("interactive", payload)
        return self._closed(ack, occasion)

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

    def _closed(self, ack: Ack, occasion: Occasion) -> Delivery:
        """Carry out what the ack brought along. A click's ack brings nothing: Slack ignores its body."""
        error = ack.error
        if says_something(ack.payload) and occasion.source is None:
            try:
                with self._state.changes.writing():
                    self._responses.answer(occasion, as_args(ack.payload))
            except Refused as refusal:
                error = refusal.error
        return Delivery(ack.envelope_id, ack.took, spoken(ack.payload), error)
