"""The record of one run. Frozen; how it moves from one state to the next stands in moves.py."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Literal

from pydantic import TypeAdapter

from workflows.words import safe, when

Json = Any  # what json.loads gives


class Status(StrEnum):
    """Where a run stands. The last five are final, but that a failed run may be tried again."""

    QUEUED = "queued"
    RUNNING = "running"
    WAITING = "waiting"
    ASKING = "asking"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"
    REJECTED = "rejected"
    EXPIRED = "expired"

    @property
    def open(self) -> bool:
        return self in (Status.QUEUED, Status.RUNNING, Status.WAITING, Status.ASKING)

    def sentence(self) -> str:
        """As it goes on after the run's name, without a full stop."""
        has = {Status.ASKING: "asks for an answer", Status.SUCCEEDED: "has succeeded", Status.FAILED: "has failed"}
        return has.get(self, f"is {self.value}")


@dataclass(frozen=True)
class Actor:
    """A person: Slack's user id, and the name to show where Slack cannot draw it."""

    id: str
    name: str = ""


@dataclass(frozen=True)
class Halt:
    """Everything stands still. `at` in seconds since the epoch."""

    by: Actor
    at: float
    reason: str

    def sentence(self) -> str:
        """Who, when and why, as it goes on after "is", without a full stop."""
        return f"halted by <@{self.by.id}> {when(self.at)}: {safe(self.reason.rstrip(' .'))}"


@dataclass(frozen=True)
class Target:
    """The server that a run is about, and where it lives."""

    server: str
    account: str
    region: str


@dataclass(frozen=True)
class StepState:
    """One line of the plan. Times are seconds since the epoch.

    `because` says what is waited for, `trouble` what is in the way at the moment, `detail` what came out of it;
    `kept` is what the step left itself for its next look.
    """

    name: str
    title: str
    state: Literal["todo", "doing", "waiting", "done", "failed"] = "todo"
    started: float | None = None
    ended: float | None = None
    intended: float | None = None
    looks: int = 0
    troubles: int = 0
    because: str = ""
    trouble: str = ""
    progress: int | None = None
    detail: str = ""
    kept: dict[str, Json] = field(default_factory=dict)


@dataclass(frozen=True)
class Question:
    """What a run stopped at, until somebody entitled answers or it expires.

    `verb` is the button's text ("Approve termination"), `items` are label and value of what is at stake,
    `confirm` is the sentence of the confirm dialog, `needed` is how many different people must approve.
    """

    id: str
    step: str
    title: str
    verb: str
    items: tuple[tuple[str, str], ...]
    confirm: str
    asked_at: float
    expires_at: float
    needed: int = 1


@dataclass(frozen=True)
class Answer:
    """Who said what, and when. `until` is when the question expires: what it allows must have begun by then."""

    question: str
    approved: bool
    by: Actor
    at: float
    until: float
    reason: str = ""


@dataclass(frozen=True)
class LastTime:
    """How long a server was away in an earlier run, until its facts had been compared; in seconds."""

    run: str
    seconds: float


@dataclass(frozen=True)
class Decision:
    """A question as it was shown, and what people said to it."""

    question: Question
    answers: tuple[Answer, ...]


@dataclass(frozen=True)
class Problem:
    """Why a run stopped, and at which step a retry goes on; `final`: a retry would not mend it."""

    step: str
    text: str
    hint: str
    at: float
    again_from: str
    final: bool = False


@dataclass(frozen=True)
class Run:
    """One execution of a runbook.

    `key` is the id with a random part: it names what the run makes in AWS, and stays unique when Redis was lost
    and the ids begin anew. `values` holds what was asked for and what the steps gave, as JSON. `tags` are the
    server's as they were when it was asked for, None where nobody knew; the policy goes by them. `answers` are those to
    the open question, or to the one that was just decided. `version` is that of the program that took the request in.
    `decisions` are the questions that were settled, the latest last. `seal` is the SHA-256 of the report of a run that
    has ended. `halted` says who has brought it to a stand, for the time being. `batch` is the one that it was begun
    with, if any.
    """

    id: str
    key: str
    runbook: str
    title: str
    target: Target
    asked_by: Actor
    channel: str
    created: float
    steps: tuple[StepState, ...]
    values: dict[str, Json]
    via: Literal["slack", "shell", "schedule"] = "slack"
    reason: str = ""
    tags: dict[str, str] | None = field(default_factory=dict)
    status: Status = Status.QUEUED
    at: int = 0
    no_return: bool = False
    question: Question | None = None
    questions: int = 0
    answers: tuple[Answer, ...] = ()
    problem: Problem | None = None
    ended_by: Actor | None = None
    ended: float | None = None
    retries: int = 0
    version: str = ""
    decisions: tuple[Decision, ...] = ()
    seal: str = ""
    halted: Halt | None = None
    batch: str = ""

    @property
    def step(self) -> StepState:
        """The step that is due; of a run that has succeeded, its last."""
        return self.steps[min(self.at, len(self.steps) - 1)]

    def how(self) -> str:
        """How it stands, as it goes on after its name, without a full stop."""
        return f"stands still, {self.halted.sentence()}" if self.halted else self.status.sentence()

    @property
    def finished(self) -> bool:
        return self.at >= len(self.steps)


_RUN = TypeAdapter(Run)


def to_json(run: Run) -> str:
    return _RUN.dump_json(run, exclude_defaults=False).decode()


def from_json(text: str | bytes) -> Run:
    """Raises pydantic's ValidationError (a ValueError) for what no version of this program wrote."""
    return _RUN.validate_json(text)
