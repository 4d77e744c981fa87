"""A small Slack on this machine: an unmodified Bolt app runs against it, and people practise with it."""

from practice.workspace.faults import Faults
from practice.workspace.records import ApiCall, Button, Delivery, Message, Person
from practice.workspace.workspace import Workspace

__all__ = ["ApiCall", "Button", "Delivery", "Faults", "Message", "Person", "Workspace"]
