"""Slash commands over Socket Mode, from the composer to the ack and what Slack says when there is none."""

import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
from slack_bolt import App

from practice.workspace import Workspace
from tests.clock import HandClock
from tests.practice.workspace_apps import FULL_MANIFEST, MANIFEST, bolt_app, connected, keeping


@pytest.fixture
def workspace(clock: HandClock) -> Iterator[Workspace]:
    with Workspace(MANIFEST, now=clock.now) as workspace:
        yield workspace


@pytest.fixture
def app(workspace: Workspace) -> App:
    return bolt_app(workspace)


def test_a_slash_command_reaches_the_app_as_slack_sends_it_and_is_acked(workspace: Workspace, app: App) -> None:
    bodies: list[dict[str, Any]] = []
    app.command("/dr")(keeping(bodies))
    with connected(workspace, app):
        delivery = workspace.say("operator", "dr-ops", "/dr backup orders-db --dry-run")
    assert delivery.error is None
    assert delivery.acked_in is not None
    assert delivery.acked_in < 1
    body = bodies[0]
    assert (body["command"], body["text"]) == ("/dr", "backup orders-db --dry-run")
    assert (body["user_id"], body["channel_id"], body["channel_name"]) == ("U0OPERATOR", "C0DROPS", "dr-ops")
    assert body["response_url"].startswith("http://127.0.0.1:")
    assert body["trigger_id"]


@pytest.mark.parametrize(
    ("typed", "sent"),
    [
        (
            "note @approver in #dr-ops: a < b & c, @nobody",
            "note <@U0APPROVER|approver> in <#C0DROPS|dr-ops>: a &lt; b &amp; c, @nobody",
        ),
        ("backup db01.example.com", "backup <http://db01.example.com|db01.example.com>"),
        ("mail x@example.org.", "mail <mailto:x@example.org|x@example.org>."),
        ("see https://example.org/a?b=1&c=2, v1.2 orders.internal", (
            "see <https://example.org/a?b=1&amp;c=2>, v1.2 orders.internal"
        )),
    ],
)  # fmt: skip
def test_people_channels_links_and_markup_in_a_command_are_escaped_as_slack_does_where_the_manifest_says_so(
    clock: HandClock, typed: str, sent: str
) -> None:
    with Workspace(FULL_MANIFEST, now=clock.now) as workspace:
        app, texts = bolt_app(workspace), list[str]()
        app.command("/dr")(keeping(texts, lambda body: body["text"]))
        with connected(workspace, app):
            workspace.say("operator", "dr-ops", f"/dr {typed}")
        assert texts == [sent]


def test_what_is_typed_behind_our_command_reaches_the_app_as_it_was_typed(workspace: Workspace, app: App) -> None:
    typed = "backup db01.example.com --reason 'asked by @approver in #dr-ops'"
    texts: list[str] = []
    app.command("/dr")(keeping(texts, lambda body: body["text"]))
    with connected(workspace, app):
        workspace.say("operator", "dr-ops", f"/dr {typed}")
    assert texts == [typed]


def test_the_text_of_an_ack_is_seen_by_the_asker_alone(workspace: Workspace, app: App) -> None:
    app.command("/dr")(lambda ack: ack("Try `/dr help`."))
    with connected(workspace, app):
        delivery = workspace.say("operator", "dr-ops", "/dr hepl")
    assert delivery.response == "Try `/dr help`."
    assert [message.plain() for message in workspace.ephemerals("operator", "dr-ops")] == ["Try /dr help."]
    assert workspace.ephemerals("approver") == []
    assert workspace.messages("dr-ops") == []


def test_an_ack_that_says_in_channel_is_seen_by_everybody(workspace: Workspace, app: App) -> None:
    app.command("/dr")(lambda ack: ack(text="Running.", response_type="in_channel"))
    with connected(workspace, app):
        workspace.say("operator", "dr-ops", "/dr runs")
    assert [message.text for message in workspace.messages("dr-ops")] == ["Running."]


