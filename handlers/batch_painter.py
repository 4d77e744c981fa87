"""Keeps a batch's one message in Slack like its runs, and gives those that need somebody a card in its thread."""

import logging
from collections.abc import Sequence
from typing import Any

from slack_sdk import WebClient

from handlers.batch_card import NAMED, Standing, end, listing, summary
from handlers.cards import Card
from handlers.paced import ranked
from handlers.posting import Posting
from workflows.engine.batches import KEEP, WHOLE, Batch, Batches, Member
from workflows.engine.board import Cards
from workflows.engine.budget import Rank
from workflows.engine.run import Run, Status
from workflows.engine.store import Store
from workflows.errors import UserError

log = logging.getLogger(__name__)

#: Seconds between two paintings of one batch.
SPACING = 4.0
#: Seconds until a batch is looked at again that may not be whole, and of which no run is going on: runs of it may be
#: tried again meanwhile.
UNDECIDED = 15.0
EVENT = "firedrill_batch"
#: Failed runs that get a card of their own; the others are listed, and a retry gives them one.
CARDS = 20
_NOTHING = Card("Nothing more stands here.", [])


class BatchPainter:
    """`client` must not retry by itself. Raises what calls to Slack raise, Away, and ValueError for what another
    version wrote."""

    def __init__(self, store: Store, cards: Cards, client: WebClient, default_channel: str) -> None:
        self._store = store
        self._batches = Batches(store.redis, store.clock)
        self._cards = cards
        self._slack = client
        self._posting = {rank: Posting(cards, ranked(client, rank), EVENT) for rank in Rank}
        self._default = default_channel

    def paint(self, batch_id: str, revision: str) -> None:
        """Whoever has claimed it paints it as it is now."""
        batch = self._batches.read(batch_id)
        channel = (batch.channel or self._default) if batch else ""
        if batch is None or not channel:
            self._cards.forget(batch_id)
            return
        standing = standing_of(self._store, batch, self._batches.members(batch_id))
        self._show(standing, channel)
        self._cards.keep(batch_id, KEEP)
        if not standing.open and not batch.whole:  # whoever was beginning its runs may be gone
            self._cards.later(batch_id, min(UNDECIDED, max(SPACING, batch.created + WHOLE + 1 - self._cards.now())))
            return
        self._cards.painted(batch_id, revision, SPACING)

    def _show(self, standing: Standing, channel: str) -> None:
        batch = standing.batch
        needs = _needs(standing)
        calm = self._cards.notes(batch.id).get("needs") == needs
        thread = self._shown(batch, channel, "card", summary(standing), None, Rank.PROGRESS if calm else Rank.URGENT)
        self._cards.note(batch.id, "needs", needs)
        self._batches.give_cards(_own(standing.members))
        if standing.over:
            told, name = {"text": end(standing)}, f"end:{batch.again}" if batch.again else "end"
            self._posting[Rank.URGENT].once(
                batch.id, channel, name, told, {"batch": batch.key, "message": name}, since=batch.created,
                thread=thread,
            )  # fmt: skip
            self._list(standing, channel, thread)

    def _list(self, standing: Standing, channel: str, thread: str) -> None:
        """All runs as they ended; brought up to date when some of them were tried again."""
        pages = listing(standing)
        before = sum(1 for name in self._cards.notes(standing.batch.id) if name.startswith("list:"))
        for number, page in enumerate([*pages, *[_NOTHING] * (before - len(pages))]):
            self._shown(standing.batch, channel, f"list:{number}", page, thread, Rank.REPLY)

    def _shown(self, batch: Batch, channel: str, name: str, painted: Card, thread: str | None, rank: Rank) -> str:
        """Posted at once, edited when there is room for its rank."""
        content: dict[str, Any] = {"text": painted.text, "blocks": painted.blocks}
        post = Rank.URGENT if thread is None else rank
        return self._posting[post].shown(
            batch.id, channel, name, content, {"batch": batch.key, "message": name}, since=batch.created,
            update=ranked(self._slack, rank), thread=thread,
        )  # fmt: skip


def standing_of(store: Store, batch: Batch, members: list[Member]) -> Standing:
    """With the records of those that are named. Raises Away."""
    asking, failed = (
        _records(store, [each for each in members if each.status is status][:NAMED])
        for status in (Status.ASKING, Status.FAILED)
    )
    return Standing(batch, members, asking, failed, store.halt())


def _records(store: Store, members: list[Member]) -> list[Run]:
    """Without those that another version wrote, or that are not known any more."""
    found = []
    for each in members:
        try:
            found.append(store.read(each.id))
        except UserError as error:
            log.info("run=%s is left out of its batch's message: %s", each.id, error.text)
    return found


def _own(members: Sequence[Member]) -> list[str]:
    """Those that are to have a card of their own."""
    failed = [each.id for each in members if each.status is Status.FAILED]
    return [each.id for each in members if each.status is Status.ASKING] + failed[:CARDS]


def _needs(standing: Standing) -> str:
    """Changes when somebody should look."""
    asking = " ".join(each.id for each in standing.having(Status.ASKING))
    return f"{asking}|{len(standing.having(Status.FAILED))}|{standing.over}|{bool(standing.halt)}"
