"""Modals and Home tabs: what each person has open. Drawing and submitting them is for later."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from practice.workspace.blocks import Surface, block_faults
from practice.workspace.elements import plain
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

    def wire(self) -> dict[str, Any]:
        return {
            **self.body,
            "id": self.id,
            "root_view_id": self.root_id,
            "team_id": TEAM_ID,
            "app_id": APP_ID,
            "bot_id": BOT_ID,
            "hash": self.hash,
            "state": {"values": {}},
        }


class Views:
    """A stack of modals and one Home for each person."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._stacks: dict[str, list[View]] = {}
        self._homes: dict[str, View] = {}

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
        view = self._new(person, check_view(body, "modal"), root=stack[0].id)
        stack.append(view)
        return view

    def publish(self, person: str, body: object, hash_: str) -> View:
        checked = check_view(body, "home")
        old = self._homes.get(person)
        if old and hash_ and hash_ != old.hash:
            raise Refused("hash_conflict")
        view = self._new(person, checked)
        self._homes[person] = view if old is None else View(old.id, old.root_id, person, view.hash, checked)
        return self._homes[person]

    def update(self, id_: str, external_id: str, body: object, hash_: str) -> View:
        """Refused: not_found, hash_conflict."""
        for stack in self._stacks.values():
            for place, old in enumerate(stack):
                if old.id == id_ or (external_id and old.body.get("external_id") == external_id):
                    if hash_ and hash_ != old.hash:
                        raise Refused("hash_conflict")
                    new = View(old.id, old.root_id, old.person, self._hash(), check_view(body, "modal"))
                    stack[place] = new
                    return new
        raise Refused("not_found")

    def _new(self, person: str, body: dict[str, Any], root: str | None = None) -> View:
        id_ = f"V{secrets.token_hex(5).upper()}"
        return View(id_, root or id_, person, self._hash(), body)

    def _hash(self) -> str:
        return f"{int(self._now())}.{secrets.token_hex(4)}"


def check_view(body: object, surface: Surface) -> dict[str, Any]:
    """The view, or Refused: invalid_arguments with every fault."""
    if not isinstance(body, dict):
        raise refused_with_messages("invalid_arguments", [fault("must be an object", "/view")])
    faults = list(_VIEW(body, "/view"))
    if body.get("type") != surface:
        faults.append(fault(f"must be {surface}", "/view/type"))
    if surface == "modal" and "title" not in body:
        faults.append(fault("missing required field: title", "/view"))
    blocks = body.get("blocks")
    if isinstance(blocks, list):
        faults += block_faults([block if isinstance(block, dict) else {} for block in blocks], surface, "/view/blocks")
        if "submit" not in body and any(isinstance(b, dict) and b.get("type") == "input" for b in blocks):
            faults.append(fault("missing required field: submit", "/view"))
    if faults:
        raise refused_with_messages("invalid_arguments", faults)
    return body
