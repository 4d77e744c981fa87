"""Who may run what, who may approve what, and on what terms: the rules of firedrill.toml. Pure.

Every rule that fits a request adds its demands; none can take one away, so where two disagree the stricter wins.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from pydantic import TypeAdapter

from workflows.engine.run import Run
from workflows.errors import NotAllowed
from workflows.words import safe

#: What a policy may let go without an approval. The termination of a source and a deregistration always need one.
WAIVABLE = ("copy",)


@dataclass(frozen=True)
class Circumstances:
    """What a request is about; empty where it is about none. `verb` is the grammar's; a live drill's is `live`, a clone
    drill's `drill`. `tags` None: there is a server, and nobody knows what it bears, so a rule by tags holds for it."""

    verb: str
    channel: str = ""
    server: str = ""
    tags: Mapping[str, str] | None = field(default_factory=dict)
    account: str = ""
    region: str = ""


@dataclass(frozen=True)
class When:
    """Where a rule applies: everything that is given must fit. `servers` are patterns such as `orders-*`."""

    verbs: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()
    servers: tuple[str, ...] = ()
    accounts: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    tags: Mapping[str, str] = field(default_factory=dict)

    def fits(self, about: Circumstances) -> bool:
        exact = ((self.verbs, about.verb), (self.channels, about.channel), (self.accounts, about.account),
                 (self.regions, about.region))  # fmt: skip
        return (
            all(not wanted or value in wanted for wanted, value in exact)
            and (not self.servers or any(fnmatchcase(about.server, each) for each in self.servers))
            and (about.tags is None or self.tags.items() <= about.tags.items())
        )

    def __str__(self) -> str:
        lists = [", ".join(each) for each in (self.verbs, self.servers, self.channels, self.accounts, self.regions)]
        marks = [f"{name}={value}" for name, value in self.tags.items()]
        return "; ".join(each for each in [*lists, *marks] if each) or "everything"


@dataclass(frozen=True)
class Rule:
    """What one rule demands beyond the others. People are Slack's user ids (`U…`) and user groups (`S…`); None and 0
    demand nothing. `minutes` is how long a question stays open at most."""

    name: str
    when: When = When()
    operators: tuple[str, ...] | None = None
    approvers: tuple[str, ...] | None = None
    channels: tuple[str, ...] | None = None
    approvals: int = 0
    minutes: float | None = None
    reason: bool = False
    asker_may_approve: bool | None = None
    needs: tuple[str, ...] = ()


@dataclass(frozen=True)
class Circle:
    """People, or channels, of whom the rule `name` says that they may."""

    name: str
    members: tuple[str, ...]


@dataclass(frozen=True)
class Terms:
    """All demands on one request together. One must be in every circle; `waived` needs no approval."""

    operators: tuple[Circle, ...]
    approvers: tuple[Circle, ...]
    channels: tuple[Circle, ...]
    approvals: int
    minutes: float
    reason: bool
    asker_may_approve: bool
    waived: frozenset[str]


@dataclass(frozen=True)
class Directory:
    """What Slack says of people: who is in a user group, and whose account is deactivated."""

    groups: Mapping[str, frozenset[str]] = field(default_factory=dict)
    gone: frozenset[str] = frozenset()

    def within(self, person: str, members: Iterable[str]) -> bool:
        """An unknown group has nobody in it."""
        return any(each == person or person in self.groups.get(each, ()) for each in members)

    def people(self, members: Iterable[str]) -> list[str]:
        """Members one by one, without those who are gone."""
        found: dict[str, None] = {}
        for each in members:
            found |= dict.fromkeys(sorted(self.groups.get(each, ())) if each.startswith("S") else [each])
        return [each for each in found if each not in self.gone]


_DIRECTORY = TypeAdapter(Directory)


def directory_from_json(text: str | bytes | None) -> Directory:
    """None: nothing is known of anybody yet."""
    return _DIRECTORY.validate_json(text) if text else Directory()


def directory_to_json(directory: Directory) -> str:
    return _DIRECTORY.dump_json(directory).decode()


