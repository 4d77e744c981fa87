"""The end of recovery points: which go, what people are asked, the look at the click, and their removal one by one."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from typing import Any

from workflows.aws import Aws, tags
from workflows.engine.approval import Approval
from workflows.engine.run import Actor, Answer
from workflows.engine.runbook import Ask, Wait, step
from workflows.errors import AwsRefused, NotFound, NotPermitted, NotSafe, PruneIncomplete, TooLate
from workflows.keeping import Keeping
from workflows.points import Point, launch_settings, point_of
from workflows.policy import Directory, Terms
from workflows.retention import Sorted, sorted_out
from workflows.steps.approval import check_approved
from workflows.steps.in_time import in_time
from workflows.words import count, cut, safe, when

#: Points that one question names at most, and characters of them: all of it must fit a message of Slack's, which takes
#: some twelve thousand.
MOST, ROOM = 10, 9000
PATIENCE = 3600.0
_STOPPED = "Nothing was removed. `/dr retry` looks at it anew and asks again."
_AGAIN = "choose_going"


@dataclass(frozen=True)
class Going:
    """`points`, the oldest first, are all that an approval speaks of; `more` would go too. `guarded` are those
    that no rule lets go, `stay` says how many stay in all."""

    points: tuple[Point, ...]
    more: int
    rule: str
    guarded: tuple[str, ...]
    stay: int


@dataclass(frozen=True)
class Gone:
    """An image that is deregistered, and its snapshots that are deleted."""

    image_id: str
    snapshots: tuple[str, ...]


@dataclass(frozen=True)
class Removed:
    """`stays` are snapshots and launch settings that are not to go, and why; `left` is what the approval named and was
    not removed."""

    points: tuple[Gone, ...]
    stays: tuple[str, ...] = ()
    left: tuple[str, ...] = ()

    def told(self) -> str:
        snapshots = sum(len(each.snapshots) for each in self.points)
        first = f"{count(len(self.points), 'recovery point')} with {count(snapshots, 'snapshot')} removed"
        lines = [f"`{each.image_id}`: {', '.join(f'`{one}`' for one in each.snapshots)}" for each in self.points]
        return "\n".join([first, *lines, *(f"Stays: {each}" for each in (*self.stays, *self.left))])


@dataclass(frozen=True)
class _Way:
    """How far the removal is, as it stands in the record between two deeds: `gone` are deregistered, `deleted` are
    snapshots and `kept` those that stay, `clean` are images with nothing left to do, `left` stay, and why."""

    gone: tuple[str, ...] = ()
    deleted: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()
    clean: Mapping[str, list[str]] | None = None
    stays: tuple[str, ...] = ()
    left: Mapping[str, str] | None = None

    @property
    def handled(self) -> set[str]:
        return {*self.deleted, *self.kept}

    def over(self, image_id: str) -> bool:
        return image_id in (self.clean or {}) or image_id in (self.left or {})

    def leaves(self, image_id: str, why: str) -> "_Way":
        return replace(self, left={**(self.left or {}), image_id: why})


@step(
    "Choose what goes",
    gives="going",
    tell=lambda going: f"{count(len(going.points), 'recovery point')}; by the rule, {safe(going.rule)}",
)
def choose_going(home: Aws, server: str, retention: Keeping, now: float) -> Going:
    """By what AWS shows, and by the rule as it is now. Raises PruneIncomplete."""
    found = _sorted(home, server, retention, now)
    if not found.going:
        text = f"Retention lets no recovery point of *{safe(server)}* go: {safe(retention.sentence())}."
        raise PruneIncomplete(text, "Nothing was removed.")
    guarded = tuple(f"`{image_id}`: {why}" for image_id, why in found.stays.items() if why.startswith("it is the "))
    asked = _asked_about(found.going)
    return Going(asked, len(found.going) - len(asked), retention.sentence(), guarded, len(found.stays))


def _asked_about(going: Sequence[Point]) -> tuple[Point, ...]:
    """As many of the oldest as one question has room for, and one at least."""
    room = accumulate(len(each.image_id) + len(_named(each)) for each in going[:MOST])
    return tuple(going[: max(1, sum(taken <= ROOM for taken in room))])


def prune_question(server: str, going: Going, asked_by: Actor, reason: str, terms: Terms) -> Ask:
    """Names each image with its snapshots, and what stays."""
    number = count(len(going.points), "recovery point")
    more = f"; {going.more:,} more would go: `/dr prune` asks for them afterwards" if going.more else ""
    return Ask(
        title=f"Remove {number} of {safe(server)}?",
        verb="Approve removal",
        items=(
            *((f"`{each.image_id}`", _named(each)) for each in going.points),
            ("Rule", f"{safe(going.rule)}{more}"),
            ("Stay", "\n".join([count(going.stay, "recovery point"), *going.guarded])),
            ("Asked by", f"<@{asked_by.id}>" + (f": {safe(reason)}" if reason else "")),
        ),
        confirm=(
            f"Deregister {', '.join(each.image_id for each in going.points)} of {cut(server, 100)}, and delete their "
            "snapshots? This cannot be undone."
        ),
        minutes=terms.minutes,
        needed=terms.approvals,
    )


def _named(point: Point) -> str:
    size = f"{point.gib:,} GiB" if point.gib is not None else "size not known"
    disks = ", ".join(f"`{snapshot}` ({safe(device)})" for device, snapshot in point.snapshots)
    return f"requested {when(point.requested)}, {size}, `{point.proof}`; with {disks or 'no snapshot'}"


def still_beyond(
    home: Aws, server: str, going: Going, retention: Keeping, answers: tuple[Answer, ...], asked_by: Actor,
    terms: Terms, directory: Directory, now: float,
) -> None:  # fmt: skip
    """The people and the world at the moment of the click. Any doubt raises NotSafe and names it."""
    try:
        check_approved(answers, asked_by, terms, directory)
    except NotSafe as refused:
        raise NotSafe(refused.text, _STOPPED) from refused
    for image_id, doubt in _doubts(home, server, going.points, retention, now).items():
        raise NotSafe(f"At the click `{image_id}` is not to go: {doubt}.", _STOPPED, again_from=_AGAIN)


@step("Remove them", gives="removed", effect=True, tell=Removed.told)
def remove_points(
    home: Aws, server: str, going: Going, retention: Keeping, approval_prune: Approval, asked_by: Actor, terms: Terms,
    directory: Directory, now: float, kept: dict[str, Any], hold: Callable[[], float],
) -> Wait | Removed:  # fmt: skip
    """One deed at a look, each in the record before the next: an image, then a snapshot, another, its settings. `hold`
    is called last: whoever lost the run to another worker, or comes after the approval's end, removes nothing."""
    way = _Way(**{name: value for name, value in kept.items() if name in _Way.__annotations__})
    held = in_time(hold, approval_prune)
    point = next((each for each in going.points if not way.over(each.image_id)), None)
    if point is None:
        gone = tuple(Gone(image_id, tuple(snapshots)) for image_id, snapshots in (way.clean or {}).items())
        return Removed(gone, tuple(way.stays), tuple((way.left or {}).values()))
    if point.image_id in way.gone:
        way, because = _without_snapshots(home, point, way, held)
    else:
        doubt = _doubts(home, server, (point,), retention, now).get(point.image_id, "")
        doubt = doubt or _no_more(approval_prune, asked_by, terms, directory)
        way = _deregistered(home, point, way, doubt, held)
        because = f"`{point.image_id}` {'is deregistered' if point.image_id in way.gone else 'stays'}"
    done = sum(way.over(each.image_id) for each in going.points)
    return Wait(
        "the removal", because, PATIENCE, 100 * done // len(going.points), keep=way.__dict__, at_once=True
    )  # fmt: skip


