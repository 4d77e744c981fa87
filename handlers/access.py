"""Who may run what, and who may approve what."""

from dataclasses import dataclass

from workflows.engine.run import Actor, Run
from workflows.errors import NotAllowed
from workflows.words import safe


@dataclass(frozen=True)
class Access:
    """Slack user ids, from `[access]` in firedrill.toml. Looking is free to everybody in the channel."""

    operators: tuple[str, ...]
    approvers: tuple[str, ...]

    def check_may_run(self, actor: Actor) -> None:
        """Start, cancel and retry. Raises NotAllowed."""
        if actor.id not in self.operators:
            raise NotAllowed(
                "You are not an operator here, so nothing was started.",
                f"Whoever keeps firedrill.toml can add `{safe(actor.id)}` to `operators` under `[access]`.",
            )

    def check_may_decide(self, actor: Actor, run: Run, approved: bool) -> None:
        """Approve and reject. Nobody approves what they asked for. Raises NotAllowed."""
        if actor.id not in self.approvers:
            names = ", ".join(f"<@{each}>" for each in self.approvers) or "nobody yet"
            raise NotAllowed("You are not an approver here, so nothing was decided.", f"Approvers are: {names}.")
        if approved and actor.id == run.asked_by.id:
            raise NotAllowed(f"You asked for `{run.id}` yourself, so somebody else must approve it.")

    def may_be_asked(self, run: Run) -> tuple[str, ...]:
        """Who can answer the run's question."""
        return tuple(each for each in self.approvers if each != run.asked_by.id)
