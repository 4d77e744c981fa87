"""Pressed buttons: the payload, response URLs, and triggers."""

import json
import threading
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest
from slack_bolt import App
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.webhook import WebhookClient

from practice.workspace import Message, Workspace
from tests.clock import HandClock
from tests.practice.workspace_apps import MANIFEST, actions, bolt_app, button, client_of, connected, keeping, section

MODAL = {"type": "modal", "title": {"type": "plain_text", "text": "Restore"}, "blocks": [section("Which one?")]}


@pytest.fixture
def workspace(clock: HandClock) -> Iterator[Workspace]:
    with Workspace(MANIFEST, now=clock.now) as workspace:
        yield workspace


@pytest.fixture
def bodies() -> list[dict[str, Any]]:
    return []


@pytest.fixture
def app(workspace: Workspace, bodies: list[dict[str, Any]]) -> Iterator[App]:
    """An app that acks /dr and the button `approve`, and keeps what came."""
    app = bolt_app(workspace)
    app.command("/dr")(keeping(bodies))
    app.action("approve")(keeping(bodies))
    with connected(workspace, app):
        yield app


def post_question(client: WebClient, workspace: Workspace) -> Message:
    confirm = {
        "title": {"type": "plain_text", "text": "Sure?"},
        "text": {"type": "plain_text", "text": "It will be gone."},
        "confirm": {"type": "plain_text", "text": "Terminate"},
        "deny": {"type": "plain_text", "text": "Keep"},
    }
    question = [
        section("Terminate *orders-db*?"),
        actions(
            button("Approve termination", "approve", value="D-0001:nonce", style="danger", confirm=confirm),
            button("Reject", "reject", value="D-0001:nonce"),
        ),
    ]
    client.chat_postMessage(channel="C0DROPS", text="Terminate orders-db?", blocks=question)
    return workspace.messages("dr-ops")[-1]


def posted(url: str, **body: Any) -> tuple[int, str]:
    answer = WebhookClient(url).send_dict(body)
    return answer.status_code, answer.body


def test_a_pressed_button_reaches_the_app_as_block_actions(
    workspace: Workspace, app: App, bodies: list[dict[str, Any]]
) -> None:
    message = post_question(app.client, workspace)
    delivery = workspace.click("approver", message, "Approve termination")
    assert delivery.error is None
    body = bodies[0]
    assert body["type"] == "block_actions"
    assert body["user"]["id"] == "U0APPROVER"
    assert body["container"] == {
        "type": "message",
        "message_ts": message.ts,
        "channel_id": "C0DROPS",
        "is_ephemeral": False,
    }
    assert body["message"]["ts"] == message.ts
    action = body["actions"][0]
    assert (action["action_id"], action["value"], action["type"]) == ("approve", "D-0001:nonce", "button")
    assert action["block_id"] == message.blocks[1]["block_id"]


def test_the_buttons_of_a_message_can_be_read_with_their_confirm_dialogs(workspace: Workspace) -> None:
    message = post_question(client_of(workspace), workspace)
    approve, reject = message.buttons()
    assert (approve.text, approve.value, reject.action_id) == ("Approve termination", "D-0001:nonce", "reject")
    assert approve.confirm is not None
    assert approve.confirm["text"]["text"] == "It will be gone."
    assert reject.confirm is None


def test_a_button_that_is_not_there_is_named_together_with_those_that_are(workspace: Workspace) -> None:
    message = post_question(client_of(workspace), workspace)
    with pytest.raises(LookupError, match="'Reject' \\(reject\\)"):
        workspace.click("approver", message, "Aprove")


def test_an_ephemeral_answer_by_response_url_leaves_the_message_alone(workspace: Workspace) -> None:
    app = bolt_app(workspace)

    def decline(ack: Any, respond: Any) -> None:
        ack()
        respond("You may not approve this.", response_type="ephemeral", replace_original=False)

    app.action("approve")(decline)
    with connected(workspace, app):
        message = post_question(app.client, workspace)
        workspace.click("bystander", message, "approve")
        answer = workspace.wait_for(lambda: workspace.ephemerals("bystander", "dr-ops"), 5)[0]
    assert answer.text == "You may not approve this."
    assert workspace.messages("dr-ops") == [message]


def test_an_ephemeral_message_is_replaced_and_deleted_by_the_response_url_of_its_button(
    workspace: Workspace, app: App, bodies: list[dict[str, Any]]
) -> None:
    ask = [section("Really?"), actions(button("Yes", "approve"))]
    app.client.chat_postEphemeral(channel="C0DROPS", user="U0OPERATOR", text="Really?", blocks=ask)
    workspace.click("operator", workspace.ephemerals("operator")[0], "Yes")
    assert "message" not in bodies[0]
    assert bodies[0]["container"]["is_ephemeral"] is True
    url = bodies[0]["response_url"]
    assert posted(url, text="Done.", replace_original=True) == (200, '{"ok": true}')
    after = workspace.ephemerals("operator")
    assert [(message.text, message.blocks) for message in after] == [("Done.", ())]
    posted(url, delete_original=True)
    assert workspace.ephemerals("operator") == []


