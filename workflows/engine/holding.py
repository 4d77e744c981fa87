"""What steps hold that nobody may be left with, let go when their run stops before they have done so themselves."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from workflows.engine.run import Run
from workflows.engine.runbook import Runbook, Step
from workflows.errors import FiredrillError

log = logging.getLogger(__name__)


class Holding:
    """`feed` gives a step's arguments, for a run and the fence of the claim on it."""

    def __init__(self, runbooks: Mapping[str, Runbook], feed: Callable[[Run, Step, int], dict[str, Any]]) -> None:
        self._runbooks = runbooks
        self._feed = feed

    def let_go(self, run: Run, fence: int) -> Step | None:
        """The run stops here: what its steps still hold is let go. Gives the first step that held."""
        book, held = self._runbooks.get(run.runbook), None
        done = {each.name for each in run.steps if each.state == "done"}
        for at, state in enumerate(run.steps):
            step = book.step(state.name) if book else None
            if step is None or step.release is None or state.intended is None or step.release.until in done:
                continue
            held = held or step
            try:
                step.release.let_go.call(**self._feed(replace(run, at=at), step.release.let_go, fence))
            except (FiredrillError, LookupError, ValueError) as error:
                log.warning("run=%s step=%s could not let go: %s", run.id, step.name, error)
        return held

    def back_to(self, run: Run, fence: int) -> str | None:
        """Let go; gives the step that takes it again, where the run must begin anew from there. It need not where it
        was just about to let go itself."""
        held = self.let_go(run, fence)
        if held is None or held.release is None or run.step.name == held.release.until:
            return None
        return held.name
