"""A run as Slack shows it: one card, painted whole from the record, and the replies in its thread. Pure."""

import json
import shlex
from collections.abc import Sequence
from dataclasses import dataclass

from handlers.blocks import Block, at_stake, button, chunks, context, section, sure
from workflows.catalogue import RUNBOOKS
from workflows.engine.run import Actor, Run, Status, StepState
from workflows.pruned import PRUNE, spared
from workflows.standing import CLONE, aftermath
from workflows.words import cut, duration, safe, when

_ICONS = {
    "done": ":white_check_mark:", "doing": ":hourglass_flowing_sand:", "waiting": ":hourglass_flowing_sand:",
    "failed": ":x:", "todo": ":white_small_square:",
}  # fmt: skip
_HEADINGS = {
    Status.QUEUED: ":hourglass_flowing_sand: Queued",
    Status.RUNNING: ":hourglass_flowing_sand: Running",
    Status.WAITING: ":hourglass_flowing_sand: Running",
    Status.ASKING: ":raised_hand: Waits for an approval",
    Status.SUCCEEDED: ":white_check_mark: Succeeded",
    Status.FAILED: ":x: Failed",
    Status.CANCELLED: ":no_entry_sign: Cancelled",
    Status.REJECTED: ":no_entry_sign: Rejected",
    Status.EXPIRED: ":alarm_clock: Expired",
}
#: Slack's limit of `text` (recommended), and how much of what went wrong the card shows; the thread has all of it.
_TEXT, _WRONG = 3500, 600


@dataclass(frozen=True)
class Card:
    """What chat.postMessage and chat.update take."""

    text: str
    blocks: list[Block]


@dataclass(frozen=True)
class Reply:
    """One message in the run's thread. `key` names it: each is posted once."""

    key: str
    text: str


def card(run: Run) -> Card:
    """The run's one message."""
    head = [
        section(f"*{safe(run.title)}*  `{run.id}`\n{_heading(run)}{_outcome(run)}"),
        context(f"{asked(run.asked_by, run.via, run.created, run.reason)} · {safe(run.target.region)}"),
    ]
    stake = at_stake(run, run.question) if run.question and run.status is Status.ASKING else []
    buttons = _buttons(run)
    act = [{"type": "actions", "block_id": f"act-{run.id}-{run.questions}-{run.retries}", "elements": buttons}]
    foot = act if buttons else []
    blocks = [*head, *stake, *foot, *_steps(run)] if stake else [*head, *_steps(run), *foot]
    return Card(cut(sentence(run, _WRONG), _TEXT), blocks)


def sentence(run: Run, most: int = _TEXT) -> str:
    """The state in one full sentence, for screen readers and notifications; `most` characters of what went wrong."""
    head = f"{run.id}, {safe(run.title[:1].lower() + run.title[1:])}"
    if run.status is Status.ASKING and run.question:
        return f'{head}: waits for an answer to "{run.question.title}" until {when(run.question.expires_at)}.'
    if run.halted:
        return f"{head}: {run.halted.sentence()}. It stands still before: {run.step.title}."
    if run.status.open:
        step = run.step
        doing = step.trouble or step.because
        return f"{head}: {step.title[:1].lower() + step.title[1:]}{', ' + doing if doing else ''}."
    return f"{head}: {run.status.value}. {_came_of_it(run, most)}"


def replies(run: Run, approvers: Sequence[str]) -> list[Reply]:
    """The thread: what a step found out at length, the call to the approvers, and the end, told to the asker. In a
    batch's thread a card stands among others, and the batch tells its end."""
    if run.batch:
        told = ("question:", "end:") if run.retries else ("question:",)
        return [each for each in _replies(run, approvers) if each.key.startswith(told)]
    return _replies(run, approvers)


