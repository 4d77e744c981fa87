"""What a week came to: backups, drills, what recurs and did not come, servers without a proof, what is kept. Pure."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import islice, pairwise, takewhile

from workflows.engine.run import Run
from workflows.freshness import DRILLS, Freshness, Known
from workflows.inventory import Inventory
from workflows.pruned import PRUNE, gone
from workflows.report.costs import SNAPSHOT
from workflows.report.reading import word_of
from workflows.schedules.occurrence import Occurrence, State
from workflows.schedules.rule import Rule, read_rule, zone_of

DAY = 86400.0
USUAL = "monday at 09:00"
#: Seconds before a week's beginning from which on runs are looked through: a run may have waited so long for its end.
BEFORE = 14 * DAY
#: How an occurrence ends that began nothing, as far as people must know.
LAPSES = (State.MISSED, State.REFUSED, State.SKIPPED)
# A year from here holds both changes of the clocks.
_SOME_DAY = datetime(2024, 1, 1, tzinfo=UTC).timestamp()


def weekly(text: str, zone: str) -> Rule | None:
    """When digests come; None for an empty text. ValueError for what is no rule, or does not come once a week."""
    zone_of(zone)
    if not text.strip():
        return None
    rule = read_rule(text, zone)
    if any(abs(later - sooner - 7 * DAY) > DAY / 8 for sooner, later in pairwise(islice(rule.firings(_SOME_DAY), 60))):
        raise ValueError(f"a digest comes once a week: `{USUAL}`, or an empty text for none")
    return rule


def latest(rule: Rule, now: float) -> tuple[float, float]:
    """The latest week that is over: its first second, and the first after it."""
    since, until = list(takewhile(lambda at: at <= now, rule.firings(now - 15 * DAY)))[-2:]
    return since, until


@dataclass(frozen=True)
class Told:
    """A run by its id and its server; or a schedule by its id and its title, and how often."""

    id: str
    about: str
    times: int = 1


@dataclass(frozen=True)
class Tally:
    """Of runs that ended in the week. `made` are recovery points, `by_drills` those of them that drills made for
    themselves; `undone` are drills that were rejected, expired or cancelled; `pruned` are points that were removed."""

    made: int = 0
    by_drills: int = 0
    unmade: tuple[Told, ...] = ()
    passed: int = 0
    failed: tuple[Told, ...] = ()
    undone: int = 0
    restored: int = 0
    unrestored: tuple[Told, ...] = ()
    pruned: int = 0
    unpruned: tuple[Told, ...] = ()


@dataclass(frozen=True)
class Kept:
    """Recovery points, the size of their volumes together in GiB, and of how many that is not known. `at_most` is what
    their snapshots would cost a month in US dollars, were each block of each stored: nobody tells how many are."""

    points: int
    gib: int
    unknown: int
    at_most: float


@dataclass(frozen=True)
class Digest:
    """Of a week, as of `now`; times in seconds since the epoch. `lapses` are missed, refused and skipped occurrences;
    `unproven` are the living servers that lack a proof or a fresh one, the worst first, of `servers`. `known` and
    `kept` are None while no worker has looked at AWS."""

    since: float
    until: float
    now: float
    tally: Tally
    lapses: dict[State, tuple[Told, ...]]
    unproven: tuple[Freshness, ...]
    servers: int
    known: Known | None
    kept: Kept | None


def digest_of(
    week: tuple[float, float], now: float, runs: Iterable[Run], over: Iterable[Occurrence], known: Known | None,
    seen: Inventory | None,
) -> Digest:  # fmt: skip
    """`runs` may be more than the week's; `over` are the occurrences that came to their end in it."""
    since, until = week
    alive = [each for each in known.servers if each.instances] if known else []
    unproven = sorted((each for each in alive if each.proof_standing(now) in ("never", "missed")), key=_worst)
    ended = (run for run in runs if not run.status.open and run.ended is not None and since <= run.ended < until)
    return Digest(
        since, until, now, tally(ended), _lapses(over), tuple(unproven), len(alive), known, kept(seen) if seen else None
    )


def tally(runs: Iterable[Run]) -> Tally:
    """Of runs that have ended."""
    found = Tally()
    for run in runs:
        found = _counted(found, run)
    return found


def kept(seen: Inventory) -> Kept:
    known = [each.gib for each in seen.points if each.gib is not None]
    return Kept(len(seen.points), sum(known), len(seen.points) - len(known), round(sum(known) * SNAPSHOT, 2))


def _counted(before: Tally, run: Run) -> Tally:
    word, own = word_of(run), (Told(run.id, run.target.server),)
    after = before
    if _made_a_point(run):
        after = replace(after, made=after.made + 1, by_drills=after.by_drills + (run.runbook in DRILLS))
    if run.runbook == "backup" and word == "failed":
        return replace(after, unmade=after.unmade + own)
    if run.runbook == PRUNE:
        failed = word == "failed"
        return replace(after, pruned=after.pruned + len(gone(run)), unpruned=after.unpruned + own * failed)
    if run.runbook == "restore" and word in ("passed", "failed"):
        passed = word == "passed"
        return replace(after, restored=after.restored + passed, unrestored=after.unrestored + own * (not passed))
    if run.runbook in DRILLS:
        passed, failed = word == "passed", word == "failed"
        return replace(
            after, passed=after.passed + passed, failed=after.failed + own * failed,
            undone=after.undone + (not passed and not failed),
        )  # fmt: skip
    return after


def _made_a_point(run: Run) -> bool:
    """Whether it has asked for an image, and found it complete."""
    done = {each.name for each in run.steps if each.state == "done"}
    return {"create_image", "verify_recovery_point"} <= done


def _lapses(over: Iterable[Occurrence]) -> dict[State, tuple[Told, ...]]:
    times: Counter[tuple[State, str, str]] = Counter()
    for each in over:
        if each.state in LAPSES:
            times[each.state, each.schedule.id, each.schedule.title] += 1 + each.folded
    return {
        state: tuple(Told(name, title, count) for (of, name, title), count in times.items() if of is state)
        for state in LAPSES
    }


def _worst(each: Freshness) -> tuple[bool, float, str, str]:
    """Without a backup, then never proven, then the oldest proof."""
    return each.point_at is not None, each.proven_at or 0.0, each.server, each.region
