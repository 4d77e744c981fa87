"""Whether the bot is in a channel: where it is not, nobody would see how far a run is, so nothing is started there."""

import logging

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from handlers.posting import UNREACHABLE, said_no
from workflows.errors import UserError

log = logging.getLogger(__name__)


class Membership:
    """Asks each time, since anybody may remove it; remembers where it was for when Slack does not answer."""

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
        member = _is_member(client, channel)
        if member is None and channel not in self._joined:
            raise UserError(
                "Slack does not say at the moment whether I am in this channel, so nothing was started.",
                "Ask again in a minute.",
                about="channel",
            )
        if member is False:
            self._joined.discard(channel)
            raise UserError(
                "I am not in this channel, so I could not show how far it is; nothing was started.",
                "Invite me first: `/invite @Firedrill`",
                about="channel",
            )
        self._joined.add(channel)


def _is_member(client: WebClient, channel: str) -> bool | None:
    """None where Slack does not say. Raises UserError where the app may not ask."""
    try:
        return bool(client.conversations_info(channel=channel)["channel"].get("is_member", False))
    except SlackApiError as error:
        if error.response.get("error") == "missing_scope":
            raise UserError(
                "I may not look whether I am in this channel, so nothing was started: the app lacks the scope "
                "`channels:read`, or for private channels `groups:read`.",
                "Add it under *OAuth & Permissions* and install the app again. `/dr doctor` says what else is missing.",
                about="channel",
            ) from error
        log.info("channel=%s cannot be looked at: %s", channel, error.response.get("error"))
        return False if said_no(error) else None
    except UNREACHABLE as error:
        log.info("channel=%s cannot be looked at: %s", channel, type(error).__name__)
        return None