def _replies(run: Run, approvers: Sequence[str]) -> list[Reply]:
    told = [
        Reply(f"step:{each.name}:{each.started}", cut(f"*{each.title}*\n{each.detail}", _TEXT))
        for each in run.steps
        if each.state == "done" and "\n" in each.detail
    ]
    if run.question and run.status is Status.ASKING:
        people = " ".join(f"<@{each}>" for each in approvers) or "Nobody in firedrill.toml"
        until = when(run.question.expires_at)
        which = f" of `{run.id}`" if run.batch else ""
        text = f"{people} may answer: {run.question.title} The buttons are in the card{which} above, until {until}."
        told.append(Reply(f"question:{run.question.id}", text))
    if run.halted:
        text = f"<@{run.asked_by.id}> `{run.id}` stands still: {run.halted.sentence()}. `/dr resume` lets it go on."
        told.append(Reply(f"halt:{run.halted.at}", text))
    if not run.status.open:
        told.append(Reply(f"end:{run.retries}", f"<@{run.asked_by.id}> {sentence(run)}"))
    return told


def line(run: Run) -> str:
    """The run in one line of a list."""
    word = "halted" if run.halted else run.status.value
    state = word + (f" ({run.step.title})" if run.status.open else "")
    return f"`{run.id}` {safe(run.title)}: {state}, asked by <@{run.asked_by.id}> {when(run.created)}"


def _heading(run: Run) -> str:
    """Where it stands, in a word; of one that is halted, who has done that, and why."""
    if run.halted:
        return f":octagonal_sign: Stands still: {run.halted.sentence()}. `/dr resume` lets it go on."
    return _HEADINGS[run.status]


def _outcome(run: Run) -> str:
    if run.status is Status.FAILED and run.problem:
        wrong, lost = cut(run.problem.text, _WRONG), _lost(run)
        told = f"\n{lost}\n{wrong}" if lost else f": {wrong}"
        return f"{told}\n{run.problem.hint} {aftermath(run)}".rstrip()
    if run.status.open or run.ended is None:
        return ""
    return f" after {duration(run.ended - run.created)}. {_came_of_it(run, _WRONG)}"


def _made(run: Run) -> str:
    """What a cancelled run leaves in AWS."""
    made = [
        f"{what} `{run.values[name][key] if key else run.values[name]}`"
        for what, name, key in (("the image", "asked", "image_id"), ("the instance", "replacement_id", ""))
        if name in run.values
    ]
    unsure = run.step.intended is not None and run.step.state == "failed"
    more = f' What the step "{run.step.title}" had begun may stay too.' if unsure else ""
    stay = f"{' and '.join(made).capitalize()} {'stays' if len(made) == 1 else 'stay'}."
    return (stay if made else "It had made no image and no instance.") + more


def _lost(run: Run) -> str:
    """A run that failed between the termination and the comparison: said loudly, and before all else."""
    if not run.no_return or "evidence" in run.values:
        return ""
    image = run.values.get("point", {}).get("image_id", "its recovery point")
    if "lost_at" not in run.values:
        at = run.values.get("instance_id", "the instance")
        return f":warning: *The termination was asked for and is not confirmed.* Look at `{at}` before anything else."
    made = f" Its replacement is `{run.values['replacement_id']}`." if "replacement_id" in run.values else ""
    again = f"`/dr retry {run.id}` goes on from here"
    return f":warning: *The source was terminated.*{made} It can be restored from `{image}`: {again}."


def _came_of_it(run: Run, most: int) -> str:
    """What an ended run came to, without the word for it, with `most` characters of what went wrong."""
    by = f" by <@{run.ended_by.id}>" if run.ended_by else ""
    if run.status is Status.SUCCEEDED:
        return _found(run)
    if run.status is Status.FAILED and run.problem:
        return f"{_lost(run)} {cut(run.problem.text, most)} {run.problem.hint} {aftermath(run)}".strip()
    if run.status is Status.REJECTED:
        why = next((f": {safe(each.reason)}" for each in run.answers if each.reason), "")
        at = f" {when(run.ended)}" if run.ended else ""
        return f"Rejected{by}{at}{why}. {spared(run)} {aftermath(run)}".rstrip()
    if run.status is Status.EXPIRED:
        return f"{_expired(run)} {spared(run)} {aftermath(run) or _again(run)}"
    if run.runbook == CLONE:
        return f"Stopped{by}. {aftermath(run)}".rstrip()
    made = "" if run.runbook == PRUNE else f"{_made(run)} "
    return f"Stopped{by}. {made}{spared(run)}"


