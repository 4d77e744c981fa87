"""A step that stops until somebody entitled has answered, and looks at the world again at the click."""

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from workflows.engine.run import Actor, Answer
from workflows.engine.runbook import Ask, Step, signature_of, step_of


@dataclass(frozen=True)
class Approval:
    """What an approved question leaves in the record. Times are seconds since the epoch."""

    by: Actor
    at: float
    until: float
    checked_at: float


def approval(name: str, *, title: str, ask: Callable[..., Ask], recheck: Callable[..., None]) -> Step:
    """A step `approve_<name>` that gives `approval_<name>`.

    `ask` makes the question, `recheck` looks at the world again after the click and raises on any doubt; both take
    their arguments by name, as steps do. Rejection and expiry end the run before this step is called again.
    """

    def decide(answer: Answer | None, now: float, **values: Any) -> Approval | Ask:
        if answer is None:
            return ask(**_fit(ask, values, now))
        recheck(**_fit(recheck, values, now))
        return Approval(by=answer.by, at=answer.at, until=answer.until, checked_at=now)

    parameters = {**signature_of(ask), **signature_of(recheck), "answer": Answer, "now": float}
    return step_of(f"approve_{name}", title, decide, parameters, gives=f"approval_{name}", tell=_told)


def _fit(call: Callable[..., Any], values: dict[str, Any], now: float) -> dict[str, Any]:
    wanted = inspect.signature(call).parameters
    return {key: value for key, value in {**values, "now": now}.items() if key in wanted}


def _told(value: Approval) -> str:
    return f"approved by <@{value.by.id}>"
