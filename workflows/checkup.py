"""What is found when somebody asks how all parts are; and the worker's side of it: AWS, Region by Region."""

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from threading import Event
from typing import Literal

from pydantic import TypeAdapter

from workflows.aws import Aws, Home
from workflows.aws.images import Image
from workflows.aws.instances import Instance
from workflows.aws.permissions import UNTRIED, Tried
from workflows.engine.checkups import Checkups
from workflows.engine.connection import Away
from workflows.errors import FiredrillError
from workflows.words import count, safe

log = logging.getLogger(__name__)

#: Servers that are named one by one.
_NAMED = 5
_POLICY = "Add it to the role: deploy/worker-policy.json has it."
_AGENT = "docs/aws.md says what a server needs: an instance profile with AmazonSSMManagedInstanceCore, and a way there."


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at, in Slack's mrkdwn; `mend` says what to do about what is wrong."""

    state: Literal["right", "wrong", "not known"]
    text: str
    mend: str = ""


_FINDINGS = TypeAdapter(tuple[Finding, ...])


def to_json(found: Sequence[Finding]) -> str:
    return _FINDINGS.dump_json(tuple(found)).decode()


def from_json(text: str) -> tuple[Finding, ...]:
    return _FINDINGS.validate_json(text)


class Checkup:
    """`doubts` says what speaks against the bucket of the audit's anchors; None where there is no such bucket."""

    def __init__(self, home: Home, regions: Sequence[str], doubts: Callable[[], list[str]] | None = None) -> None:
        self._home = home
        self._regions = regions
        self._doubts = doubts

    def findings(self) -> list[Finding]:
        """Some thirty calls a Region, none of which changes anything."""
        found = [each for region in self._regions for each in self._of(region)]
        if self._doubts is not None:
            wrong = self._doubts()
            found += [Finding("wrong", doubt) for doubt in wrong]
            found += [] if wrong else [Finding("right", "The bucket of the audit's anchors has an object lock.")]
        first = ", ".join(f"`{each}`" for each in UNTRIED[:2])
        rest = f"{first} and {len(UNTRIED) - 2} more: docs/operations.md."
        return [*found, Finding("not known", f"Not tried, since trying is doing: {rest}")]

    def _of(self, region: str) -> Iterator[Finding]:
        try:
            aws = self._home.region(region)
            living = [each for each in aws.instances.all() if each.state == "running"]
            own = [each for each in aws.images.ours() if each.state == "available"]
        except FiredrillError as error:
            yield Finding("wrong", f"{region}: {error.text}", error.hint)
            return
        tried = list(aws.permissions.tried(living[0] if living else None, max(own, key=_age, default=None)))
        yield from _permissions(region, aws.account, tried)
        if living:
            yield self._agents(region, aws, living)

    def _agents(self, region: str, aws: Aws, living: Sequence[Instance]) -> Finding:
        try:
            agents = aws.commands.agents([each.id for each in living])
        except FiredrillError as error:
            return Finding("not known", f"{region}: whose SSM agents are online: {error.text}")
        away = [safe(each.server) for each in living if not agents.get(each.id)]
        said = (
            f"{region}: {len(living) - len(away)} of {count(len(living), 'running server has', 'running servers have')}"
        )
        if not away:
            return Finding("right", f"{said} an SSM agent online.")
        more = f" and {len(away) - _NAMED} more" if len(away) > _NAMED else ""
        return Finding("wrong", f"{said} an SSM agent online; not: {', '.join(away[:_NAMED])}{more}.", _AGENT)


class Answering:
    """One side of whoever is asked; `findings` looks."""

    def __init__(self, side: str, checkups: Checkups, findings: Callable[[], Iterable[Finding]]) -> None:
        self._side = side
        self._checkups = checkups
        self._findings = findings

    def work(self, stop: Event) -> None:
        """Answer whoever asks, until told to stop."""
        while not stop.wait(1.0):
            try:
                self.tick()
            except Away as error:
                log.debug("Redis is away (%s); nobody can ask", type(error).__name__)

    def tick(self) -> None:
        if self._checkups.take(self._side):
            self._checkups.put(self._side, to_json(list(self._findings())))


def _age(image: Image) -> float:
    return image.requested


def _permissions(region: str, account: str, tried: Sequence[Tried]) -> Iterator[Finding]:
    allowed = [each for each in tried if each.outcome == "allowed"]
    yield Finding(
        "right", f"{region}: account {account}, {count(len(allowed), 'permission is', 'permissions are')} there."
    )
    for each in tried:
        if each.outcome == "refused":
            yield Finding("wrong", f"{region}: the worker's role may not do `{each.permission}`.", _POLICY)
    for said in dict.fromkeys(each.said for each in tried if each.outcome == "unknown"):
        names = ", ".join(f"`{each.permission}`" for each in tried if each.outcome == "unknown" and each.said == said)
        yield Finding("not known", f"{region}: whether it may do {names}: {safe(said).rstrip('.')}.")
