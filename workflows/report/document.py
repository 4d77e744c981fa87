"""The report as data: what stands in it, how it is written as JSON, and its digest. docs/report.md tells each field.

`FORMAT` names the shape. A field may be added within it; one that changes its meaning or goes makes a new one. Times
are UTC in ISO 8601 with milliseconds, durations are seconds, money is US dollars.
"""

import hashlib
import json
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Format = Literal["firedrill.report/1"]
FORMAT: Format = "firedrill.report/1"

Time = Annotated[str, Field(pattern=r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$")]
Word = Literal["passed", "failed", "complete", "intact", "removed", "not carried out"]
Outcome = Literal["approved", "rejected", "expired", "withdrawn"]


class Part(BaseModel):
    """One object of the document: exactly these fields."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Person(Part):
    """Slack's user id, and the name that the person had."""

    id: str
    name: str


class Verdict(Part):
    """`headline` is one sentence; `text` is what the run said of itself, `hint` what to do about it."""

    word: Word
    headline: str
    text: str
    hint: str


class About(Part):
    """The run. `practice` is true where nothing of it was AWS."""

    id: str
    key: str
    runbook: str
    title: str
    status: str
    practice: bool
    via: str
    asked_by: Person
    asked_at: Time
    reason: str
    ended_at: Time | None
    ended_by: Person | None
    seconds: float | None
    retries: int


class Server(Part):
    """`instance_id` is the source's, empty in a restore; `replacement_id` the restored machine's, empty if none was
    launched."""

    name: str
    account: str
    region: str
    instance_id: str
    instance_type: str
    replacement_id: str


class Shown(Part):
    """One line of what the approver had before their eyes."""

    label: str
    text: str


class Said(Part):
    """What one person said to a question."""

    by: Person
    at: Time
    approved: bool
    reason: str


class Decision(Part):
    """A question and what came of it. `needed` is how many had to approve."""

    title: str
    outcome: Outcome
    asked_at: Time
    expires_at: Time
    needed: int
    said: tuple[Said, ...]
    shown: tuple[Shown, ...]


class Step(Part):
    """One step of the plan; `detail` is what it found."""

    name: str
    title: str
    state: str
    started_at: Time | None
    ended_at: Time | None
    seconds: float | None
    detail: str


class Difference(Part):
    """One name that is not as it was."""

    kind: str
    path: str
    detail: str


class Fact(Part):
    """One fact before and after. `same` says whether it passes; differences that fail nothing are of the kind
    *drifted*. `more` counts differences beyond those that are named. `notes` are sentences that belong to the verdict.
    """

    fact: str
    before: str
    after: str
    same: bool
    differences: tuple[Difference, ...]
    more: int
    notes: tuple[str, ...]


class Evidence(Part):
    """`measured_at` is when the facts were recorded, as the server said it; `trouble` why nothing was compared."""

    verdict: str
    measured_at: str
    trouble: str
    facts: tuple[Fact, ...]


class Snapshot(Part):
    device: str
    id: str


class RecoveryPoint(Part):
    """`proof` is what the run left it worth. `consistency` is what was really reached, `consistency_reason` why no
    better where more was asked for. `facts` is the SHA-256 of the manifest, `made_by` the run that made it.
    """

    image_id: str
    requested_at: Time
    consistency: str
    consistency_reason: str
    proof: str
    source: str
    made_by: str
    facts: str
    launch_template: str
    snapshots: tuple[Snapshot, ...]


class Measure(Part):
    """One of the figures. Its value stands in `seconds` or in `bytes`; `met` is null where there is no target."""

    name: str
    title: str
    seconds: float | None
    bytes: int | None
    target: float | None
    met: bool | None
    meaning: str


class Leftover(Part):
    """Something that still costs money. `monthly` is null where that cannot be known; `note` says why, or how much at
    most."""

    what: str
    monthly: float | None
    note: str


class Leftovers(Part):
    """`monthly` is the sum of what can be known."""

    items: tuple[Leftover, ...]
    monthly: float
    prices: str


class Versions(Part):
    """`plan` is the SHA-256 of the names of the steps, in their order, shortened to 12 digits."""

    firedrill: str
    runbook: str
    plan: str


class Document(Part):
    """All of it."""

    format: Format = FORMAT
    verdict: Verdict
    run: About
    server: Server
    decisions: tuple[Decision, ...]
    measures: tuple[Measure, ...]
    evidence: Evidence | None
    recovery_point: RecoveryPoint | None
    steps: tuple[Step, ...]
    left_behind: Leftovers
    not_measured: tuple[str, ...]
    versions: Versions


def to_json(document: Document) -> bytes:
    """As the file holds it: UTF-8, keys in alphabetical order, two spaces, a newline at the end."""
    return (json.dumps(document.model_dump(mode="json"), sort_keys=True, indent=2, ensure_ascii=False) + "\n").encode()


def digest(document: Document) -> str:
    """The SHA-256 of the JSON file: what `sha256sum` prints."""
    return hashlib.sha256(to_json(document)).hexdigest()


def schema() -> dict[str, object]:
    """The JSON Schema of the file."""
    return Document.model_json_schema(mode="serialization")
