"""Who may do what: the rules, which of them apply, and what a person is told of them."""

from dataclasses import replace

import pytest

from handlers.access import Access
from tests.handlers.test_cards import run
from workflows.engine.run import Actor
from workflows.errors import NotAllowed
from workflows.policy import BASE, Circumstances, Directory, Policy, Rule, When, about_run, check_may_run, may_approve

PEOPLE = {
    "operator": Actor("U1OPERATOR"), "approver": Actor("U2APPROVER"), "both": Actor("U3BOTH"),
    "bystander": Actor("U4NOBODY"), "deactivated": Actor("U5GONE"),
}  # fmt: skip
OPERATORS = ("U1OPERATOR", "U3BOTH", "U5GONE")
APPROVERS = ("U2APPROVER", "S1GROUP", "U5GONE")
DIRECTORY = Directory({"S1GROUP": frozenset({"U3BOTH"})}, frozenset({"U5GONE"}))
HERE, ELSEWHERE = "C1OPS", "C2RANDOM"
BASE_RULE = Rule(BASE, operators=OPERATORS, approvers=APPROVERS, channels=(HERE,), approvals=1, minutes=30)
STRICT = Policy(BASE_RULE)
SOMEBODY = Actor("U9ELSE")


NARROW = Rule(
    "production", When(tags={"Environment": "production"}), operators=("U1OPERATOR",),
    approvers=("U2APPROVER", "U3BOTH"), approvals=2, minutes=10, reason=True, asker_may_approve=False, needs=("copy",),
)  # fmt: skip
LOOSE = Rule(
    "orders", When(servers=("orders-*",)), operators=("U4NOBODY",), approvals=1, minutes=600, asker_may_approve=True
)


def test_of_two_rules_that_disagree_the_stricter_holds_in_every_term() -> None:
    base = replace(BASE_RULE, asker_may_approve=True)
    policy = Policy(base, (NARROW, LOOSE), without_approval=("copy",))
    about = Circumstances("live", HERE, "orders-db", {"Environment": "production"})
    for rules in ((NARROW, LOOSE), (LOOSE, NARROW)):
        terms = replace(policy, rules=rules).terms(about)
        assert (terms.approvals, terms.minutes, terms.reason, terms.asker_may_approve) == (2, 10, True, False)
        assert terms.waived == frozenset()
    for person in ("U1OPERATOR", "U4NOBODY"):
        with pytest.raises(NotAllowed, match="not an operator"):
            check_may_run(policy.terms(about), person, HERE, DIRECTORY)
    assert may_approve(policy.terms(about), "U9ELSE", DIRECTORY) == ["U2APPROVER", "U3BOTH"]
    assert policy.terms(Circumstances("live", HERE, "wiki")).waived == {"copy"}


@pytest.mark.parametrize(
    ("when", "fits"),
    [
        (When(), True),
        (When(servers=("orders-*",)), True),
        (When(servers=("wiki", "orders-db")), True),
        (When(servers=("orders",)), False),
        (When(tags={"Environment": "production"}), True),
        (When(tags={"Environment": "production", "Team": "x"}), False),
        (When(verbs=("live",)), True),
        (When(verbs=("drill",)), False),
        (When(channels=(HERE,), regions=("eu-central-1",), accounts=("000000000000",)), True),
        (When(channels=(ELSEWHERE,)), False),
        (When(regions=("us-east-1",)), False),
        (When(accounts=("111111111111",)), False),
    ],
)
def test_a_rule_applies_where_all_that_it_names_fits(when: When, fits: bool) -> None:
    tags = {"Environment": "production"}
    about = Circumstances("live", HERE, "orders-db", tags, "000000000000", "eu-central-1")
    assert when.fits(about) is fits


def test_where_nobody_knows_a_servers_tags_a_rule_by_tags_holds_for_it() -> None:
    unknown = Circumstances("restore", HERE, "orders-db", None)
    assert NARROW.when.fits(unknown)
    assert not replace(NARROW.when, servers=("wiki",)).fits(unknown)
    assert not NARROW.when.fits(Circumstances("restore", HERE, "orders-db"))


def test_a_user_group_that_slack_does_not_tell_of_has_nobody_in_it() -> None:
    policy = Policy(replace(BASE_RULE, approvers=("S9UNKNOWN",)))
    assert may_approve(policy.terms(about_run(run())), "U9ELSE", DIRECTORY) == []


def test_a_reason_is_asked_for_where_a_rule_wants_one() -> None:
    access = Access(Policy(replace(BASE_RULE, reason=True)), lambda _: DIRECTORY)
    access.check_may_start(PEOPLE["operator"], Circumstances("backup", HERE), HERE, "the upgrade")
    with pytest.raises(NotAllowed, match="wants a reason"):
        access.check_may_start(PEOPLE["operator"], Circumstances("backup", HERE), HERE, "  ")


def test_a_person_is_told_what_they_may_do_and_by_which_rule() -> None:
    access = Access(Policy(BASE_RULE, (NARROW,)), lambda _: DIRECTORY)
    about = Circumstances("", HERE, "orders-db", {"Environment": "production"})
    told = access.explained("U3BOTH", about)
    assert "about *orders-db*" in told
    assert "• live drill: no: <@U3BOTH> is not an operator for that: the rule `production` lists who is\n" in told
    assert "• approve a live drill: yes, never one that they asked for; it takes 2 approvals of 2 people" in told
    assert "the rule `production` applies to Environment=production" in told
    assert "• backup: yes, as an operator by `[access]`" in access.explained("U3BOTH", Circumstances("", HERE))


def test_a_rule_about_some_servers_says_nothing_of_a_halt_and_is_told_whatever_verbs_it_names() -> None:
    keeps = Rule("keeps", When(servers=("orders-*",), verbs=("prune",)), approvals=2)
    mine = Rule("mine", When(servers=("orders-*",)), operators=("U9ELSE",))
    access = Access(Policy(BASE_RULE, (keeps, mine)), lambda _: DIRECTORY)
    operator = PEOPLE["operator"]
    told = access.explained(operator.id, Circumstances("", HERE, "orders-db"))
    assert "• halt everything: yes" in told
    assert "• end a halt: yes" in told
    assert "• backup: no: " in told
    assert "the rule `keeps` applies to" in told
    access.check_may_halt(operator, "halt", HERE)
    with pytest.raises(NotAllowed, match="so nothing was changed"):
        access.check_may_halt(PEOPLE["approver"], "halt", HERE)
