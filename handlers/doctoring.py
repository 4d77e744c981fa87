"""How all parts are, and how to mend what is wrong: Redis is looked at here, Slack by a bot, AWS by a worker."""

import time
from collections.abc import Iterator

from workflows.checkup import Finding, from_json
from workflows.engine.checkups import Checkups
from workflows.engine.connection import doubts
from workflows.engine.gauges import Gauges, Standing
from workflows.engine.store import Store
from workflows.words import count, duration

#: Seconds for which an answer serves whoever asks next, and after which a due run has waited too long.
FRESH, LATE = 30.0, 60.0
_SIDES = {
    "bot": "Is `firedrill bot` running, on the same Redis? Its log says more.",
    "worker": "Is `firedrill worker` running, on the same Redis? Its log says more.",
}
_SIGNS = {"wrong": "❌ *Wrong*:", "not known": "❔ Not known:", "right": "✅ Right:"}


class Doctoring:
    """`patience` is how many seconds the others have to answer."""

    def __init__(self, store: Store, patience: float) -> None:
        self._store = store
        self._checkups = Checkups(store.redis, store.clock)
        self._patience = patience

    def told(self) -> str:
        """A line for each thing that was looked at, what is wrong first."""
        standing = Gauges(self._store.redis, self._store.clock).read()
        looked = [*self._redis(standing), *self._others(standing.workers)]
        found = sorted(looked, key=lambda each: list(_SIGNS).index(each.state))
        wrong = sum(each.state == "wrong" for each in found)
        head = f"{count(wrong, 'thing is', 'things are')} wrong." if wrong else "Nothing is wrong."
        return "\n".join([head, *(f"{_SIGNS[each.state]} {each.text} {each.mend}".rstrip() for each in found)])

    def _redis(self, standing: Standing) -> Iterator[Finding]:
        unsafe = doubts(self._store.redis)
        for doubt in unsafe:
            yield Finding("wrong", doubt)
        if not unsafe:
            yield Finding("right", "Redis keeps what it is told.")
        if halt := self._store.halt():
            yield Finding("wrong", f"Firedrill is {halt.sentence()}.", "`/dr resume` ends that.")
        if standing.overdue > LATE:
            since = duration(standing.overdue)
            yield Finding("wrong", f"A run has been due for {since}, and nobody works on it.", _SIDES["worker"])
        if standing.behind > LATE:
            since = duration(standing.behind)
            yield Finding("wrong", f"A card has been behind its run for {since}.", "The bot's log says why.")

    def _others(self, workers: int) -> Iterator[Finding]:
        since = self._store.clock.now() - FRESH
        for side in _SIDES:
            if self._answer(side, since) is None:
                self._checkups.want(side)
        until = time.monotonic() + self._patience
        for side, mend in _SIDES.items():
            answer = self._answer(side, since)
            while answer is None and time.monotonic() < until:
                time.sleep(0.05)
                answer = self._answer(side, since)
            yield from (self._silent(side, mend, alive=side == "worker" and workers > 0),) if answer is None else answer

    def _silent(self, side: str, mend: str, *, alive: bool) -> Finding:
        waited = f"within {self._patience:.0f} s"
        if alive:
            return Finding("not known", f"A {side} is alive, but has not answered {waited}.", "Ask again in a minute.")
        return Finding("wrong", f"No {side} has answered {waited}.", mend)

    def _answer(self, side: str, since: float) -> tuple[Finding, ...] | None:
        last = self._checkups.last(side)
        return from_json(last[1]) if last and last[0] >= since else None
