"""How many calls AWS takes of an account and Region, and how many of them are ours: the rest is left to people.

A token bucket for each API of EC2. https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-throttling.html
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from workflows.errors import HeldBack
from workflows.words import duration

#: API → the tokens that its bucket holds, and gains a second.
_BUCKETS = {
    "run_instances": (5.0, 2.0),
    "copy_image": (100.0, 1.0),
    "create_tags": (100.0, 10.0),
    "terminate_instances": (100.0, 5.0),
    "deregister_image": (100.0, 5.0),
    "delete_snapshot": (100.0, 5.0),
}
_LOOKS, _CHANGES = (100.0, 20.0), (50.0, 5.0)
#: Seconds that a call waits for its token by itself; a run that must wait longer lets go of its thread.
PATIENCE = 2.0
#: For these runs stand in line, so that it is seen how long it takes: what is asked for by hundreds at once.
LINED = ("create_image", "run_instances")


class Gate(Protocol):
    """Where the tokens are kept for all workers: engine/buckets.py. Times are seconds."""

    def take(self, name: str, size: float, refill: float, patience: float) -> tuple[bool, float]: ...
    def stand(
        self, name: str, size: float, refill: float, who: str, score: float, *, aside: bool = False
    ) -> tuple[int, float]: ...
    def leave(self, name: str, who: str) -> None: ...
    def empty(self, name: str, size: float, refill: float) -> None: ...


@dataclass(frozen=True)
class Whose:
    """For whom a call is made: `who` is the run's key; the smaller `score`, the sooner its turn in a line."""

    who: str
    score: float


@dataclass(frozen=True)
class Limits:
    """Of one account and Region, `place`, and `share` of what AWS allows. Without a gate nothing is held back.

    A moment is slept: a step that makes several calls would never end if each of them could send it back to its start.
    """

    gate: Gate | None = None
    share: float = 0.7
    place: str = ""
    whose: Whose | None = None
    sleep: Callable[[float], None] = time.sleep

    def before(self, service: str, action: str, *, rehearsal: bool = False) -> None:
        """Raises HeldBack where it is not the turn of this call."""
        if self.gate is None or not self.place or service != "ec2":
            return
        if action in LINED and self.whose and not rehearsal:
            self._stand(self.gate, action, self.whose)
            return
        taken, wait = self.gate.take(self._name(action), *self._bucket(action), PATIENCE)
        if not taken:
            raise HeldBack(f"so many calls of {verb(action)} are made that this one waits", wait)
        if wait:
            self.sleep(wait)

    def set_aside(self, action: str) -> None:
        """Take the token now of a call that must not wait later. Raises HeldBack."""
        if self.gate is not None and self.whose:
            self._stand(self.gate, action, self.whose, aside=True)

    def leave(self) -> None:
        """Whoever it was goes no further, and stands in no line any more."""
        if self.gate is not None and self.whose:
            for action in LINED:
                self.gate.leave(self._name(action), self.whose.who)

    def after_throttle(self, service: str, action: str) -> None:
        """AWS has throttled: somebody else calls as well."""
        if self.gate is not None and self.place and service == "ec2":
            self.gate.empty(self._name(action), *self._bucket(action))

    def _stand(self, gate: Gate, action: str, whose: Whose, *, aside: bool = False) -> None:
        place, wait = gate.stand(self._name(action), *self._bucket(action), whose.who, whose.score, aside=aside)
        if place:
            raise HeldBack(f"number {place} in line for AWS's {verb(action)}, about {duration(max(1.0, wait))}", wait)

    def _name(self, action: str) -> str:
        return f"{self.place}:{action}"

    def _bucket(self, action: str) -> tuple[float, float]:
        usual = _LOOKS if looks(action) else _CHANGES
        size, refill = _BUCKETS.get(action, usual)
        return max(1.0, size * self.share), refill * self.share


#: Without a gate.
UNLIMITED = Limits()


def verb(action: str) -> str:
    """boto3's name of a call as AWS names it."""
    return "".join(part.capitalize() for part in action.split("_"))


def looks(action: str) -> bool:
    """Whether a call changes nothing."""
    return action.startswith(("describe_", "get_", "list_"))