def _no_more(approval: Approval, asked_by: Actor, terms: Terms, directory: Directory) -> str:
    """Why the approval does not count any more; empty while it does."""
    try:
        check_approved(approval.answers, asked_by, terms, directory)
    except NotSafe as refused:
        return refused.text.rstrip(".")
    return ""


def _deregistered(home: Aws, point: Point, way: _Way, doubt: str, held: Callable[[], float]) -> _Way:
    """What is not there (any more) needs no second call: an answer was lost, or somebody was quicker."""
    name = f"`{point.image_id}`"
    try:
        home.images.get(point.image_id)
    except NotFound:
        return replace(way, gone=(*way.gone, point.image_id))
    if doubt:
        return way.leaves(point.image_id, f"{name}: {doubt}")
    try:
        home.removals.ensure_deregistered(point.image_id, point.run_key, held)
    except NotPermitted:
        raise
    except TooLate:
        return way.leaves(point.image_id, f"{name}: the approval had expired")
    except (AwsRefused, NotSafe) as refused:
        return way.leaves(point.image_id, f"{name}: {refused.text}")
    return replace(way, gone=(*way.gone, point.image_id))


def _without_snapshots(home: Aws, point: Point, way: _Way, held: Callable[[], float]) -> tuple[_Way, str]:
    """One snapshot less; after the last, without its launch settings. What stays is told; nobody else's is deleted."""
    open_ = [snapshot for _, snapshot in point.snapshots if snapshot not in way.handled]
    deleted = [snapshot for _, snapshot in point.snapshots if snapshot in way.deleted]
    ended = replace(way, clean={**(way.clean or {}), point.image_id: deleted})
    try:
        if open_:
            return _without(home, point, way, open_[0], held)
        return _without_settings(home, point, ended, held), f"`{point.image_id}` is gone with all that belonged to it"
    except TooLate:
        if open_:
            ids = ", ".join(f"`{each}`" for each in open_)
            left = f"{ids} of `{point.image_id}`, which is deregistered: the approval had expired; delete them by hand"
            ended = ended.leaves(point.image_id, left)
        else:
            stays = f"the launch settings `{point.launch}`: the approval had expired"
            ended = replace(ended, stays=(*ended.stays, stays))
        return ended, f"the approval for `{point.image_id}` has expired"


