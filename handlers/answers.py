"""A request carried out, and what its asker is told: the same in Slack and in the shell."""

from contextlib import AbstractContextManager
from dataclasses import replace
from typing import assert_never

from handlers import cards
from handlers.access import Access
from handlers.batch_verbs import BatchVerbs, check_is_meant
from handlers.deciding import Deciding
from handlers.doctoring import Doctoring
from handlers.halting import Halts
from handlers.point_lines import listed
from handlers.recording import recorded
from handlers.reports import Given, given
from handlers.requests import (
    Cancel,
    Decide,
    Diagnose,
    HaltAll,
    Help,
    ListPoints,
    ListRuns,
    ListSchedules,
    Look,
    Other,
    PauseSchedule,
    Request,
    ResumeAll,
    Retry,
    ShowReport,
    ShowStatus,
    SkipNext,
    Start,
    StartBackup,
    StartDrill,
    StartPrune,
    StartRestore,
    StartSchedule,
    StartValidation,
    Unschedule,
    WhoAmI,
)
from handlers.scheduling import Scheduling
from workflows.desk import Asking, Desk
from workflows.engine.batches import is_batch
from workflows.engine.run import Run
from workflows.errors import Busy, Halted, NotNow, UserError
from workflows.inventory import Inventory
from workflows.masking import masked
from workflows.policy import Circumstances, about_run
from workflows.prunable import prunable
from workflows.pruned import PRUNE
from workflows.schedules.calendar import Calendar
from workflows.together import FEW, begin
from workflows.words import safe

#: How many times as long as for one look bot and worker are waited for when somebody asks how they are.
LOOKS = 3


class Answers:
    """Carries out requests for one person at a time. All methods raise UserError for what cannot be."""

    def __init__(self, desk: Desk, access: Access, calendar: Calendar) -> None:
        self._desk = desk
        self._access = access
        self.scheduling = Scheduling(calendar, desk, access)
        self._hasty = desk.hasty()
        self.deciding = Deciding(desk, access)
        self._halts = Halts(desk, access)
        self._batches = BatchVerbs(desk.store, access)

    def recorded(self, asking: Asking, what: str) -> AbstractContextManager[None]:
        """Around everything that comes of a request: the audit tells it before anything is done, and how it was
        refused. `what` is the request in its asker's words."""
        return recorded(self._desk.store, asking, what)

    def to(self, request: Request, asking: Asking) -> tuple[str, list[Run]]:
        """Carry it out. Gives the answer in mrkdwn, and the runs that were started."""
        if isinstance(request, Start):
            return self._start(request, asking)
        if isinstance(request, ShowReport):
            return self.report(request).text, []
        if isinstance(request, StartSchedule | ListSchedules | Unschedule | SkipNext | PauseSchedule):
            return self.scheduling.to(request, asking), []
        if isinstance(request, HaltAll | ResumeAll):
            return self._halts.to(request, asking), []
        return self._say(request, asking), []

    def report(self, request: ShowReport) -> Given:
        """Its files, and the answer beside them."""
        return given(request, self._desk)

    def _say(self, request: Other, asking: Asking) -> str:
        match request:
            case Decide():
                return self.deciding.decide(request, asking)
            case Cancel():
                return self.cancel(request, asking)
            case Retry():
                return self.retry(request, asking)
            case _:
                return self._look(request, asking)

    def _look(self, request: Look, asking: Asking) -> str:
        """What changes nothing."""
        match request:
            case ShowStatus():
                return self._status(request)
            case ListRuns():
                return "\n".join(map(cards.line, self._desk.store.latest(request.most))) or _NONE_YET
            case ListPoints():
                return self._points(request)
            case WhoAmI():
                return self.access_of(asking.by.id, request.target, asking.channel)
            case Diagnose():
                return Doctoring(self._desk.store, LOOKS * self._desk.patience).told()
            case Help():
                return f"```{request.text}```"
            case _:
                assert_never(request)

    def cancel(self, request: Cancel, asking: Asking) -> str:
        if is_batch(request.run_id):
            return self._batches.cancel(request, asking)
        run = self._steered(request)
        self._access.check_may_steer(asking.by, run, "cancel", asking.channel)
        return self._desk.cancel(request.run_id, asking.by, asking.place)

    def retry(self, request: Retry, asking: Asking) -> str:
        if is_batch(request.run_id):
            return self._batches.retry(request, asking)
        run = self._steered(request)
        self._access.check_may_steer(asking.by, run, "retry", asking.channel)
        return self._desk.retry(request.run_id, asking.by, asking.place)

    def _steered(self, request: Cancel | Retry) -> Run:
        """The run that is meant. Raises UserError where its number is another's by now."""
        run = self._desk.store.read(request.run_id)
        check_is_meant(request.key, run, f"of {safe(run.target.server)}")
        return run

    def access_of(self, person: str, target: str, channel: str) -> str:
        """What a person may do, and why; about the server that a target names, if one is given."""
        return self._access.explained(person, self._desk.about(target, channel))

    def seen(self) -> Inventory | None:
        """What the workers last saw of AWS, at once."""
        return self._hasty.lookout.last()

    def first(self, what: str) -> bool:
        """Whether nobody has answered that yet."""
        return self._desk.first(what)

    def now(self) -> float:
        """In seconds since the epoch."""
        return self._desk.now()

    def doubt(self, request: Start, asking: Asking) -> None:
        """Raises UserError for what would be refused, as far as is known: asks neither Slack nor a worker."""
        planned = self._allowed(request, asking, self._hasty, anew=False)
        if request.dry_run:
            return
        target = planned[0].target
        later: NotNow | None = None
        if halt := self._desk.store.halt():
            later = Halted(halt.sentence(), "nothing was started")
        elif len(planned) == 1 and (holder := self._desk.store.holder(target)):
            later = Busy(target.server, holder)
        if later:
            raise UserError(later.text, later.hint)  # those two themselves are what the store tells the audit

    def _allowed(self, request: Start, asking: Asking, desk: Desk, *, anew: bool = True) -> list[Run]:
        """The planned runs, which the asker may start."""
        may = self._access.check_may_start
        may(asking.by, Circumstances(_verb(request), asking.channel), asking.channel, "any", anew=anew)
        planned = _planned(request, replace(asking, reason=masked(request.reason)), desk)
        for each in planned:
            may(asking.by, about_run(each), asking.channel, request.reason, anew=False)
        return planned

    def _start(self, request: Start, asking: Asking) -> tuple[str, list[Run]]:
        before = self._unseen(request)
        planned = self._allowed(request, asking, self._desk)
        if not planned:
            return _NOTHING_GOES, []
        unseen = before or self._unseen(request)  # a worker may have looked at AWS while it was planned
        dark = [f"{unseen}."] if unseen else []
        if request.dry_run:
            more = [f"And so with {len(planned) - FEW} more."] if len(planned) > FEW else []
            return "\n".join([*map(_plan, planned[:FEW]), *more, *dark]), []

        def start(number: int, run: Run) -> Run:
            return self._desk.start(run, f"{asking.request}/{number}" if asking.request else "")

        begun = begin(self._desk.store, planned, start, asking.request, unseen)
        if len(planned) == 1 and begun.left:
            raise begun.left[0]
        told = [(begun.batch.id, begun.batch.title)] if begun.batch else [(run.id, run.title) for run in begun.runs]
        lines = [f"`{name}` {safe(title)} is on its way; its card says how far it is." for name, title in told]
        lines += [each for run in begun.runs for each in _cautions(run)]
        lines += [f"{later.text} {later.hint}" for later in begun.left[:_LEFT]]
        if len(begun.left) > _LEFT:
            lines.append(f"And so with {len(begun.left) - _LEFT} more.")
        return "\n".join([*lines, *dark]), list(begun.runs)

    def _unseen(self, request: Start) -> str:
        known = self._desk.lookout.last()
        return known.unseen(request.target) if known else ""

    def _status(self, request: ShowStatus) -> str:
        if request.run_id:
            one = is_batch(request.run_id)
            shown = self._batches.card(request.run_id) if one else cards.card(self._desk.store.read(request.run_id))
            texts = [block["text"]["text"] for block in shown.blocks if block["type"] == "section"]
            return "\n".join((shown.text, *texts[1:]))
        open_runs = self._desk.store.open_runs()
        going_on = self._batches.lines({run.batch for run in open_runs if run.batch})
        going_on += [cards.line(run) for run in open_runs if not run.batch]
        going_on = going_on or [_NOTHING]
        return "\n".join([*filter(None, [self._halts.line()]), *going_on])

    def _points(self, request: ListPoints) -> str:
        found = self._desk.points(request.target)
        if not found:
            return "There is no recovery point yet. Example: `/dr backup orders-db`"
        return listed(found, self._desk.now())


