"""What a person may do, and why: the policy told to people, in mrkdwn. Pure."""

from dataclasses import replace

from workflows.errors import NotAllowed
from workflows.policy import (
    Circumstances,
    Directory,
    Policy,
    Rule,
    Terms,
    check_may_decide,
    check_may_run,
    may_approve,
)
from workflows.words import count, duration, safe

#: What a rule's `verbs` may name, and how it is said.
VERBS = {
    "backup": "backup", "restore": "restore", "drill": "clone drill", "live": "live drill", "validate": "validate",
    "prune": "prune",     "cancel": "cancel", "retry": "retry", "halt": "halt everything", "resume": "end a halt",
}  # fmt: skip
HALTS = ("halt", "resume")
#: Nobody's id: a check with it as the asker is one for what others ask.
_SOMEBODY = ""


def explained(policy: Policy, person: str, about: Circumstances, directory: Directory) -> str:
    """For one server, if `about` names one; else what holds where no server's rule narrows it."""
    where = f" about *{safe(about.server)}*" if about.server else ""
    lines = [f"What <@{person}> may do{where}:"]
    for verb, said in VERBS.items():
        asked = _asked(about, verb)
        lines.append(f"• {said}: {_may_run(policy.terms(asked), person, about.channel, directory)}")
    lines.append(f"• approve a live drill: {_may_approve(policy, person, about, directory)}")
    fitting = [rule for verb in VERBS for rule in policy.fitting(_asked(about, verb))]
    narrower = [rule for rule in policy.rules if not about.server or rule in fitting]
    lines += [
        f"• the rule `{safe(rule.name)}` applies to {safe(str(rule.when))}: {_demands(rule)}" for rule in narrower
    ]
    return "\n".join(lines)


def _asked(about: Circumstances, verb: str) -> Circumstances:
    """A halt and its end are about all servers, so no rule of some speaks of them."""
    return Circumstances(verb, about.channel) if verb in HALTS else replace(about, verb=verb)


def _may_run(terms: Terms, person: str, channel: str, directory: Directory) -> str:
    try:
        check_may_run(terms, person, channel, directory)
    except NotAllowed as refused:
        return f"no: {refused.why}"
    why = " and ".join(f"`{safe(circle.name)}`" for circle in terms.operators)
    return f"yes, as an operator by {why}" + (", with a reason" if terms.reason else "")


def _may_approve(policy: Policy, person: str, about: Circumstances, directory: Directory) -> str:
    terms = policy.terms(replace(about, verb="live"))
    try:
        check_may_decide(terms, person, _SOMEBODY, True, directory)
    except NotAllowed as refused:
        return f"no: {refused.why}"
    own = "their own too" if terms.asker_may_approve else "never one that they asked for"
    people = len(may_approve(terms, _SOMEBODY, directory))
    needed = f"{count(terms.approvals, 'approval')} of {count(people, 'person', 'people')} within "
    return f"yes, {own}; it takes {needed}{duration(terms.minutes * 60)}"


def _demands(rule: Rule) -> str:
    said = [
        *([f"operators {_listed(rule.operators, '@')}"] if rule.operators is not None else []),
        *([f"approvers {_listed(rule.approvers, '@')}"] if rule.approvers is not None else []),
        *([f"only in {_listed(rule.channels, '#')}"] if rule.channels is not None else []),
        *([count(rule.approvals, "approval")] if rule.approvals else []),
        *([f"within {duration(rule.minutes * 60)}"] if rule.minutes is not None else []),
        *(["a reason"] if rule.reason else []),
        *(["never by the asker"] if rule.asker_may_approve is False else []),
        *([f"an approval for: {', '.join(rule.needs)}"] if rule.needs else []),
    ]
    return "; ".join(said) or "it demands nothing"


def _listed(members: tuple[str, ...], sign: str) -> str:
    shown = [f"<!subteam^{each}>" if each.startswith("S") else f"<{sign}{each}>" for each in members]
    return ", ".join(shown) or "nobody"
