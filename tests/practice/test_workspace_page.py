"""The page in the browser: who may open it, what it is told, what it may do."""

import http.client
import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest
from aiohttp import web

from practice.workspace import Workspace
from practice.workspace.ui import PAGE
from tests.practice.workspace_apps import MANIFEST, actions, bolt_app, button, client_of, connected, keeping, section


@pytest.fixture
def workspace() -> Iterator[Workspace]:
    with Workspace(MANIFEST) as workspace:
        yield workspace


def ask(
    workspace: Workspace,
    path: str,
    body: dict[str, Any] | None = None,
    *,
    key: str | None = None,
    query: dict[str, str] | None = None,
    **headers: str,
) -> tuple[int, str, http.client.HTTPMessage]:
    """A request as a browser would send it, with the workspace's own key unless another is given."""
    address = urlsplit(workspace.url)
    given = {"key": address.query.removeprefix("key=") if key is None else key, **(query or {})}
    connection = http.client.HTTPConnection("127.0.0.1", address.port or 0, timeout=5)
    try:
        connection.request(
            "POST" if body is not None else "GET",
            f"{path}?{urlencode(given)}",
            json.dumps(body) if body is not None else None,
            headers,
        )
        answer = connection.getresponse()
        return answer.status, answer.read().decode(), answer.headers
    finally:
        connection.close()


def seen(workspace: Workspace, person: str, channel: str = "C0DROPS") -> dict[str, Any]:
    _, body, _ = ask(workspace, "/ui/state", query={"person": person, "channel": channel})
    state: dict[str, Any] = json.loads(body)
    return state


def test_the_page_says_that_it_is_practice_and_loads_nothing_from_elsewhere(workspace: Workspace) -> None:
    status, page, headers = ask(workspace, "/")
    assert status == 200
    assert "Practice mode" in page
    assert "http" not in page
    assert "default-src 'self'" in headers["Content-Security-Policy"]
    for part in PAGE.iterdir():
        status, text, _ = ask(workspace, f"/page/{part.name}")
        assert status == 200
        assert "innerHTML" not in text


@pytest.mark.parametrize("path", ["/", "/ui/state", "/ui/events", "/ui/say", "/ui/act", "/ui/file/F1"])
def test_the_page_and_all_that_it_uses_need_the_key_of_this_start(workspace: Workspace, path: str) -> None:
    assert ask(workspace, path, key="")[0] == 403
    assert ask(workspace, path, key="guessed")[0] == 403


@pytest.mark.parametrize("path", ["/", "/ui/say", "/api/auth.test"])
def test_another_pages_origin_is_refused_even_with_the_key(workspace: Workspace, path: str) -> None:
    for origin in ("https://evil.example", "http://127.0.0.1:1", "null"):
        assert ask(workspace, path, {}, Origin=origin)[0] == 403


def test_another_host_name_is_refused_and_a_host_without_port_is_not(workspace: Workspace) -> None:
    assert ask(workspace, "/", Host="evil.example")[0] == 403
    assert ask(workspace, "/", Host="127.0.0.1")[0] == 200
    port = urlsplit(workspace.url).port
    assert ask(workspace, "/", Host=f"localhost:{port}", Origin=f"http://localhost:{port}")[0] == 200


def test_a_person_sees_what_all_see_and_what_is_for_them_alone(workspace: Workspace) -> None:
    client = client_of(workspace)
    client.chat_postMessage(channel="C0DROPS", text="for all")
    client.chat_postEphemeral(channel="C0DROPS", user="U0OPERATOR", text="for one")
    own = [(message["text"], message["ephemeral"]) for message in seen(workspace, "U0OPERATOR")["messages"]]
    assert own == [("for all", False), ("for one", True)]
    assert [message["text"] for message in seen(workspace, "U0APPROVER")["messages"]] == ["for all"]
    assert seen(workspace, "U0OPERATOR", "C0RANDOM")["messages"] == []
    client.chat_postMessage(channel="U0OPERATOR", text="in their conversation")
    assert seen(workspace, "U0OPERATOR")["direct"]["id"] == "D0OPERATOR"
    assert [each["text"] for each in seen(workspace, "U0OPERATOR", "D0OPERATOR")["messages"]] == [
        "in their conversation"
    ]
    assert seen(workspace, "U0APPROVER")["direct"] is None


def test_a_command_and_a_click_from_the_page_reach_the_app(workspace: Workspace) -> None:
    app = bolt_app(workspace)
    app.command("/dr")(lambda ack: ack("on it"))
    clicks: list[str] = []
    app.action("approve")(keeping(clicks, lambda body: body["user"]["id"]))
    with connected(workspace, app):
        said = {"person": "U0OPERATOR", "channel": "C0DROPS", "text": "/dr drill orders-db"}
        status, body, _ = ask(workspace, "/ui/say", said)
        assert (status, json.loads(body)["ok"]) == (200, True)
        asked = [section("?"), actions(button("Approve", "approve"))]
        app.client.chat_postMessage(channel="C0DROPS", text="?", blocks=asked)
        message = seen(workspace, "U0APPROVER")["messages"][-1]
        pressed = {
            "person": "U0APPROVER",
            "channel": "C0DROPS",
            "ts": message["ts"],
            "block_id": message["blocks"][1]["block_id"],
            "action_id": "approve",
        }
        assert ask(workspace, "/ui/act", pressed)[0] == 200
        status, body, _ = ask(workspace, "/ui/act", {**pressed, "action_id": "nothing"})
        assert (status, json.loads(body)["error"]) == (400, "element_not_found")
    assert clicks == ["U0APPROVER"]


def test_the_page_is_told_at_once_when_something_changes(workspace: Workspace) -> None:
    address = urlsplit(workspace.url)
    connection = http.client.HTTPConnection("127.0.0.1", address.port or 0, timeout=5)
    connection.request("GET", f"/ui/events?{address.query}")
    answer = connection.getresponse()
    assert answer.headers["Content-Type"] == "text/event-stream"
    first = answer.readline()
    answer.readline()
    client_of(workspace).chat_postMessage(channel="C0DROPS", text="news")
    assert answer.readline() != first
    connection.close()


def test_pages_of_others_stand_behind_the_same_guard_and_are_linked_in_the_banner() -> None:
    async def console(_request: web.Request) -> web.StreamResponse:
        return web.Response(text="lab")

    def add(application: web.Application) -> None:
        application.router.add_get("/world/", console)
        application.router.add_get("/world/page/console.js", console)

    with Workspace(MANIFEST, extra=add, tabs=[("Lab cloud", "/world/")]) as workspace:
        assert ask(workspace, "/world/")[:2] == (200, "lab")
        assert ask(workspace, "/world/", key="guessed")[0] == 403
        assert ask(workspace, "/world/", Origin="https://evil.example")[0] == 403
        assert ask(workspace, "/world/page/console.js", key="")[0] == 200
        assert seen(workspace, "U0OPERATOR")["tabs"] == [{"title": "Lab cloud", "address": "/world/"}]
