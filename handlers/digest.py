"""A week's digest as one message: short lines for a phone. Pure."""

from collections.abc import Sequence

from handlers.blocks import Block, chunks, context, section
from handlers.cards import Card
from handlers.home_servers import coarse, name_of
from workflows.digest import Digest, Kept, Tally, Told
from workflows.freshness import Freshness
from workflows.report.costs import SNAPSHOT
from workflows.schedules.occurrence import State
from workflows.words import count, cut, duration, safe, when

#: How many servers, and how many runs or schedules of one sort, the message names.
SERVERS, NAMED = 7, 5
#: Characters of what a run or a schedule is about, beside its id. All together stays below what a message may hold.
_ABOUT = 30


def digest(week: Digest) -> Card:
    lines = [
        f"*The week from {when(week.since)} to {when(week.until)}*",
        _backups(week.tally), _drills(week.tally), *_restores(week.tally), *_pruned(week.tally),
        *_schedules(week.lapses), *_proofs(week),
        *([_kept(week.kept)] if week.kept else []),
    ]  # fmt: skip
    blocks: list[Block] = [section(text) for text in chunks(lines)]
    return Card(_text(week), [*blocks, context(_seen(week))])


def _text(week: Digest) -> str:
    """For a notification, and for who hears it read."""
    own = week.tally
    drills = f"{count(own.passed, 'drill')} passed and {len(own.failed):,} failed"
    backups = f"{count(own.made, 'backup')} made and {len(own.unmade):,} failed"
    lapses = sum(each.times for each in week.lapses.get(State.MISSED, ()))
    missed = f", {count(lapses, 'scheduled run was', 'scheduled runs were')} missed" if lapses else ""
    lacking = f"{count(len(week.unproven), 'server is', 'servers are')} without a fresh proof"
    proofs = lacking if week.unproven else "every server has a fresh proof" if week.servers else "no server was seen"
    return f"Last week's digest: {backups}, {drills}{missed}; {proofs}."


def _backups(own: Tally) -> str:
    drills = f", {own.by_drills:,} of them by drills" if own.by_drills else ""
    return f"*Backups:* {own.made:,} made{drills}{_failed(own.unmade)}"


def _drills(own: Tally) -> str:
    undone = f"; {own.undone:,} not carried out" if own.undone else ""
    if not own.passed and not own.failed:
        return f"*Drills:* none came to a verdict{undone}"
    return f"*Drills:* {own.passed:,} passed{_failed(own.failed)}{undone}"


def _restores(own: Tally) -> list[str]:
    """Rare: silence where there was none."""
    return [f"*Restores:* {own.restored:,} passed{_failed(own.unrestored)}"] if own.restored or own.unrestored else []


def _pruned(own: Tally) -> list[str]:
    """Silence where nothing was asked to go."""
    return [f"*Points pruned:* {own.pruned:,}{_failed(own.unpruned)}"] if own.pruned or own.unpruned else []


def _failed(runs: Sequence[Told]) -> str:
    return f", *{len(runs):,} failed*: {_named(runs)}" if runs else ""


def _named(told: Sequence[Told]) -> str:
    """The latest of them."""
    shown = [
        f"`{safe(each.id)}` {safe(cut(each.about, _ABOUT))}" + (f" ({each.times:,} times)" if each.times > 1 else "")
        for each in told[-NAMED:]
    ]
    more = [f"{len(told) - NAMED:,} more"] if len(told) > NAMED else []
    return ", ".join([*shown, *more])


def _schedules(lapses: dict[State, tuple[Told, ...]]) -> list[str]:
    lines = [
        f"*Scheduled and {state.value}:* {sum(each.times for each in told):,}: {_named(told)}"
        for state, told in lapses.items()
        if told
    ]
    return lines or ["*Schedules:* nothing was missed, refused or skipped"]


def _proofs(week: Digest) -> list[str]:
    if week.known is None:
        return ["*Proofs:* not known, since no worker has looked at AWS yet"]
    if not week.servers:
        return ["*Proofs:* no server was seen"]
    if not week.unproven:
        return [f"*Without a fresh proof:* none of {count(week.servers, 'server')}"]
    several = len(week.known.regions) > 1
    more = len(week.unproven) - SERVERS
    return [
        f"*Without a fresh proof:* {len(week.unproven):,} of {count(week.servers, 'server')}, the worst first",
        *(_server(each, week.now, several) for each in week.unproven[:SERVERS]),
        *([f"… and {more:,} more: Home shows all."] if more > 0 else []),
    ]


def _server(each: Freshness, now: float, several: bool) -> str:
    where = f" ({safe(each.region)})" if several else ""
    if each.proven_at is not None and each.proof is not None:
        how = f"proven {coarse(now - each.proven_at)} ago, target {duration(each.proof)}"
    else:
        how = "never proven" if each.point_at is not None else "no backup at all"
    return f"• {name_of(each.server)}{where}: {how}"


def _kept(own: Kept) -> str:
    """What AWS shows of it, and no more: how many blocks snapshots share it does not tell."""
    said = f"*Kept:* {count(own.points, 'recovery point')}"
    if not own.gib:
        return f"{said}; what they cost is not known" if own.points else said
    but = f", but for {own.unknown:,} whose size is not known" if own.unknown else ""
    return (
        f"{said} of {own.gib:,} GiB of volumes{but}: at most about ${own.at_most:,.2f} a month, and likely less, since "
        f"AWS bills the blocks that snapshots store, and does not tell how many. Reckoned by AWS's list price of "
        f"us-east-1 as it was quoted in November 2026, ${SNAPSHOT} a GiB; other Regions, discounts and taxes differ."
    )


def _seen(week: Digest) -> str:
    blind = "".join(f" Not seen: {safe(cut(each, 120))}" for each in week.known.troubles[:3]) if week.known else ""
    seen = f" AWS was looked at {when(week.known.at)}." if week.known else ""
    return f"As of {when(week.now)}.{seen}{blind} Home shows every server."
