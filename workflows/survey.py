"""What a worker does once a minute: look up servers and points in AWS, say how fresh each server is, and watch that."""

import logging

from workflows import freshness, inventory
from workflows.aws import Home
from workflows.engine.board import Board
from workflows.engine.clock import Clock
from workflows.engine.store import Store
from workflows.freshness import Known
from workflows.inventory import ProfileFor
from workflows.lookout import readable
from workflows.report.history import LOOKED_AT
from workflows.schedules.calendar import Calendar
from workflows.watch import Watch

log = logging.getLogger(__name__)


class Survey:
    """Leaves in Redis what the bot, which holds no AWS credentials, must know."""

    def __init__(
        self, store: Store, board: Board, clock: Clock, home: Home, regions: tuple[str, ...],
        profile_for: ProfileFor, calendar: Calendar, watch: Watch,
    ) -> None:  # fmt: skip
        self._store = store
        self._board = board
        self._clock = clock
        self._home = home
        self.regions = regions
        self._profile_for = profile_for
        self._calendar = calendar
        self._watch = watch

    def take(self) -> Known:
        """Look at AWS, keep what is there, judge it, and warn. Raises FiredrillError and Away."""
        text = self._board.inventory()
        seen = inventory.taken(self._home, self.regions, self._clock.now(), readable(text) if text else None)
        self._board.put_inventory(inventory.to_json(seen))
        drills = freshness.last_drills(self._store.latest(LOOKED_AT, "D"), self._before())
        schedules = [each.schedule for each in self._calendar.all()]
        known = freshness.fresh(seen, self._profile_for, drills, schedules)
        self._board.put_freshness(freshness.to_json(known))
        self._watch.look(known, self._clock.now())
        return known

    def _before(self) -> Known | None:
        """What was known last: drills that are too long ago to be among the latest runs."""
        text = self._board.freshness()
        try:
            return freshness.from_json(text) if text else None
        except ValueError:
            log.info("how fresh servers are was written by another version; it is written anew")
            return None
