"""The lab's faults, and beside them which of them are on, and some that end by themselves."""

import time
from collections.abc import Callable

from practice.cloud import Faults
from practice.cloud.wire import Refusal

#: Kinds of rules that the panel can arm.
_SHOWN = ("fail_image", "lose", "corrupt_disk")


class Switches(Faults):
    """Faults that can be listed and ended one by one."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._now = now
        self._until: dict[str, float] = {}

    def throttle_for(self, seconds: float) -> None:
        """Every call is refused with the code that its service throttles with."""
        self._until["throttle"] = self._now() + seconds

    def no_capacity_for(self, seconds: float) -> None:
        """RunInstances finds no machine."""
        self._until["capacity"] = self._now() + seconds

    def seconds_left(self, name: str) -> float:
        """Of `throttle` or `capacity`; 0 when it is off."""
        return max(0.0, self._until.get(name, 0.0) - self._now())

    def armed(self) -> list[tuple[str, str]]:
        """(kind, subject) of what waits for the call that it strikes."""
        with self._lock:
            return [(rule.kind, rule.subject) for rule in self._rules if rule.kind in _SHOWN and rule.times != 0]

    def offline(self) -> list[str]:
        """The instances whose agents are kept from answering."""
        with self._lock:
            return sorted(self._offline)

    def end(self, name: str, subject: str = "") -> None:
        """End one that is armed, or one that would end by itself."""
        self._until.pop(name, None)
        with self._lock:
            self._rules = [rule for rule in self._rules if (rule.kind, rule.subject) != (name, subject)]

    def clear(self) -> None:
        super().clear()
        self._until.clear()

    def coming_in(self, service: str, action: str) -> None:
        if self.seconds_left("throttle"):
            code = "RequestLimitExceeded" if service == "ec2" else "ThrottlingException"
            raise Refusal(code, "Request limit exceeded.", 503 if service == "ec2" else 400)
        if action == "RunInstances" and self.seconds_left("capacity"):
            raise Refusal("InsufficientInstanceCapacity", "The lab was told to have no machine.", 500)
        super().coming_in(service, action)
