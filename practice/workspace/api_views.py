"""views.*: opening, stacking, changing modals, and publishing Home."""

from typing import Any

from practice.workspace.args import Args
from practice.workspace.methods import Method
from practice.workspace.state import State


def open_view(state: State, args: Args) -> dict[str, Any]:
    person = state.triggers.exchange(args.needed("trigger_id"))
    return {"view": state.views.open(person, args.data("view")).wire()}


def push_view(state: State, args: Args) -> dict[str, Any]:
    person = state.triggers.exchange(args.needed("trigger_id"))
    return {"view": state.views.push(person, args.data("view")).wire()}


def update_view(state: State, args: Args) -> dict[str, Any]:
    view = state.views.update(args.text("view_id"), args.text("external_id"), args.data("view"), args.text("hash"))
    return {"view": view.wire()}


def publish_view(state: State, args: Args) -> dict[str, Any]:
    person = state.team.person(args.needed("user_id"))
    return {"view": state.views.publish(person.id, args.data("view"), args.text("hash")).wire()}


METHODS = [
    Method("views.open", open_view, (), "tier4", changes=True),
    Method("views.push", push_view, (), "tier4", changes=True),
    Method("views.update", update_view, (), "tier4", changes=True),
    Method("views.publish", publish_view, (), "tier4", changes=True),
]
