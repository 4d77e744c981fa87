"""What time it is in the practice world: in the lab, in the workspace, and by Redis in both processes."""

import time

from workflows.engine.ahead import run_ahead
from workflows.engine.connection import connect


class WorldClock:
    """This machine's clock and what it was told to run ahead."""

    def __init__(self) -> None:
        self.ahead = 0.0

    def now(self) -> float:
        return time.time() + self.ahead

    def run_ahead(self, redis_url: str, seconds: float) -> None:
        """For everybody. Raises Away, and then for nobody."""
        run_ahead(connect(redis_url), seconds)
        self.ahead += seconds
