"""The runs that a schedule stands for, planned at the desk as if somebody had asked for them now."""

from workflows.desk import Asking, Desk
from workflows.engine.run import Actor, Run
from workflows.schedules.schedule import Schedule
from workflows.words import cut, safe


def unseen(desk: Desk, schedule: Schedule) -> str:
    """What of its target is not known, since a Region could not be looked at; in a sentence without its end."""
    known = desk.lookout.last()
    return known.unseen(schedule.target) if known else ""


def seen_runs_of(desk: Desk, schedule: Schedule, asker: Actor) -> tuple[list[Run], str]:
    """The runs, and what is not known of the target. A worker may have looked at AWS anew while they were planned, so
    what was not known before or is not now may be missing among them. Raises UserError."""
    before = unseen(desk, schedule)
    runs = runs_of(desk, schedule, asker)
    return runs, before or unseen(desk, schedule)


def runs_of(desk: Desk, schedule: Schedule, asker: Actor) -> list[Run]:
    """One of each server that its target names; a drill takes one server. Raises UserError."""
    reason = cut(schedule.reason or f"{safe(schedule.when)} ({schedule.id})", 500)
    asking = Asking(asker, schedule.channel, reason, "schedule")
    if schedule.verb == "backup":
        return desk.backup(asking, schedule.target, reboot=False, accept_loss=False, profile=schedule.profile)
    if schedule.verb == "live":
        return [desk.drill(asking, schedule.target, accept_loss=False, profile=schedule.profile)]
    return [desk.clone(asking, schedule.target, which=schedule.point, profile=schedule.profile)]
