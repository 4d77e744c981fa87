"""The windows (modals) in which a question is answered: what is at stake, and one field. Pure."""

import json
from dataclasses import dataclass
from typing import Any

from handlers.blocks import Block, at_stake
from handlers.requests import Decide
from workflows.engine.run import Question, Run
from workflows.pruned import PRUNE, deed, to_type
from workflows.words import cut

#: The field's block, by which Slack is told what is wrong with it; and its element.
FIELD, TYPED = "said", "typed"
#: Slack's limits: characters of a title or button, of a label or hint.
_TITLE, _LABEL = 24, 2000


@dataclass(frozen=True)
class Kept:
    """What a window remembers: the question, where it was opened, and the address for an answer to that alone."""

    run: str
    question: str
    channel: str
    url: str


def window(run: Run, question: Question, request: Decide, kept: Kept) -> Block:
    """For views.open. An approver types the server's name, whoever rejects says why."""
    last = question.confirm if request.approved else f"{run.id} ends, and nothing is {deed(run)}."
    verb = "approve" if request.approved else "reject"
    return {
        "type": "modal",
        "callback_id": verb,
        "private_metadata": json.dumps(kept.__dict__),
        "title": plain_text(cut(f"{verb.capitalize()} {run.id}", _TITLE)),
        "submit": plain_text(cut(question.verb if request.approved else "Reject", _TITLE)),
        "close": plain_text("Not now"),
        "blocks": [
            *at_stake(run, question),
            {"type": "section", "text": plain_text(cut(last, 3000))},
            _field(run, request),
        ],
    }


def kept_of(view: dict[str, Any]) -> Kept:
    """Raises ValueError, KeyError or TypeError for a window that is not one of these."""
    said = json.loads(view["private_metadata"])
    return Kept(*(str(said[name]) for name in ("run", "question", "channel", "url")))


def said_in(view: dict[str, Any]) -> str:
    """What was typed."""
    return str(view["state"]["values"][FIELD][TYPED].get("value") or "")


def _field(run: Run, request: Decide) -> Block:
    if request.approved:
        what = "this" if run.runbook == PRUNE else "the server's name"
        label = f"Type {what} to approve: {to_type(run)}"
        hint = "As it is written above; capitals do not matter."
    else:
        label, hint = "Why is it rejected?", "Everybody in the channel reads it, and it stays in the record."
    typed = request.name if request.approved else request.reason
    return {
        "type": "input",
        "block_id": FIELD,
        "label": plain_text(cut(label, _LABEL)),
        "hint": plain_text(hint),
        "element": {
            "type": "plain_text_input",
            "action_id": TYPED,
            "max_length": 256 if request.approved else 500,
            **({"initial_value": cut(typed, 256)} if typed else {}),
        },
    }


def plain_text(text: str) -> Block:
    """Slack's text object without marks."""
    return {"type": "plain_text", "text": text, "emoji": False}
