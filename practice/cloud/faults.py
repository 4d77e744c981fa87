"""What can be made to go wrong, and how often."""

import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase

from practice.cloud.wire import Refusal

_THROTTLED = {"ec2": ("RequestLimitExceeded", 503), "ssm": ("ThrottlingException", 400)}


@dataclass
class _Rule:
    kind: str
    subject: str
    times: int | None
    refusal: Refusal | None = None
    callback: Callable[[], None] | None = None

    def fits(self, kind: str, subject: str) -> bool:
        same = self.subject in {"*", subject} or (self.kind == "launch" and fnmatchcase(subject, self.subject))
        return self.kind == kind and same and self.times != 0


class Faults:
    """Switches that the tests and the practice page turn. Everywhere `times` says how often, None until cleared."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._rules: list[_Rule] = []
        self._offline: set[str] = set()
        self.lag = 0.0
        self.lags_in_tags_only = False

    def lag_behind(self, seconds: float, tags_only: bool = False) -> None:
        """For so long after it was made or tagged, describes do not show a thing, or not its tags; until `clear`."""
        self.lag, self.lags_in_tags_only = seconds, tags_only

    def refuse(self, action: str, code: str, status: int = 503, times: int | None = 1) -> None:
        """The call is refused before anything is carried out. `action` may be `*`."""
        message = "The lab was told to refuse this call."
        self._add(_Rule("refuse", action, times, Refusal(code, message, status)))

    def throttle(self, action: str = "*", times: int | None = 1) -> None:
        """Refused with the code that the service throttles with."""
        self._add(_Rule("throttle", action, times))

    def capacity(self, times: int | None = 1) -> None:
        """RunInstances finds no machine. AWS answers with HTTP 500, so clients try again by themselves."""
        self.refuse("RunInstances", "InsufficientInstanceCapacity", 500, times)

    def no_capacity(
        self, subnet: str = "*", instance_type: str = "*", code: str = "InsufficientInstanceCapacity",
        times: int | None = None,
    ) -> None:  # fmt: skip
        """RunInstances finds no machine of that type in that subnet; or is refused there with another code."""
        status = 500 if code == "InsufficientInstanceCapacity" else 400
        refusal = Refusal(code, "The lab was told to refuse that type there.", status)
        self._add(_Rule("launch", f"{subnet} {instance_type}", times, refusal))

    def unavailable(self, action: str, times: int | None = 1) -> None:
        self.refuse(action, "Unavailable", 503, times)

    def lose_answer(self, action: str, times: int | None = 1) -> None:
        """The call is carried out; then the connection is cut."""
        self._add(_Rule("lose", action, times))

    def fail_image(self, times: int | None = 1) -> None:
        """The image of the next CreateImage ends as `failed`."""
        self._add(_Rule("fail_image", "*", times))

    def fail_snapshot(self, times: int | None = 1) -> None:
        """The last snapshot of the next CreateImage ends as `error`; the image becomes available all the same."""
        self._add(_Rule("fail_snapshot", "*", times))

    def lose_volume(self, times: int | None = 1) -> None:
        """The next image holds the root volume only."""
        self._add(_Rule("lose_volume", "*", times))

    def corrupt_disk(self, path: str | None = None, times: int | None = 1) -> None:
        """One byte differs on the next restored server, size and mtime do not; of `path`, else of the first regular
        file by name on a volume other than the root, else below /srv."""
        self._add(_Rule("corrupt_disk", path or "*", times))

    def blank_disk(self, times: int | None = 1) -> None:
        """The next restored server's volumes other than the root are empty; without such volumes, its /srv."""
        self._add(_Rule("blank_disk", "*", times))

    def die_at_birth(self, code: str = "Server.InsufficientInstanceCapacity", times: int | None = 1) -> None:
        """The next launched instance is accepted, and then ended by AWS, with that reason."""
        self._add(_Rule("die_at_birth", code, times))

    def drop_profile(self, times: int | None = 1) -> None:
        """The next launched instance has no instance profile."""
        self._add(_Rule("drop_profile", "*", times))

    def no_vss(self, times: int | None = 1) -> None:
        """The next server that is asked for an image by VSS has no components for it, and asks for none."""
        self._add(_Rule("vss", "absent", times))

    def vss_lets_go(self, times: int | None = 1) -> None:
        """The next image by VSS exists, and the applications were not held until its snapshots did."""
        self._add(_Rule("vss", "let go", times))

    def agent_offline(self, instance_id: str) -> None:
        with self._lock:
            self._offline.add(instance_id)

    def agent_online(self, instance_id: str) -> None:
        with self._lock:
            self._offline.discard(instance_id)

    def before(self, action: str, callback: Callable[[], None], times: int | None = 1) -> None:
        """`callback` runs when the call came in and nothing was carried out."""
        self._add(_Rule("before", action, times, callback=callback))

    def after(self, action: str, callback: Callable[[], None], times: int | None = 1) -> None:
        """`callback` runs when the call was carried out and nothing was answered."""
        self._add(_Rule("after", action, times, callback=callback))

    def clear(self) -> None:
        with self._lock:
            self._rules.clear()
            self._offline.clear()
            self.lag = 0.0

    def agent_is_offline(self, instance_id: str) -> bool:
        with self._lock:
            return instance_id in self._offline

    def coming_in(self, service: str, action: str) -> None:
        """Raises Refusal when this call is to be refused."""
        self._called("before", action)
        rule = self._taken("refuse", action)
        if rule is not None and rule.refusal is not None:
            raise Refusal(rule.refusal.code, rule.refusal.message, rule.refusal.status)
        if self._taken("throttle", action):
            code, status = _THROTTLED.get(service, ("Throttling", 400))
            raise Refusal(code, "Request limit exceeded.", status)

    def launching(self, subnets: Iterable[str], instance_type: str) -> None:
        """Raises Refusal when a launch of that type into those subnets is to be refused."""
        for subnet in subnets:
            rule = self._taken("launch", f"{subnet} {instance_type}")
            if rule is not None and rule.refusal is not None:
                raise Refusal(rule.refusal.code, rule.refusal.message, rule.refusal.status)

    def going_out(self, action: str) -> bool:
        """Whether the answer is to be lost."""
        self._called("after", action)
        return self._taken("lose", action) is not None

    def strikes(self, kind: str) -> str | None:
        """The subject of a fault of that kind that is to happen now, `*` for any; None for no such fault."""
        rule = self._taken(kind, None)
        return rule.subject if rule else None

    def _called(self, kind: str, action: str) -> None:
        rule = self._taken(kind, action)
        if rule is not None and rule.callback is not None:
            rule.callback()

    def _add(self, rule: _Rule) -> None:
        with self._lock:
            self._rules.append(rule)

    def _taken(self, kind: str, subject: str | None) -> _Rule | None:
        with self._lock:
            for rule in self._rules:
                if rule.fits(kind, rule.subject if subject is None else subject):
                    if rule.times is not None:
                        rule.times -= 1
                    return rule
        return None
