"""What Home says of the calendar: what schedules will begin next, and when each server is drilled next. Pure."""

from collections.abc import Sequence

from handlers.home_page import Coming
from workflows.freshness import Known
from workflows.schedules.calendar import Standing
from workflows.schedules.occurrence import Occurrence


def coming(standings: Sequence[Standing], near: Sequence[Occurrence]) -> list[Coming]:
    """Of each schedule what is to come within a day, as it was announced, else its next time; nothing of one that is
    paused, but for what a person wanted all the same."""
    paused = {each.schedule.id for each in standings if each.paused_by}
    made = [each for each in near if each.state.open and (each.schedule.id not in paused or each.hurried)]
    shown = [Coming(each.schedule.title, each.at, each.why, each.schedule.verb == "live") for each in made]
    seen = {each.schedule.id for each in made} | paused
    shown += [
        Coming(each.schedule.title, each.next, live=each.schedule.verb == "live")
        for each in standings
        if each.next is not None and each.schedule.id not in seen
    ]
    return sorted(shown, key=lambda each: each.at)


def next_drills(known: Known | None, standings: Sequence[Standing]) -> dict[tuple[str, str], float]:
    """By server and Region, in seconds since the epoch."""
    drills = {
        each.schedule.id: each.next
        for each in standings
        if each.next is not None and each.schedule.verb != "backup" and not each.paused_by
    }
    found: dict[tuple[str, str], float] = {}
    for server in known.servers if known else ():
        times = [drills[name] for name in server.schedules if name in drills]
        if times:
            found[server.server, server.region] = min(times)
    return found