def test_an_ack_after_three_seconds_gives_the_asker_slacks_operation_timeout_line(
    workspace: Workspace, app: App, clock: HandClock
) -> None:
    answered = threading.Event()

    def slow(ack: Any) -> None:
        clock.forward(3.1)
        answered.wait(10)
        ack("too late")

    app.command("/dr")(slow)
    with connected(workspace, app):
        started = time.monotonic()
        delivery = workspace.say("operator", "dr-ops", "/dr status")
        assert time.monotonic() - started < 2.5, "the given clock decides, not the real one"
        answered.set()
    assert (delivery.acked_in, delivery.error) == (None, "operation_timeout")
    lines = workspace.ephemerals("operator", "dr-ops")
    assert [line.text for line in lines] == ['/dr failed with the error "operation_timeout"']
    assert lines[0].user == "USLACKBOT"


def test_a_command_without_any_connection_fails_with_dispatch_failed(workspace: Workspace) -> None:
    delivery = workspace.say("operator", "dr-ops", "/dr status")
    assert delivery.error == "dispatch_failed"
    assert workspace.ephemerals("operator")[0].text == '/dr failed with the error "dispatch_failed"'


def test_a_command_that_the_manifest_does_not_name_is_refused(workspace: Workspace) -> None:
    delivery = workspace.say("operator", "dr-ops", "/drill orders-db")
    assert delivery.error == "unknown_command"
    assert "not a valid command" in workspace.ephemerals("operator")[0].text


def test_a_command_in_a_thread_is_refused_as_slack_does(workspace: Workspace) -> None:
    workspace.say("operator", "dr-ops", "something broke")
    message = workspace.messages("dr-ops")[0]
    delivery = workspace.say("operator", "dr-ops", "/dr status", thread=message)
    assert delivery.error == "not_supported_in_threads"
    assert "not supported in threads. Sorry!" in workspace.ephemerals("operator")[0].text


def test_what_is_no_command_becomes_a_message_of_the_person(workspace: Workspace) -> None:
    workspace.say("operator", "#dr-ops", "orders-db is gone")
    message = workspace.messages("dr-ops")[0]
    assert (message.user, message.text) == ("U0OPERATOR", "orders-db is gone")
    workspace.say("approver", "dr-ops", "restoring?", thread=message)
    assert [reply.text for reply in workspace.thread(message)] == ["restoring?"]
    assert len(workspace.messages("dr-ops")) == 1


def test_two_connections_share_the_envelopes_and_each_goes_to_one_of_them(workspace: Workspace) -> None:
    served: list[str] = []

    def listening(name: str) -> App:
        app = bolt_app(workspace)
        app.command("/dr")(keeping(served, lambda _body: name))
        return app

    with connected(workspace, listening("one")), connected(workspace, listening("two")):
        for number in range(6):
            assert workspace.say("operator", "dr-ops", f"/dr status {number}").error is None
        workspace.wait_for(lambda: len(served) == 6, 5)
    assert sorted(served) == ["one"] * 3 + ["two"] * 3


def test_dropped_sockets_come_back_and_serve_the_next_command(workspace: Workspace, app: App) -> None:
    app.command("/dr")(lambda ack: ack("here"))
    with connected(workspace, app):
        workspace.faults.drop_sockets()
        assert workspace.connections == 0
        workspace.wait_connected(10)
        assert workspace.say("operator", "dr-ops", "/dr status").response == "here"


def test_a_client_that_is_told_to_disconnect_comes_back_over_a_new_connection(workspace: Workspace, app: App) -> None:
    app.command("/dr")(lambda ack: ack("here"))
    with connected(workspace, app):
        opened = [call.method for call in workspace.calls].count("apps.connections.open")
        workspace.refresh_sockets()
        workspace.wait_for(
            lambda: [call.method for call in workspace.calls].count("apps.connections.open") > opened, 30
        )
        workspace.wait_connected(30)
        workspace.wait_for(lambda: workspace.say("operator", "dr-ops", "/dr status").response == "here", 30)


def test_a_wait_that_ends_in_vain_shows_the_channel(workspace: Workspace) -> None:
    workspace.say("operator", "dr-ops", "the last words")
    with pytest.raises(TimeoutError, match="the last words"):
        workspace.wait_for(lambda: None, 0.05)
