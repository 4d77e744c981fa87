"""The lab cloud with its doors open to the console: looks that no fault meets and no book counts."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from practice.cloud import Delays, LabCloud
from practice.cloud.images import Images
from practice.cloud.server import Handler
from practice.cloud.snapshots import Snapshots
from practice.cloud.tags import Tags
from practice.cloud.templates import Templates
from practice.cloud.wire import Request
from practice.console.pace import Pace
from practice.console.switches import Switches

#: More than one lab ever holds.
_ALL = 1_000_000


class OpenLab(LabCloud):
    """A lab whose pace and faults can be seen and changed while it runs."""

    faults: Switches

    def __init__(
        self, folder: Path, *, accepts: Callable[[str], bool], delays: Delays, now: Callable[[], float] = time.time
    ) -> None:
        self.pace = Pace(delays, now)
        super().__init__(folder, accepts=accepts, delays=self.pace, now=now)
        self.faults = Switches()
        self._answering: dict[tuple[str, str], Handler] = {}

    def look(self, action: str, **params: Any) -> dict[str, Any]:
        """The answer of one of EC2's describes, all pages at once."""
        with self._parts.lock:
            handler = self._answering.get(("ec2", action))
            if handler is None:
                return self._parts.control.ask("ec2", action, self.region, **params)
            return handler(Request("ec2", action, self.region, {"MaxResults": _ALL, **params}))

    def agents(self) -> dict[str, bool]:
        """Instance id → whether its agent answers."""
        with self._parts.lock:
            return {life.id: self._instances.online(life) for life in self._instances.visible(self.region).values()}

    def living(self) -> set[str]:
        """The instances that have a disk."""
        with self._parts.lock:
            return {each.id for each in self._instances.lives.values() if each.terminated is None}

    def ended(self) -> dict[str, float]:
        """Instance id → when it was terminated, for as long as AWS still shows it."""
        with self._parts.lock:
            lives = self._instances.visible(self.region).values()
            return {life.id: life.terminated for life in lives if life.terminated is not None}

    def _table(
        self, images: Images, snapshots: Snapshots, templates: Templates, tags: Tags
    ) -> dict[tuple[str, str], Handler]:
        self._answering = super()._table(images, snapshots, templates, tags)
        return self._answering
