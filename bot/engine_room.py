"""What drives runs, put together from the settings: for the worker, and for the machines that it sends runs to."""

import importlib
import logging
from collections.abc import Callable
from threading import Event
from types import ModuleType

from bot.health import Health, health_of
from bot.settings import Settings, SettingsError
from bot.wiring import Parts, check_world, directory, parts, persistence
from workflows.aws import Home
from workflows.aws.clients import CONNECT_TIMEOUT, READ_TIMEOUT
from workflows.aws.limits import Limits
from workflows.catalogue import RUNBOOKS
from workflows.engine.buckets import Buckets
from workflows.engine.connection import Away
from workflows.engine.engine import Engine
from workflows.engine.gauges import Gauges
from workflows.engine.ledger import Ledger
from workflows.engine.pace import Pace
from workflows.engine.run import Run
from workflows.engine.sightings import Sightings
from workflows.policy import about_run
from workflows.report.history import LOOKED_AT, last_time
from workflows.report.reading import seal
from workflows.retention import rule_of
from workflows.steps.launching import others_of
from workflows.turns import goes_no_further, whose_turn

log = logging.getLogger(__name__)


class EngineRoom:
    """Of one process, which tells how it is at `port`. Raises SettingsError when Redis is not there, or is another
    world's.
    """

    def __init__(self, settings: Settings, port: int, stop: Event) -> None:
        self.settings = settings
        self.parts = parts(settings)
        check_world(settings, self.parts.board, settings.practice_aws)
        _check_lease(settings)
        for doubt in persistence(self.parts):
            log.warning("%s", doubt)
        gauges = Gauges(self.parts.redis, self.parts.clock)
        self.health = health_of(settings, gauges, port, stop)
        ledger = Ledger()
        endpoint = settings.environment.aws_endpoint_url or None
        self.home = Home(
            settings.file.installation, endpoint, ledger.note, observed=self.health.metrics.aws,
            shelf=Sightings(self.parts.redis, self.parts.clock),
            limits=Limits(Buckets(self.parts.redis, self.parts.clock), settings.file.limits.share),
        )  # fmt: skip
        self.engine = _engine(settings, self.parts, self.home, ledger, self.health)


def _engine(settings: Settings, built: Parts, home: Home, ledger: Ledger, health: Health) -> Engine:
    pace = Pace(**settings.file.pace.model_dump())
    services = {
        "home": lambda run: home.of(run.target.account, run.target.region, whose_turn(run)),
        "terms": lambda run: settings.policy.terms(about_run(run)),
        "directory": lambda _: directory(built.board),
        "last_time": lambda run: last_time(built.store.latest(LOOKED_AT), run.target),
        "drill_rules": lambda _: settings.file.drill.rules(),
        "others": lambda run: others_of(run, settings.profiles.choose),
        "retention": lambda run: rule_of(
            run.target.server, run.tags, settings.profiles.choose, settings.file.retention
        ),
    }
    return Engine(
        built.store, RUNBOOKS, services, built.clock, pace, ledger=ledger, seal=seal,
        watching=watching(home, health.metrics.moved),
    )  # fmt: skip


def watching(home: Home, told: Callable[[Run, Run], None]) -> Callable[[Run, Run], None]:
    """Hears of each move of a run: `told` does, and a run that goes no further leaves the lines in which it stands."""

    def moved(before: Run, after: Run) -> None:
        told(before, after)
        if goes_no_further(after):
            try:
                home.out_of_line(after.target.account, after.target.region, whose_turn(after))
            except Away:
                log.debug("run=%s Redis is away; its place in line goes by itself", after.id)

    return moved


def _check_lease(settings: Settings) -> None:
    lease, longest = settings.file.pace.lease, CONNECT_TIMEOUT + READ_TIMEOUT
    if lease <= longest and not settings.practice_aws:
        raise SettingsError(
            f"pace.lease is {lease:.0f} s, and one call to AWS may take longer.",
            f"Give it more than {longest} s; 60 is the default.",
        )


def beyond() -> ModuleType:
    """bot/celery_engine.py. Raises SettingsError where the extra is not installed."""
    try:
        return importlib.import_module("bot.celery_engine")
    except ModuleNotFoundError as error:
        if error.name not in ("celery", "kombu"):
            raise
        raise SettingsError(
            'engine = "celery" needs Celery, which is not installed here.',
            "In Firedrill's checkout: pip install '.[celery]'. Or take the line out of firedrill.toml.",
        ) from error
