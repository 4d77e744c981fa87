"""Whether the bot is in a channel: where it is not, nobody would see how far a run is, so nothing is started there."""

import logging
import time
from collections.abc import Callable

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from workflows.errors import UserError

log = logging.getLogger(__name__)

#: Seconds for which it is taken for being where it was: somebody may remove it, and nobody tells it so.
GOOD_FOR = 60.0


class Membership:
    """Remembers for a while where it is, in seconds of the machine's own clock since it started."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._seen: dict[str, float] = {}

    def check(self, client: WebClient, channel: str) -> None:
        """Raises UserError; better before anything is started."""
        if channel.startswith("D"):
            raise UserError(
                "A direct message is no place for this: nobody else would see it, and nothing was started.",
                "Ask in a channel that I am in.",
                about="channel",
            )
        if self._now() - self._seen.get(channel, -GOOD_FOR) < GOOD_FOR:
            return
        try:
            member = client.conversations_info(channel=channel)["channel"].get("is_member", False)
        except SlackApiError as error:
            log.info("channel=%s cannot be looked at: %s", channel, error.response.get("error"))
            member = False
        if not member:
            raise UserError(
                "I am not in this channel, so I could not show how far it is; nothing was started.",
                "Invite me first: `/invite @Firedrill`",
                about="channel",
            )
        self._seen[channel] = self._now()
