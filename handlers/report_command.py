"""`/dr report`: the files into the thread of the run that they are about, and the answer to the asker alone."""

from http.client import HTTPException

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackClientError

from handlers.postbox import Postbox
from handlers.posting import thread_of
from handlers.reports import Given
from workflows.engine.board import Cards
from workflows.errors import UserError

_HINTS = {
    "missing_scope": "docs/slack.md says how to give the app the scope `files:write`.",
    "not_in_channel": "Invite me first: `/invite @Firedrill`",
    "channel_not_found": "Invite me first: `/invite @Firedrill`",
}


def deliver(given: Given, cards: Cards, client: WebClient, channel: str, default: str) -> str:
    """Share the files where the run's card stands, else in the channel where it was asked for. Gives the answer.

    Raises UserError where Slack does not take them.
    """
    home = (given.run.channel or default) if given.run else ""
    thread = thread_of(cards, given.run) if given.run else None
    where = home if thread else channel
    try:
        Postbox(cards, client).share(given.files, where, given.text, thread)
    except SlackApiError as error:
        word = str(error.response.get("error"))
        raise UserError(f"Slack did not take the report: `{word}`.", _HINTS.get(word, "Ask again later.")) from error
    except (SlackClientError, OSError, HTTPException) as error:
        text = "Slack did not answer while the report was sent, and whether it arrived is not known."
        raise UserError(text, "Look for it before you ask again.") from error
    return f"{given.text}\nThe files are in {f'the thread of its card in <#{home}>' if thread else 'this channel'}."
