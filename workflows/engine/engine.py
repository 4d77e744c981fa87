"""Drives a run: takes it, calls the step that is due, records what came of it, until the run waits or ends."""

import logging
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from pydantic import TypeAdapter, ValidationError

from workflows.engine import moves
from workflows.engine.clock import Clock
from workflows.engine.connection import Away
from workflows.engine.happened import ON, Call, orphaned
from workflows.engine.happened import moved as told
from workflows.engine.holding import Holding
from workflows.engine.inbox import Inbox
from workflows.engine.ledger import Ledger
from workflows.engine.pace import Pace
from workflows.engine.run import Question, Run, Status
from workflows.engine.runbook import Ask, Back, Done, Runbook, Step, Wait
from workflows.engine.store import LEFT_ALONE, Claim, LostClaim, Store
from workflows.errors import FiredrillError, HeldBack, NotSafe, PassingTrouble, RunFailed, UserError, WaitedTooLong

log = logging.getLogger(__name__)

_JSON = TypeAdapter(Any)
#: Seconds from which on a wait for the run's turn stands on its card.
SHOWN = 3.0


@dataclass(frozen=True)
class Moved:
    """A next record, when to look at it again, and what to write down as its event."""

    run: Run
    due: float
    event: str
    parked: bool = False
    handled: tuple[str, ...] = ()
    unless_cancelled: bool = False


