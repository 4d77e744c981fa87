"""Somebody mentions the bot: it answers with help in the thread, where slash commands do not work, and with buttons."""

from typing import Any

from slack_bolt import App
from slack_sdk import WebClient

from handlers.answers import Answers
from handlers.blocks import section
from handlers.errors import answering
from handlers.forms.catalogue import buttons
from handlers.grammar import parse
from workflows.desk import Asking
from workflows.engine.run import Actor

_TEXT = "I back up EC2 servers, restore them, and rehearse losing them."
_HERE = "Slash commands do not work in threads, by Slack's rule: type them in the channel, or press a button here."


class Mentions:
    """Bolt acknowledges events by itself; Slack sends one again whose acknowledgement it has not seen in time."""

    def __init__(self, answers: Answers) -> None:
        self._answers = answers

    def register(self, app: App) -> None:
        app.event("app_mention")(self.mentioned)

    def mentioned(self, body: dict[str, Any], event: dict[str, Any], client: WebClient) -> None:
        if event.get("bot_id") or not self._answers.first(f"mention:{body.get('event_id')}"):
            return

        def tell(text: str, **more: Any) -> None:
            client.chat_postMessage(
                channel=event["channel"], thread_ts=event.get("thread_ts") or event["ts"], text=text, **more
            )

        with answering(tell, f"mention {body.get('event_id')}"):
            asking = Asking(Actor(event["user"], ""), event["channel"])
            with self._answers.recorded(asking, f"mention {event.get('text', '')}"):
                text = self._answers.to(parse("help"), asking)[0]
            tell(f"{_TEXT} {_HERE}", blocks=[section(f"{_TEXT} {_HERE}"), section(text), buttons()])
