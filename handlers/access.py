"""Who may ask, who may decide, and what a person is told of that: the policy, with what Slack says of people."""

from collections.abc import Callable

from handlers.whoami import explained
from workflows.engine.run import Actor, Run
from workflows.policy import (
    CHANGED,
    Circumstances,
    Directory,
    Policy,
    about_run,
    check_may_decide,
    check_may_run,
    check_reason,
    may_approve,
)

#: Brings what is known of one person up to date, at the moment it matters, and gives everything that is known.
Look = Callable[[str], Directory]


class Access:
    """Looking is free to everybody in the channel. All checks raise NotAllowed."""

    def __init__(self, policy: Policy, look: Look) -> None:
        self._policy = policy
        self._look = look

    def check_may_start(
        self, actor: Actor, about: Circumstances, channel: str, reason: str, *, anew: bool = True
    ) -> None:
        """Start a run: of that kind, on that server, asked for in that channel, with or without a reason. Without
        `anew` Slack is not asked again about the person."""
        terms = self._policy.terms(about)
        check_may_run(terms, actor.id, channel, self._look(actor.id if anew else ""))
        check_reason(terms, reason)

    def check_may_change(self, actor: Actor, about: Circumstances, channel: str, *, anew: bool = True) -> None:
        """Stop, move or leave out what whoever may start it has planned."""
        check_may_run(self._policy.terms(about), actor.id, channel, self._look(actor.id if anew else ""), CHANGED)

    def check_may_steer(self, actor: Actor, run: Run, verb: str, channel: str, *, anew: bool = True) -> None:
        """Cancel or retry a run. Without `anew` Slack is not asked again about the person."""
        self.check_may_change(actor, about_run(run, verb), channel, anew=anew)

    def check_may_halt(self, actor: Actor, verb: str, channel: str) -> None:
        """Halt everything, or resume it."""
        self.check_may_change(actor, Circumstances(verb, channel), channel)

    def check_may_decide(self, actor: Actor, run: Run, approved: bool, *, anew: bool = True) -> None:
        """Approve or reject what a run asks. Without `anew` Slack is not asked again about the person."""
        terms = self._policy.terms(about_run(run))
        check_may_decide(terms, actor.id, run.asked_by.id, approved, self._look(actor.id if anew else ""))

    def may_be_asked(self, run: Run) -> tuple[str, ...]:
        """Who can answer the run's question."""
        return tuple(may_approve(self._policy.terms(about_run(run)), run.asked_by.id, self._look("")))

    def explained(self, person: str, about: Circumstances) -> str:
        """What a person may do, and why, in mrkdwn."""
        return explained(self._policy, person, about, self._look(person))