def _without(home: Aws, point: Point, way: _Way, snapshot: str, held: Callable[[], float]) -> tuple[_Way, str]:
    try:
        why = home.removals.ensure_snapshot_deleted(snapshot, point.run_key, held)
    except NotPermitted:
        raise
    except AwsRefused as refused:
        why = f"`{snapshot}`: {refused.text}"
    if why:
        return replace(way, kept=(*way.kept, snapshot), stays=(*way.stays, why)), f"`{snapshot}` stays"
    return replace(way, deleted=(*way.deleted, snapshot)), f"`{snapshot}` is deleted"


def _without_settings(home: Aws, point: Point, way: _Way, held: Callable[[], float]) -> _Way:
    """Somebody's copy of the image names the same ones, and could not be launched without them."""
    if point.lost_tag:
        return way
    kept, others = launch_settings(point), home.images.of(point.server)
    if using := [each.id for each in others if each.tags.get(tags.LAUNCH) == kept.mark and each.id != point.image_id]:
        return replace(way, stays=(*way.stays, f"the launch settings `{kept.mark}`: `{using[0]}` names them too"))
    home.removals.ensure_settings_deleted(kept, point.run_key, held)
    return way


@step("Verdict")
def verdict_of_prune(removed: Removed) -> None:
    """A run that left something of what it was to remove does not say that it succeeded."""
    if removed.left:
        first = removed.told().split("\n")[0]
        raise PruneIncomplete(
            f"{first}; not removed: {'; '.join(removed.left)}", "`/dr prune` asks for what retention still lets go."
        )


def _doubts(home: Aws, server: str, points: Iterable[Point], retention: Keeping, now: float) -> dict[str, str]:
    """Why points that people were shown are not to go now, by image id."""
    found = _sorted(home, server, retention, now)
    going = {each.image_id: each for each in found.going}
    doubts = {}
    for each in points:
        if each.image_id not in going:
            doubts[each.image_id] = found.stays.get(each.image_id, "it is not there any more, or not under its name")
        elif going[each.image_id] != each:
            doubts[each.image_id] = "it is not as it was shown any more"
    return doubts


def _sorted(home: Aws, server: str, retention: Keeping, now: float) -> Sorted:
    return sorted_out((point_of(image, home.region) for image in home.images.of(server)), retention, now)