class Engine:
    """Any number of engines, in any number of processes, may drive the runs of one Redis.

    `services` names what a step may ask for beside the record, such as `home`, and makes it for a run. `seal` gives the
    digest of an ended run's report, which is kept in its record. `ledger` is where services note their changing calls.
    `watching` hears of each move, with the record before and after it; it must not raise.
    """

    def __init__(
        self,
        store: Store,
        runbooks: Mapping[str, Runbook],
        services: Mapping[str, Callable[[Run], Any]],
        clock: Clock,
        pace: Pace,
        rng: random.Random | None = None,
        seal: Callable[[Run], str] = lambda run: "",
        ledger: Ledger | None = None,
        watching: Callable[[Run, Run], None] = lambda before, after: None,
    ) -> None:
        self._store = store
        self._runbooks = runbooks
        self._services = services
        self._clock = clock
        self._pace = pace
        self._rng = rng or random.Random()
        self._seal = seal
        self._ledger = ledger or Ledger()
        self._watching = watching
        self._holding = Holding(runbooks, self._feed)

    def advance(self, run_id: str) -> Status | None:
        """Take the run if it is due and move it as far as it goes. Gives how it stands then; None when the hint was
        early, late or void, or the run is another's by now."""
        try:
            claim = self._store.begin(run_id, self._pace.lease)
        except ValidationError:
            log.error("run=%s was written by another version; left alone until a worker that knows it", run_id)
            return None
        if claim is None:
            return None
        self._ledger.take()  # of a run whose worker has lost Redis in the middle of a step
        run, inbox = claim.run, claim.inbox
        while True:
            try:
                moved = self._next(run, inbox, claim)
            except LostClaim:
                self._taken_over(run)
                return None
            if moved is None:
                self._store.release(claim, by_right=_stands(run, inbox))
                return None
            calls, following = self._ledger.take(), self._sealed(moved.run)
            saved = self._store.commit(
                following, claim.fence, due=moved.due, event=moved.event, handled=moved.handled,
                lease_until=0 if moved.parked else self._clock.now() + self._pace.lease,
                unless_cancelled=moved.unless_cancelled, told=told(run, following, moved.event, calls),
            )  # fmt: skip
            if saved.fenced:
                self._taken_over(run, calls)
                return None
            self._watching(run, following if saved.saved else run)
            run, inbox = (moved.run if saved.saved else run), saved.inbox
            claim = replace(claim, begins=0)
            if moved.parked:
                return following.status

    def _taken_over(self, run: Run, calls: tuple[Call, ...] = ()) -> None:
        """Nothing more may be written of the run; but what was done to the world all the same is told."""
        log.warning("run=%s step=%s another worker has taken over", run.id, run.step.name)
        calls += self._ledger.take()
        if calls:
            self._store.note("effect", orphaned(run, calls))

    def _next(self, run: Run, inbox: Inbox, claim: Claim) -> Moved | None:
        """What the run does now; None if it is to be left alone: halted, or of a version that knows more."""
        now = self._clock.now()
        if _stands(run, inbox):
            return None
        said = self._as_told(run, inbox, claim.fence)
        if said is not None:
            return said
        book = self._runbooks.get(run.runbook)
        step = book.step(run.step.name) if book else None
        if step is None:
            log.error("run=%s step=%s this version does not know that step", run.id, run.step.name)
            return None
        if claim.begins > self._pace.deaths:
            text = f"The worker died {claim.begins - 1} times in a row in this step."
            return self._fails(run, RunFailed(text, "The worker's log says more. `/dr retry` tries it again."))
        if run.question and run.status is Status.ASKING:
            return self._answered(run, run.question, inbox, now)
        if step.effect and run.step.intended is None:
            begun = moves.intended(moves.began(run, now), now, no_return=step.no_return)
            return self._moved(begun, f"begins {step.name}", unless_cancelled=True)
        if run.step.state == "todo":  # what only looks is written down when it has looked
            run = moves.began(run, now)
        moved = self._call(run, step, claim.fence)
        return self._without_hold(run, moved, claim.fence) if moved.run.status is Status.FAILED else moved

    def _as_told(self, run: Run, inbox: Inbox, fence: int) -> Moved | None:
        """What people have said to it, or to all runs. Past the point of no return nothing stops it."""
        now = self._clock.now()
        if run.status is Status.FAILED and inbox.retry:
            return self._moved(moves.retried(run), f"retried by {inbox.retry.id}", handled=("retry",))
        if inbox.cancel and not run.no_return:
            self._holding.let_go(run, fence)
            return self._end(moves.cancelled(run, now, inbox.cancel), f"cancelled by {inbox.cancel.id}")
        if inbox.halt and not run.no_return:
            stood = moves.halted(run, inbox.halt, self._holding.back_to(run, fence))
            return self._park(stood, now + LEFT_ALONE, f"halted by {inbox.halt.by.id}")
        return self._moved(moves.resumed(run), "goes on after the halt") if run.halted else None

    def _answered(self, run: Run, question: Question, inbox: Inbox, now: float) -> Moved:
        """A question stands. Whatever was answered, nothing happens after its expiry."""
        answers = inbox.answers_to(question.id)
        no = next((each for each in answers if not each.approved), None)
        if no:
            return self._end(moves.rejected(run, answers, no), f"rejected by {no.by.id}")
        if now >= question.expires_at:
            return self._end(moves.expired(run, now, answers), f"{question.step} expired")
        people = ", ".join(each.by.id for each in answers)
        if len(answers) >= question.needed:
            return self._moved(moves.approved(run, answers), f"approved by {people}")
        said = f"approved by {people}, {len(answers)} of {question.needed}" if answers else "waits for a person"
        return self._park(moves.answered(run, answers), question.expires_at, said)

    def _call(self, run: Run, step: Step, fence: int) -> Moved:
        """The one place where the engine meets a step."""
        try:
            done = _done(step, step.call(**self._feed(run, step, fence)))
            kept = _JSON.dump_python(done.value, mode="json")
        except (LostClaim, Away):
            raise
        except PassingTrouble as trouble:
            return self._held_back(run, trouble) if isinstance(trouble, HeldBack) else self._troubled(run, trouble)
        except FiredrillError as error:
            return self._fails(run, error)
        except Exception as error:
            log.exception("run=%s step=%s unexpected", run.id, step.name)
            text = f"Something that Firedrill does not know went wrong ({type(error).__name__})."
            hint = f"The worker's log has the whole of it: look for `run={run.id}`. `/dr retry` tries again."
            return self._fails(run, RunFailed(text, hint))
        match done.value:
            case Wait() as wait:
                return self._waits(run, wait)
            case Ask() as ask:
                return self._asks(run, step, ask)
            case Back(to=to, because=because, keep=keep):
                return self._moved(moves.back(run, to, dict(keep)), f"goes back to {to}: {because}")
        richer = replace(run, values={**run.values, **done.also})
        quiet = self._runbooks[run.runbook].quiet
        moved = moves.gave(richer, self._clock.now(), step.gives, kept, done.detail, quiet)
        return self._moved(moved, f"did {step.name}")

    def _sealed(self, run: Run) -> Run:
        """As it is written down: with the digest of its report, if this is its end."""
        return run if run.status.open else moves.sealed(run, self._seal(run))

    def _without_hold(self, run: Run, moved: Moved, fence: int) -> Moved:
        """The run has failed. A retry takes again what was let go."""
        back, problem = self._holding.back_to(run, fence), moved.run.problem
        if back is None or problem is None:
            return moved
        return replace(moved, run=replace(moved.run, problem=replace(problem, again_from=back)))

    def _feed(self, run: Run, step: Step, fence: int) -> dict[str, Any]:
        """`hold` renews the lease and gives the time; it raises LostClaim when the run is no longer this worker's."""
        own: dict[str, Any] = {
            "run_id": run.id, "run_key": run.key, "server": run.target.server, "account": run.target.account,
            "region": run.target.region, "asked_by": run.asked_by, "reason": run.reason,
            "now": self._clock.now(), "hold": lambda: self._store.renew(run.id, fence, self._pace.lease),
            "kept": run.step.kept, "question": run.question, "answers": run.answers,
            "intended": run.step.intended, "retries": run.retries, "stale": self._pace.stale(run.step.looks),
        }  # fmt: skip
        fed = {}
        for name, adapter in step.needs.items():
            if adapter is not None:
                if name in run.values or name not in step.optional:
                    fed[name] = adapter.validate_python(run.values[name])
            else:
                fed[name] = own[name] if name in own else self._services[name](run)
        return fed

    # ── what came of it ──────────────────────────────────────────────────────────────────────────────────

    def _waits(self, run: Run, wait: Wait) -> Moved:
        now = self._clock.now()
        if now - (run.step.started or now) > wait.up_to:
            return self._fails(run, WaitedTooLong(wait.what, round(wait.up_to / 60)))
        moved = moves.waits(run, now, wait.because, wait.progress, dict(wait.keep))
        if wait.at_once:
            return self._moved(moved, f"{ON}{wait.because}")
        due = self._pace.due(now, run.step.looks, now - (run.step.started or now))
        return self._park(moved, due, f"waits for {wait.what}")

    def _held_back(self, run: Run, held: HeldBack) -> Moved:
        """It is not its turn: that is no trouble, and no patience is lost by it. What takes a moment is not shown."""
        now = self._clock.now()
        shown = moves.waits(run, now, held.text, None, {}) if held.wait > SHOWN else run
        return self._park(shown, now + held.wait, held.code)

    def _troubled(self, run: Run, trouble: PassingTrouble) -> Moved:
        now = self._clock.now()
        since = run.step.kept.get("troubled_since") or now
        if now - since > self._pace.patience:
            minutes = round(self._pace.patience / 60)
            hint = f"{trouble.hint} `/dr retry` goes on from here.".strip()
            return self._fails(run, RunFailed(f"{trouble.text} That went on for {minutes} min.", hint))
        moved = moves.troubled(run, f"{trouble.code}: {trouble.text}", {"troubled_since": since})
        pause = self._pace.pause(run.step.troubles) * self._rng.uniform(0.5, 1.0)
        log.warning("run=%s step=%s %s; again in %.1f s", run.id, run.step.name, trouble.text, pause)
        return self._park(moved, now + pause, f"is {trouble.code}")

    def _asks(self, run: Run, step: Step, ask: Ask) -> Moved:
        now = self._clock.now()
        question = Question(
            id=f"{run.key}:{run.questions + 1}", step=step.name, title=ask.title, verb=ask.verb, items=ask.items,
            confirm=ask.confirm, asked_at=now, expires_at=now + ask.minutes * 60, needed=ask.needed,
        )  # fmt: skip
        return self._park(moves.asks(run, question), question.expires_at, f"asks {step.name}")

    def _fails(self, run: Run, error: FiredrillError) -> Moved:
        again, final = (error.again_from, error.final) if isinstance(error, RunFailed) else (None, False)
        said = error.hint if not isinstance(error, UserError) else f"{error.hint} `/dr retry` goes on from here."
        hint = said.replace("`/dr retry`", f"`/dr retry {run.id}`")  # whoever writes a hint need not know the run
        log.error("run=%s step=%s %s %s", run.id, run.step.name, error.text, hint)
        undone = isinstance(error, NotSafe)
        moved = moves.failed(run, self._clock.now(), error.text, hint, again, undone=undone, final=final)
        return self._end(moved, f"failed at {run.step.name}")

    def _moved(self, run: Run, event: str, **more: Any) -> Moved:
        log.info("run=%s step=%s %s", run.id, run.step.name, event)
        if not run.status.open:
            return self._end(run, event)
        return Moved(run, self._clock.now(), event, **more)

    def _park(self, run: Run, due: float, event: str) -> Moved:
        return Moved(run, due, event, parked=True)

    def _end(self, run: Run, event: str) -> Moved:
        return Moved(run, self._clock.now(), event, parked=True)


def _stands(run: Run, inbox: Inbox) -> bool:
    """Whether it is halted, and nothing else was said."""
    return run.halted is not None and run.halted == inbox.halt and not inbox.cancel


def _done(step: Step, value: Any) -> Done:
    """What a step gave, with what people read of it."""
    if isinstance(value, Done):
        return value
    told = step.tell if not isinstance(value, Wait | Ask | Back) else None
    return Done(value, told(value) if told else "")