def _planned(request: Start, asking: Asking, desk: Desk) -> list[Run]:
    match request:
        case StartBackup(target=target, reboot=reboot, accept_loss=loss, profile=profile):
            runs = desk.backup(asking, target, reboot=reboot, accept_loss=loss, profile=profile)
            return [replace(run, values={**run.values, "keep": request.keep}) for run in runs]
        case StartDrill(target=target, live=True, accept_loss=loss, profile=profile):
            return [desk.drill(asking, target, accept_loss=loss, profile=profile)]
        case StartDrill(target=target, point=point, accept_loss=loss, profile=profile):
            return [desk.clone(asking, target, which=point, accept_loss=loss, profile=profile)]
        case StartPrune():
            return prunable(desk, asking, request.target)
        case StartValidation():
            return [desk.validate(asking, request.target, request.against)]
        case StartRestore():
            return [
                desk.restore(
                    asking, request.target, point=request.point, as_of=request.as_of, region=request.region,
                    beside=request.beside, subnet=request.subnet, instance_type=request.instance_type,
                )
            ]  # fmt: skip
        case _:
            assert_never(request)


def _verb(request: Start) -> str:
    """As the policy's rules name it."""
    if isinstance(request, StartDrill):
        return "live" if request.live else "drill"
    verbs = {StartBackup: "backup", StartRestore: "restore", StartValidation: "validate", StartPrune: PRUNE}
    return verbs[type(request)]


#: How many of those that were not begun are told of.
_LEFT = 10
_NOTHING = "Nothing is going on. `/dr runs` lists what has been."
_NOTHING_GOES = (
    "No recovery point is beyond the rule, so there is nothing to remove. `[retention]` in firedrill.toml is the rule."
)
_NONE_YET = "There has been no run yet. Example: `/dr backup orders-db`"


def _cautions(run: Run) -> list[str]:
    """What is known against its recovery point."""
    return [f":warning: {each}" for each in run.values.get("cautions", [])]


def _plan(run: Run) -> str:
    steps = "\n".join(f"{number}. {step.title}" for number, step in enumerate(run.steps, 1))
    seen = "".join(f"\n• {each}" for each in run.values.get("would_go", []))
    would = f"would do this:\n{steps}" + (f"\nAs far as is known these would go:{seen}" if seen else "")
    would += "".join(f"\n{each}" for each in _cautions(run))
    return f"Nothing was started. *{safe(run.title)}* ({safe(run.target.region)}) {would}"
