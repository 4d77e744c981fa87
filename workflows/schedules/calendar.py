"""What people do with schedules and their occurrences. Every refusal is a UserError that says what would be right."""

import json
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice

from workflows.engine.agenda import Agenda, New
from workflows.engine.clock import Clock
from workflows.engine.happened import Event, Place
from workflows.engine.run import Actor
from workflows.errors import UserError
from workflows.schedules import occurrence as moves
from workflows.schedules.beginning import told_of
from workflows.schedules.occurrence import Occurrence, occurrence_from_json, occurrence_to_json
from workflows.schedules.reading import readable
from workflows.schedules.rule import UnknownZone, read_rule
from workflows.schedules.schedule import Schedule, schedule_from_json, schedule_to_json
from workflows.words import cut, safe, when

#: How often a move is tried again that somebody else came before.
TRIES = 5
#: How many firings ahead may be skipped.
FURTHEST = 20


@dataclass(frozen=True)
class Standing:
    """A schedule as it stands: who paused it, if anybody did, and when it comes next."""

    schedule: Schedule
    paused_by: Actor | None
    next: float | None


class Calendar:
    """`declared` are the schedules of firedrill.toml."""

    def __init__(self, agenda: Agenda, clock: Clock, declared: Sequence[Schedule] = ()) -> None:
        self._agenda = agenda
        self._clock = clock
        self._declared = {each.id: each for each in declared}

    # ── schedules ────────────────────────────────────────────────────────────────────────────────────────

    def checked(self, text: str, zone: str) -> list[float]:
        """The next five firings of what a person wrote. Raises UserError."""
        try:
            return list(islice(read_rule(text, zone).firings(self._clock.now()), 5))
        except UnknownZone as error:
            raise UserError(str(error), "Nothing was scheduled.", about="zone") from None
        except ValueError as error:
            raise UserError(str(error), "Nothing was scheduled.", about="at") from None

    def add(self, schedule: Schedule, place: Place) -> Schedule:
        """Keep it under a new id. Raises UserError for a time that is none."""
        self.checked(schedule.when, schedule.zone)
        made = Schedule(**{**schedule.__dict__, "id": self._agenda.next_id(), "made_at": self._clock.now()})
        self._agenda.put(made.id, schedule_to_json(made), _told("made", made, made.owner, place))
        return made

    def remove(self, schedule_id: str, by: Actor, place: Place) -> Schedule:
        """What it has announced is withdrawn, and what is on its way goes on. Raises UserError for one that is declared
        in the file."""
        found = self.find(schedule_id)
        if found.declared:
            raise UserError(
                f"`{found.id}` is declared in firedrill.toml, and is removed there.",
                f"`/dr pause {found.id}` or `/dr skip {found.id}` work from here.",
            )
        self._agenda.drop(found.id, _told("removed", found, by, place))
        for each in self.coming(found.id):
            with suppress(UserError):  # it has begun meanwhile
                self._move(
                    each, lambda it: moves.withdrawn(moves.check_open(it), "its schedule was removed", by), by, place
                )
        return found

    def pause(self, schedule_id: str, by: Actor, place: Place) -> bool:
        """Nothing of it begins until it is resumed. Gives whether it was not paused before."""
        found = self.find(schedule_id)
        if found.id in self._agenda.paused():
            return False
        why = json.dumps({"by": by.id, "name": by.name, "at": self._clock.now()})
        return self._agenda.pause(found.id, why, _told("paused", found, by, place))

    def resume(self, schedule_id: str, by: Actor, place: Place) -> bool:
        """Gives whether it was paused before."""
        found = self.find(schedule_id)
        return self._agenda.pause(found.id, "", _told("resumed", found, by, place))

    def find(self, schedule_id: str) -> Schedule:
        """Raises UserError."""
        known = self._known()
        found = known.get(schedule_id) or known.get(schedule_id.upper())
        if found is None:
            text = f"There is no schedule `{safe(cut(schedule_id, 40))}`."
            raise UserError(text, "`/dr schedules` lists them. Example: `/dr skip S-0001`")
        return found

    def all(self) -> list[Standing]:
        """Each with its next occurrence, the soonest first."""
        paused, now = self._agenda.paused(), self._clock.now()
        near: dict[str, float] = {}
        for each in self.coming():
            if each.state.open:
                near[each.schedule.id] = min(each.at, near.get(each.schedule.id, each.at))
        found = [
            Standing(each, who_paused(paused.get(each.id)), near.get(each.id) or each.rule.next(now))
            for each in self._known().values()
        ]
        return sorted(found, key=lambda each: each.next or float("inf"))

    # ── occurrences ──────────────────────────────────────────────────────────────────────────────────────

    def coming(self, schedule_id: str = "") -> list[Occurrence]:
        """Those that are not over, the soonest first; of one schedule, if it is named."""
        found = readable(self._agenda.coming(), occurrence_from_json)
        return [each for each in found if not schedule_id or each.schedule.id == schedule_id]

    def on_its_way(self, schedule_id: str) -> list[Occurrence]:
        """Those of a schedule that begin this moment or have begun, and are not over."""
        return [each for each in self.coming(schedule_id) if each.on_its_way]

    def occurrence(self, occurrence_id: str) -> Occurrence:
        """Raises UserError."""
        record = self._agenda.read(occurrence_id)
        if record is None:
            raise UserError("That occurrence is not known any more.", "`/dr schedules` says what comes.")
        return occurrence_from_json(record)

    def next_of(self, schedule_id: str) -> Occurrence:
        """The occurrence of a schedule that comes next. One that is further away than a day is made here. UserError."""
        found = self.find(schedule_id)
        for due in islice(found.rule.firings(self._clock.now()), FURTHEST):
            made = moves.planned(found, due)
            cursor = self._agenda.cursors().get(found.id, "")
            new = [New(made.id, occurrence_to_json(made), made.at)]
            self._agenda.plan(found.id, cursor, cursor, new, kept=not found.declared)
            near = [each for each in self.coming(found.id) if each.state.open]
            if near:
                return near[0]
        raise UserError(f"Nothing of `{found.id}` is left to skip.", "`/dr schedules` says what comes.")

    def after(self, each: Occurrence) -> list[float]:
        """The next three firings after it, in seconds since the epoch."""
        return list(islice(each.schedule.rule.firings(max(each.due, self._clock.now())), 3))

    def skip(self, occurrence_id: str, by: Actor, place: Place) -> Occurrence:
        return self._move(self.occurrence(occurrence_id), lambda it: moves.skipped(it, by), by, place)

    def postpone(self, occurrence_id: str, until: float, by: Actor, place: Place) -> Occurrence:
        now = self._clock.now()
        return self._move(self.occurrence(occurrence_id), lambda it: moves.postponed(it, by, until, now), by, place)

    def check_postponing(self, each: Occurrence, until: float, by: Actor) -> None:
        """Raises UserError where `postpone` would; nothing is moved."""
        moves.postponed(each, by, until, self._clock.now())

    def hurry(self, occurrence_id: str, by: Actor, place: Place) -> Occurrence:
        """It begins at the workers' next look, asked for by whoever pressed."""
        now = self._clock.now()
        return self._move(self.occurrence(occurrence_id), lambda it: moves.hurried(it, by, now), by, place)

    # ── inside ───────────────────────────────────────────────────────────────────────────────────────────

    def _known(self) -> dict[str, Schedule]:
        made = readable(self._agenda.schedules().values(), schedule_from_json)
        return {each.id: each for each in made} | self._declared

    def _move(
        self, before: Occurrence, move: Callable[[Occurrence], Occurrence], by: Actor, place: Place
    ) -> Occurrence:  # fmt: skip
        """A move that somebody else came before is tried on what they have made of it."""
        for _ in range(TRIES):
            after = move(before)
            at = None if after.over else after.at
            told, ahead = told_of(after, by, place), after.due - self._clock.now()
            if self._agenda.change(after.id, before.version, occurrence_to_json(after), at, told, ahead):
                return after
            before = self.occurrence(before.id)
        raise UserError("Too many people move that at once; nothing was changed.", "Look at it again.")


def _told(what: str, schedule: Schedule, by: Actor, place: Place) -> Event:
    after = {"when": f"{schedule.when} ({schedule.zone})", "target": schedule.target, "verb": schedule.verb}
    return Event(f"schedule {schedule.id} {what}: {schedule.title}", by, place, after=after)


def who_paused(record: str | None) -> Actor | None:
    """As `pause` wrote it."""
    if record is None:
        return None
    who = json.loads(record)
    return Actor(who["by"], who["name"])


def line(each: Standing) -> str:
    """A schedule in one line of a list, in mrkdwn."""
    own = each.schedule
    paused = f", *paused by* <@{each.paused_by.id}>" if each.paused_by else ""
    comes = f"next {when(each.next)}" if each.next else "does not come again"
    kind = ", declared in firedrill.toml" if own.declared else f", <@{own.owner.id}> answers for it"
    return f"`{own.id}` {safe(own.title)}: {safe(own.when)} ({safe(own.zone)}), {comes}{paused}{kind}"
