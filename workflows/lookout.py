"""Finds what people name in what the workers last saw of AWS, and asks them for a fresh look where it is not there."""

import logging
import time
from collections.abc import Callable, Mapping
from typing import TypeVar

from workflows import inventory
from workflows.engine.board import Board
from workflows.engine.clock import Clock
from workflows.errors import UserError
from workflows.inventory import Inventory, Sighting
from workflows.points import Point, choose, trusted
from workflows.steps.replacement import still_alive
from workflows.words import safe

log = logging.getLogger(__name__)

T = TypeVar("T")

#: Seconds. Who does not wait for a fresh look asks for one where the last is older: such a one asks again and again.
OLD = 30.0


class Lookout:
    """`patience` is how many seconds to wait for a worker's fresh look when a name is not known."""

    def __init__(self, board: Board, clock: Clock, patience: float) -> None:
        self._board = board
        self._clock = clock
        self._patience = patience
        self._read: tuple[bytes, Inventory | None] | None = None

    def last(self) -> Inventory | None:
        """What the workers last saw, at once; nothing that is of another version. It is read anew only if it has
        changed: ten thousand servers take a tenth of a second."""
        text, read = self._board.inventory(), self._read
        if text is None:
            return None
        if read is None or read[0] != text:
            self._read = read = (text, readable(text))
        return read[1]

    def find(self, find: Callable[[Inventory], T]) -> T:
        """In what the workers last saw; if that fails, in a fresh look: it may just have been launched. Raises what
        `find` raises, a UserError, and UserError where nothing was seen yet."""
        known = self.last()
        if known is not None:
            try:
                return find(known)
            except UserError:
                return find(self._fresh(known))
        return find(self._fresh(None))

    def _fresh(self, old: Inventory | None) -> Inventory:
        """A look that began after the asking: one that was under way may have passed a server that is new."""
        asked = self._clock.now()
        if self._patience > 0 or old is None or asked - old.at > OLD:
            self._board.want_inventory()
        until = time.monotonic() + self._patience
        known = old
        while time.monotonic() < until:
            known = self.last()
            if known and known.at >= asked and known != old:
                return known
            time.sleep(0.05)
        if known is not None:
            return known
        raise UserError(
            "No worker has looked at AWS yet, so no server is known.",
            "Is `firedrill worker` running, of this version, with AWS credentials, on the same Redis?",
        )


def readable(text: bytes) -> Inventory | None:
    """What the workers saw; None for what another version wrote."""
    try:
        return inventory.from_json(text)
    except ValueError:
        log.warning("what the workers last saw was written by another version; update all processes")
        return None


def restorable(
    known: Inventory, target: str, which: str, as_of: float | None, region: str, beside: bool
) -> tuple[Point, list[str], str, Mapping[str, str] | None]:
    """The point that a restore is asked for, what is to be known of it, the account that it lies in, and the server's
    tags, None where they are not known.

    Raises UserError.
    """
    if region and region not in known.regions:
        names = ", ".join(f"`{each}`" for each in known.regions)
        raise UserError(
            f"This installation does not work in `{safe(region)}`.", f"It works in {names}.", about="region"
        )
    server = known.server_of(target)
    alive = [each for each in known.servers if each.server == server and not each.gone]
    if alive and not beside:
        raise still_alive(server, alive[0].instance_id)
    wanted = target if target.startswith("ami-") else which
    points = [each for each in known.points if not region or each.region == region]
    point, cautions = trusted(points, server, wanted, as_of)
    return point, cautions, known.account, known.tags_of(server, point.region)


def comparable(known: Inventory, seen: Sighting, which: str) -> Point:
    """The point that a living server is to be compared with. Raises UserError."""
    return choose((each for each in known.points if each.region == seen.region), seen.server, which)
