"""Real Bolt apps for the tests of the practice workspace."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import yaml
from slack_bolt import App
from slack_bolt.adapter.socket_mode.websocket_client import SocketModeHandler
from slack_bolt.adapter.wsgi import SlackRequestHandler
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from werkzeug.serving import make_server

from practice.workspace import Workspace

MANIFEST = Path(__file__).parents[2] / "deploy" / "slack-manifest.yaml"
FULL_MANIFEST = Path(__file__).parent / "manifest-full.yaml"


def with_scopes(folder: Path, *scopes: str) -> Path:
    """The project's manifest with more scopes, as a file of its own."""
    whole = yaml.safe_load(MANIFEST.read_text(encoding="utf-8"))
    whole["oauth_config"]["scopes"]["bot"] += scopes
    path = folder / "manifest.yaml"
    path.write_text(yaml.safe_dump(whole), encoding="utf-8")
    return path


def client_of(workspace: Workspace) -> WebClient:
    return WebClient(workspace.bot_token, base_url=workspace.api_url)


def bolt_app(workspace: Workspace) -> App:
    return App(client=client_of(workspace), signing_secret=workspace.signing_secret)


class Served:
    """A WSGI server on a free port whose app is put in later: the workspace needs its address first."""

    def __init__(self) -> None:
        self.handler: Any = None
        self._server = make_server("127.0.0.1", 0, self._answer, threaded=True)
        self.url = f"http://127.0.0.1:{self._server.server_port}/slack/events"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    def _answer(self, environ: Any, start_response: Any) -> Any:
        return self.handler(environ, start_response)

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)


def serve(served: Served, workspace: Workspace, secret: str) -> App:
    app = App(client=client_of(workspace), signing_secret=secret)
    served.handler = SlackRequestHandler(app)
    return app


@contextmanager
def connected(workspace: Workspace, app: App) -> Iterator[SocketModeHandler]:
    """The app over Socket Mode, for as long as the block lasts."""
    handler: Any = SocketModeHandler(app, workspace.app_token)
    before = workspace.connections
    handler.connect()
    try:
        workspace.wait_for(lambda: workspace.connections > before, 10)
        yield handler
    finally:
        close(handler)


def close(handler: SocketModeHandler) -> None:
    """End a client at once. By itself `handler.close()` may take ten seconds: it closes the socket under a reader
    that sleeps in epoll, which does not wake it. So the socket is shut down first, and the reader waited for."""
    client: Any = handler.client
    client.auto_reconnect_enabled = False
    session = client.current_session
    if session is not None and session.sock is not None:
        with suppress(OSError, AttributeError):
            session.sock.sock.shutdown(socket.SHUT_RDWR)
    client.current_session_runner.shutdown()
    client.message_processor.event.set()
    client.message_queue.put(None)  # its thread waits a second for the next message
    client.close()


def keeping(kept: list[Any], what: Callable[[dict[str, Any]], Any] = lambda body: body) -> Callable[..., None]:
    """A listener that acks and keeps the body, or a part of it."""

    def listener(ack: Callable[..., Any], body: dict[str, Any]) -> None:
        kept.append(what(body))
        ack()

    return listener


def refusal(error: SlackApiError) -> dict[str, Any]:
    """The body of a refused call."""
    body: dict[str, Any] = error.response.data
    return body


def button(text: str, action_id: str, **more: Any) -> dict[str, Any]:
    return {"type": "button", "text": {"type": "plain_text", "text": text}, "action_id": action_id, **more}


def actions(*buttons: dict[str, Any]) -> dict[str, Any]:
    return {"type": "actions", "elements": list(buttons)}


def section(text: str) -> dict[str, Any]:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}}
