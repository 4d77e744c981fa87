"""Answers to what a run asks: whether one would count, whether it names the server, and the answer itself."""

import shlex
import unicodedata

from handlers.access import Access
from handlers.requests import Decide
from workflows.desk import Asking, Desk
from workflows.engine.run import Run
from workflows.errors import UserError
from workflows.masking import masked
from workflows.pruned import PRUNE, to_type
from workflows.words import safe


class Deciding:
    """Approving takes the server's name, in the approver's own hand, with `prune` before it where points are to be
    removed; rejecting takes a reason."""

    def __init__(self, desk: Desk, access: Access) -> None:
        self._desk = desk
        self._access = access

    def about(self, request: Decide, asking: Asking, question: str = "") -> Run | str:
        """The run whose question this person may answer now, or a sentence that says why an answer would not count.

        Asks nobody but Redis, since Slack gives three seconds to open a window. `question` is the one that a button or
        a window names; else it is the open one. Raises UserError.
        """
        return self._about(request, asking, question, anew=False)

    def doubt(self, request: Decide, asking: Asking, question: str) -> str:
        """What is wrong with a window as it was submitted: why it would not count, nothing if it would. Asks nobody but
        Redis. Raises UserError for a name, or a reason, that is not what the question wants."""
        run = self._about(request, asking, question, anew=False)
        if isinstance(run, Run):
            _check_said(run, request)
            return ""
        return run

    def decide(self, request: Decide, asking: Asking, question: str = "") -> str:
        """Approve or reject, for a person of whom Slack is asked again. Gives what came of it. Raises UserError."""
        run = self._about(request, asking, question, anew=True)
        if not isinstance(run, Run):
            return run
        _check_said(run, request)
        asked, why = question or _open(run), masked(request.reason)
        return self._desk.answer(run.id, asking.by, request.approved, question=asked, reason=why, place=asking.place)

    def _about(self, request: Decide, asking: Asking, question: str, *, anew: bool) -> Run | str:
        run = self._desk.store.read(request.run_id)
        self._access.check_may_decide(asking.by, run, request.approved, anew=anew)
        asked = question or _open(run)
        if not asked:
            raise UserError(f"`{run.id}` asks nothing at the moment: it {run.how()}.")
        void = self._desk.answer(
            run.id, asking.by, request.approved, question=asked, place=asking.place, only_look=True
        )
        return void or run


def _open(run: Run) -> str:
    return run.question.id if run.question else ""


def _check_said(run: Run, request: Decide) -> None:
    """Raises UserError: what would be right."""
    words, prunes = to_type(run), run.runbook == PRUNE
    typed, asked = (shlex.quote(words), "the deed") if prunes else (words, "the server")
    verb = "approve" if request.approved else "reject"
    example = f"`{verb} {run.id} {f'--name {safe(typed)}' if request.approved else 'not during the sale'}`"
    if not request.approved:
        if not request.reason.strip():
            raise UserError("A rejection needs a reason, so nothing was decided.", f"Example: {example}")
    elif not request.name.strip():
        what = "the deed and the server's name" if prunes else "the server's name"
        raise UserError(f"Approving takes {what}, so nothing was decided.", f"Example: {example}")
    elif _as_typed(request.name) != _as_typed(words):
        raise UserError(
            f"`{safe(request.name.strip())}` is not {asked} of {run.id}, so nothing was decided.",
            f"It asks about `{safe(words)}`. If that is the one you mean, type it so.",
        )


def _as_typed(name: str) -> str:
    """Keyboards write a letter in more than one way, begin with a capital, and add spaces; what cannot be printed
    nobody can type. What is typed is compared with the run's one server, so it means no other."""
    seen = "".join(each if each.isprintable() else " " for each in name)
    return " ".join(unicodedata.normalize("NFC", seen.casefold()).split())
