"""Environment and firedrill.toml, read once into one frozen object; every fault is named at once."""

import os
import tomllib
from collections.abc import Mapping
from ipaddress import IPv4Network
from pathlib import Path
from typing import Any, Literal, NamedTuple
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from bot.lines import line_of
from workflows.digest import USUAL as USUALLY
from workflows.digest import weekly
from workflows.engine.budget import USUAL
from workflows.errors import FiredrillError
from workflows.facts.tables import Profiles, read_profiles
from workflows.facts.targets import seconds_of
from workflows.faults import Fault
from workflows.keeping import EVERYTHING_STAYS, Keeping
from workflows.policy import Policy
from workflows.rulebook import read_policy
from workflows.schedules.hindrances import HindrancesTable
from workflows.schedules.rule import Rule, zone_of
from workflows.schedules.schedule import Schedule
from workflows.schedules.tables import Freeze, read_freezes, read_schedules
from workflows.slack_ids import Channel, Member
from workflows.steps.isolation import DrillRules

CONFIG = "firedrill.toml"
#: What S3 allows as a bucket's name, or none, and what may stand before a key without being quoted anywhere.
BUCKET, PREFIX = r"^$|^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$", r"^[A-Za-z0-9!_.*'()/-]{0,200}$"


class SettingsError(FiredrillError):
    """The settings are not usable. The text names every fault."""


class Environment(BaseSettings):
    """Secrets and addresses, from the environment and `.env`. The bot holds Slack's, the worker AWS's."""

    model_config = SettingsConfigDict(env_file=".env", extra="ignore", frozen=True, env_ignore_empty=True)

    firedrill_redis_url: str = "redis://127.0.0.1:6379/0"
    firedrill_broker_url: str = Field(default="", repr=False)
    firedrill_config: Path = Path(CONFIG)
    firedrill_allow_mixed: bool = False
    firedrill_health_port: int | None = Field(default=None, ge=0, le=65535)
    slack_bot_token: str = Field(default="", repr=False)
    slack_app_token: str = Field(default="", repr=False)
    slack_signing_secret: str = Field(default="", repr=False)
    slack_api_url: str = "https://slack.com/api/"
    slack_host: str = "127.0.0.1"
    slack_port: int = 3000
    aws_endpoint_url: str = ""


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class SlackTable(_Table):
    """`[slack]`: the channel for runs that were asked for in the shell, and how many calls a minute all bots together
    may make."""

    channel: Channel = ""
    calls: int = Field(default=USUAL, ge=10, le=10_000)


class AnnouncementsTable(_Table):
    """`[announcements]`: the channel in which scheduled work is announced (without one, each schedule's own, else that
    of `[slack]`), and how long before. `digest` is when the week's digest comes, in `zone`; empty: never.
    """

    channel: Channel = ""
    before: tuple[str, ...] = Field(default=("1 d", "1 h"), max_length=5)
    zone: str = "UTC"
    digest: str = USUALLY

    @field_validator("before")
    @classmethod
    def _spans(cls, given: tuple[str, ...]) -> tuple[str, ...]:
        if any(not 60 <= seconds_of(each) <= 86400 for each in given):
            raise ValueError("from 1 min to 1 d")
        return given

    @field_validator("zone")
    @classmethod
    def _zone(cls, given: str) -> str:
        zone_of(given)
        return given

    @field_validator("digest")
    @classmethod
    def _weekly(cls, given: str) -> str:
        weekly(given, "UTC")
        return given

    @property
    def digest_rule(self) -> Rule | None:
        """None where there is no digest."""
        return weekly(self.digest, self.zone)

    @property
    def ahead(self) -> tuple[float, ...]:
        """Seconds, the longest first."""
        return tuple(sorted((seconds_of(each) for each in self.before), reverse=True))


class AuditTable(_Table):
    """`[audit]`: `anchor` is where the head's digest is told once a day: `channel` is the one of `[slack]`.

    `bucket` is where the worker puts it every hour, under S3's object lock for so many `days`; nowhere if it is empty.
    `region` is the bucket's, else the first of `regions`.
    """

    anchor: Literal["none", "channel"] = "none"
    bucket: str = Field(default="", pattern=BUCKET)
    prefix: str = Field(default="firedrill/audit/", pattern=PREFIX)
    region: str = ""
    mode: Literal["GOVERNANCE", "COMPLIANCE"] = "GOVERNANCE"
    days: int = Field(default=400, ge=1, le=36500)


class ReportTable(_Table):
    """`[report]`: the bucket in which the worker keeps the report of every run that has ended; none where it is empty.

    `region` is the bucket's, else the first of `regions`. `kms_key` encrypts instead of S3's own key.
    """

    bucket: str = Field(default="", pattern=BUCKET)
    prefix: str = Field(default="firedrill/", pattern=PREFIX)
    region: str = ""
    kms_key: str = ""


class DrillTable(_Table):
    """`[drill]`: how the copies of clone drills are kept apart. Without a `profile` there are none.

    `profile` is the name of their instance profile, `subnet` where they stand, if not in their source's. `reach` are
    the IPv4 networks to whose port 443 they may talk, if not the VPC's own endpoints for Systems Manager.
    """

    profile: str = Field(default="", pattern=r"^[\w+=,.@-]{0,128}$")
    subnet: str = Field(default="", pattern=r"^$|^subnet-[0-9a-f]+$")
    reach: tuple[IPv4Network, ...] = ()

    def rules(self) -> DrillRules:
        return DrillRules(self.profile, self.subnet, tuple(map(str, self.reach)))


