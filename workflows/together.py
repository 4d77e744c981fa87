"""Several runs that are asked for at once: each is begun by itself, and many of them are a batch with one message."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from workflows.catalogue import RUNBOOKS
from workflows.engine.batches import Batch, Batches
from workflows.engine.run import Run
from workflows.engine.store import Store
from workflows.errors import NotNow
from workflows.words import count

#: More runs than this are a batch.
FEW = 3
#: Sentences that a batch keeps about what it was begun without.
_LEFT = 20


@dataclass(frozen=True)
class Begun:
    """`left` says of each run why it was not begun; `batch` is None where they were few."""

    runs: tuple[Run, ...]
    left: tuple[NotNow, ...]
    batch: Batch | None = None


def begin(
    store: Store, planned: Sequence[Run], start: Callable[[int, Run], Run], request: str, unseen: str = ""
) -> Begun:  # fmt: skip
    """`start` begins one of them, and raises NotNow where that cannot be; it gets the number of it. The same `request`
    again goes on with the same batch. `unseen` says what may be missing among them."""
    batches = Batches(store.redis, store.clock)
    batch = batches.open(_batch(planned, unseen), request) if len(planned) > FEW else None
    runs: list[Run] = []
    left: list[NotNow] = []
    for number, each in enumerate(planned):
        try:
            if batch and batches.stopped(batch.id):
                raise NotNow(f"`{batch.id}` was cancelled before it was begun.", "Ask for it again if it is wanted.")
            runs.append(start(number, replace(each, batch=batch.id if batch else "")))
        except NotNow as later:
            left.append(later)
    if batch:
        batches.close(batch, list(dict.fromkeys(later.text for later in left))[:_LEFT])
    return Begun(tuple(runs), tuple(left), batch if runs else None)


def _batch(planned: Sequence[Run], unseen: str) -> Batch:
    like = planned[0]
    title = RUNBOOKS[like.runbook].title.format(server=count(len(planned), "server"))
    return Batch(
        "", title, like.asked_by, like.channel, 0.0, len(planned), like.via, like.reason,
        unseen=f"{unseen}." if unseen else "",
    )  # fmt: skip
