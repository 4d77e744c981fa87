"""Which recovery points of a server retention lets go, and why the others stay. Pure."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from workflows.aws import tags
from workflows.errors import UserError
from workflows.facts.profile import Profile
from workflows.facts.targets import seconds_of
from workflows.keeping import EVERYTHING_STAYS, Keeping
from workflows.points import Point
from workflows.words import safe

#: States of an image that is over: one that is made at the moment, or that somebody has disabled, is left alone.
_OVER = ("available", "failed", "error", "invalid")
#: Snapshots of one image that a question can name.
_NAMED = 60


@dataclass(frozen=True)
class Sorted:
    """`going` the oldest first; `stays` says why, by image id."""

    going: tuple[Point, ...]
    stays: Mapping[str, str]


def rule_of(
    server: str,
    marks: Mapping[str, str] | None,
    choose: Callable[[str, Mapping[str, str], str], Profile],
    default: Keeping,
) -> Keeping:
    """The rule of the server's profile, else `default`. In doubt everything stays: so where there is no instance whose
    tags could choose the profile, only that of a profile that names the server goes."""
    try:
        chosen = choose(server, marks or {}, "")
    except UserError:
        return EVERYTHING_STAYS
    if not marks and (chosen.retention is None or chosen.name == "default"):
        return EVERYTHING_STAYS
    return default if chosen.retention is None else chosen.retention


def sorted_out(points: Iterable[Point], rule: Keeping, now: float) -> Sorted:
    """The points of one server in one Region, all of them. `now` in seconds since the epoch."""
    newest_first = sorted(points, key=lambda each: (each.requested, each.image_id), reverse=True)
    own = [each for each in newest_first if each.as_made]  # no copy of a point guards it
    usable = [each.image_id for each in own if each.usable]
    held = guarded(own)
    going, stays = [], {}
    for each in newest_first:
        why = held.get(each.image_id) or each.foreign or _stays_by_rule(each, rule, usable[: rule.last], now)
        if why:
            stays[each.image_id] = why
        else:
            going.append(each)
    return Sorted(tuple(reversed(going)), stays)


def guarded(newest_first: Iterable[Point]) -> dict[str, str]:
    """What no rule lets go: image id and why. One that is broken, or that differed, guards no better one behind it."""
    points = list(newest_first)
    good = [each for each in points if each.usable and not each.differed_in]
    kinds = {
        "it is the newest": points,
        "it is the last complete one": [each for each in points if each.usable],
        "it is the last complete one that did not differ": good,
        "it is the last that is called proven": [each for each in points if each.proof == "proven"],
        "it is the last proven one": [each for each in good if each.proof == "proven"],
    }
    return {found[0].image_id: why for why, found in kinds.items() if found}


def _stays_by_rule(point: Point, rule: Keeping, last: list[str], now: float) -> str:
    if point.state not in _OVER:
        return f"its image is `{safe(point.state)}`"
    if len(point.snapshots) > _NAMED:
        return f"it has more than {_NAMED} snapshots, which no question can name"
    if point.requested <= 0:
        return "AWS does not say how old it is"
    age = now - point.requested
    if point.keep:
        return _stays_by_tag(point.keep, age)
    if rule.keeps_all:
        return "no rule lets it go"
    if point.image_id in last:
        return f"it is among the last {rule.last}"
    return f"it is younger than {rule.keep}" if age < rule.seconds else ""


def _stays_by_tag(keep: str, age: float) -> str:
    """The point's own tag takes the rule's place. One that is no time keeps it for ever."""
    try:
        young = age < seconds_of(keep)
    except ValueError:
        young = True
    return f"its tag `{tags.KEEP}` says `{safe(keep)}`" if young else ""