class PaceTable(_Table):
    """`[pace]`: seconds between looks, growing from `first` to `most`; `lease` is how long a silent worker keeps a run,
    longer than the longest single call to AWS (30 s).
    """

    first: float = Field(default=2.0, gt=0)
    most: float = Field(default=15.0, gt=0)
    lease: float = Field(default=60.0, ge=2)


class LimitsTable(_Table):
    """`[limits]`: how much of the calls that AWS allows an account are Firedrill's; the rest is left to people."""

    share: float = Field(default=0.7, gt=0, le=1)


class HealthTable(_Table):
    """`[health]`: where each process tells how it is, by HTTP. A port of 0: nowhere. `celery` is the port of
    `celery-worker`; None: the worker's.
    """

    host: str = "127.0.0.1"
    bot: int = Field(default=0, ge=0, le=65535)
    worker: int = Field(default=0, ge=0, le=65535)
    celery: int | None = Field(default=None, ge=0, le=65535)


class File(_Table):
    """firedrill.toml: settings that are no secrets."""

    installation: str = Field(default="main", pattern=r"^[a-z0-9][a-z0-9-]{0,29}$")
    regions: tuple[str, ...] = Field(default=("us-east-1",), min_length=1)
    threads: int = Field(default=8, ge=1, le=64)
    engine: Literal["local", "celery"] = "local"
    access: Mapping[str, Any] = Field(default_factory=dict)
    slack: SlackTable = SlackTable()
    audit: AuditTable = AuditTable()
    report: ReportTable = ReportTable()
    drill: DrillTable = DrillTable()
    pace: PaceTable = PaceTable()
    limits: LimitsTable = LimitsTable()
    people: Mapping[str, Member] = Field(default_factory=dict)
    profiles: Mapping[str, Any] = Field(default_factory=dict)
    announcements: AnnouncementsTable = AnnouncementsTable()
    schedules: Mapping[str, Any] = Field(default_factory=dict)
    freezes: tuple[Any, ...] = ()
    hold: HindrancesTable = HindrancesTable()
    retention: Keeping = EVERYTHING_STAYS
    health: HealthTable = HealthTable()


class Settings(BaseModel):
    """All of it."""

    model_config = ConfigDict(frozen=True, arbitrary_types_allowed=True)

    environment: Environment
    file: File
    profiles: Profiles
    policy: Policy
    schedules: tuple[Schedule, ...] = ()
    freezes: tuple[Freeze, ...] = ()

    @property
    def practice_slack(self) -> bool:
        return loopback(self.environment.slack_api_url)

    @property
    def practice_aws(self) -> bool:
        return loopback(self.environment.aws_endpoint_url)


def loopback(url: str) -> bool:
    """Whether an address leads to this machine."""
    return urlsplit(url).hostname in ("127.0.0.1", "localhost", "::1")


def load() -> Settings:
    """Read everything. Raises SettingsError that names every fault, and none of the secrets."""
    faults: list[str] = []
    environment = _environment(faults)
    path = environment.firedrill_config if environment else Path(os.environ.get("FIREDRILL_CONFIG", CONFIG))
    read = _file(path, faults)
    if faults or environment is None:
        lines = "\n".join(f"  - {fault}" for fault in faults)
        raise SettingsError(f"The settings have {len(faults)} fault(s):\n{lines}", "Mend them, then start again.")
    return Settings(environment=environment, **read._asdict())


def _environment(faults: list[str]) -> Environment | None:
    try:
        return Environment()
    except ValidationError as error:
        faults += [f"{'.'.join(map(str, each['loc'])).upper()}: {each['msg']}" for each in error.errors()]
        return None


class _Read(NamedTuple):
    """What firedrill.toml holds."""

    file: File
    profiles: Profiles
    policy: Policy
    schedules: tuple[Schedule, ...] = ()
    freezes: tuple[Freeze, ...] = ()


def _file(path: Path, faults: list[str]) -> _Read:
    """An absent file means defaults: whoever starts without one is told by the first refusal what to add."""
    if not path.exists():
        if "FIREDRILL_CONFIG" in os.environ:
            faults.append(f"FIREDRILL_CONFIG: there is no file {path}")
        return _NOTHING
    try:
        text = path.read_text(encoding="utf-8")
        raw = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        faults.append(f"{path}: {error}")
        return _NOTHING
    profiles, found = read_profiles(_table(raw, "profiles"))
    policy, more = read_policy(_table(raw, "access"))
    schedules, wrong = read_schedules(_table(raw, "schedules"))
    freezes, amiss = read_freezes(raw["freezes"] if isinstance(raw.get("freezes"), list) else [])
    found += more + wrong + amiss
    file = File()
    try:
        file = File.model_validate(raw)
    except ValidationError as error:
        found = [Fault(each["loc"], each["msg"]) for each in error.errors()] + found
    faults += [_told(path, text, each) for each in found]
    return _Read(file, profiles, policy, schedules, freezes)


_NOTHING = _Read(File(), read_profiles({})[0], read_policy({})[0])


def _table(raw: Mapping[str, Any], name: str) -> dict[str, Any]:
    """Empty where it is none: that fault is told by File."""
    given = raw.get(name)
    return given if isinstance(given, dict) else {}


def _told(path: Path, text: str, fault: Fault) -> str:
    """File, line, key, and what is wrong with it."""
    line = line_of(text, fault.at)
    where = f", line {line}" if line else ""
    return f"{path}{where}: {'.'.join(map(str, fault.at))}: {fault.text}"
