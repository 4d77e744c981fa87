"""The ways in which a server can be launched again, when AWS cannot launch it as it was: which there are, what a
refusal says of them, and which is the next. Pure."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from pydantic import ConfigDict, TypeAdapter

from workflows.words import count, cut, duration, safe

#: Of a kind, in one profile.
MOST = 6
#: Seconds after the first refusal during which ways that AWS had no machine for are tried again. Then a person is
#: asked: the server is down, and somebody may know better.
PATIENCE = 600.0

_SUBNET = re.compile(r"subnet-([0-9a-f]{8}|[0-9a-f]{17})")
_TYPE = re.compile(r"[a-z][a-z0-9-]*\.[a-z0-9-]+")
_KEY = re.compile(r"[!-~]([ -~]{0,253}[!-~])?")

#: AWS's code of a refusal → what it rules out: that type `here`, in that subnet; or the whole subnet, type or key.
#: Whatever is not among them says nothing of a choice, and another one would not help.
Ruled = Literal["here", "subnet", "type", "key"]
_RULES_OUT: dict[str, Ruled] = {
    "InsufficientInstanceCapacity": "here", "InsufficientHostCapacity": "here", "InsufficientCapacityOnHost": "here",
    "InsufficientReservedInstanceCapacity": "here", "ReservationCapacityExceeded": "here",
    "InsufficientFreeAddressesInSubnet": "subnet", "InvalidSubnetID.NotFound": "subnet",
    "InvalidKeyPair.NotFound": "key", "InstanceLimitExceeded": "type", "VcpuLimitExceeded": "type",
    "PrivateIpAddressLimitExceeded": "type",
    "Unsupported": "here", "UnsupportedOperation": "here", "InvalidGroup.NotFound": "here", "InvalidParameter": "here",
    "InternalError": "here", "InvalidParameterValue": "here", "InvalidParameterCombination": "here",
}  # fmt: skip
#: What may be otherwise in a minute.
_PASSES = {code for code in _RULES_OUT if "Insufficient" in code or "Exceeded" in code or "Internal" in code} - {
    "InstanceLimitExceeded", "VcpuLimitExceeded", "PrivateIpAddressLimitExceeded"
}  # fmt: skip
_SAID = {
    "InsufficientInstanceCapacity": "no machine is free",
    "InsufficientFreeAddressesInSubnet": "no address is free",
    "InvalidSubnetID.NotFound": "there is no such subnet",
    "InvalidKeyPair.NotFound": "there is no such key pair",
    "InstanceLimitExceeded": "the account's limit is reached",
    "VcpuLimitExceeded": "the account's limit is reached",
    "Unsupported": "AWS does not offer that there",
    "InternalError": "AWS failed by itself",
}
#: Ways in the sentence that a person is asked with, and characters of AWS's words about each.
_LISTED, _LONGEST = 12, 120


@dataclass(frozen=True)
class Others:
    """`[profiles.NAME.launch]`: with what a server may be launched, if not as it was; in the order of the tries.
    ValueError, in plain text, for what cannot be one."""

    __pydantic_config__ = ConfigDict(extra="forbid")

    subnets: tuple[str, ...] = ()
    types: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        kinds = (
            ("subnets", _SUBNET, "the id of a subnet, such as subnet-0123456789abcdef0"),
            ("types", _TYPE, "an instance type, such as m6i.large"),
            ("keys", _KEY, "the name of a key pair"),
        )
        for name, pattern, what in kinds:
            given: tuple[str, ...] = getattr(self, name)
            for each in given:
                if not pattern.fullmatch(each):
                    raise ValueError(f"Under launch, {name}: {each[:60]!r} is not {what}.")
            if len(given) > MOST or len(set(given)) < len(given):
                raise ValueError(f"Under launch, {name}: at most {MOST}, each once, not {len(given)}.")


NO_OTHERS = Others()


@dataclass(frozen=True)
class Way:
    """One choice; `key` None is without a key pair."""

    subnet: str
    type: str
    key: str | None

    def said(self, own: str | None) -> str:
        """`own` is the key that the server had: another one is told, that one is not."""
        keyed = "" if self.key == own else f", key `{safe(self.key)}`" if self.key else ", without a key pair"
        where = f" in `{self.subnet}`" if self.subnet else ""
        return f"`{safe(self.type)}`{where}{keyed}"


def ways(own: Way, others: Others) -> list[Way]:
    """Each type in each subnet, those of its own first. Without a key pair is the last: the server's disks hold the
    keys that it let in."""
    subnets = dict.fromkeys((own.subnet, *(others.subnets if own.subnet else ())))
    keys = dict.fromkeys((own.key, *others.keys, None) if own.key else (None,))
    return [
        Way(subnet, kind, key)
        for kind in dict.fromkeys((own.type, *others.types))
        for subnet in subnets
        for key in keys
    ]


@dataclass(frozen=True)
class Refused:
    """What AWS said to a choice, `times` times, the last time in that `round`. Code and words come from workflows/aws,
    which has made them safe to show."""

    way: Way
    code: str
    words: str
    round: int
    times: int = 1

    @property
    def passes(self) -> bool:
        return self.code in _PASSES

    def rules_out(self, way: Way) -> bool:
        match _RULES_OUT[self.code]:
            case "subnet":
                return way.subnet == self.way.subnet
            case "type":
                return way.type == self.way.type
            case "key":
                return way.key == self.way.key
            case _:
                return (way.subnet, way.type) == (self.way.subnet, self.way.type)

    def said(self, own: str | None) -> str:
        why = _SAID.get(self.code) or self.words or "refused"
        often = f", {self.times} times" if self.times > 1 else ""
        return f"{self.way.said(own)}: {why.rstrip('.')} (`{self.code}`){often}"


@dataclass(frozen=True)
class Search:
    """How far it has come; kept in the record between two tries. `next` None is as it was. `since` is when AWS first
    refused, in seconds since the epoch; `over` says that no way is left."""

    next: Way | None = None
    refused: tuple[Refused, ...] = ()
    tries: int = 0
    round: int = 0
    since: float = 0.0
    over: bool = False

    def after(self, way: Way, code: str, words: str, choices: Sequence[Way], now: float) -> "Search":
        """AWS has refused that one. The same round goes on with what it has not ruled out; when nothing is left, a new
        one begins with what may have passed meanwhile."""
        since = self.since or now
        prior = next((each for each in self.refused if (each.way, each.code) == (way, code)), None)
        said = Refused(way, code, cut(words, _LONGEST), self.round, prior.times + 1 if prior else 1)
        noted = replace(
            self, refused=(*(each for each in self.refused if each != prior), said), tries=self.tries + 1, since=since
        )
        found = noted._open(choices)
        if found:
            return replace(noted, next=found)
        anew = replace(noted, round=self.round + 1)
        found = anew._open(choices)
        if found is None or now - since > PATIENCE:
            return replace(noted, over=True)
        return replace(anew, next=found)

    def _open(self, choices: Sequence[Way]) -> Way | None:
        held = [each for each in self.refused if each.round == self.round or not each.passes]
        return next((way for way in choices if not any(each.rules_out(way) for each in held)), None)

    def told(self, own: str | None) -> Iterator[str]:
        """A line for each choice that was refused."""
        return (each.said(own) for each in self.refused)

    def sentence(self, own: str | None, server: str, now: float) -> str:
        """What was tried in vain, for whoever is asked."""
        lines = [f"• {each}" for each in self.told(own)]
        more = [f"• and {len(lines) - _LISTED} more"] if len(lines) > _LISTED else []
        spent = f" in {duration(now - self.since)}" if now > self.since else ""
        head = f"AWS did not launch *{safe(server)}*: {count(self.tries, 'try', 'tries')}{spent}, and no way is left."
        return "\n".join((head, *lines[:_LISTED], *more))


_SEARCH = TypeAdapter(Search)


def search_of(kept: dict[str, Any]) -> Search:
    """As a step has kept it. What an older version kept says only how often AWS had refused."""
    if "search" in kept:
        return _SEARCH.validate_python(kept["search"])
    return Search(tries=int(kept.get("refusals", 0)))


def keep(search: Search, died: str = "", words: str = "") -> dict[str, Any]:
    """For the next look. `died` is AWS's code for the end of what was launched last, if it did not live."""
    return {"search": _SEARCH.dump_python(search, mode="json"), "died": died, "words": words}


def of_death(code: str) -> str:
    """The code of a refusal that comes to the same as that reason of an instance's state; empty where none does. What
    AWS calls the client's fault no other choice would mend."""
    found = code.removeprefix("Server.")
    return found if code != found and says_something(found) else ""


def says_something(code: str) -> bool:
    """Whether AWS's code rules out a choice, and not every one."""
    return code in _RULES_OUT
