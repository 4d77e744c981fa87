"""What a drill or a restore came to: three clocks, what would have been lost, how much was brought back, each against
what the server's profile aims at."""

from dataclasses import dataclass, replace
from typing import Literal

from workflows.engine.runbook import step
from workflows.facts.evidence import Evidence
from workflows.facts.targets import NO_TARGETS, Targets
from workflows.points import Point
from workflows.steps.hydration import Hydration
from workflows.words import duration, size


@dataclass(frozen=True)
class Judged:
    """One measure against its target, in seconds. `at_most`: the true value may be smaller."""

    name: Literal["RTO", "RPO"]
    target: float
    measured: float
    met: bool
    at_most: bool = False

    def sentence(self) -> str:
        """`RTO target of 30 min missed by 15 min`."""
        head = f"{self.name} target of {duration(self.target)}"
        apart = duration(abs(self.measured - self.target))
        if self.met:
            return f"{head} met, with {apart} to spare"
        if self.measured <= self.target:
            return f"{head} missed: the machine that came back does not show the same facts"
        return f"{head} may be missed, by up to {apart}" if self.at_most else f"{head} missed by {apart}"


@dataclass(frozen=True)
class Report:
    """Durations in seconds, sizes in bytes; None is not known, or not to be known.

    The clocks count from `since`: the loss, where this run caused it; when the server was taken for lost, in a clone
    drill; else the request. `rto_running` until the machine was seen running, `rto_validated` until its facts had been
    compared, `rto_hydrated` until its disks held every block (`hydration` says what was seen of that). `downtime` is
    from a loss until the server was there again, and its facts compared. `rpo` counts from the CreateImage request
    until a loss; where somebody else lost the server, nobody knows when, and `rpo_at_most` counts until the request to
    restore it. Of a copy neither is known.
    """

    verdict: str
    replacement_id: str
    image_id: str
    rto_running: float
    rto_validated: float
    rpo: float | None
    left_behind: tuple[str, ...]
    since: Literal["loss", "rehearsed loss", "request"] = "loss"
    rto_hydrated: float | None = None
    hydration: str = ""
    downtime: float | None = None
    rpo_at_most: float | None = None
    disk_bytes: int | None = None
    snapshot_bytes: int | None = None
    judged: tuple[Judged, ...] = ()
    by_hand: tuple[str, ...] = ()


_SINCE = {
    "loss": "the termination",
    "rehearsed loss": "when the server was taken for lost",
    "request": "the request",
}


def _told(report: Report) -> str:
    """The first line stands in the card: a missed target comes first in it."""
    missed = [f":warning: *{each.sentence()}.*" for each in report.judged if not each.met]
    clocks = [f"running after {duration(report.rto_running)}"]
    clocks += [] if report.rto_hydrated is None else [f"hydrated after {duration(report.rto_hydrated)}"]
    first = f"RTO {duration(report.rto_validated)} ({', '.join(clocks)})"
    if report.rpo is not None:
        first += f", RPO {duration(report.rpo)}"
    elif report.rpo_at_most is not None:
        first += f", RPO at most {duration(report.rpo_at_most)}"
    return "\n".join((" ".join([*missed, first]), *_lines(report)))


def _lines(report: Report) -> list[str]:
    lines = [f"Counted from {_SINCE[report.since]}."]
    if report.hydration:
        lines.append(f"Disks: {report.hydration}.")
    if report.disk_bytes is not None:
        held = "" if report.snapshot_bytes is None else f", {size(report.snapshot_bytes)} of them written"
        lines.append(f"Brought back: {size(report.disk_bytes)} of disks{held}.")
    lines += [f"{each.sentence()}." for each in report.judged]
    lines += [f"Left behind: {each}" for each in report.left_behind]
    return lines + [f"Left to you: {each}" for each in report.by_hand]


@step("Report", gives="report", tell=_told)
def report(
    replacement_id: str, point: Point, evidence: Evidence, lost_at: float, running_at: float, left_behind: list[str],
    rehearsed: bool, beside: bool, now: float, hydration: Hydration | None = None, targets: Targets = NO_TARGETS,
    by_hand: tuple[str, ...] = (),
) -> Report:  # fmt: skip
    """A target that is missed fails nothing: what failed is only the aim, and that is said. A run of an older version
    has neither looked at its disks nor been given targets."""
    seen = hydration or Hydration(now)
    lost = lost_at - point.requested
    made = Report(
        verdict=evidence.verdict,
        replacement_id=replacement_id,
        image_id=point.image_id,
        rto_running=running_at - lost_at,
        rto_validated=seen.validated_at - lost_at,
        rpo=lost if rehearsed and not point.copied else None,
        left_behind=tuple(left_behind),
        by_hand=by_hand,
        since="request" if not rehearsed else "rehearsed loss" if beside else "loss",
        rto_hydrated=None if seen.whole_at is None else seen.whole_at - lost_at,
        hydration=seen.sentence() if hydration else "",
        downtime=seen.validated_at - lost_at if rehearsed and not beside else None,
        rpo_at_most=None if point.copied or rehearsed or beside else lost,
        disk_bytes=seen.disk_bytes,
        snapshot_bytes=seen.snapshot_bytes,
    )
    return replace(made, judged=judged(made, targets))


def judged(report: Report, targets: Targets) -> tuple[Judged, ...]:
    """What was measured against what is aimed at. A machine that did not show the facts has recovered nothing, so its
    RTO is missed however fast it was; a copy beside a living server lost nothing, so it has no RPO."""
    found = []
    if targets.rto is not None:
        met = report.rto_validated <= targets.rto and report.verdict == "same"
        found.append(Judged("RTO", targets.rto, report.rto_validated, met))
    lost = report.rpo if report.rpo is not None else report.rpo_at_most
    if targets.rpo is not None and lost is not None:
        found.append(Judged("RPO", targets.rpo, lost, lost <= targets.rpo, at_most=report.rpo is None))
    return tuple(found)
