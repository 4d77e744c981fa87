"""Everything brought to a stand, and let go on: behind the policy, and what whoever said so is told."""

from typing import assert_never

from handlers.access import Access
from handlers.blocks import standstill
from handlers.requests import HaltAll, ResumeAll
from workflows.desk import Asking, Desk
from workflows.engine.halting import Halting
from workflows.engine.run import Run
from workflows.errors import UserError
from workflows.masking import masked
from workflows.words import count, cut, safe

#: Runs that an answer names one by one.
_NAMED = 10
#: Characters of a reason: it stands on every card.
_LONGEST = 300
_ENDS = "`/dr resume` ends it."


class Halts:
    """All methods raise UserError for what cannot be."""

    def __init__(self, desk: Desk, access: Access) -> None:
        self._store = desk.store
        self._access = access
        self._halting = Halting(desk.store)

    def to(self, request: HaltAll | ResumeAll, asking: Asking) -> str:
        """Carry it out. Gives the answer in mrkdwn."""
        match request:
            case HaltAll(reason=reason):
                self._access.check_may_halt(asking.by, "halt", asking.channel)
                return self._halt(cut(masked(reason), _LONGEST), asking)
            case ResumeAll():
                self._access.check_may_halt(asking.by, "resume", asking.channel)
                return self._resume(asking)
            case _:
                assert_never(request)

    def line(self) -> str:
        """The halt that stands, for whoever asks how things are; empty where there is none."""
        halt = self._store.halt()
        return standstill(halt) if halt else ""

    def _halt(self, reason: str, asking: Asking) -> str:
        prior = self._halting.halt(asking.by, reason, asking.place)
        if prior:
            raise UserError(f"Firedrill is halted already, and that halt stands: {prior.sentence()}.", _ENDS)
        runs = self._store.open_runs()
        stopped = [each for each in runs if not each.no_return]
        gone = [each for each in runs if each.no_return]
        lines = [f"Firedrill is halted: {safe(reason.rstrip(' .'))}. Nothing new is started, and nothing is approved."]
        if stopped:
            lines.append(f"{count(len(stopped), 'run stops', 'runs stop')} before the next step: {_names(stopped)}.")
        if gone:
            lines.append(f"Past the point of no return, and going on until the server is back: {_names(gone)}.")
        return "\n".join([*lines, "`/dr resume` lets everything go on."])

    def _resume(self, asking: Asking) -> str:
        over = self._halting.resume(asking.by, asking.place)
        if over is None:
            raise UserError("Firedrill is not halted.", "`/dr status` says what is going on.")
        waiting = [each for each in self._store.open_runs() if not each.no_return]
        lines = [f"Firedrill goes on. It was {over.sentence()}."]
        if waiting:
            lines.append(
                f"From where it stood goes on: {_names(waiting)}. An approval that was waited for is asked anew."
            )
        return "\n".join(lines)


def _names(runs: list[Run]) -> str:
    names = [f"`{each.id}`" for each in runs[:_NAMED]]
    return ", ".join(names) + (f" and {len(runs) - _NAMED} more" if len(runs) > _NAMED else "")
