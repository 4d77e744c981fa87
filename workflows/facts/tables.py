"""The tables `[profiles.NAME]` of firedrill.toml: read, checked, and chosen from."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, StrictFloat, ValidationError

from workflows.errors import UserError
from workflows.facts.check import Check
from workflows.facts.freezing import Freezing
from workflows.facts.kinds import KINDS
from workflows.facts.profile import DEFAULT_ON_WINDOWS, DEFAULT_PROFILE, Platform, Profile
from workflows.facts.rules import FileRules, percent, size_in_bytes
from workflows.facts.targets import Targets, seconds_of
from workflows.faults import Fault
from workflows.keeping import Keeping
from workflows.ways import NO_OTHERS, Others
from workflows.words import safe

Where = tuple[str | int, ...]

#: What there is without a line in firedrill.toml, which may replace each.
_BUILT_IN = {each.name: each for each in (DEFAULT_PROFILE, DEFAULT_ON_WINDOWS)}


class TargetsTable(BaseModel):
    """`targets` of a profile: `{rto = "30 min", rpo = "24 h", proof = "90 d"}`, or numbers of seconds."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    rto: str | StrictFloat | None = None
    rpo: str | StrictFloat | None = None
    proof: str | StrictFloat | None = None

    def targets(self) -> Targets:
        """ValueError, in plain text."""
        return Targets(*(None if each is None else seconds_of(each) for each in (self.rto, self.rpo, self.proof)))


class ProfileTable(BaseModel):
    """`[profiles.NAME]`: which servers, and what is measured on them.

    `servers` and `tags` say whose profile it is; a server has all the tags. `paths` must exist, `optional` ones may,
    what lies in `without` is left out. The rest says how files are measured and judged: `FileRules`, and what
    stands still while the image is asked for: `Freezing`. `targets` are judged after each restore, and fail nothing.
    `launch` is how the server may be launched again if AWS cannot launch it as it was: `Others`. `platform` says what
    runs on those servers. `retention` is their own rule: `Keeping`.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    servers: tuple[str, ...] = ()
    tags: Mapping[str, str] = Field(default_factory=dict)
    paths: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    may_drift: tuple[str, ...] = ()
    sample: str | float = 100.0
    most_files: int = FileRules.most_files
    most_bytes: int | str = FileRules.most_bytes
    most_seconds: int = FileRules.most_seconds
    fails: tuple[str, ...] = FileRules.fails
    freeze: Freezing | None = None
    targets: TargetsTable = TargetsTable()
    launch: Others = NO_OTHERS
    platform: Platform = "linux"
    retention: Keeping | None = None

    def profile(self, name: str, checks: tuple[Check, ...]) -> Profile:
        """ValueError, in plain text, if it cannot be measured."""
        rules = FileRules(
            self.may_drift,
            percent(self.sample),
            self.most_files,
            size_in_bytes(self.most_bytes),
            self.most_seconds,
            self.fails,
        )
        targets = self.targets.targets()
        return Profile(
            name,
            self.paths,
            self.optional,
            self.without,
            rules,
            self.freeze,
            targets,
            checks,
            self.launch,
            self.platform,
            self.retention,
        )


@dataclass(frozen=True)
class Profiles:
    """All profiles of one installation, by name, with the tables that they were made of."""

    tables: Mapping[str, ProfileTable]
    made: Mapping[str, Profile]

    def choose(self, server: str, tags: Mapping[str, str], name: str = "") -> Profile:
        """The profile of that name; else the one that names the server; else the one whose tags the server has; else
        the one called `default`, which firedrill.toml may replace. Raises UserError: unknown, or two fit by tags."""
        if name:
            return self._named(name)
        own = [each for each, table in self.tables.items() if server in table.servers]
        fit = own or [each for each, table in self.tables.items() if table.tags and table.tags.items() <= tags.items()]
        if len(fit) > 1:
            both = " and ".join(f"`{safe(each)}`" for each in fit)
            raise UserError(
                f"The tags of *{safe(server)}* fit {len(fit)} profiles: {both}.",
                f"Name the server in one of them, or ask with `--profile {safe(fit[0])}`.",
                about="profile",
            )
        return self.made[fit[0]] if fit else self.made.get("default", DEFAULT_PROFILE)

    def _named(self, name: str) -> Profile:
        known = dict.fromkeys((*self.made, *_BUILT_IN))
        if name not in known:
            names = ", ".join(f"`{safe(each)}`" for each in known)
            raise UserError(f"There is no profile `{safe(name)}`.", f"There are: {names}.", about="profile")
        return self.made.get(name) or _BUILT_IN[name]

    @property
    def all(self) -> tuple[Profile, ...]:
        """Every profile that a run can have been given."""
        return (*self.made.values(), *_BUILT_IN.values())


def read_profiles(raw: Mapping[str, Any]) -> tuple[Profiles, list[Fault]]:
    """The table `[profiles]` as TOML gives it. What has a fault is left out of the profiles."""
    faults: list[Fault] = []
    tables: dict[str, ProfileTable] = {}
    made: dict[str, Profile] = {}
    for name, table in raw.items():
        at = ("profiles", name)
        given = table if isinstance(table, dict) else {}
        checks = tuple(_checks(at, given, faults))
        own = {key: value for key, value in given.items() if key not in KINDS} if given else table
        try:
            tables[name] = ProfileTable.model_validate(own)
            made[name] = tables[name].profile(name, checks)
        except ValidationError as error:
            faults += _faults(at, error)
        except ValueError as error:
            faults.append(Fault(at, str(error)))
    faults += _in_two(tables)
    return Profiles(tables, made), faults


def _checks(at: Where, table: Mapping[str, Any], faults: list[Fault]) -> Iterator[Check]:
    """The checks of one profile: under each kind's name a list of tables."""
    for name, kind in KINDS.items():
        given = table.get(name, [])
        if not isinstance(given, list):
            faults.append(Fault((*at, name), f"must be a list of tables, begun by `[[{at[0]}.{at[1]}.{name}]]`"))
            continue
        for number, each in enumerate(given):
            here = (*at, name, number)
            try:
                yield kind.model_validate(each).check()
            except ValidationError as error:
                faults += _faults(here, error)
            except ValueError as error:
                faults.append(Fault(here, str(error)))


def _faults(at: Where, error: ValidationError) -> Iterator[Fault]:
    for each in error.errors():
        yield Fault((*at, *each["loc"]), each["msg"].removeprefix("Value error, "))


def _in_two(tables: Mapping[str, ProfileTable]) -> Iterator[Fault]:
    taken: dict[str, str] = {}
    for name, table in tables.items():
        for server in table.servers:
            if server in taken:
                yield Fault(("profiles", name, "servers"), f"{server} is in two profiles, {taken[server]} and {name}")
            taken[server] = name
