"""An occurrence of a schedule as Slack shows it: one message, painted whole from what is known, and replies. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from handlers.blocks import Block, button, chunks, context, section, sure
from handlers.cards import Card, Reply, sentence
from workflows.engine.run import Run, Status
from workflows.schedules.occurrence import Occurrence, State
from workflows.words import count, cut, duration, safe, when

#: Slack's recommended length of `text`; names in a line; characters of a name beside others, of a reason, of a run.
_TEXT, _NAMES, _NAME, _WHY, _RUN = 3500, 10, 60, 900, 500
#: Runs that one message names, and lists when they have ended: all its blocks have 13,000 characters.
_RUNS, _LISTED = 20, 8
#: Before the occurrence's id in the first block's id, by which a message is known again.
ABOUT = "about-"
SKIP, POSTPONE, HURRY, DETAILS = "occurrence_skip", "occurrence_postpone", "occurrence_run", "occurrence_details"

_WILL = {
    "backup": "The facts of {servers} are measured and an image is made, without a reboot. Nothing is destroyed.",
    "drill": "{which} of {servers} is restored on a copy beside it, in isolation, compared, and the copy removed. "
    "{servers} itself is not touched.",
    "live": ":warning: *Destructive.* {servers} is backed up; after an approval *its instance is terminated*, and it "
    "is restored from the backup and compared. It is away meanwhile.",
}  # fmt: skip
_WHICH = {
    "latest": "The newest recovery point", "random": "A recovery point chosen by lot",
    "fresh": "A recovery point made for it",
}  # fmt: skip


@dataclass(frozen=True)
class Outlook:
    """What is known of an occurrence beside its record. `soon`: within the shortest time ahead. `doubt`: why it could
    not begin as things stand. `servers` that it is about; `approvers` who may be asked, None where that is not known;
    `last` the latest such run that succeeded; `runs` those that it began; `unseen` what of its target is not known as
    things stand.
    """

    soon: bool = False
    doubt: str = ""
    servers: tuple[str, ...] = ()
    approvers: tuple[str, ...] | None = None
    last: Run | None = None
    runs: tuple[Run, ...] = ()
    unseen: str = ""


def announcement(each: Occurrence, known: Outlook) -> Card:
    """The one message."""
    head = section(f"*{safe(each.schedule.title)}*  `{each.schedule.id}`\n{_heading(each, known)}")
    blocks = [head | {"block_id": cut(f"{ABOUT}{each.id}/{each.version}", 255)}]
    if each.state.open:
        blocks += [section(_will(each, known)), *_doubts(each, known), context(_context(each, known))]
        return Card(_text(each, known), [*blocks, buttons(each)])
    if each.runs:
        blocks += [section(chunk) for chunk in chunks([*_left_out(each), *_runs(each, known)])]
    return Card(_text(each, known), [*blocks, context(_context(each, known))])


def replies(each: Occurrence, known: Outlook) -> list[Reply]:
    """The thread: what an edit would tell nobody. People are called where they must act."""
    title, who = safe(each.schedule.title), f"<@{each.asker.id}>"
    if each.state is State.PLANNED and known.soon:
        return [Reply(f"soon:{round(each.at)}", f"{title} begins {when(each.at)}.{_called(each, known)}")]
    if each.state is State.HELD:
        return [Reply(f"held:{round(each.at)}", f"{title} is held: {cut(each.why, _WHY)}.")]
    if each.state in (State.MISSED, State.REFUSED):
        return [Reply(each.state.value, f"{who} {_text(each, known)}")]
    if each.state is not State.STARTED:
        return []
    left = [Reply("left out", f"{who} {title} has begun, but not all of it. {line}") for line in _left_out(each)]
    return [*left, Reply("end", _text(each, known))] if each.over else left


def details(each: Occurrence, coming: Sequence[float]) -> str:
    """For whoever asks, in mrkdwn."""
    own = each.schedule
    moved = "" if each.at == each.due else f", and was due {when(each.due)}"
    lines = [
        f"*{safe(own.title)}* `{own.id}`: {safe(own.when)} ({safe(own.zone)})",
        f"Answers for it: <@{own.owner.id}>" + (", declared in firedrill.toml" if own.declared else ""),
        f"This one begins {when(each.at)}{moved}; it may begin up to {duration(own.grace)} late.",
    ]
    if own.reason:
        lines.append(f"Why: {safe(cut(own.reason, 300))}")
    if own.profile:
        lines.append(f"Profile: `{safe(own.profile)}`")
    return "\n".join([*lines, "After it: " + ", ".join(when(at) for at in coming)])


def _heading(each: Occurrence, known: Outlook) -> str:
    """Its state, with a mark at its head."""
    if each.state.open:
        return _coming(each)
    by = f" by <@{each.by.id}>" if each.by else ""
    match each.state:
        case State.STARTED:
            return _came(known.runs) if each.over else f":arrow_forward: Began {when(_begun(each, known.runs))}"
        case State.BEGINNING:
            return ":arrow_forward: Begins now."
        case State.SKIPPED:
            return f":no_entry_sign: Skipped{by}. It would have begun {when(each.at)}."
        case State.MISSED:
            more = f" So {'was' if each.folded == 1 else 'were'} {each.folded} before it." if each.folded else ""
            return f":warning: *Missed.* It was due {when(each.at)}: {cut(each.why, _WHY)}.{more} Nothing was begun."
        case State.REFUSED:
            return f":x: *Not begun:* {cut(each.why, _WHY)}"
        case _:
            return f":no_entry_sign: Withdrawn{by}: {cut(each.why, _WHY)}."


def _coming(each: Occurrence) -> str:
    by = f" by <@{each.by.id}>" if each.by else ""
    if each.state is State.HELD:
        until = when(each.at + each.schedule.grace)
        return f":double_vertical_bar: *Held:* {cut(each.why, _WHY)}. It begins as soon as that ends, until {until}."
    if each.hurried:
        return f":fast_forward: Begins now, wanted{by}"
    later = f", postponed{by} from {when(each.due)}" if each.postponed else ""
    return f":calendar: Begins {when(each.at)}{later}"


def _came(runs: Sequence[Run]) -> str:
    bad = [run for run in runs if run.status is not Status.SUCCEEDED]
    if not runs:
        return ":white_small_square: Over; its runs are not known any more."
    if not bad:
        return ":white_check_mark: Done" if len(runs) == 1 else f":white_check_mark: Done: all {len(runs)} succeeded"
    return f":x: {len(bad)} of {count(len(runs), 'run')} did not succeed" if len(runs) > 1 else ":x: It did not succeed"


def _begun(each: Occurrence, runs: Sequence[Run]) -> float:
    return min((run.created for run in runs), default=each.at)


def _runs(each: Occurrence, known: Outlook) -> list[str]:
    """Each run that it began: how it ended, where it did; the cards tell the rest."""
    if not each.over:
        batch = known.runs[0].batch if known.runs else ""
        if batch:
            return [f"`{batch}`, {count(len(each.runs), 'run')}: its card shows how far they are."]
        named = " ".join(f"`{run_id}`" for run_id in each.runs[:_RUNS])
        where = f" in <#{each.schedule.channel}>" if each.schedule.channel else ""
        if len(each.runs) > _RUNS:
            named += f" and {len(each.runs) - _RUNS} more"
        return [
            f"{named}: the card{where} shows how far it is." if len(each.runs) == 1 else f"{named}: their cards{where}"
        ]
    more = [f"… and {len(known.runs) - _LISTED} more: `/dr runs`"] if len(known.runs) > _LISTED else []
    worst = sorted(known.runs, key=lambda run: run.status is Status.SUCCEEDED)
    return [f"• {cut(sentence(run), _RUN)}" for run in worst[:_LISTED]] + more


def _left_out(each: Occurrence) -> list[str]:
    """What it began without: nothing is left out in silence."""
    verb = "backup" if each.schedule.verb == "backup" else "drill"
    if each.state is not State.STARTED or not each.why:
        return []
    return [f":warning: *Left out:* {cut(each.why, _WHY)}. Ask for what is missing with `/dr {verb}`."]


def _will(each: Occurrence, known: Outlook) -> str:
    told = [_WILL[each.schedule.verb].format(servers=_servers(each, known), which=_WHICH[each.schedule.point])]
    if each.schedule.verb == "live" and known.approvers is not None:
        told.append(f"*Asked to approve:* {_named(known.approvers) or 'nobody in firedrill.toml may approve it'}")
    return "\n".join(told)


def _servers(each: Occurrence, known: Outlook) -> str:
    names = known.servers or (each.schedule.target,)
    if len(names) == 1:
        return safe(names[0])
    more = f" and {len(names) - _NAMES} more" if len(names) > _NAMES else ""
    return ", ".join(safe(cut(name, _NAME)) for name in names[:_NAMES]) + more


def _named(people: tuple[str, ...]) -> str:
    more = f" and {len(people) - _RUNS} more" if len(people) > _RUNS else ""
    return " ".join(f"<@{each}>" for each in people[:_RUNS]) + more


def _called(each: Occurrence, known: Outlook) -> str:
    if each.schedule.verb != "live" or known.approvers is None:
        return ""
    if not known.approvers:
        return " Nobody in firedrill.toml may approve it."
    return f" {_named(known.approvers)} will be asked to approve."


def _doubts(each: Occurrence, known: Outlook) -> list[Block]:
    if each.state is State.HELD:
        return []
    if not known.doubt:
        return [section(f":warning: *Not seen now:* {cut(known.unseen, _WHY)}.")] if known.unseen else []
    return [section(f":warning: *As things stand it could not begin:* {cut(known.doubt, _WHY)}")]


def _context(each: Occurrence, known: Outlook) -> str:
    own = each.schedule
    parts = [f"{safe(own.when)} ({safe(own.zone)})", f"<@{each.asker.id}> answers for it"]
    if each.state.open and known.last and known.last.ended:
        took = duration(known.last.ended - known.last.created)
        parts.append(f"the last one, `{known.last.id}`, took {took}")
    if own.reason:
        parts.append(safe(own.reason))
    return " · ".join(parts)


def _text(each: Occurrence, known: Outlook) -> str:
    """The state in a full sentence, for screen readers and notifications."""
    title = safe(each.schedule.title)
    if each.state is State.STARTED and each.over:
        return cut(f"{title}: {' '.join(sentence(run) for run in known.runs) or 'it is over.'}", _TEXT)
    _, _, said = _heading(each, known).partition(" ")
    return cut(f"{title}: {said[:1].lower()}{said[1:]}".replace("*", ""), _TEXT)


def buttons(each: Occurrence) -> Block:
    """What can be done about one that is still to come."""
    value = each.id
    asks = " It still asks for its approval." if each.schedule.verb == "live" else ""
    now = f"{each.schedule.title} begins now, asked for by you.{asks}"
    return {
        "type": "actions",
        "block_id": cut(f"occurrence-{each.id}-{each.version}", 255),
        "elements": [
            sure(SKIP, "Skip this one", value, "Skip it?", "It does not begin; the one after it comes as always."),
            button(POSTPONE, "Postpone…", value),
            sure(HURRY, "Run now", value, "Begin now?", cut(now, 300)),
            button(DETAILS, "Details", value),
        ],
    }
