"""What people can say about a batch as a whole: how it stands, that all of it stops, or is tried again."""

from collections import Counter
from collections.abc import Iterable

from handlers.access import Access
from handlers.batch_card import sentence, summary
from handlers.batch_painter import CARDS, standing_of
from handlers.cards import Card
from handlers.requests import Cancel, Retry
from workflows.desk import Asking
from workflows.engine.batches import Batch, Batches
from workflows.engine.run import Run, Status
from workflows.engine.store import Store
from workflows.errors import NotNow, UserError
from workflows.words import count, safe

#: Of how many it is said why they could not be tried again.
_LEFT = 10
#: What came of cancelling one, and of several.
_CAME = {
    "done": (
        "stops before its next step; what it has made so far stays",
        "stop before their next step; what they have made so far stays",
    ),
    "already": ("is being cancelled already", "are being cancelled already"),
    "ended": ("has ended already", "have ended already"),
    "no return": ("is past the point of no return, and goes on", "are past the point of no return, and go on"),
}


def check_is_meant(meant: str, found: Run | Batch, told: str) -> None:
    """Raises UserError unless the key on a card is that of what has its number now, which `told` names: a failover of
    Redis may lose a run or a batch, but not its card. Cards of earlier versions have no key."""
    if meant not in ("", found.key):
        raise UserError(
            f"What this card shows was lost in a failover of Redis, and `{found.id}` is another one by now, {told}. "
            "Nothing was changed.",
            f"`/dr status {found.id}` shows that one.",
        )


class BatchVerbs:
    """All methods raise UserError."""

    def __init__(self, store: Store, access: Access) -> None:
        self._store = store
        self._access = access
        self._batches = Batches(store.redis, store.clock)

    def card(self, batch_id: str) -> Card:
        batch = self._read(batch_id)
        return summary(standing_of(self._store, batch, self._batches.members(batch_id)))

    def lines(self, batch_ids: Iterable[str]) -> list[str]:
        """Each in a line of a list."""
        return [line for name in sorted(batch_ids) if (line := self._line(name))]

    def cancel(self, request: Cancel, asking: Asking) -> str:
        """Every run of it, if its asker may cancel them all; those that are being begun at this moment too."""
        batch_id = self._steered(request).id
        ids = self._open(batch_id)
        for number, each in enumerate(ids):
            run = self._store.read(each)
            self._access.check_may_steer(asking.by, run, "cancel", asking.channel, anew=number == 0)
        self._batches.stop(batch_id)
        came, known = Counter[str](), set[str]()
        while new := [each for each in self._open(batch_id) if each not in known]:
            came.update(self._store.cancel(each, asking.by, asking.place) for each in new)
            known.update(new)
        came["ended"] += len(set(ids) - known)
        told = [count(came[word], *said) for word, said in _CAME.items() if came[word]]
        return f"Of the runs of `{batch_id}`, {'; '.join(told)}." if told else f"All of `{batch_id}` has ended already."

    def retry(self, request: Retry, asking: Asking) -> str:
        """Every run of it that has failed and may be tried again, if its asker may retry them all."""
        batch_id = self._steered(request).id
        failed = [self._store.read(each.id) for each in self._batches.members(batch_id) if each.status is Status.FAILED]
        again = [run for run in failed if not (run.problem and run.problem.final)]
        for number, run in enumerate(again):
            self._access.check_may_steer(asking.by, run, "retry", asking.channel, anew=number == 0)
        if not again:
            return f"No run of `{batch_id}` has failed in a way that a retry could mend."
        own, left, gone_on = len(again) <= CARDS, [], 0
        for run in again:
            try:
                gone_on += self._store.retry(run, asking.by, asking.place, own=own) == "done"
            except NotNow as later:
                left.append(f"`{run.id}` does not: {later.text}")
        more = [f"And so with {len(left) - _LEFT} more."] if len(left) > _LEFT else []
        failures = count(len(again), "failed run")
        if gone_on and not own:  # each of a few tells its own end
            self._batches.tried_again(batch_id)
        going = count(gone_on, "goes on where it failed", "go on where they failed")
        return "\n".join([f"Of {failures} of `{batch_id}`, {going}.", *left[:_LEFT], *more])

    def _steered(self, request: Cancel | Retry) -> Batch:
        batch = self._read(request.run_id)
        check_is_meant(request.key, batch, f"a {safe(batch.title[:1].lower() + batch.title[1:])}")
        return batch

    def _open(self, batch_id: str) -> list[str]:
        return [each.id for each in self._batches.members(batch_id) if each.status.open]

    def _line(self, batch_id: str) -> str:
        """Empty for one that is not known; that it is of another version is said."""
        try:
            batch = self._batches.read(batch_id)
            return sentence(standing_of(self._store, batch, self._batches.members(batch_id))) if batch else ""
        except ValueError:
            return f"`{batch_id}` was written by another version of Firedrill: update this process."

    def _read(self, batch_id: str) -> Batch:
        try:
            found = self._batches.read(batch_id)
        except ValueError:
            raise UserError(f"`{batch_id}` was written by another version of Firedrill.", "Update this one.") from None
        if found is None:
            raise UserError(f"There is no batch `{batch_id}`.", "`/dr status` shows what is going on.")
        return found
