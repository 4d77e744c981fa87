"""HTTP mode: signed requests to an app behind a WSGI server."""

import socket
from collections.abc import Iterator
from typing import Any

import pytest

from practice.workspace import Workspace
from tests.practice.workspace_apps import MANIFEST, Served, actions, button, serve


@pytest.fixture
def served() -> Iterator[Served]:
    served = Served()
    yield served
    served.close()


@pytest.fixture
def workspace(served: Served) -> Iterator[Workspace]:
    with Workspace(MANIFEST, request_url=served.url) as workspace:
        yield workspace


def test_a_slash_command_is_delivered_by_a_signed_request(served: Served, workspace: Workspace) -> None:
    app = serve(served, workspace, workspace.signing_secret)
    app.command("/dr")(lambda ack, command: ack(f"you said {command['text']}"))
    delivery = workspace.say("operator", "dr-ops", "/dr status D-0001")
    assert (delivery.response, delivery.error) == ("you said status D-0001", None)
    assert workspace.ephemerals("operator")[0].text == "you said status D-0001"


def test_a_click_is_delivered_by_a_signed_request(served: Served, workspace: Workspace) -> None:
    app = serve(served, workspace, workspace.signing_secret)

    def approve(ack: Any, respond: Any, body: dict[str, Any]) -> None:
        ack()
        respond(f"Thank you, {body['user']['name']}.", replace_original=False)

    app.action("approve")(approve)
    app.client.chat_postMessage(channel="C0DROPS", text="?", blocks=[actions(button("Approve", "approve"))])
    assert workspace.click("approver", workspace.messages("dr-ops")[0], "Approve").error is None
    answers = workspace.wait_for(lambda: workspace.ephemerals("approver"), 5)
    assert answers[0].text == "Thank you, approver."


def test_a_wrong_signing_secret_shows_as_dispatch_failed(served: Served, workspace: Workspace) -> None:
    serve(served, workspace, "another secret")
    assert workspace.say("operator", "dr-ops", "/dr status").error == "dispatch_failed"
    assert workspace.ephemerals("operator")[0].text == '/dr failed with the error "dispatch_failed"'


def test_an_app_that_does_not_listen_shows_as_dispatch_failed() -> None:
    with socket.socket() as reserved:  # bound and not listening: nobody else gets the port, and nobody answers on it
        reserved.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{reserved.getsockname()[1]}/slack/events"
        with Workspace(MANIFEST, request_url=url) as workspace:
            assert workspace.say("operator", "dr-ops", "/dr status").error == "dispatch_failed"
