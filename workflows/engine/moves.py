"""How a run's record moves from one state to the next. Pure: a run and what happened in, the next run out."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from workflows.engine.run import Actor, Answer, Decision, Halt, Json, Problem, Question, Run, Status, StepState
from workflows.words import cut

#: What a record keeps of the questions that were settled: how many, and characters of each item and sentence.
MOST_DECISIONS, MOST_SHOWN = 10, 3000


def began(run: Run, now: float) -> Run:
    """The step that is due is being worked on."""
    step = run.step
    return _at_step(run, Status.RUNNING, state="doing", started=step.started or now)


def intended(run: Run, now: float, *, no_return: bool) -> Run:
    """The step is about to make or destroy something. Once that is recorded, a crash means: look before repeating."""
    moved = _at_step(run, Status.RUNNING, intended=run.step.intended or now)
    return replace(moved, no_return=run.no_return or no_return)


def gave(run: Run, now: float, name: str | None, value: Json, detail: str, quiet: Callable[[str], bool]) -> Run:
    """The step is done; what it gave is in the record, and the next one is due. If that one is `quiet`, it begins in
    this same move: so most steps cost one commit, not two."""
    done = _at_step(
        run, Status.RUNNING, state="done", ended=now, because="", trouble="", progress=None, kept={}, detail=detail
    )
    values = run.values if name is None else {**run.values, name: value}
    following = replace(done, at=run.at + 1, values=values, question=None, answers=())
    if following.finished:
        return replace(following, status=Status.SUCCEEDED, ended=now)
    return began(following, now) if quiet(following.step.name) else following


def back(run: Run, to: str, kept: dict[str, Json]) -> Run:
    """The step that is due has found that an earlier one must be taken again."""
    again = _anew(run, [step.name for step in run.steps].index(to))
    return _at_step(again, Status.RUNNING, kept=kept)


def waits(run: Run, now: float, because: str, progress: int | None, kept: dict[str, Json]) -> Run:
    """The step waits for something and will look again."""
    step = run.step
    return _at_step(
        run,
        Status.WAITING,
        state="waiting",
        looks=step.looks + 1,
        because=because,
        trouble="",
        troubles=0,
        progress=progress,
        kept={**{k: v for k, v in step.kept.items() if k != "troubled_since"}, **kept},
    )


def troubled(run: Run, trouble: str, kept: dict[str, Json]) -> Run:
    """The world is in the way; the step is tried again by itself."""
    step = run.step
    return _at_step(
        run, Status.WAITING, state="waiting", troubles=step.troubles + 1, trouble=trouble, kept={**step.kept, **kept}
    )


def asks(run: Run, question: Question) -> Run:
    """The run stops at a question."""
    moved = _at_step(run, Status.ASKING, state="waiting", because="waiting for an approval", trouble="")
    return replace(moved, question=question, questions=run.questions + 1, answers=())


def answered(run: Run, answers: tuple[Answer, ...]) -> Run:
    """Some have approved, and more must."""
    return replace(run, answers=answers)


def approved(run: Run, answers: tuple[Answer, ...]) -> Run:
    """As many as must have approved, in time. What was asked stays in the record beside the answers."""
    return replace(_at_step(_settled(run, answers), Status.RUNNING, state="doing"), answers=answers)


def rejected(run: Run, answers: tuple[Answer, ...], no: Answer) -> Run:
    """One "no" is enough."""
    because = f"rejected by {no.by.name or no.by.id}"
    return _ends(replace(_settled(run, answers), answers=answers), Status.REJECTED, no.at, no.by, because)


def expired(run: Run, now: float, answers: tuple[Answer, ...]) -> Run:
    """Too few decided in time, or the approval was not acted on in time."""
    settled = replace(_settled(run, answers), answers=answers)
    ended = _ends(settled, Status.EXPIRED, now, None, "not decided and carried out in time")
    return replace(ended, question=run.question)


def cancelled(run: Run, now: float, by: Actor) -> Run:
    """A person stopped it before the point of no return."""
    return _ends(_settled(run, run.answers), Status.CANCELLED, now, by, "cancelled")


def halted(run: Run, halt: Halt, back_to: str | None) -> Run:
    """It stands still where it is, or before the step `back_to`. A question that was open is void, and so is an
    approval that nothing was done with yet: whoever approved did not know of the halt."""
    stood = _settled(run, run.answers)
    before = run.steps[run.at - 1].name if run.at else ""
    if back_to is not None:  # what it held was let go: it is taken anew, by another name
        stood = replace(stood, retries=stood.retries + 1)
    unspent = [each for each in stood.decisions[-1:] if each.question.step == before and run.step.intended is None]
    if back_to is None and unspent:
        back_to = before
    if back_to is not None:
        stood = _anew(stood, [step.name for step in run.steps].index(back_to))
    still = replace(stood, question=None, answers=(), halted=halt)
    return _at_step(still, Status.WAITING, state="waiting", because="it stands still", trouble="", progress=None)


def resumed(run: Run) -> Run:
    """The halt is over. The step is begun again: its patience does not count the time for which it stood still."""
    kept = {name: value for name, value in run.step.kept.items() if name != "troubled_since"}
    moved = _at_step(run, Status.RUNNING, state="todo", started=None, because="", troubles=0, kept=kept)
    return replace(moved, halted=None)


def failed(
    run: Run, now: float, text: str, hint: str, again_from: str | None = None, *, undone: bool = False,
    final: bool = False,
) -> Run:  # fmt: skip
    """The step cannot go on. `undone`: nothing was destroyed, so there still is a way back."""
    name = run.step.name
    problem = Problem(step=name, text=text, hint=hint, at=now, again_from=again_from or name, final=final)
    moved = _at_step(run, Status.FAILED, state="failed", ended=now, because="", trouble="", progress=None)
    if undone:
        moved = replace(_at_step(moved, Status.FAILED, intended=None), no_return=False)
    return replace(moved, problem=problem, ended=now, question=None)


def retried(run: Run) -> Run:
    """Goes on from the step that failed, or from the one that the failure names. Old questions are void."""
    again = run.problem.again_from if run.problem else run.step.name
    names = [step.name for step in run.steps]
    start = names.index(again) if again in names else run.at
    return replace(
        _anew(run, start), status=Status.RUNNING, problem=None, ended=None, question=None, answers=(),
        retries=run.retries + 1, seal="",
    )  # fmt: skip


def _anew(run: Run, start: int) -> Run:
    """From that step on nothing was begun, but for what was intended."""
    fresh = tuple(
        StepState(step.name, step.title, intended=step.intended) if i >= start else step
        for i, step in enumerate(run.steps)
    )
    return replace(run, at=start, steps=fresh)


def sealed(run: Run, digest: str) -> Run:
    """The run has ended, and this is the digest of its report."""
    return replace(run, seal=digest)


def _settled(run: Run, answers: tuple[Answer, ...]) -> Run:
    """The open question goes into the record with its answers, once, and bounded."""
    question = run.question
    if question is None or any(each.question.id == question.id for each in run.decisions):
        return run
    items = tuple((cut(label, MOST_SHOWN), cut(value, MOST_SHOWN)) for label, value in question.items)
    shown = replace(question, title=cut(question.title, MOST_SHOWN), items=items)
    said = tuple(replace(each, reason=cut(each.reason, MOST_SHOWN)) for each in answers)
    return replace(run, decisions=(*run.decisions, Decision(shown, said))[-MOST_DECISIONS:])


def _ends(run: Run, status: Status, now: float, by: Actor | None, because: str) -> Run:
    moved = _at_step(run, status, state="failed", ended=now, because=because, trouble="", progress=None)
    return replace(moved, ended=now, ended_by=by, question=None, halted=None)


def _at_step(run: Run, status: Status, **changes: Any) -> Run:
    steps = list(run.steps)
    steps[run.at] = replace(run.step, **changes)
    return replace(run, status=status, steps=tuple(steps))
