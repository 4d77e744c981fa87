"""What can go wrong between Slack and the bot."""

import threading
import time

from practice.console.panel import Fault, Words
from practice.workspace import Workspace

_GROUP = "Slack"
AWAY, LIMITED_CALLS, RETRY_AFTER = 15.0, 5, 3


class Absence:
    """Slack is away for a while, and comes back by itself."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._timer: threading.Timer | None = None

    def begin(self, seconds: float) -> None:
        self.end()
        self._workspace.faults.away()
        self._timer = threading.Timer(seconds, self._workspace.faults.back)
        self._timer.daemon = True
        self._timer.start()

    def end(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._workspace.faults.back()


class Limits:
    """The next calls are answered with 429."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._since = 0.0
        self._asked = 0

    def begin(self) -> None:
        if not self.left():
            self._asked, self._since = 0, time.time()
        self._asked += LIMITED_CALLS
        self._workspace.faults.rate_limit("*", LIMITED_CALLS, RETRY_AFTER)

    def end(self) -> None:
        """The workspace ends all its faults at once, but for its absence here."""
        away = self._workspace.faults.is_away
        self._workspace.faults.clear()
        self._asked = 0
        if away:
            self._workspace.faults.away()

    def left(self) -> int:
        """How many calls are still to meet it."""
        met = [each for each in self._workspace.calls if each.outcome == "ratelimited" and each.at >= self._since]
        return max(0, self._asked - len(met))


def slack_faults(workspace: Workspace) -> list[Fault]:
    """Of this workspace."""
    absence, limits = Absence(workspace), Limits(workspace)

    def limited() -> Words:
        return [("", f"Slack answers the next {limits.left()} calls with 429.")] if limits.left() else []

    return [
        Fault(
            "slack_away",
            _GROUP,
            "Slack away",
            f"Slack answers nothing for {AWAY:.0f} seconds, and every connection breaks.",
            "During a run: the work goes on, and the card catches up when Slack is back.",
            begin=lambda _: absence.begin(AWAY),
            end=lambda _: absence.end(),
            on=lambda: [("", "Slack is away.")] if workspace.faults.is_away else [],
            ends="Slack is back",
        ),
        Fault(
            "slack_429",
            _GROUP,
            "Too many calls",
            f"Slack answers the next {LIMITED_CALLS} calls with 429: come back in {RETRY_AFTER} seconds.",
            "The card pauses and its last state arrives all the same; the run does not wait for it.",
            begin=lambda _: limits.begin(),
            end=lambda _: limits.end(),
            on=limited,
        ),
        Fault(
            "drop_socket",
            _GROUP,
            "Cut the connection",
            "The connection between Slack and the bot breaks once, without a goodbye.",
            "“App connected” in the channel's banner goes out and comes back by itself.",
            begin=lambda _: workspace.faults.drop_sockets(),
        ),
    ]
