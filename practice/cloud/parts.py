"""What the rooms of the lab share, and the tags, which moto keeps for all of them."""

import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from practice.cloud.control import Control
from practice.cloud.disks import Disks
from practice.cloud.faults import Faults
from practice.cloud.records import Books, Delays
from practice.cloud.wire import Refusal


@dataclass
class Parts:
    """`lock` is held by every call but while a script runs. `loading` is when each volume that was made of a snapshot
    began to be loaded, in seconds since the epoch."""

    control: Control
    disks: Disks
    faults: Faults
    books: Books
    delays: Delays
    now: Callable[[], float]
    lock: threading.RLock = field(default_factory=threading.RLock)
    loading: dict[str, float] = field(default_factory=dict)

    def tags(self, region: str, resource: str) -> list[dict[str, str]]:
        """As AWS lists them."""
        kept = self.control.ec2(region).tags.get(resource, {})
        return [{"Key": key, "Value": value} for key, value in kept.items()]

    def tag(self, region: str, resources: Iterable[str], tags: Mapping[str, str]) -> None:
        """Raises nothing: the caller has looked at them."""
        if tags:
            self.control.ec2(region).create_tags(list(resources), dict(tags))


def asked_tags(params: Mapping[str, Any], kind: str) -> dict[str, str]:
    """What a request's TagSpecifications say for a type of resource. Raises Refusal for tags that are AWS's own."""
    asked = {
        tag["Key"]: tag.get("Value", "")
        for each in params.get("TagSpecifications", [])
        if each.get("ResourceType") == kind
        for tag in each.get("Tags", [])
    }
    if any(key.startswith("aws:") for key in asked):
        raise Refusal("InvalidParameterValue", "Tag keys starting with 'aws:' are reserved for internal use")
    return asked
