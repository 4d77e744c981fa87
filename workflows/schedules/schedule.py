"""A recurring backup or drill: what, of which server, when, and who answers for it."""

import zlib
from dataclasses import dataclass
from typing import Literal

from pydantic import TypeAdapter

from workflows.engine.run import Actor
from workflows.schedules.rule import Rule, read_rule

#: Seconds after its time within which an occurrence that was missed or held up is still begun.
GRACE = 3600.0
#: The longest grace: a request is known again for a day, so nothing is begun twice within it.
LONGEST_GRACE = 12 * 3600.0


@dataclass(frozen=True)
class Schedule:
    """`id` is `S-0003`, or the name of one that is declared in firedrill.toml. `owner` answers for it and counts as the
    asker of its runs. `grace` in seconds, `made_at` in seconds since the epoch. `when` and `zone` are a Rule's.
    """

    id: str
    verb: Literal["backup", "drill", "live"]
    target: str
    when: str
    zone: str
    owner: Actor
    channel: str
    made_at: float
    profile: str = ""
    point: Literal["latest", "random", "fresh"] = "latest"
    reason: str = ""
    grace: float = GRACE
    declared: bool = False

    @property
    def rule(self) -> Rule:
        """ValueError cannot come: it was read before it was kept."""
        return read_rule(self.when, self.zone)

    @property
    def mark(self) -> str:
        """Changes when what is to be done, or when, changes."""
        own = (self.verb, self.target, self.when, self.zone, self.profile, self.point)
        return f"{zlib.crc32(repr(own).encode()):08x}"

    @property
    def of_several(self) -> bool:
        """Whether its target may name several servers."""
        return self.target.startswith("tag:")

    @property
    def title(self) -> str:
        """`Live drill of orders-db`."""
        return f"{_NAMES[self.verb]} of {self.target}"


_NAMES = {"backup": "Backup", "drill": "Clone drill", "live": "Live drill"}
_SCHEDULE = TypeAdapter(Schedule)


def schedule_to_json(schedule: Schedule) -> str:
    return _SCHEDULE.dump_json(schedule).decode()


def schedule_from_json(text: str | bytes) -> Schedule:
    """ValueError for what no version of this program wrote."""
    return _SCHEDULE.validate_json(text)
