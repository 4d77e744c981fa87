"""Tells whoever submitted a window what came of it: in the window while it is open, afterwards to them alone."""

import logging
from dataclasses import dataclass

from slack_bolt import Ack, Respond
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from workflows.words import cut, plain

log = logging.getLogger(__name__)

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
        try:
            self.client.chat_postEphemeral(channel=self.channel, user=self.person, text=text)
        except SlackApiError as error:  # App Home is in no channel, and not everybody is in every one
            log.warning("user=%s could not be told (%s): %s", self.person, error.response.get("error"), plain(text))
