"""Tokens, scopes, rates, and what can be made to go wrong on purpose."""

import time
from collections.abc import Iterator
from http.client import RemoteDisconnected

import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.http_retry.builtin_handlers import RateLimitErrorRetryHandler

from practice.workspace import Workspace
from tests.clock import HandClock
from tests.practice.workspace_apps import MANIFEST, bolt_app, client_of, connected, refusal


@pytest.fixture
def workspace(clock: HandClock) -> Iterator[Workspace]:
    with Workspace(MANIFEST, now=clock.now) as workspace:
        yield workspace


@pytest.fixture
def client(workspace: Workspace) -> WebClient:
    return client_of(workspace)


def outcomes(workspace: Workspace, method: str) -> list[str]:
    return [call.outcome for call in workspace.calls if call.method == method]


def test_a_scope_that_the_manifest_lacks_is_named(client: WebClient) -> None:
    with pytest.raises(SlackApiError) as refused:
        client.reactions_add(channel="C0DROPS", name="eyes", timestamp="1.0")
    body = refusal(refused.value)
    assert (body["error"], body["needed"]) == ("missing_scope", "reactions:write")
    assert body["provided"].split(",")[:2] == ["commands", "chat:write"]


def test_each_method_takes_its_own_kind_of_token(workspace: Workspace) -> None:
    def tried(token: str | None, method: str) -> str:
        with pytest.raises(SlackApiError) as refused:
            WebClient(token, base_url=workspace.api_url).api_call(method)
        return str(refusal(refused.value)["error"])

    assert tried(workspace.app_token, "auth.test") == "not_allowed_token_type"
    assert tried(workspace.bot_token, "apps.connections.open") == "not_allowed_token_type"
    assert tried("xoxb-somebody-else", "auth.test") == "invalid_auth"
    assert tried(None, "auth.test") == "not_authed"


def test_a_rate_limit_has_a_whole_number_of_seconds_that_the_sdk_can_wait_for(
    workspace: Workspace, client: WebClient
) -> None:
    workspace.faults.rate_limit("chat.postMessage", times=1, retry_after=7)
    with pytest.raises(SlackApiError) as refused:
        client.chat_postMessage(channel="C0DROPS", text="x")
    assert refused.value.response.status_code == 429
    assert refused.value.response.headers["Retry-After"] == "7"
    assert refusal(refused.value)["error"] == "ratelimited"
    client.chat_postMessage(channel="C0DROPS", text="x")


def test_the_sdks_own_retry_handler_gets_through_a_rate_limit(workspace: Workspace, client: WebClient) -> None:
    client.retry_handlers.append(RateLimitErrorRetryHandler(max_retry_count=1))
    workspace.faults.rate_limit("chat.postMessage", retry_after=0)
    client.chat_postMessage(channel="C0DROPS", text="x")
    assert outcomes(workspace, "chat.postMessage") == ["ratelimited", "ok"]


def test_tiers_are_counted_when_switched_on_and_forgotten_after_a_minute(
    workspace: Workspace, client: WebClient, clock: HandClock
) -> None:
    ts = client.chat_postMessage(channel="C0DROPS", text="x")["ts"]
    workspace.faults.tiers()
    for number in range(50):
        client.chat_update(channel="C0DROPS", ts=ts, text=f"{number}")
    clock.forward(20.5)
    with pytest.raises(SlackApiError) as refused:
        client.chat_update(channel="C0DROPS", ts=ts, text="one too many")
    assert refused.value.response.headers["Retry-After"] == "40"
    clock.forward(40)
    client.chat_update(channel="C0DROPS", ts=ts, text="fine again")


def test_posting_is_limited_by_channel_to_one_a_second_after_a_burst(
    workspace: Workspace, client: WebClient, clock: HandClock
) -> None:
    workspace.faults.tiers()
    for _ in range(5):
        client.chat_postMessage(channel="C0DROPS", text="x")
    with pytest.raises(SlackApiError, match="ratelimited"):
        client.chat_postMessage(channel="C0DROPS", text="x")
    client.chat_postMessage(channel="C0ANNOUNCE", text="x")
    clock.forward(1)
    client.chat_postMessage(channel="C0DROPS", text="x")


def test_a_refusal_can_be_ordered(workspace: Workspace, client: WebClient) -> None:
    workspace.faults.refuse("*", "internal_error", times=2)
    for _ in range(2):
        with pytest.raises(SlackApiError, match="internal_error"):
            client.chat_postMessage(channel="C0DROPS", text="x")
    client.chat_postMessage(channel="C0DROPS", text="x")
    assert outcomes(workspace, "chat.postMessage") == ["internal_error", "internal_error", "ok"]


def test_a_lost_answer_was_carried_out_all_the_same(workspace: Workspace) -> None:
    client = WebClient(workspace.bot_token, base_url=workspace.api_url, retry_handlers=[])
    workspace.faults.lose_answer("chat.postMessage")
    with pytest.raises((RemoteDisconnected, ConnectionResetError)):
        client.chat_postMessage(channel="C0DROPS", text="posted, but who knows")
    assert [message.text for message in workspace.messages("dr-ops")] == ["posted, but who knows"]
    assert outcomes(workspace, "chat.postMessage") == ["lost"]


def test_the_sdks_default_retry_after_a_lost_answer_posts_twice(workspace: Workspace, client: WebClient) -> None:
    workspace.faults.lose_answer("chat.postMessage")
    client.chat_postMessage(channel="C0DROPS", text="twice")
    assert [message.text for message in workspace.messages("dr-ops")] == ["twice", "twice"]


def test_slack_can_be_away_and_come_back(workspace: Workspace, client: WebClient) -> None:
    app = bolt_app(workspace)
    app.command("/dr")(lambda ack: ack("here"))
    with connected(workspace, app):
        workspace.faults.away()
        assert workspace.connections == 0
        with pytest.raises(SlackApiError) as refused:
            client.chat_postMessage(channel="C0DROPS", text="x")
        assert refused.value.response.status_code == 503
        workspace.faults.back()
        client.chat_postMessage(channel="C0DROPS", text="x")


def test_a_slow_method_makes_its_callers_wait_until_cleared(workspace: Workspace, client: WebClient) -> None:
    workspace.faults.slow("auth.test", 0.2)
    started = time.monotonic()
    client.auth_test()
    assert time.monotonic() - started >= 0.2
    workspace.faults.clear()
    started = time.monotonic()
    client.auth_test()
    assert time.monotonic() - started < 0.2


def test_calls_are_kept_with_their_arguments_and_never_with_a_token(workspace: Workspace, client: WebClient) -> None:
    client.chat_postMessage(channel="C0DROPS", text="x")
    call = workspace.calls[-1]
    assert (call.method, call.args["text"], call.outcome) == ("chat.postMessage", "x", "ok")
    assert workspace.bot_token not in repr(workspace.calls)
