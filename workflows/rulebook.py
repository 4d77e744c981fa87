"""The table `[access]` of firedrill.toml: read, checked, and made into the policy."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from workflows.faults import Fault
from workflows.policy import BASE, WAIVABLE, Policy, Rule, When
from workflows.slack_ids import People, Place

_People = tuple[People, ...]
_Minutes = Annotated[float, Field(gt=0, le=24 * 60)]
#: What a rule may speak of; `live` is a live drill.
VERBS = ("backup", "restore", "drill", "live", "validate", "prune", "cancel", "retry", "halt", "resume")


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class WhenTable(_Table):
    """`when` of a rule: everything that is given must fit."""

    verbs: tuple[Annotated[str, Field(pattern=f"^({'|'.join(VERBS)})$")], ...] = ()
    channels: tuple[Place, ...] = ()
    servers: tuple[str, ...] = ()
    accounts: tuple[Annotated[str, Field(pattern=r"^\d{12}$")], ...] = ()
    regions: tuple[str, ...] = ()
    tags: Mapping[str, str] = Field(default_factory=dict)


class RuleTable(_Table):
    """`[[access.rules]]`: what is demanded beyond `[access]`, where `when` fits."""

    name: str = Field(min_length=1, max_length=60)
    when: WhenTable = WhenTable()
    operators: _People | None = None
    approvers: _People | None = None
    channels: tuple[Place, ...] | None = None
    approvals: int = Field(default=0, ge=0, le=10)
    minutes: _Minutes | None = None
    reason: bool = False
    asker_may_approve: bool | None = None
    needs: tuple[Annotated[str, Field(pattern=f"^({'|'.join(WAIVABLE)})$")], ...] = ()

    def rule(self) -> Rule:
        when = When(**self.when.model_dump())
        return Rule(**{**self.model_dump(), "when": when})


class AccessTable(_Table):
    """`[access]`: Slack's ids of users (`U…`) and user groups (`S…`), and the terms that hold everywhere."""

    operators: _People = ()
    approvers: _People = ()
    channels: tuple[Place, ...] | None = None
    approvals: int = Field(default=1, ge=1, le=10)
    minutes: _Minutes = 30.0
    reason: bool = False
    asker_may_approve: bool = False
    without_approval: tuple[Annotated[str, Field(pattern=f"^({'|'.join(WAIVABLE)})$")], ...] = ()
    rules: tuple[RuleTable, ...] = ()

    def policy(self) -> Policy:
        own = self.model_dump(exclude={"rules", "without_approval"})
        return Policy(Rule(name=BASE, **own), tuple(each.rule() for each in self.rules), self.without_approval)


def read_policy(raw: Mapping[str, Any]) -> tuple[Policy, list[Fault]]:
    """The table `[access]` as TOML gives it. With a fault nobody may do anything."""
    try:
        table = AccessTable.model_validate(raw)
    except ValidationError as error:
        return AccessTable().policy(), [Fault(("access", *each["loc"]), each["msg"]) for each in error.errors()]
    return table.policy(), list(_impossible(table))


def _impossible(table: AccessTable) -> Iterator[Fault]:
    """What could never be fulfilled: told now, not on the worst night."""
    names = [rule.name for rule in table.rules]
    for number, rule in enumerate(table.rules):
        if rule.name in names[:number]:
            yield Fault(("access", "rules", number, "name"), f"there are two rules called {rule.name}")
        approvers = set(table.approvers) if rule.approvers is None else set(rule.approvers)
        needed = max(rule.approvals, table.approvals)
        if _no_groups(approvers | set(table.approvers)):
            able = approvers & set(table.approvers)
            if len(able) < needed:
                text = f"{needed} must approve, and only {len(able)} could: who is in both lists of approvers"
                yield Fault(("access", "rules", number, "approvers"), text)
    if table.approvers and _no_groups(set(table.approvers)) and len(set(table.approvers)) < table.approvals:
        text = f"{table.approvals} must approve, and there are only {len(set(table.approvers))}"
        yield Fault(("access", "approvals"), text)


def _no_groups(people: set[str]) -> bool:
    return not any(each.startswith("S") for each in people)
