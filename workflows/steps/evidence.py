"""Facts before, facts after, and the verdict. A backup counts for nothing until this has said *same*."""

from collections.abc import Callable
from typing import Any

from workflows.aws import Aws, tags
from workflows.engine.runbook import Wait, step
from workflows.errors import AgentAway, FactsDiffer
from workflows.facts.evidence import Evidence, FactResult, Recorded, evidence_of
from workflows.facts.profile import Profile
from workflows.facts.script import compare_script, read_compared, read_recorded, record_script
from workflows.points import Point
from workflows.steps.replacement import check_up
from workflows.steps.scripts import run_script
from workflows.words import count, safe, size

#: Seconds after the request in which AWS surely fixed the image's content, the shutdown of a reboot included. What was
#: written later, or when the replacement had been launched, was not written by the server that the image was taken of.
SEALED_WITHIN = 300.0
_AGAIN = "The machine was left as it is. `/dr retry` measures again."


def _recorded(facts: Recorded) -> str:
    first = f"{count(facts.files, 'file')}, {size(facts.bytes)}, marker written"
    more = f", {count(len(facts.checks), 'check')}" if facts.checks else ""
    more += "; the thread says what was left out" if facts.left_out else ""
    checks = (f"{safe(each.fact)}: {safe(each.value)}" for each in facts.checks)
    return "\n".join((first + more, *map(safe, facts.left_out), *checks))


@step("Record its facts", gives="facts", effect=True, tell=_recorded)
def record_facts(
    home: Aws, instance_id: str, run_key: str, profile: Profile, retries: int, intended: float, kept: dict[str, Any],
    hold: Callable[[], float],
) -> Recorded | Wait:  # fmt: skip
    """Pre-backup validation: what cannot be measured stops the run before any image is made."""
    comment = f"Firedrill {run_key} records facts, try {retries + 1}"
    script = record_script(run_key, profile, intended)
    done = run_script(home, instance_id, script, comment, intended, kept, _AGAIN, hold)
    return done if isinstance(done, Wait) else read_recorded(done.stdout)


def told_comparison(evidence: Evidence) -> str:
    """The first line stands in the card beside a tick, so a difference is left to the verdict, which has a cross."""
    same = evidence.verdict == "same"
    lines = [safe(evidence.sentence()) if same else "not the same: the verdict says what differs"]
    for each in evidence.results:
        lines.append(f"{safe(each.fact)}: {_plainly(each)}")
        lines += [f"- {one.kind}: `{safe(one.path)}` ({safe(one.detail)})" for one in each.differences]
        lines += [f"- and {each.more:,} more"] if each.more else []
        lines += [safe(note) for note in each.notes]
    return "\n".join(lines)


def _plainly(result: FactResult) -> str:
    """One fact for people. What counts as the same by its rule is told with both values."""
    before, after = safe(result.before), safe(result.after)
    if result.same:
        return f"*the same*; {after}" + (f", was {before}, within its rule" if after != before else "")
    return f"*different*; {after}; was {before}"


def _comparison(home: Aws, replacement_id: str, point: Point) -> str:
    replacement = home.instances.get(replacement_id)
    sealed = min(point.requested + SEALED_WITHIN, replacement.launched)
    return compare_script(point.run_key, point.facts, sealed, windows=replacement.windows)


@step("Compare the facts", gives="evidence", effect=True, tell=told_comparison)
def compare_facts(
    home: Aws, replacement_id: str, run_key: str, point: Point, retries: int, intended: float, kept: dict[str, Any],
    hold: Callable[[], float],
) -> Evidence | Wait:  # fmt: skip
    """Post-recovery validation: the same facts, measured on the restored machine against the manifest on its disk."""
    script = "" if "command_id" in kept else _comparison(home, replacement_id, point)
    try:
        return compared(home, replacement_id, script, point, run_key, retries, intended, kept, hold)
    except AgentAway:
        check_up(home, replacement_id)
        raise


def compared(
    home: Aws, instance_id: str, script: str, point: Point, run_key: str, retries: int, intended: float,
    kept: dict[str, Any], hold: Callable[[], float],
) -> Evidence | Wait:  # fmt: skip
    """The script's answer on any machine, against what the point's tag says that must have been recorded."""
    comment = f"Firedrill {run_key} compares facts, try {retries + 1}"
    done = run_script(home, instance_id, script, comment, intended, kept, _AGAIN, hold)
    return done if isinstance(done, Wait) else evidence_of(point.facts, read_compared(done.stdout))


@step("Write down the proof")
def mark_proof(home: Aws, run_id: str, point: Point, evidence: Evidence, now: float, hold: Callable[[], float]) -> None:
    """On the AMI itself, so that it outlives Redis: proven by this run, or differed in it. The newest word counts: a
    point that differed is not proven any more, whoever proved it before. `hold` is called last: a worker that lost the
    run has no newest word."""
    image = home.images.get(point.image_id)
    proven, differed = (run_id, tags.moment(now)), ("", "")
    proof = "proven"
    if evidence.verdict != "same":
        proof, proven, differed = "complete", differed, proven
    marks = {tags.PROOF: proof}
    marks |= dict(zip((tags.PROVEN_BY, tags.PROVEN_AT), proven, strict=True))
    marks |= dict(zip((tags.DIFFERED_IN, tags.DIFFERED_AT), differed, strict=True))
    home.images.tag(image, marks, hold=hold)


@step("Verdict")
def verdict(replacement_id: str, point: Point, evidence: Evidence) -> None:
    """A run never says that it succeeded when a fact differed, was missing, or was not measured."""
    if evidence.verdict != "same":
        raise FactsDiffer(
            safe(evidence.sentence()),
            f"Do not trust {point.image_id}: `/dr points {safe(point.server)}` lists the others. `{replacement_id}` is "
            f"running and was left as it is. `/dr restore {point.image_id} --beside` tries it on a fresh machine.",
        )
