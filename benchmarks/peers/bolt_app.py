"""A bare Bolt app over Socket Mode that only acknowledges the slash command, as Bolt's own first example does."""

import os
import threading

from slack_bolt import Ack, App
from slack_bolt.adapter.socket_mode.websocket_client import SocketModeHandler
from slack_sdk import WebClient


def acknowledge(ack: Ack) -> None:
    ack()


def main() -> None:
    token = os.environ.pop("SLACK_BOT_TOKEN")
    app = App(client=WebClient(token=token, base_url=os.environ["SLACK_API_URL"]), token_verification_enabled=False)
    app.command("/dr")(acknowledge)
    SocketModeHandler(app, os.environ["SLACK_APP_TOKEN"]).connect()  # type: ignore[no-untyped-call]
    threading.Event().wait()


if __name__ == "__main__":
    main()
