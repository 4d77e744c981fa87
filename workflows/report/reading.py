"""From a run's record to its report. Total: a record of another version gives a document with holes, not an error."""

import hashlib
import logging

from pydantic import ValidationError

from workflows.engine.run import Actor, Decision, Run, Status, StepState
from workflows.pruned import PRUNE, spared
from workflows.report import document as parts
from workflows.report.document import Document, Outcome, digest
from workflows.report.findings import IN_PLACE, evidence_in, left_behind_in, measures_in, not_measured_in, point_in
from workflows.report.values import Values, lasted, moment
from workflows.standing import CLONE, aftermath
from workflows.words import plain

log = logging.getLogger(__name__)

#: The account of the practice world.
PRACTICE = "000000000000"
#: How a run ends that was not carried out.
_ENDS = {
    Status.REJECTED: "An approver said no.",
    Status.EXPIRED: "The question expired before it was decided and acted on.",
    Status.CANCELLED: "The run was cancelled before its point of no return.",
}
#: Runbooks that end in a comparison.
COMPARES = ("restore", "drill", CLONE)


def document_of(run: Run) -> Document:
    """The report of a run, which should have ended. The same record gives the same document."""
    names = _names(run)
    return Document(
        verdict=_verdict(run, names),
        run=_about(run),
        server=_server(run),
        decisions=tuple(_decision(run, each, names) for each in run.decisions),
        measures=measures_in(run),
        evidence=evidence_in(run),
        recovery_point=point_in(run),
        steps=tuple(_step(each, names) for each in run.steps),
        left_behind=left_behind_in(run),
        not_measured=not_measured_in(run),
        versions=_versions(run),
    )


def seal(run: Run) -> str:
    """The digest of an ended run's report, for its record and for the audit. Empty, and in the log, where a record
    holds what no document can: a report must not stand in the way of a run."""
    try:
        return digest(document_of(run))
    except (ValidationError, ValueError, TypeError, LookupError, ArithmeticError) as error:
        log.error("run=%s its report cannot be made: %s", run.id, error)
        return ""


def word_of(run: Run) -> parts.Word:
    """The verdict of a run alone."""
    return _word(run)[0]


def _verdict(run: Run, names: dict[str, str]) -> parts.Verdict:
    word, headline = _word(run)
    text, hint = (run.problem.text, run.problem.hint) if run.problem else (_told(run), "")
    hint = f"{hint} {aftermath(run)}".strip()
    return parts.Verdict(word=word, headline=headline, text=plain(text, names), hint=plain(hint, names))


def _word(run: Run) -> tuple[parts.Word, str]:
    """One word, and one sentence. Nothing has passed of which no comparison says that it is the same."""
    compared = Values(run.values.get("evidence")).text("verdict")
    if compared and run.runbook == IN_PLACE:
        return _of_server(compared)
    if compared == "same" and (run.status is Status.SUCCEEDED or run.runbook == CLONE):
        return "passed", "The machine that was restored showed the same facts as the one it was taken from."
    if run.status is Status.SUCCEEDED and run.runbook == PRUNE:
        return "removed", "What the approval named was removed, and nothing else."
    if run.status is Status.SUCCEEDED and run.runbook not in COMPARES:
        return "complete", "The recovery point is complete. Only a restore can prove it."
    if compared and compared != "same":
        return "failed", "The machine that was restored did not show the facts of the one it was taken from."
    if run.status in _ENDS:
        return "not carried out", f"{_ENDS[run.status]} {plain(spared(run))}"
    if run.status.open:
        return "not carried out", "The run has not ended."
    return "failed", _stopped(run)


def _of_server(compared: str) -> tuple[parts.Word, str]:
    """No word of a restore's: what is judged is the server, and not its backup."""
    if compared == "same":
        return "intact", "The server shows the facts of its recovery point. That proves nothing about the backup."
    return "failed", "The server does not show the facts of its recovery point. That says nothing about the backup."


def _stopped(run: Run) -> str:
    at = f'The run stopped at "{run.step.title}"'
    if run.no_return and run.runbook == "drill":
        return f"{at}, after the termination of the source was asked for. Nothing counts as proven."
    return f"{at}. {plain(spared(run)) if run.runbook == PRUNE else 'Nothing counts as proven.'}"


def _told(run: Run) -> str:
    """What the last step that found something said of it."""
    wanted = (
        ("compare_facts", "compare_in_place", "verify_recovery_point", "remove_points")
        if run.status is Status.SUCCEEDED
        else ()
    )
    details = {each.name: each.detail.split("\n")[0] for each in run.steps}
    return next((details[name] for name in wanted if details.get(name)), "")


def _about(run: Run) -> parts.About:
    return parts.About(
        id=run.id,
        key=run.key,
        runbook=run.runbook,
        title=run.title,
        status=run.status.value,
        practice=run.target.account == PRACTICE,
        via=run.via,
        asked_by=_person(run.asked_by),
        asked_at=moment(run.created),
        reason=run.reason,
        ended_at=None if run.ended is None else moment(run.ended),
        ended_by=_person(run.ended_by) if run.ended_by else None,
        seconds=None if run.ended is None else lasted(run.ended - run.created),
        retries=run.retries,
    )


def _server(run: Run) -> parts.Server:
    found = Values(run.values)
    return parts.Server(
        name=run.target.server,
        account=run.target.account,
        region=run.target.region,
        instance_id=found.text("instance_id"),
        instance_type=found.within("source").text("type"),
        replacement_id=found.text("replacement_id"),
    )


def _decision(run: Run, each: Decision, names: dict[str, str]) -> parts.Decision:
    asked = each.question
    return parts.Decision(
        title=plain(asked.title, names),
        outcome=_outcome(run, each),
        asked_at=moment(asked.asked_at),
        expires_at=moment(asked.expires_at),
        needed=asked.needed,
        said=tuple(
            parts.Said(by=_person(one.by), at=moment(one.at), approved=one.approved, reason=one.reason)
            for one in each.answers
        ),
        shown=tuple(parts.Shown(label=label, text=plain(text, names)) for label, text in asked.items),
    )


def _outcome(run: Run, each: Decision) -> Outcome:
    if any(not one.approved for one in each.answers):
        return "rejected"
    if len(each.answers) >= each.question.needed:
        return "approved"
    return "withdrawn" if run.status is Status.CANCELLED else "expired"


def _step(each: StepState, names: dict[str, str]) -> parts.Step:
    known = each.started is not None and each.ended is not None
    return parts.Step(
        name=each.name,
        title=each.title,
        state=each.state,
        started_at=None if each.started is None else moment(each.started),
        ended_at=None if each.ended is None else moment(each.ended),
        seconds=lasted((each.ended or 0.0) - (each.started or 0.0)) if known else None,
        detail=plain(each.detail or each.because, names),
    )


def _versions(run: Run) -> parts.Versions:
    plan = hashlib.sha256("\n".join(each.name for each in run.steps).encode()).hexdigest()[:12]
    return parts.Versions(firedrill=run.version or "not known", runbook=run.runbook, plan=plan)


def _person(actor: Actor) -> parts.Person:
    return parts.Person(id=actor.id, name=actor.name)


def _names(run: Run) -> dict[str, str]:
    """What the people of this run are called."""
    people = [run.asked_by, run.ended_by, *(one.by for each in run.decisions for one in each.answers)]
    return {each.id: each.name for each in people if each and each.name}
