"""The parts that both processes and the shell stand on, put together from the settings."""

import json
from dataclasses import dataclass

import redis

from bot.settings import Settings, SettingsError
from handlers.access import Access, Look
from handlers.answers import Answers
from workflows.chainer import Chainer
from workflows.desk import Desk
from workflows.engine.agenda import Agenda
from workflows.engine.ahead import MovableClock
from workflows.engine.board import Board
from workflows.engine.clock import SharedClock
from workflows.engine.connection import Away, connect, doubts
from workflows.engine.happened import Place
from workflows.engine.run import Actor
from workflows.engine.store import Store
from workflows.engine.trail import Trail
from workflows.logins import login
from workflows.policy import Directory, directory_from_json
from workflows.schedules.calendar import Calendar


@dataclass(frozen=True)
class Parts:
    """Redis and what is kept in it."""

    redis: redis.Redis
    clock: SharedClock
    store: Store
    board: Board
    trail: Trail
    chainer: Chainer
    agenda: Agenda


def parts(settings: Settings) -> Parts:
    """Raises SettingsError when there is no Redis at that address."""
    url = settings.environment.firedrill_redis_url
    try:
        client = connect(url)
        client.ping()
    except (Away, ValueError) as error:
        where = url.rsplit("@", 1)[-1]
        raise SettingsError(
            f"No Redis answers at {where} ({type(error).__name__}).",
            "FIREDRILL_REDIS_URL says where it is; `make practice` brings its own.",
        ) from error
    practice = settings.practice_slack or settings.practice_aws
    clock = MovableClock(client) if practice else SharedClock(client)
    trail = Trail(client, clock)
    return Parts(
        client, clock, Store(client, clock), Board(client), trail, Chainer(trail, clock), Agenda(client, clock)
    )  # fmt: skip


def answers(settings: Settings, built: Parts, look: Look) -> Answers:
    """The desk, behind the policy."""
    desk = desk_of(settings, built)
    calendar = Calendar(built.agenda, built.clock, settings.schedules)
    return Answers(desk, Access(settings.policy, look), calendar)


def desk_of(settings: Settings, built: Parts) -> Desk:
    return Desk(built.store, built.board, built.clock, settings.profiles.choose, retention=settings.file.retention)


def directory(board: Board) -> Directory:
    """What the bot last heard from Slack of the people in the policy."""
    return directory_from_json(board.directory())


def note_policy(settings: Settings, built: Parts, via: str) -> None:
    """Who may do what goes into the audit whenever a process starts with other rules than the last one did. `people`
    is of them: it says as whom a login acts."""
    file = settings.file
    rules = {
        **{f"access.{name}": json.dumps(value, sort_keys=True) for name, value in file.access.items()},
        "people": " ".join(f"{login}={user}" for login, user in sorted(file.people.items())),
    }
    name = login()
    built.trail.note_policy(rules, Actor(file.people.get(name, ""), name), Place(via=via))


def check_world(settings: Settings, board: Board, practice: bool) -> None:
    """A practice workspace with a live account, or the reverse, is refused. Raises SettingsError."""
    mine = "practice" if practice else "live"
    theirs = board.claim_world(mine)
    if theirs != mine and not settings.environment.firedrill_allow_mixed:
        raise SettingsError(
            f"This process is of the {mine} world, and its Redis belongs to the {theirs} one.",
            "Give each its own FIREDRILL_REDIS_URL. FIREDRILL_ALLOW_MIXED=1 mixes them on purpose.",
        )


def persistence(built: Parts) -> list[str]:
    """What is doubtful about how Redis keeps data."""
    return doubts(built.redis)
