"""The tables `[schedules.NAME]` and `[[freezes]]` of firedrill.toml: read and checked."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from workflows.engine.run import Actor
from workflows.facts.targets import seconds_of
from workflows.faults import Fault
from workflows.schedules.rule import read_rule, zone_of
from workflows.schedules.schedule import LONGEST_GRACE, Schedule
from workflows.slack_ids import Channel, Member
from workflows.words import safe, when

_Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{1,39}$")]


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Named(_Table):
    name: _Name


class ScheduleTable(_Table):
    """`[schedules.NAME]`. `owner` answers for it: it must be an operator, and never approves its runs. `at` is plain
    words or a cron expression, in `zone`. `verb` may be `live`: a live drill."""

    verb: Literal["backup", "drill", "live"]
    target: str = Field(min_length=1, max_length=256)
    at: str
    zone: str = "UTC"
    owner: Member
    channel: Channel = ""
    profile: str = ""
    point: Literal["latest", "random", "fresh"] = "latest"
    reason: str = Field(default="", max_length=500)
    grace: str | float = "1 h"

    def schedule(self, name: str) -> Schedule:
        """ValueError, in plain text."""
        grace = seconds_of(self.grace)
        if not 60 <= grace <= LONGEST_GRACE:
            raise ValueError("grace must be from 1 min to 12 h.")
        read_rule(self.at, self.zone)
        return Schedule(
            name, self.verb, self.target, self.at, self.zone, Actor(self.owner), self.channel, 0.0, self.profile,
            self.point, self.reason, grace, declared=True,
        )  # fmt: skip


class FreezeTable(_Table):
    """`[[freezes]]`: nothing scheduled begins `from` then `until` then, in `zone`; only of these servers, if any is
    named. `backups` may go on unless it says otherwise."""

    start: datetime = Field(alias="from")
    until: datetime
    reason: str = Field(min_length=1, max_length=200)
    zone: str = "UTC"
    servers: tuple[str, ...] = ()
    backups: bool = True

    def freeze(self) -> "Freeze":
        """ValueError, in plain text."""
        zone = zone_of(self.zone)
        start, end = (each if each.tzinfo else each.replace(tzinfo=zone) for each in (self.start, self.until))
        if end <= start:
            raise ValueError("until must be later than from.")
        return Freeze(start.timestamp(), end.timestamp(), self.reason, self.servers, self.backups)


@dataclass(frozen=True)
class Freeze:
    """A time in which nothing scheduled begins. Seconds since the epoch; no servers are all. `backups` go on."""

    start: float
    end: float
    reason: str
    servers: tuple[str, ...] = ()
    backups: bool = True

    def holds(self, now: float, verb: str, server: str) -> bool:
        """Whether it keeps that from beginning now."""
        concerned = not self.servers or server in self.servers
        return self.start <= now < self.end and concerned and not (self.backups and verb == "backup")

    def sentence(self) -> str:
        return f"a freeze until {when(self.end)}: {safe(self.reason.rstrip(' .'))}"


def read_schedules(tables: Mapping[str, Any]) -> tuple[tuple[Schedule, ...], list[Fault]]:
    """All of them, and every fault."""
    found, faults = [], []
    for name, given in tables.items():
        at = ("schedules", name)
        try:
            _Named(name=name)
            found.append(ScheduleTable.model_validate(given).schedule(name))
        except ValidationError as error:
            faults += [Fault((*at, *_keys(each["loc"])), each["msg"]) for each in error.errors()]
        except ValueError as error:
            faults.append(Fault(at, str(error)))
    return tuple(found), faults


def read_freezes(tables: Sequence[Any]) -> tuple[tuple[Freeze, ...], list[Fault]]:
    """All of them, and every fault."""
    found, faults = [], []
    for number, given in enumerate(tables):
        at = ("freezes", number)
        try:
            found.append(FreezeTable.model_validate(given).freeze())
        except ValidationError as error:
            faults += [Fault((*at, *_keys(each["loc"])), each["msg"]) for each in error.errors()]
        except ValueError as error:
            faults.append(Fault(at, str(error)))
    return tuple(found), faults


def _keys(where: tuple[int | str, ...]) -> tuple[int | str, ...]:
    return tuple(each for each in where if each != "name")