def _found(run: Run) -> str:
    """What the steps of a run that succeeded said of it."""
    details = {each.name: each.detail.split("\n")[0] for each in run.steps}
    if "compare_in_place" in details:
        return f"{details['compare_in_place']} {details['verdict_of_server']}"
    if "remove_points" in details:
        return f"{details['remove_points']}."
    if "compare_facts" in details:
        return f"{details['compare_facts']} {details['report']}."
    return f"{details.get('verify_recovery_point', '')}."


def _expired(run: Run) -> str:
    people = " and ".join(f"<@{each.by.id}>" for each in run.answers)
    needed = run.question.needed if run.question else 1
    if not people:
        return "Nobody approved it in time."
    if len(run.answers) < needed:
        return f"Only {people} approved it in time, and {needed} had to."
    return f"{people} approved it in time, but no worker carried it out before it expired."


def _again(run: Run) -> str:
    """How what an expired question was about is asked for anew."""
    typed = "prune" if run.runbook == PRUNE else f"drill {safe(shlex.quote(run.target.server))} --live"
    return f"`/dr {typed}` asks again."


def asked(by: Actor, via: str, at: float, reason: str) -> str:
    """Who asked, where, when, and why."""
    why = f": {safe(reason)}" if reason else ""
    where = {"shell": " in the shell", "schedule": " by a schedule"}.get(via, "")
    return f"Asked by <@{by.id}>{where} {when(at)}{why}"


def _steps(run: Run) -> list[Block]:
    """Each step so far with its state and time; those to come in one paragraph, for readers on a phone."""
    lines: list[str] = []
    for number, part in enumerate(_parts(run)):
        begun = [_step_line(each) for each in part if each.state != "todo"]
        following = [each.title for each in part if each.state == "todo"] if run.status.open else []
        if number and (begun or following):
            lines.append(_no_way_back(run))
        lines += begun
        if following:
            lines.append(f"{_ICONS['todo']} {'Then' if lines else 'To do'}: {' · '.join(following)}")
    return [section(chunk) for chunk in chunks(lines)]


def _parts(run: Run) -> list[tuple[StepState, ...]]:
    """The steps before the point of no return, and those from there on; all in one where the plan has none."""
    book = RUNBOOKS.get(run.runbook)
    final = {each.name for each in book.steps if each.no_return} if book else set()
    at = next((at for at, each in enumerate(run.steps) if each.name in final), len(run.steps))
    return [run.steps[:at], run.steps[at:]]


def _no_way_back(run: Run) -> str:
    mark = ":octagonal_sign: *Point of no return*"
    if run.no_return:
        return f"{mark}, passed: from here the run goes forward by itself"
    return f"{mark}: anything unclear before it stops the run; after it, the run goes forward by itself"


def _step_line(step: StepState) -> str:
    parts = [f"{_ICONS[step.state]} {step.title}"]
    if step.state == "done" and step.started is not None and step.ended is not None:
        parts.append(f"done in {duration(step.ended - step.started)}")
        parts.append(cut(step.detail.split("\n")[0], 160))
    elif step.state in ("doing", "waiting"):
        parts.append(step.trouble or step.because or "under way")
        if step.progress is not None:
            parts.append(bar(step.progress))
    elif step.state == "failed":
        parts.append(step.because or "failed")
    return " · ".join(part for part in parts if part)


def bar(percent: int) -> str:
    """A progress bar of ten cells, with the number beside it."""
    filled = max(0, min(10, percent // 10))
    return f"{'▓' * filled}{'░' * (10 - filled)} {percent} %"


def _buttons(run: Run) -> list[Block]:
    if run.question and run.status is Status.ASKING:
        value = json.dumps({"run": run.id, "question": run.question.id})
        return [button("approve", run.question.verb, value, "danger"), button("reject", "Reject", value)]
    value = json.dumps({"run": run.id, "key": run.key})
    if run.status is Status.FAILED:
        if run.problem and run.problem.final:
            return []
        return [sure("retry", "Retry", value, "Go on?", f"{run.id} goes on from the step that failed.")]
    if run.status.open and not run.no_return:
        text = f"{run.id} stops before its next step. What it has made so far stays."
        return [sure("cancel", "Cancel", value, "Cancel it?", text)]
    return []
