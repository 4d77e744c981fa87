"""Home as one person sees it: what waits for them, what is running, what comes, and how fresh the backups are. Pure."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from handlers.blocks import Block, chunks, context, section, standstill
from handlers.home_servers import name_of, servers
from workflows.engine.run import Halt, Question, Run, Status
from workflows.freshness import Known
from workflows.words import count, cut, safe, when

#: How many of each are listed.
MOST_WAITING, MOST_RUNNING, MOST_COMING = 8, 10, 8
#: Action ids.
START, REFRESH, APPROVE, REJECT, CARD = "home_start", "home_refresh", "home_approve", "home_reject", "home_card"
#: What one does from here, and how the buttons say it.
VERBS = {"backup": "Back up…", "drill": "Drill…", "restore": "Restore…"}
_BUTTON = 75


@dataclass(frozen=True)
class Coming:
    """Something that a schedule will begin: what, when (seconds since the epoch), and what holds it, if anything, in
    mrkdwn."""

    title: str
    at: float
    held: str = ""
    live: bool = False


@dataclass(frozen=True)
class Scene:
    """What all homes are painted from. `links` are the addresses of runs' cards, by run; `next_drills` are by server
    and Region, in seconds since the epoch."""

    now: float
    open_runs: Sequence[Run] = ()
    known: Known | None = None
    coming: Sequence[Coming] = ()
    links: Mapping[str, str] = field(default_factory=dict)
    next_drills: Mapping[tuple[str, str], float] = field(default_factory=dict)
    halt: Halt | None = None


def home(scene: Scene, waiting: Sequence[Run], page: int, leaving: bool = False) -> Block:
    """For views.publish. `waiting` are the runs whose question this person may answer; `leaving` says that it is not
    kept fresh any more."""
    drills = {where: f"next drill {when(at)}" for where, at in scene.next_drills.items()}
    return {
        "type": "home",
        "blocks": [
            *([_left(scene)] if leaving else []),
            *([section(standstill(scene.halt))] if scene.halt else []),
            _starts(),
            *_waiting(scene, waiting),
            *_running(scene, waiting),
            *_coming(scene),
            {"type": "divider"},
            _header("Servers"),
            *servers(scene.known, page, scene.now, drills),
        ],
    }


def _left(scene: Scene) -> Block:
    return context(f":double_vertical_bar: As of {when(scene.now)}. *Refresh* shows how it is now.")


def _starts() -> Block:
    """What one does from here."""
    buttons = [_button(f"{START}_{verb}", text, verb) for verb, text in VERBS.items()]
    return {"type": "actions", "block_id": "home-starts", "elements": [*buttons, _button(REFRESH, "Refresh", "now")]}


def _waiting(scene: Scene, waiting: Sequence[Run]) -> list[Block]:
    if not waiting:
        return [section(":white_check_mark: Nothing waits for your approval.")]
    found = [_header(f"{count(len(waiting), 'question')} for you")]
    for run in waiting[:MOST_WAITING]:
        if run.question:
            found += _question(run, run.question, scene.links.get(run.id, ""))
    more = len(waiting) - MOST_WAITING
    return [*found, context(f"… and {more} more: `/dr status`")] if more > 0 else found


def _question(run: Run, question: Question, link: str) -> list[Block]:
    """The buttons open the same windows as the card's, with all that is at stake."""
    value = json.dumps({"run": run.id, "question": question.id})
    why = f": {safe(cut(run.reason, 200))}" if run.reason else ""
    buttons = [
        _button(APPROVE, question.verb, value, "danger"),
        _button(REJECT, "Reject", value),
        *([_button(CARD, "Open its card", run.id) | {"url": link}] if link else []),
    ]
    text = (
        f":raised_hand: *{cut(question.title, 200)}*  `{run.id}`\n"
        f"Asked by <@{run.asked_by.id}> {when(run.created)}{why}\nExpires {when(question.expires_at)}"
    )
    return [section(text), {"type": "actions", "block_id": f"home-{question.id}-{run.id}"[:255], "elements": buttons}]


def _running(scene: Scene, waiting: Sequence[Run]) -> list[Block]:
    mine = {run.id for run in waiting}
    others = [run for run in scene.open_runs if run.id not in mine]
    if not others:
        return [section("Nothing else is going on." if mine else "Nothing is going on.")]
    lines = [_line(run, scene.links.get(run.id, "")) for run in others[:MOST_RUNNING]]
    more = [f"… and {len(others) - MOST_RUNNING} more: `/dr status`"] if len(others) > MOST_RUNNING else []
    return [_header("Running now"), *(section(text) for text in chunks([*lines, *more]))]


def _line(run: Run, link: str) -> str:
    named = f"<{link}|{run.id}>" if link else f"`{run.id}`"
    step = run.step
    far = f", {step.progress} %" if step.progress is not None else ""
    if run.halted:
        doing = f"stands still before: {step.title}"
    elif run.status is Status.ASKING and run.question:
        doing = f"waits for an approval until {when(run.question.expires_at)}"
    else:
        doing = f"{step.title[:1].lower()}{step.title[1:]}{far}"
    return f"• {named} *{safe(cut(run.title, 120))}*: {doing}, asked by <@{run.asked_by.id}>"


def _coming(scene: Scene) -> list[Block]:
    if not scene.coming:
        return []
    shown = sorted(scene.coming, key=lambda each: each.at)[:MOST_COMING]
    lines = [
        f"• {when(each.at)} *{name_of(each.title)}*"
        + (", asks for an approval" if each.live else "")
        + (f", held: {cut(each.held, 300)}" if each.held else "")
        for each in shown
    ]
    more = [f"… and {len(scene.coming) - MOST_COMING} more"] if len(scene.coming) > MOST_COMING else []
    return [_header("Coming up"), *(section(text) for text in chunks([*lines, *more]))]


def _header(text: str) -> Block:
    return {"type": "header", "text": {"type": "plain_text", "text": text}}


def _button(action: str, text: str, value: str, style: str = "") -> Block:
    return {
        "type": "button",
        "action_id": action,
        "text": {"type": "plain_text", "text": cut(text, _BUTTON)},
        "value": value,
        **({"style": style} if style else {}),
    }
