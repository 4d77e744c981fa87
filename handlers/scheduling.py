"""Recurring work: what people ask for and press, behind the policy, and what they are told of it."""

from collections.abc import Sequence
from dataclasses import replace
from typing import assert_never

from handlers.access import Access
from handlers.announcements import details
from handlers.requests import ListSchedules, PauseSchedule, Recurring, SkipNext, StartSchedule, Unschedule
from workflows.desk import Asking, Desk
from workflows.errors import UserError
from workflows.inventory import Lost, Sighting
from workflows.masking import masked
from workflows.policy import Circumstances, about_run
from workflows.schedules.calendar import Calendar, line
from workflows.schedules.occurrence import Occurrence, check_open, going_on, how_to_stop
from workflows.schedules.planning import runs_of
from workflows.schedules.schedule import Schedule
from workflows.words import safe, when

#: How many of those that go on an answer tells.
_TOLD = 3
_NONE = "Nothing recurs yet. Example: `/dr schedule backup orders-db --at 'every day at 02:00' --tz Europe/Berlin`"


class Scheduling:
    """All methods raise UserError for what cannot be."""

    def __init__(self, calendar: Calendar, desk: Desk, access: Access) -> None:
        self.calendar = calendar
        self._desk = desk
        self._access = access

    def to(self, request: Recurring, asking: Asking) -> str:
        """Carry it out. Gives the answer in mrkdwn."""
        match request:
            case StartSchedule():
                return self._add(request, asking)
            case ListSchedules():
                return "\n".join(map(line, self.calendar.all())) or _NONE
            case Unschedule(schedule_id=name):
                self._check(self.calendar.find(name), asking)
                gone = self.calendar.remove(name, asking.by, asking.place)
                said = f"`{gone.id}` {safe(gone.title)} is removed, and what it had announced is withdrawn."
                return said + self._but(gone.id)
            case SkipNext(schedule_id=name):
                self._check(self.calendar.find(name), asking)  # first: to look for the next one may make it
                coming = self.calendar.next_of(name)
                return self.skip(coming.id, asking, anew=False) + self._but(coming.schedule.id)
            case PauseSchedule():
                return self._pause(request, asking)
            case _:
                assert_never(request)

    def skip(self, occurrence_id: str, asking: Asking, *, anew: bool = True) -> str:
        """This one occurrence. Without `anew` Slack is not asked again about the person."""
        self._check_pressed(self.calendar.occurrence(occurrence_id).schedule, asking, anew=anew)
        left_out = self.calendar.skip(occurrence_id, asking.by, asking.place)
        return f"{_named(left_out)}, is skipped. The one after it comes as always."

    def postpone(self, occurrence_id: str, until: float, asking: Asking) -> str:
        self._check_pressed(self.calendar.occurrence(occurrence_id).schedule, asking)
        later = self.calendar.postpone(occurrence_id, until, asking.by, asking.place)
        return f"{_named(later)}, is postponed until {when(later.at)}."

    def movable(self, occurrence_id: str, asking: Asking) -> Occurrence:
        """The occurrence, if it may still be moved, and by whoever asks, as far as is known: asks nobody but Redis,
        since Slack gives three seconds to open a window."""
        found = self.calendar.occurrence(occurrence_id)
        self._check_pressed(found.schedule, asking, anew=False)
        return check_open(found)

    def doubt_postponing(self, occurrence_id: str, until: float, asking: Asking) -> None:
        """Whether it could be postponed until then, as far as is known: asks nobody but Redis."""
        self.calendar.check_postponing(self.movable(occurrence_id, asking), until, asking.by)

    def details(self, occurrence_id: str) -> str:
        """For whoever asks, in mrkdwn: looking is free."""
        found = self.calendar.occurrence(occurrence_id)
        return details(found, self.calendar.after(found))

    def hurry(self, occurrence_id: str, asking: Asking) -> str:
        """Whoever presses is the asker: a live drill still asks somebody else."""
        self._check_pressed(self.calendar.occurrence(occurrence_id).schedule, asking)
        now = self.calendar.hurry(occurrence_id, asking.by, asking.place)
        return f"{_named(now)}, begins now, asked for by you."

    def doubt(self, request: StartSchedule, asking: Asking) -> None:
        """Whether it could be made, and its runs begun, as far as is known: asks neither Slack nor a worker."""
        self._allowed(request, asking, self._desk.hasty(), anew=False)

    def _allowed(self, request: StartSchedule, asking: Asking, desk: Desk, *, anew: bool = True) -> list[float]:
        """The next five firings."""
        may = self._access.check_may_start
        may(asking.by, Circumstances(request.verb, asking.channel), asking.channel, "any", anew=anew)
        coming = self.calendar.checked(request.at, request.zone)
        wanted = replace(_wanted(request, asking), point="fresh")  # by its first time there will be one
        for run in runs_of(desk, wanted, asking.by):
            may(asking.by, about_run(run), asking.channel, request.reason, anew=False)
        return coming

    def _add(self, request: StartSchedule, asking: Asking) -> str:
        coming = self._allowed(request, asking, self._desk)
        made = self.calendar.add(_wanted(request, asking), asking.place)
        times = ", ".join(when(each) for each in coming)
        approval = " Each asks for its approval." if made.verb == "live" else ""
        return (
            f"`{made.id}` {safe(made.title)}, {safe(made.when)} ({safe(made.zone)}): {times} and so on. Each is "
            f"announced before it begins.{approval} `/dr unschedule {made.id}` removes it."
        )

    def _pause(self, request: PauseSchedule, asking: Asking) -> str:
        found = self.calendar.find(request.schedule_id)
        self._check(found, asking)
        if request.paused:
            new = self.calendar.pause(found.id, asking.by, asking.place)
            head = f"`{found.id}` is paused" if new else f"`{found.id}` is paused already"
            return f"{head}: nothing of it begins until `/dr pause {found.id} --off`.{self._but(found.id)}"
        was = self.calendar.resume(found.id, asking.by, asking.place)
        return f"`{found.id}` goes on." if was else f"`{found.id}` was not paused."

    def _but(self, schedule_id: str) -> str:
        """What of it goes on, since it had begun before."""
        found = self.calendar.on_its_way(schedule_id)
        return "".join(f" But {going_on(each)} {how_to_stop(each)}" for each in found[:_TOLD])

    def _check(self, schedule: Schedule, asking: Asking, *, anew: bool = True) -> None:
        """Who may start what it starts, on each server that it names, may also stop it."""
        for number, about in enumerate(self._about(schedule, asking.channel)):
            self._access.check_may_change(asking.by, about, asking.channel, anew=anew and number == 0)

    def _check_pressed(self, schedule: Schedule, asking: Asking, *, anew: bool = True) -> None:
        """A button stands under an announcement, maybe in a channel for those: it counts as the schedule's own."""
        self._check(schedule, replace(asking, channel=schedule.channel or asking.channel), anew=anew)

    def _about(self, schedule: Schedule, channel: str) -> list[Circumstances]:
        """As the policy sees it: with the servers' tags, as they were last seen; of one that is lost those that it
        bore. Whatever else is not known is looked at when a run begins: here nobody is kept from calling it off."""
        target, verb, known = schedule.target, schedule.verb, self._desk.lookout.last()
        found: Sequence[Sighting | Lost] = ()
        if known:
            try:
                found = known.living(target)
            except UserError:
                found = [each for each in known.lost if each.server == target]
        if known and found:
            return [
                Circumstances(verb, channel, each.server, each.tags or {}, known.account, each.region) for each in found
            ]
        name, _, value = target.removeprefix("tag:").partition("=")
        borne = {name: value} if target.startswith("tag:") else {}
        return [Circumstances(verb, channel, "" if target.startswith(("tag:", "i-")) else target, borne)]


def _wanted(request: StartSchedule, asking: Asking) -> Schedule:
    return Schedule(
        "", request.verb, request.target, request.at, request.zone, asking.by, asking.channel, 0.0,  # type: ignore[arg-type]
        request.profile, request.point, masked(request.reason),  # type: ignore[arg-type]
    )  # fmt: skip


def _named(each: Occurrence) -> str:
    return f"{safe(each.schedule.title)} (`{each.schedule.id}`), due {when(each.due)}"
