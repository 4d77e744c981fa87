"""Answers to what a run asks: whether one would count, whether it names the server, and the answer itself."""

import unicodedata

from handlers.access import Access
from handlers.requests import Decide
from workflows.desk import Asking, Desk
from workflows.engine.run import Run
from workflows.errors import UserError
from workflows.masking import masked
from workflows.words import safe


class Deciding:
    """Approving takes the server's name, in the approver's own hand; rejecting takes a reason."""

    def __init__(self, desk: Desk, access: Access) -> None:
        self._desk = desk
        self._access = access

    def about(self, request: Decide, asking: Asking, question: str = "") -> Run | str:
        """The run whose question this person may answer now, or a sentence that says why an answer would not count.

        Asks nobody but Redis, since Slack gives three seconds to open a window. Raises UserError.
        """
        run = self._desk.store.read(request.run_id)
        self._access.check_may_decide(asking.by, run, request.approved, anew=False)
        return self._void(run, request, asking, question or _open(run)) or run

    def check_said(self, request: Decide, question: str = "") -> None:
        """Whether the name, or the reason, is what the open question wants. Raises UserError; says nothing of a
        question that is not open any more."""
        run = self._desk.store.read(request.run_id)
        if run.question and run.question.id == (question or run.question.id):
            _check_said(run, request)

    def decide(self, request: Decide, asking: Asking, question: str = "") -> str:
        """Approve or reject; `question` is the one that a button names. Raises UserError."""
        run = self._desk.store.read(request.run_id)
        self._access.check_may_decide(asking.by, run, request.approved)
        asked = question or _open(run)
        void = self._void(run, request, asking, asked)
        if void:
            return void
        _check_said(run, request)
        return self._desk.answer(
            run.id, asking.by, request.approved, question=asked, reason=masked(request.reason), place=asking.place
        )

    def _void(self, run: Run, request: Decide, asking: Asking, question: str) -> str:
        if not question:
            raise UserError(f"`{run.id}` asks nothing at the moment: it is {run.status.value}.")
        return self._desk.answer(
            run.id, asking.by, request.approved, question=question, place=asking.place, only_look=True
        )


def _open(run: Run) -> str:
    return run.question.id if run.question else ""


def _check_said(run: Run, request: Decide) -> None:
    """Raises UserError: what would be right."""
    server = run.target.server
    verb = "approve" if request.approved else "reject"
    example = f"`{verb} {run.id} {f'--name {safe(server)}' if request.approved else 'not during the sale'}`"
    if not request.approved:
        if not request.reason.strip():
            raise UserError("A rejection needs a reason, so nothing was decided.", f"Example: {example}")
    elif not request.name.strip():
        raise UserError("Approving takes the server's name, so nothing was decided.", f"Example: {example}")
    elif _as_typed(request.name) != _as_typed(server):
        raise UserError(
            f"`{safe(request.name.strip())}` is not the server of {run.id}, so nothing was decided.",
            f"It asks about `{safe(server)}`. If that is the one you mean, type it exactly so.",
        )


def _as_typed(name: str) -> str:
    """Keyboards write one and the same letter in more than one way; what they add around a name does not count."""
    return unicodedata.normalize("NFC", name).strip()
