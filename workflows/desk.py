"""Takes requests in: finds what they name, makes the run, carries answers to it. Never touches AWS."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from importlib import metadata
from typing import Any, Literal

from pydantic import TypeAdapter

from workflows.catalogue import RUNBOOKS
from workflows.engine.agenda import Firing
from workflows.engine.board import Board
from workflows.engine.clock import Clock
from workflows.engine.happened import NOWHERE, Place, answered
from workflows.engine.keys import for_good
from workflows.engine.run import Actor, Answer, Run, Status, StepState, Target
from workflows.engine.runbook import Runbook
from workflows.engine.store import Store
from workflows.errors import UserError
from workflows.facts.profile import Profile
from workflows.facts.targets import NO_TARGETS, Targets
from workflows.inventory import ProfileFor, Sighting, profile_on
from workflows.keeping import EVERYTHING_STAYS, Keeping
from workflows.lookout import Lookout, comparable, restorable
from workflows.points import Point
from workflows.policy import Circumstances
from workflows.pruned import deed
from workflows.retention import rule_of
from workflows.words import count, safe, when

_PROFILE = TypeAdapter(Profile)
_TARGETS = TypeAdapter(Targets)


@dataclass(frozen=True)
class Asking:
    """Who asks, where, and why. `request` is unique to the asking: the same one twice makes one run."""

    by: Actor
    channel: str = ""
    reason: str = ""
    via: Literal["slack", "shell", "schedule"] = "slack"
    request: str = ""

    @property
    def place(self) -> Place:
        return Place(self.channel, self.via)


class Desk:
    """`patience` is how many seconds to wait for a worker's fresh look when a name is not known."""

    def __init__(
        self, store: Store, board: Board, clock: Clock, profile_for: ProfileFor, patience: float = 8.0,
        retention: Keeping = EVERYTHING_STAYS,
    ) -> None:  # fmt: skip
        self.store = store
        self._board = board
        self._clock = clock
        self._profile_for = profile_for
        self.patience = patience
        self.lookout = Lookout(board, clock, patience)
        self.retention = retention

    def hasty(self) -> "Desk":
        """The same desk for who cannot wait: it asks for a fresh look, and takes what is known."""
        return Desk(self.store, self._board, self._clock, self._profile_for, 0, self.retention)

    # ── planning: what would be done ─────────────────────────────────────────────────────────────────────

    def backup(self, asking: Asking, target: str, *, reboot: bool, accept_loss: bool, profile: str = "") -> list[Run]:
        """One planned run for each server that the target names. Raises UserError."""
        found = self.lookout.find(lambda known: known.living(target))
        return [
            self.planned(
                "backup", asking, self._target(each), self._source(each, reboot, accept_loss, profile), each.tags
            )
            for each in found
        ]

    def drill(self, asking: Asking, target: str, *, accept_loss: bool, profile: str = "") -> Run:
        """A planned live drill of the one server that the target names. Raises UserError."""
        seen = self._one(target)
        values = self._source(seen, False, accept_loss, profile) | {
            "beside": False, "subnet": "", "instance_type": "", "rehearsed": True,
        }  # fmt: skip
        values["targets"] = self._targets(seen.server, seen.tags, values["profile"]["name"])
        return self.planned("drill", asking, self._target(seen), values, seen.tags)

    def clone(
        self, asking: Asking, target: str, *, which: str = "latest", accept_loss: bool = False, profile: str = ""
    ) -> Run:
        """A planned clone drill of the one server that the target names, from its point `which`: `latest`, `random`,
        `fresh` (made first; only then the server must be alive), or the image id that is the target. UserError."""
        values: dict[str, Any] = {
            "which": target if target.startswith("ami-") else which, "beside": True, "subnet": "", "instance_type": "",
            "left_behind": [], "rehearsed": which != "random",
        }  # fmt: skip
        if which == "fresh":
            seen = self._one(target)
            values |= self._source(seen, False, accept_loss, profile)
            values["targets"] = self._targets(seen.server, seen.tags, values["profile"]["name"])
            return self.planned("clone", asking, self._target(seen), values, seen.tags)
        point, _, account, tags = self.lookout.find(lambda known: restorable(known, target, "latest", None, "", True))
        values["targets"] = self._targets(point.server, tags)
        return self.planned("clone", asking, Target(point.server, account, point.region), values, tags)

    def restore(
        self, asking: Asking, target: str, *, point: str = "latest", as_of: float | None = None, region: str = "",
        beside: bool = False, subnet: str = "", instance_type: str = "",
    ) -> Run:  # fmt: skip
        """A planned restore of a server from one of its recovery points. Raises UserError."""
        found = self.lookout.find(lambda known: restorable(known, target, point, as_of, region, beside))
        chosen, cautions, account, tags = found
        values = {
            "image_id": chosen.image_id, "beside": beside, "subnet": subnet, "instance_type": instance_type,
            "lost_at": self._clock.now(), "left_behind": [], "rehearsed": False,
            "targets": self._targets(chosen.server, tags), "cautions": cautions,
        }  # fmt: skip
        return self.planned("restore", asking, Target(chosen.server, account, chosen.region), values, tags)

    def validate(self, asking: Asking, target: str, against: str = "latest") -> Run:
        """A planned comparison of the one living server that the target names with its recovery point `against`:
        `latest`, `proven` or an image id. Raises UserError."""
        seen = self._one(target)
        self.lookout.find(lambda known: comparable(known, seen, against))
        values = {"instance_id": seen.instance_id, "which": against}
        return self.planned("validate", asking, self._target(seen), values, seen.tags)

    # ── doing ────────────────────────────────────────────────────────────────────────────────────────────

    def start(self, planned: Run, request: str = "", firing: Firing | None = None) -> Run:
        """Give the planned run its id and save it. Raises NotNow."""
        run_id = self.store.next_id(planned.id)
        made = replace(planned, id=run_id, key=for_good(run_id), created=self._clock.now())
        return self.store.create(made, request=request, firing=firing)

    def answer(
        self, run_id: str, by: Actor, approved: bool, *, question: str = "", reason: str = "", place: Place = NOWHERE,
        only_look: bool = False,
    ) -> str:  # fmt: skip
        """Answer the run's open question, or the one that a button names, for somebody who may. Gives what came of
        it, in a sentence. With `only_look` nothing is decided: gives why the answer would not count, nothing if it
        would."""
        run = self.store.read(run_id)
        asked = question or (run.question.id if run.question else "")
        until = run.question.expires_at if run.question else 0.0
        said = Answer(asked, approved, by, self._clock.now(), until, reason=reason.strip())
        if not asked:
            self.store.note("refusal", answered(run.id, said, place), "no question")
            return f"`{run.id}` asks nothing at the moment: it {run.how()}."
        word, prior = self.store.answer(run.id, said, place, only_look=only_look)
        if word == "already" and prior is not None:
            return _already(run, prior, by)
        match word:
            case "open":
                return ""
            case "done":
                return f"You {_did(approved)} `{run.id}`.{self._still_needed(run, approved)}"
            case "expired":
                return (
                    f"Too late: the question of `{run.id}` has expired, and nothing was {deed(run)}. Start a new run."
                )
            case _:
                return self._closed(run.id)

    def _closed(self, run_id: str) -> str:
        """What somebody is told whose question is not open any more."""
        run = self.store.read(run_id)
        cancelled = run.status.open and self.store.inbox(run_id).cancel
        if cancelled:
            state = f"the run is being cancelled by <@{cancelled.id}>"
        elif run.status is Status.ASKING:
            state = "the run asks another one by now"
        else:
            state = f"the run is {run.status.value}"
        return f"That question of `{run_id}` is not open any more: {state}."

    def _still_needed(self, run: Run, approved: bool) -> str:
        question = run.question
        left = question.needed - len(self.store.inbox(run.id).answers_to(question.id)) if question and approved else 0
        more = count(left, "more approval is", "more approvals are")
        return f" {more} needed; until then *Reject* takes yours back, and ends the run." if left > 0 else ""

    def cancel(self, run_id: str, by: Actor, place: Place = NOWHERE) -> str:
        """Gives what came of it, in a sentence."""
        run = self.store.read(run_id)
        return {
            "done": f"`{run.id}` stops before its next step. What it has made so far stays.",
            "already": f"`{run.id}` is being cancelled already.",
            "ended": f"`{run.id}` has ended already: it {run.how()}.",
            "no return": f"`{run.id}` is past the point of no return: it goes on until the server is back.",
        }[self.store.cancel(run.id, by, place)]

    def retry(self, run_id: str, by: Actor, place: Place = NOWHERE) -> str:
        """Gives what came of it, in a sentence. Raises Busy."""
        run = self.store.read(run_id)
        if run.problem and run.problem.final:
            raise UserError(f"`{run.id}` has failed for good, and a retry could not change that.", run.problem.hint)
        again = run.problem.again_from if run.problem else run.step.name
        title = next((each.title for each in run.steps if each.name == again), again)
        return {
            "done": f"`{run.id}` goes on from: {title}.",
            "already": f"`{run.id}` is going on already.",
            "not failed": f"Only a failed run can go on; `{run.id}` {run.how()}.",
        }[self.store.retry(run, by, place)]

    def points(self, target: str = "") -> list[Point]:
        """Recovery points, the newest first; of one server, if a target is given. Raises UserError."""
        known = self.lookout.find(lambda known: (known, known.server_of(target) if target else ""))
        own = [each for each in known[0].points if not known[1] or each.server == known[1]]
        return sorted(own, key=lambda each: each.requested, reverse=True)

    def first(self, what: str) -> bool:
        """Whether nobody has done it in the last minutes: Slack may tell of one thing twice."""
        return self._board.take_turn(what, 120)

    def now(self) -> float:
        """The time that all runs share, in seconds since the epoch."""
        return self._clock.now()

    def server_of(self, target: str) -> str:
        """The server that a target names, alive or not. Raises UserError."""
        return self.lookout.find(lambda known: known.server_of(target))

    def rule(self, server: str, marks: Mapping[str, str] | None) -> Keeping:
        """How long its recovery points are kept."""
        return rule_of(server, marks, self._profile_for, self.retention)

    def about(self, target: str, channel: str) -> Circumstances:
        """What the policy must know of a server, for no verb in particular. Raises UserError."""
        if not target:
            return Circumstances("", channel)
        seen = self.lookout.find(lambda known: known.living(target))[0]
        own = self._target(seen)
        return Circumstances("", channel, seen.server, seen.tags, own.account, seen.region)

    # ── inside ───────────────────────────────────────────────────────────────────────────────────────────

    def _one(self, target: str) -> Sighting:
        """The one living server that a target names. Raises UserError."""
        found = self.lookout.find(lambda known: known.living(target))
        if len(found) > 1:
            names = ", ".join(f"*{safe(each.server)}*" for each in found[:5])
            raise UserError(f"`{safe(target)}` names {len(found)} servers: {names}.", "Name one of them.")
        return found[0]

    def planned(
        self, name: str, asking: Asking, target: Target, values: dict[str, Any], tags: Mapping[str, str] | None
    ) -> Run:
        book: Runbook = RUNBOOKS[name]
        return Run(
            id=book.letter,
            key="",
            runbook=name,
            title=book.title.format(server=target.server),
            target=target,
            asked_by=asking.by,
            channel=asking.channel,
            created=self._clock.now(),
            steps=tuple(StepState(each.name, each.title) for each in book.plan(values)),
            values=values,
            via=asking.via,
            reason=asking.reason,
            version=metadata.version("firedrill"),
            tags=None if tags is None else dict(tags),
        )

    def _source(self, seen: Sighting, reboot: bool, accept_loss: bool, profile: str) -> dict[str, Any]:
        chosen = profile_on(seen, self._profile_for, profile)
        return {
            "instance_id": seen.instance_id,
            "profile": _PROFILE.dump_python(chosen, mode="json"),
            "reboot": reboot,
            "accept_loss": accept_loss,
        }

    def _targets(self, server: str, marks: Mapping[str, str] | None, profile: str = "") -> dict[str, Any]:
        """What the server's profile aims at. In doubt nothing: no restore is held up by a question of settings."""
        try:
            found = self._profile_for(server, marks or {}, profile).targets
        except UserError:
            found = NO_TARGETS
        made: dict[str, Any] = _TARGETS.dump_python(found, mode="json")
        return made

    def _target(self, seen: Sighting) -> Target:
        known = self.lookout.last()
        return Target(seen.server, known.account if known else "", seen.region)


def _did(approved: bool) -> str:
    return "approved" if approved else "rejected"


def _already(run: Run, prior: Answer, by: Actor) -> str:
    """What somebody is told whose answer comes after that one."""
    if prior.by.id == by.id:
        return f"You {_did(prior.approved)} `{run.id}` already, {when(prior.at)}."
    return f"That was already decided: <@{prior.by.id}> {_did(prior.approved)} it {when(prior.at)}."
