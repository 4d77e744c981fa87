"""Pieces of Block Kit that a run's card and the windows about it share; and what is at stake in a question. Pure."""

from collections.abc import Iterable
from typing import Any

from workflows.engine.run import Halt, Question, Run
from workflows.pruned import deed
from workflows.words import cut, when

Block = dict[str, Any]

#: Characters of a section, with some room below Slack's 3,000.
_SECTION = 2900
#: Slack's limit: characters of a button.
_BUTTON = 75


def at_stake(run: Run, question: Question) -> list[Block]:
    """What an approver must see: what is destroyed, the proof that it rests on, who has approved, until when."""
    items = "\n".join(f"*{label}:* {value}" for label, value in question.items)
    until = f"The question expires {when(question.expires_at)}. Without an answer nothing is {deed(run)}."
    needed = [f"*Approvals:* {_approvals(run, question)}"] if question.needed > 1 else []
    return [
        *[section(chunk) for chunk in chunks([f":warning: *{question.title}*", *items.split("\n"), *needed])],
        context(until),
    ]


def _approvals(run: Run, question: Question) -> str:
    said = ", ".join(f"<@{each.by.id}> {when(each.at)}" for each in run.answers)
    return f"{len(run.answers)} of {question.needed}" + (f": {said}" if said else "")


def section(text: str) -> Block:
    return {"type": "section", "text": {"type": "mrkdwn", "text": cut(text, 3000)}}


def context(text: str) -> Block:
    return {"type": "context", "elements": [{"type": "mrkdwn", "text": cut(text, 1900)}]}


def chunks(lines: Iterable[str]) -> list[str]:
    """Lines joined into texts that fit a section."""
    texts = [""]
    for each in lines:
        text = cut(each, _SECTION)
        if len(texts[-1]) + len(text) + 1 > _SECTION:
            texts.append("")
        texts[-1] = f"{texts[-1]}\n{text}" if texts[-1] else text
    return [text for text in texts if text]


def button(action: str, text: str, value: str, style: str = "") -> Block:
    return {
        "type": "button",
        "action_id": action,
        "text": {"type": "plain_text", "text": cut(text, _BUTTON)},
        "value": value,
        **({"style": style} if style else {}),
    }


def sure(action: str, text: str, value: str, title: str, confirm: str) -> Block:
    """A button that asks whether one is sure. Those that open a window need not."""
    return button(action, text, value) | {
        "confirm": {
            "title": {"type": "plain_text", "text": title},
            "text": {"type": "plain_text", "text": confirm},
            "confirm": {"type": "plain_text", "text": text},
            "deny": {"type": "plain_text", "text": "Not now"},
        }
    }


def standstill(halt: Halt) -> str:
    """Who has halted everything, when and why, for whoever looks at how things are."""
    return f":octagonal_sign: *Firedrill is {halt.sentence()}.* `/dr resume` ends that."
