"""What can go wrong between Slack and the bot."""

import threading

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


def slack_faults(workspace: Workspace) -> list[Fault]:
    """Of this workspace."""
    absence, faults = Absence(workspace), workspace.faults

    def limited() -> Words:
        left = faults.limits_left()
        return [("", f"Slack answers the next {left} calls with 429.")] if left else []

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
            begin=lambda _: faults.rate_limit("*", LIMITED_CALLS, RETRY_AFTER),
            end=lambda _: faults.end_limits(),
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
