"""The two ways to Slack, and how they are: the Web API, with one place that hears of every call, and the socket."""

import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.web import SlackResponse

from bot.health import Check
from bot.metrics import Gauge
from workflows.engine.connection import Away

#: Method, what came of it (`ok`, `ratelimited`, `refused`, `no answer`), and seconds. Must not raise.
Observed = Callable[[str, str, float], None]


class ObservedClient(WebClient):
    """As slack_sdk's own, and as raising."""

    def __init__(self, observed: Observed, **options: Any) -> None:
        super().__init__(**options)

        def told(method: str, outcome: str, seconds: float) -> None:
            observed(method, outcome, seconds)

        # A plain function: Bolt copies the client deeply for every request, and with a method all that it belongs to.
        self._told = told

    def api_call(self, api_method: str, **options: Any) -> SlackResponse:
        begun, outcome = time.monotonic(), "no answer"
        try:
            answer = super().api_call(api_method, **options)
            outcome = "ok"
            return answer
        except SlackApiError as error:
            outcome = "ratelimited" if error.response.status_code == 429 else "refused"
            raise
        finally:
            self._told(api_method, outcome, time.monotonic() - begun)


def both(observed: Observed, charge: Callable[[], None]) -> Observed:
    """As `observed`, for calls that answer people, and so do not wait for room: others are charged for them."""

    def told(method: str, outcome: str, seconds: float) -> None:
        observed(method, outcome, seconds)
        with suppress(Away):
            charge()

    return told


class Line:
    """Socket Mode's connection. Slack hangs up every few hours, and the client connects anew by itself."""

    def __init__(self, connected: Callable[[], bool]) -> None:
        self._connected = connected
        self._since = 0.0

    def opened(self, _: object) -> None:
        self._since = time.time()

    def look(self) -> list[Check]:
        if self._connected():
            return [Check("socket", "ok", "Slack's socket is connected.")]
        says = "Slack's socket is not connected. It is tried again by itself; what Slack sends meanwhile is lost."
        return [Check("socket", "degraded", says)]

    def gauges(self) -> Iterable[Gauge]:
        connected = self._connected()
        yield "firedrill_slack_socket_connected", "1 while Slack reaches the bot by Socket Mode", float(connected)
        yield (
            "firedrill_slack_socket_since_seconds", "When that connection was opened, since the epoch; 0 without one",
            self._since if connected else 0.0,
        )  # fmt: skip
