"""Tells one person what came of what they did: in their window while it is open, else to them alone."""

import logging
from dataclasses import dataclass

from slack_bolt import Ack, Respond
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from workflows.words import cut, plain

log = logging.getLogger(__name__)

#: Slack's words for a channel in which this person, or the app, is not, or where nobody says anything any more.
_NOT_THERE = ("user_not_in_channel", "not_in_channel", "channel_not_found", "is_archived")
#: Slack's limit on what is said beside a field, in characters.
FAULT = 500


@dataclass
class Teller:
    """`block` is the one beside which a fault is said. `channel` and `url`, where known, are where the window was
    opened from."""

    ack: Ack
    client: WebClient
    person: str
    block: str
    channel: str = ""
    url: str = ""
    closed: bool = False

    def close(self) -> None:
        self.ack()
        self.closed = True

    def tell(self, text: str) -> None:
        if not self.closed:
            self.ack(response_action="errors", errors={self.block: cut(plain(text), FAULT)})
            return
        if self.url:
            answer = Respond(response_url=self.url)(text=text, response_type="ephemeral", replace_original=False)
            if answer.status_code == 200:
                return
        # Slack forgets such an address after half an hour, and the window may have been open for longer
        tell_alone(self.client, self.channel, self.person, text)


def tell_alone(client: WebClient, channel: str, person: str, text: str) -> None:
    """In the channel, seen by them only; in a direct message where there is no channel, or they are not in it."""
    try:
        if not channel or not _told_in(client, channel, person, text):
            client.chat_postMessage(channel=person, text=text)
    except SlackApiError as error:
        log.warning("user=%s could not be told (%s): %s", person, error.response.get("error"), plain(text))


def _told_in(client: WebClient, channel: str, person: str, text: str) -> bool:
    """Whether they could be told there. Raises SlackApiError for what has nothing to do with the place."""
    try:
        client.chat_postEphemeral(channel=channel, user=person, text=text)
    except SlackApiError as error:
        if error.response.get("error") in _NOT_THERE:
            return False
        raise
    return True
