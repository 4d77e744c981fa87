"""Modals and Home tabs: what each person has open."""

import secrets
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from practice.workspace.blocks import Surface, block_faults
from practice.workspace.elements import plain
from practice.workspace.inputs import Values, state_values
from practice.workspace.parts import with_ids
from practice.workspace.refusals import Refused, refused_with_messages
from practice.workspace.shapes import anything, boolean, fault, shape, string
from practice.workspace.team import APP_ID, BOT_ID, TEAM_ID

DEEPEST = 3
_VIEW = shape(
    {"blocks": anything},
    {
        "title": plain(24),
        "submit": plain(24),
        "close": plain(24),
        "private_metadata": string(3000),
        "callback_id": string(255),
        "external_id": string(255),
        "clear_on_close": boolean,
        "notify_on_close": boolean,
        "submit_disabled": boolean,
    },
)


@dataclass(frozen=True)
class View:
    """One view as it stands. `hash` changes with every update."""

    id: str
    root_id: str
    person: str
    hash: str
    body: dict[str, Any]
    previous_id: str | None = None

    @property
    def blocks(self) -> list[dict[str, Any]]:
        return list(self.body["blocks"])

    def wire(self, values: Values | None = None) -> dict[str, Any]:
        """The view as the app sees it, with what was filled in."""
        return {
            "callback_id": "",
            "private_metadata": "",
            "external_id": "",
            "title": None,
            "close": None,
            "submit": None,
            "clear_on_close": False,
            "notify_on_close": False,
            **self.body,
            "id": self.id,
            "root_view_id": self.root_id,
            "team_id": TEAM_ID,
            "app_id": APP_ID,
            "bot_id": BOT_ID,
            "hash": self.hash,
            "previous_view_id": self.previous_id,
            "state": {"values": state_values(self.blocks, values or {})},
        }


class Views:
    """A stack of modals and one Home for each person."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._stacks: dict[str, list[View]] = {}
        self._homes: dict[str, View] = {}

    def clear(self) -> None:
        self._stacks.clear()
        self._homes.clear()

    def stack(self, person: str) -> list[View]:
        """The person's open modals, the topmost last."""
        return list(self._stacks.get(person, ()))

    def home(self, person: str) -> View | None:
        return self._homes.get(person)

    def open(self, person: str, body: object) -> View:
        view = self._new(person, check_view(body, "modal"))
        self._stacks[person] = [view]
        return view

    def push(self, person: str, body: object) -> View:
        """Refused: push_limit_reached above three, view_not_found when nothing is open."""
        stack = self._stacks.get(person)
        if not stack:
            raise Refused("view_not_found")
        if len(stack) >= DEEPEST:
            raise Refused("push_limit_reached")
        view = self._new(person, check_view(body, "modal"), stack)
        stack.append(view)
        return view

    def publish(self, person: str, body: object, hash_: str) -> View:
        checked = check_view(body, "home")
        old = self._homes.get(person)
        if old and hash_ and hash_ != old.hash:
            raise Refused("hash_conflict")
        view = self._new(person, checked)
        self._homes[person] = view if old is None else replace(old, hash=view.hash, body=view.body)
        return self._homes[person]

    def update(self, id_: str, external_id: str, body: object, hash_: str) -> View:
        """Refused: not_found, hash_conflict."""
        for stack in self._stacks.values():
            for place, old in enumerate(stack):
                if old.id == id_ or (external_id and old.body.get("external_id") == external_id):
                    if hash_ and hash_ != old.hash:
                        raise Refused("hash_conflict")
                    stack[place] = replace(old, hash=self._hash(), body=check_view(body, "modal"))
                    return stack[place]
        raise Refused("not_found")

    def find(self, person: str, id_: str) -> View:
        """An open modal or the Home of this person. Refused: view_not_found."""
        for view in (*self.stack(person), self.home(person)):
            if view is not None and view.id == id_:
                return view
        raise Refused("view_not_found")

    def close(self, view: View, *, whole_stack: bool) -> list[View]:
        """Take a modal away, and with it what lies above it or all there is. Gives those that went, topmost first."""
        stack = self._stacks.get(view.person, [])
        at = next((place for place, each in enumerate(stack) if each.id == view.id), len(stack))
        left = 0 if whole_stack else at
        gone, self._stacks[view.person] = stack[left:], stack[:left]
        return gone[::-1]

    def _new(self, person: str, body: dict[str, Any], below: Sequence[View] = ()) -> View:
        id_ = f"V{secrets.token_hex(5).upper()}"
        root, previous = (below[0].id, below[-1].id) if below else (id_, None)
        return View(id_, root, person, self._hash(), body, previous)

    def _hash(self) -> str:
        return f"{int(self._now())}.{secrets.token_hex(4)}"


def check_view(body: object, surface: Surface) -> dict[str, Any]:
    """The view, or Refused: invalid_arguments with every fault."""
    if not isinstance(body, dict):
        raise refused_with_messages("invalid_arguments", [fault("must be an object", "/view")])
    faults = [*_VIEW(body, "/view"), *_frame_faults(body, surface)]
    blocks = body.get("blocks")
    if isinstance(blocks, list):
        faults += block_faults([block if isinstance(block, dict) else {} for block in blocks], surface, "/view/blocks")
    else:
        faults.append(fault("must be an array", "/view/blocks"))
    if faults:
        raise refused_with_messages("invalid_arguments", faults)
    return {**body, "blocks": list(with_ids(body["blocks"]))}


def _frame_faults(body: dict[str, Any], surface: Surface) -> Iterator[str]:
    """What is wrong around the blocks."""
    if body.get("type") != surface:
        yield fault(f"must be {surface}", "/view/type")
    if surface != "modal":
        return
    if "title" not in body:
        yield fault("missing required field: title", "/view")
    inputs = any(isinstance(block, dict) and block.get("type") == "input" for block in body.get("blocks") or ())
    if inputs and "submit" not in body:
        yield fault("missing required field: submit", "/view")