def test_a_slash_commands_response_url_adds_and_never_replaces(
    workspace: Workspace, app: App, bodies: list[dict[str, Any]]
) -> None:
    workspace.say("operator", "dr-ops", "/dr status")
    url = bodies[0]["response_url"]
    posted(url, text="First.")
    posted(url, text="Second.", replace_original=True)
    posted(url, text="For all.", response_type="in_channel")
    assert [message.text for message in workspace.ephemerals("operator")] == ["First.", "Second."]
    assert [message.text for message in workspace.messages("dr-ops")] == ["For all."]


def test_a_response_url_is_good_for_five_uses(workspace: Workspace, app: App, bodies: list[dict[str, Any]]) -> None:
    workspace.say("operator", "dr-ops", "/dr status")
    url = bodies[0]["response_url"]
    assert [posted(url, text=f"{number}")[0] for number in range(5)] == [200] * 5
    status, body = posted(url, text="one too many")
    assert (status, json.loads(body)["error"]) == (404, "used_url")
    assert len(workspace.ephemerals("operator")) == 5


def test_a_response_url_is_good_for_half_an_hour(
    workspace: Workspace, app: App, clock: HandClock, bodies: list[dict[str, Any]]
) -> None:
    workspace.say("operator", "dr-ops", "/dr status")
    clock.forward(30 * 60 + 1)
    status, body = posted(bodies[0]["response_url"], text="late")
    assert (status, json.loads(body)["error"]) == (404, "expired_url")


def test_blocks_that_slack_refuses_are_refused_by_a_response_url_too(
    workspace: Workspace, app: App, bodies: list[dict[str, Any]]
) -> None:
    workspace.say("operator", "dr-ops", "/dr status")
    status, body = posted(bodies[0]["response_url"], text="x", blocks=[{"type": "nonsense"}])
    assert (status, json.loads(body)["error"]) == (400, "invalid_blocks")


def test_a_trigger_opens_one_view_and_is_refused_when_replayed(
    workspace: Workspace, app: App, bodies: list[dict[str, Any]]
) -> None:
    workspace.say("operator", "dr-ops", "/dr restore")
    trigger = bodies[0]["trigger_id"]
    view = app.client.views_open(trigger_id=trigger, view=MODAL)["view"]
    assert [each.id for each in workspace.modals("operator")] == [view["id"]]
    with pytest.raises(SlackApiError, match="exchanged_trigger_id"):
        app.client.views_open(trigger_id=trigger, view=MODAL)


def test_a_trigger_expires_after_three_seconds(
    workspace: Workspace, app: App, clock: HandClock, bodies: list[dict[str, Any]]
) -> None:
    workspace.say("operator", "dr-ops", "/dr restore")
    clock.forward(3.1)
    with pytest.raises(SlackApiError, match="expired_trigger_id"):
        app.client.views_open(trigger_id=bodies[0]["trigger_id"], view=MODAL)


def test_five_people_pressing_at_once_are_five_deliveries(
    workspace: Workspace, app: App, bodies: list[dict[str, Any]]
) -> None:
    message = post_question(app.client, workspace)
    people = ["operator", "approver", "second-approver", "bystander", "operator"]
    clicks = [threading.Thread(target=workspace.click, args=(person, message, "approve")) for person in people]
    for click in clicks:
        click.start()
    for click in clicks:
        click.join()
    workspace.wait_for(lambda: len(bodies) == 5, 5)
    assert len({body["trigger_id"] for body in bodies}) == 5


def test_a_stale_click_still_arrives_and_shows_the_message_as_it_is_now(
    workspace: Workspace, app: App, bodies: list[dict[str, Any]]
) -> None:
    message = post_question(app.client, workspace)
    app.client.chat_update(channel="C0DROPS", ts=message.ts, text="Approved.", blocks=[section("Approved.")])
    workspace.click("approver", message, "approve")
    assert bodies[-1]["message"]["text"] == "Approved."


def test_a_click_on_a_deleted_message_goes_nowhere(
    workspace: Workspace, app: App, bodies: list[dict[str, Any]]
) -> None:
    message = post_question(app.client, workspace)
    app.client.chat_delete(channel="C0DROPS", ts=message.ts)
    assert workspace.click("approver", message, "approve").error == "message_not_found"
    assert bodies == []


def test_a_response_url_that_nobody_issued_is_refused(workspace: Workspace) -> None:
    address = workspace.api_url.replace("/api/", "/respond/nonsense")
    request = urllib.request.Request(address, data=b'{"text": "hi"}', method="POST")
    with pytest.raises(urllib.error.HTTPError, match="404") as refused:
        urllib.request.urlopen(request)
    refused.value.close()
