"""A step that stops until as many people as must have approved, and looks at the world again at the click."""

import inspect
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from workflows.engine.run import Answer, Question
from workflows.engine.runbook import Ask, Step, optional_of, signature_of, step_of


@dataclass(frozen=True)
class Approval:
    """Who said yes; nobody where the policy wants no approval. Times are seconds since the epoch; what is allowed must
    have begun by `until`. What they were shown stands in the run's `decisions`."""

    answers: tuple[Answer, ...]
    until: float
    checked_at: float


#: Seconds within which what needs no approval must have begun.
_UNASKED = 1800.0


def _never() -> bool:
    return False


def approval(
    name: str, *, title: str, ask: Callable[..., Ask], recheck: Callable[..., None],
    waived: Callable[..., bool] = _never,
) -> Step:  # fmt: skip
    """A step `approve_<name>` that gives `approval_<name>`.

    `ask` makes the question, `recheck` looks at the world again after the click and raises on any doubt, `waived` says
    whether nobody need be asked; all take their arguments by name, as steps do. Rejection and expiry end the run before
    this step is called again.
    """

    def decide(question: Question | None, answers: tuple[Answer, ...], now: float, **values: Any) -> Approval | Ask:
        if question is None and waived(**_fit(waived, values, now)):
            recheck(**_fit(recheck, {**values, "answers": ()}, now))
            return Approval((), until=now + _UNASKED, checked_at=now)
        if question is None or len(answers) < question.needed:
            return ask(**_fit(ask, values, now))
        recheck(**_fit(recheck, {**values, "answers": answers}, now))
        return Approval(answers, until=question.expires_at, checked_at=now)

    parameters = {
        **signature_of(ask), **signature_of(recheck), **signature_of(waived),
        "question": Question, "answers": tuple[Answer, ...], "now": float
    }  # fmt: skip
    made = step_of(f"approve_{name}", title, decide, parameters, gives=f"approval_{name}", tell=_told)
    return replace(made, optional=optional_of(ask, recheck, waived))


def _fit(call: Callable[..., Any], values: dict[str, Any], now: float) -> dict[str, Any]:
    wanted = inspect.signature(call).parameters
    return {key: value for key, value in {**values, "now": now}.items() if key in wanted}


def _told(value: Approval) -> str:
    if not value.answers:
        return "the policy wants no approval for that"
    return f"approved by {' and '.join(f'<@{each.by.id}>' for each in value.answers)}"
