"""The program with one of its guards taken out, by what can be passed in; and the smallest slice that must see it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, cast

import redis

from tests.faults.kinds import Cut
from tests.faults.plays import Trace
from tests.faults.world import Broken
from workflows.aws import Aws, Home
from workflows.aws.calls import Calls
from workflows.aws.commands import Commands
from workflows.aws.images import Image, Images
from workflows.aws.limits import Whose
from workflows.engine import scripts
from workflows.engine.agenda import Firing
from workflows.engine.clock import Clock
from workflows.engine.inbox import Inbox
from workflows.engine.run import Run
from workflows.engine.store import Committed, Store


def _without(lua: str, *parts: str) -> str:
    for part in parts:
        if part not in lua:
            raise AssertionError(f"the guard is written in another way by now: {part}")
        lua = lua.replace(part, "")
    return lua


_LEASE = "tonumber(run[3]) > tonumber(ARGV[2]) or "
_EARLY = " or tonumber(run[4]) > tonumber(ARGV[2])"
_FENCE = "if run[1] ~= ARGV[2] then return {'fenced'} end"
_ENDED = " or run[2] ~= '1'"


class _NoLease(Store):
    """Whoever is told to look at a run takes it, though another is at it."""

    def __init__(self, client: redis.Redis, clock: Clock) -> None:
        super().__init__(client, clock)
        self._begin = client.register_script(_without(scripts.BEGIN, _LEASE))


class _NoHintRules(Store):
    """Every hint is followed: an early one, and one for a run that has ended."""

    def __init__(self, client: redis.Redis, clock: Clock) -> None:
        super().__init__(client, clock)
        self._begin = client.register_script(_without(scripts.BEGIN, _EARLY, _ENDED))


class _NoFence(Store):
    """A worker that has lost its run writes all the same."""

    def __init__(self, client: redis.Redis, clock: Clock) -> None:
        super().__init__(client, clock)
        self._commit = client.register_script(_without(scripts.COMMIT, _FENCE))
        self._renew = client.register_script("return 1")


class _NoIntent(Store):
    """What is about to be done is not written down before it is done."""

    def commit(self, run: Run, fence: int, **how: Any) -> Committed:
        if how.get("unless_cancelled"):
            return Committed(saved=True, fenced=False, inbox=Inbox())
        return super().commit(run, fence, **how)


class _NoNonce(Store):
    """What is made bears only the run's number, which is given anew once Redis was lost."""

    def create(self, run: Run, *, request: str = "", firing: Firing | None = None) -> Run:
        return super().create(replace(run, key=run.id), request=request, firing=firing)


class _BlindImages(Images):
    def named(self, name: str, run_key: str, now: float = 0.0) -> Image | None:
        return None


class _BlindCalls(Calls):
    def __init__(self, real: Calls) -> None:
        super().__init__(real.region)
        self._sighted = real

    def __call__(self, service: str, action: str, **params: Any) -> dict[str, Any]:
        return {} if action == "list_command_invocations" else self._sighted(service, action, **params)


class _Blind:
    """A home where nothing is looked for before it is made."""

    def __init__(self, home: Home) -> None:
        self._home = home

    def of(self, account: str, region: str, whose: Whose | None = None) -> Aws:
        found = self._home.of(account, region, whose)
        images = _BlindImages(found.images._calls, found.installation, found.images._shared)
        return replace(
            found, images=images, commands=Commands(_BlindCalls(found.commands._calls), found.commands._shared)
        )


@dataclass(frozen=True)
class Guard:
    """`slice` names cases, as kind, play, and a test of where: the fewest that must turn red without it."""

    broken: Broken
    play: str
    kind: str
    at: Sequence[str]
    moment: str
    how: str = ""

    def cases(self, trace: Trace, cuts: Iterator[Cut]) -> list[Cut]:
        return [each for each in cuts if (each.at.name, each.moment, each.how) in self._wanted]

    @property
    def _wanted(self) -> set[tuple[str, str, str]]:
        return {(name, self.moment, self.how) for name in self.at}


GUARDS = {
    "lease": Guard(Broken(store=_NoLease), "backup", "hints", ["SendCommand"], "before", "leased"),
    "hint rules": Guard(Broken(store=_NoHintRules), "backup", "hints", ["DISPATCH"], "before", "idle"),
    "fence": Guard(Broken(store=_NoFence), "backup", "zombie", ["CreateImage"], "before"),
    "look first": Guard(
        Broken(home=lambda home: cast(Home, _Blind(home))), "backup", "kill", ["CreateImage", "SendCommand"], "carried"
    ),
    "intent": Guard(Broken(store=_NoIntent), "drill", "cancel", ["TerminateInstances"], "carried", "killed"),
    "nonce": Guard(Broken(store=_NoNonce), "backup", "redis lost", ["COMMIT"], "answered", "at the end"),
}
