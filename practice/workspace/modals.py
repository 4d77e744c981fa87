"""Submitting and closing modals: what the app is told, and what its answer does to the stack."""

from collections.abc import Mapping
from typing import Any

from practice.workspace.couriers import Ack, Courier
from practice.workspace.inputs import Values, shortcomings
from practice.workspace.payloads import interaction
from practice.workspace.records import Delivery, Person
from practice.workspace.refusals import Refused
from practice.workspace.state import State
from practice.workspace.views import View

NO_CONNECTION = "We had some trouble connecting. Try again?"
"""Slack's words for an app that does not answer a submission, or answers nonsense."""


class Modals:
    """What a person does to an open modal as a whole. Lives in the server's thread."""

    def __init__(self, state: State, courier: Courier) -> None:
        self._state = state
        self._courier = courier

    async def submit(self, person: Person, view_id: str, values: Values) -> tuple[Delivery, Mapping[str, str]]:
        """What became of it, and the faults by block_id, found here or by the app. Refused: view_not_found."""
        state = self._state
        with state.changes.reading():
            view = state.views.find(person.id, view_id)
            faults = shortcomings(view.blocks, values)
            if faults:
                return Delivery(None, None, None, "incomplete"), faults
            trigger = state.triggers.issue(person.id)
            wire = view.wire(values)
        payload = interaction("view_submission", person, trigger_id=trigger, view=wire, response_urls=[])
        ack = await self._courier.deliver("interactive", payload)
        if ack.error:
            return Delivery(ack.envelope_id, None, None, ack.error), {}
        try:
            return await self._answered(person, view, ack)
        except Refused as refusal:
            return Delivery(ack.envelope_id, ack.took, None, refusal.error), {}

    async def close(self, person: Person, view_id: str, *, whole_stack: bool = False) -> Delivery:
        """As with the button, the cross, or Escape. Refused: view_not_found."""
        with self._state.changes.writing():
            view = self._state.views.find(person.id, view_id)
            whole_stack = whole_stack or bool(view.body.get("clear_on_close"))
            gone = self._state.views.close(view, whole_stack=whole_stack)
        return await self._tell_closed(person, gone, cleared=whole_stack)

    async def _answered(self, person: Person, view: View, ack: Ack) -> tuple[Delivery, Mapping[str, str]]:
        """Do what the app's answer says. Refused for an answer that means nothing here."""
        answer: Mapping[str, Any] = ack.payload if isinstance(ack.payload, Mapping) else {}
        done = Delivery(ack.envelope_id, ack.took, None)
        match answer.get("response_action"):
            case "errors":
                return Delivery(ack.envelope_id, ack.took, None, "errors"), _named_faults(view, answer.get("errors"))
            case "update":
                with self._state.changes.writing():
                    self._state.views.update(view.id, "", answer.get("view"), "")
            case "push":
                with self._state.changes.writing():
                    self._state.views.push(person.id, answer.get("view"))
            case "clear":
                with self._state.changes.writing():
                    gone = self._state.views.close(view, whole_stack=True)
                await self._tell_closed(person, [each for each in gone if each.id != view.id], cleared=True)
            case None:
                with self._state.changes.writing():
                    self._state.views.close(view, whole_stack=False)
            case other:
                raise Refused(f"unknown response_action: {other}")
        return done, {}

    async def _tell_closed(self, person: Person, views: list[View], *, cleared: bool) -> Delivery:
        """The app hears of those that asked for it. The last delivery is given."""
        delivery = Delivery(None, None, None)
        for view in views:
            if view.body.get("notify_on_close"):
                payload = interaction("view_closed", person, view=view.wire(), is_cleared=cleared)
                ack = await self._courier.deliver("interactive", payload)
                delivery = Delivery(ack.envelope_id, ack.took, None, ack.error)
        return delivery


def _named_faults(view: View, errors: object) -> Mapping[str, str]:
    """The app's faults. Refused when they are none, or name a block that is no input of this view."""
    inputs = {block["block_id"] for block in view.blocks if block["type"] == "input"}
    if not isinstance(errors, Mapping) or not errors or not inputs.issuperset(errors):
        raise Refused("invalid_errors")
    return {str(block_id): str(text) for block_id, text in errors.items()}
