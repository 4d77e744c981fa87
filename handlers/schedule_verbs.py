"""The verbs about recurring work, as they are typed. grammar.py takes them in."""

from typing import Any

import click

from handlers.arguments import Target
from handlers.requests import (
    ListSchedules,
    PauseSchedule,
    Request,
    SkipNext,
    StartSchedule,
    Unschedule,
)

_id = click.argument("schedule_id", metavar="ID")


@click.command(epilog="Example: schedule drill orders-db --at 'first sunday of the month at 03:00' --tz Europe/Berlin")
@click.argument("what", type=click.Choice(("backup", "drill"), case_sensitive=False))
@click.argument("target", type=Target())
@click.option("--at", "--cron", "at", required=True, help="`every monday at 09:00`, `every 12 h`, or `0 3 * * 1`.")
@click.option("--tz", "zone", default="UTC", help="The time zone, such as Europe/Berlin.")
@click.option("--live", is_flag=True, help="Live drills: each still asks for its approval.")
@click.option("--point", type=click.Choice(("latest", "random", "fresh")), default="latest", help="Of a clone drill.")
@click.option("--profile", default="", help="Which facts to measure; else the server's own profile.")
@click.option("--reason", default="", help="Why; shown in each announcement.")
def schedule(what: str, target: str, at: str, live: bool, **options: Any) -> Request:
    """Back up or drill a server again and again, announced before it happens."""
    if live and what == "backup":
        raise click.UsageError("--live is about drills.")
    return StartSchedule("live" if live else what, target, at, **options)


@click.command(epilog="Example: schedules")
def schedules() -> Request:
    """List what recurs, and when it comes next."""
    return ListSchedules()


@click.command(epilog="Example: unschedule S-0003")
@_id
def unschedule(schedule_id: str) -> Request:
    """Remove a schedule; what it has announced is withdrawn."""
    return Unschedule(schedule_id)


@click.command(epilog="Example: skip S-0003")
@_id
def skip(schedule_id: str) -> Request:
    """Leave out the next occurrence of a schedule, and only that."""
    return SkipNext(schedule_id)


@click.command(epilog="Example: pause S-0003")
@_id
@click.option("--off", is_flag=True, help="End the pause.")
def pause(schedule_id: str, off: bool) -> Request:
    """Keep a schedule from beginning anything until the pause is ended with --off."""
    return PauseSchedule(schedule_id, not off)


VERBS = (schedule, schedules, unschedule, skip, pause)