@dataclass(frozen=True)
class Policy:
    """The base rule, which always applies and lacks nothing, and those that narrow it."""

    base: Rule
    rules: tuple[Rule, ...] = ()
    without_approval: tuple[str, ...] = ()

    def fitting(self, about: Circumstances) -> list[Rule]:
        return [self.base, *(rule for rule in self.rules if rule.when.fits(about))]

    def terms(self, about: Circumstances) -> Terms:
        rules = self.fitting(about)
        said = [rule.asker_may_approve for rule in rules if rule.asker_may_approve is not None]
        needed = {deed for rule in rules for deed in rule.needs}
        return Terms(
            operators=_circles((rule.name, rule.operators) for rule in rules),
            approvers=_circles((rule.name, rule.approvers) for rule in rules),
            channels=_circles((rule.name, rule.channels) for rule in rules),
            approvals=max(1, *(rule.approvals for rule in rules)),
            minutes=min(rule.minutes for rule in rules if rule.minutes is not None),
            reason=any(rule.reason for rule in rules),
            asker_may_approve=bool(said) and all(said),
            waived=frozenset(self.without_approval) - needed,
        )

    def members(self) -> list[str]:
        """Everybody that any rule names, groups among them."""
        named = [*(self.base.operators or ()), *(self.base.approvers or ())]
        for rule in self.rules:
            named += [*(rule.operators or ()), *(rule.approvers or ())]
        return list(dict.fromkeys(named))


def about_run(run: Run, verb: str = "") -> Circumstances:
    """A run as the policy sees it; `verb` is what is to be done with it, if not what it does."""
    own = {"drill": "live", "clone": "drill"}.get(run.runbook, run.runbook)
    return Circumstances(
        verb or own, run.channel, run.target.server, run.tags, run.target.account, run.target.region
    )  # fmt: skip


#: What a refusal comes to: of a start, of a stop or a change, of a decision.
STARTED, CHANGED, DECIDED = "nothing was started", "nothing was changed", "nothing was decided"


def check_may_run(terms: Terms, person: str, channel: str, directory: Directory, so: str = STARTED) -> None:
    """Start, cancel, retry; `so` says what a refusal means. Raises NotAllowed."""
    _check_is_here(person, directory, so)
    for circle in terms.operators:
        if not directory.within(person, circle.members):
            raise NotAllowed(
                f"You are not an operator for that, so {so}.",
                f"{_listing(circle)}; whoever keeps firedrill.toml can add `{safe(person)}`. "
                "`/dr whoami` says what you may do.",
                why=f"<@{person}> is not an operator for that: {_rule(circle)} lists who is",
            )
    for circle in terms.channels:
        if channel not in circle.members:
            names = " or ".join(f"<#{each}>" for each in circle.members) or "no channel at all"
            text = f"By {_rule(circle)} that may be asked for in {names}, and not here, so {so}."
            why = f"by {_rule(circle)} that may be asked for in {names} only"
            raise NotAllowed(text, why=why, about="channel")


def check_reason(terms: Terms, reason: str) -> None:
    """Raises NotAllowed where the policy wants to know why."""
    if terms.reason and not reason.strip():
        raise NotAllowed(
            f"The policy wants a reason for that, so {STARTED}.",
            'Add one: `--reason "why it is done"`.',
            why="the policy wants a reason for that",
            about="reason",
        )


def check_may_decide(terms: Terms, person: str, asker: str, approved: bool, directory: Directory) -> None:
    """Approve or reject. Nobody approves what they asked for, unless every rule allows that. Raises NotAllowed."""
    _check_is_here(person, directory, DECIDED)
    for circle in terms.approvers:
        if not directory.within(person, circle.members):
            names = ", ".join(f"<@{each}>" for each in may_approve(terms, asker, directory)) or "nobody yet"
            raise NotAllowed(
                f"You are not an approver for that, so {DECIDED}.",
                f"{_listing(circle)}. Who can answer: {names}.",
                why=f"<@{person}> is not an approver for that: {_rule(circle)} lists who is",
            )
    if approved and person == asker and not terms.asker_may_approve:
        why = "whoever asked for it must leave its approval to somebody else"
        raise NotAllowed("You asked for it yourself, so somebody else must approve it.", why=why)


def may_approve(terms: Terms, asker: str, directory: Directory) -> list[str]:
    """Who can answer a question of those terms, one by one."""
    if not terms.approvers:
        return []
    first, *rest = terms.approvers
    return [
        person
        for person in directory.people(first.members)
        if all(directory.within(person, circle.members) for circle in rest)
        and (person != asker or terms.asker_may_approve)
    ]


def _check_is_here(person: str, directory: Directory, so: str) -> None:
    if person in directory.gone:
        gone = f"the Slack account `{safe(person)}` is deactivated"
        raise NotAllowed(f"{gone[0].upper()}{gone[1:]}, so {so}.", why=gone)


def _circles(pairs: Iterable[tuple[str, tuple[str, ...] | None]]) -> tuple[Circle, ...]:
    return tuple(Circle(name, members) for name, members in pairs if members is not None)


def _listing(circle: Circle) -> str:
    said = f"{_rule(circle)} lists who is"
    return f"{said[0].upper()}{said[1:]}"


def _rule(circle: Circle) -> str:
    return f"the rule `{safe(circle.name)}`" if circle.name != BASE else "`[access]` in firedrill.toml"


#: The name of the rule that always applies.
BASE = "[access]"
