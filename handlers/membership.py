"""Whether the bot is in a channel: where it is not, nobody would see how far a run is, so nothing is started there."""

import logging

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from workflows.errors import UserError

log = logging.getLogger(__name__)


class Membership:
    """Remembers where it is."""

    def __init__(self) -> None:
        self._joined: set[str] = set()

    def check(self, client: WebClient, channel: str) -> None:
        """Raises UserError; better before anything is started."""
        if channel.startswith("D"):
            raise UserError(
                "A direct message is no place for this: nobody else would see it, and nothing was started.",
                "Ask in a channel that I am in.",
                about="channel",
            )
        if channel in self._joined:
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
        self._joined.add(channel)
