"""What speaks against beginning scheduled work now: the policy of today, and freezes."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from workflows.engine.clock import Clock
from workflows.engine.run import Run
from workflows.policy import Directory, Policy, about_run, check_may_run
from workflows.schedules.hindrances import Hindrance, nothing_hinders
from workflows.schedules.occurrence import Occurrence
from workflows.schedules.tables import Freeze


class Gate:
    """`channel` stands for a schedule that names none; `hindrance` holds drills, and backups if it `holds_backups`."""

    def __init__(
        self, policy: Policy, directory: Callable[[], Directory], freezes: Sequence[Freeze], clock: Clock, channel: str,
        hindrance: Hindrance = nothing_hinders, *, holds_backups: bool = False,
    ) -> None:  # fmt: skip
        self._policy = policy
        self._directory = directory
        self._freezes = freezes
        self._clock = clock
        self._channel = channel
        self._hindrance = hindrance
        self._holds_backups = holds_backups

    def check(self, each: Occurrence, runs: Sequence[Run]) -> str:
        """Raises NotAllowed where whoever answers for it may not do it any more. Gives what holds it for the time
        being; a person who says *Run now* has seen the freeze, and is not held by it."""
        now, known = self._clock.now(), self._directory()
        for run in runs:
            about = replace(about_run(run), channel=run.channel or self._channel)
            check_may_run(self._policy.terms(about), each.asker.id, about.channel, known)
            if each.hurried:
                continue
            for freeze in self._freezes:
                if freeze.holds(now, each.schedule.verb, run.target.server):
                    return freeze.sentence()
        return "" if each.hurried else self._hindered(each, runs)

    def _hindered(self, each: Occurrence, runs: Sequence[Run]) -> str:
        if each.schedule.verb == "backup" and not self._holds_backups:
            return ""
        said = (self._hindrance(region) for region in sorted({run.target.region for run in runs}))
        return next(filter(None, said), "")
