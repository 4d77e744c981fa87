"""The bot without Socket Mode: Slack posts signed requests, and what is not signed by Slack, now, starts nothing."""

import hashlib
import hmac
import time
import urllib.error
import urllib.request
from urllib.parse import urlencode

import pytest

from practice.world import CHANNEL
from tests.processes.play import DRILL_ONCE, Play


def test_a_live_drill_goes_the_same_way_when_slack_reaches_the_bot_by_http(http_play: Play) -> None:
    environment = http_play.world.environment("bot")
    assert "SLACK_APP_TOKEN" not in environment
    run, card = http_play.drill_asked()
    own = http_play.answer_to("operator", lambda: http_play.click("operator", card, "approve"))
    assert "somebody else must approve it" in own
    http_play.approves("approver", card)
    http_play.check_done_once(run, DRILL_ONCE)
    assert http_play.space.connections == 0


@pytest.mark.parametrize(
    ("secret", "age", "status"),
    [("the right one", 0, 200), ("another", 0, 401), ("the right one", 3600, 401), ("none", 0, 401)],
    ids=["signed", "wrong signature", "an hour old", "no signature"],
)
def test_a_request_that_slack_did_not_sign_just_now_gets_401_and_starts_nothing(
    http_play: Play, secret: str, age: int, status: int
) -> None:
    assert http_play.source
    text = "status" if status == 200 else f"backup {http_play.server}"
    body = urlencode(
        {
            "command": "/dr", "text": text, "user_id": "U0OPERATOR", "user_name": "operator",
            "channel_id": CHANNEL, "team_id": "T0PRACTICE", "trigger_id": f"forged-{http_play.server}",
            "response_url": f"{http_play.space.api_url}nowhere",
        }
    )  # fmt: skip
    key = http_play.space.signing_secret if secret == "the right one" else secret
    assert _posted(str(http_play.world.request_url), body, _signed(body, key, age)) == status
    assert http_play.newest(http_play.server) is None


def _signed(body: str, key: str, age: int) -> dict[str, str]:
    if key == "none":
        return {}
    stamp = str(int(time.time()) - age)
    digest = hmac.new(key.encode(), f"v0:{stamp}:{body}".encode(), hashlib.sha256).hexdigest()
    return {"X-Slack-Request-Timestamp": stamp, "X-Slack-Signature": f"v0={digest}"}


def _posted(url: str, body: str, headers: dict[str, str]) -> int:
    request = urllib.request.Request(url, body.encode(), headers)
    try:
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=10) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        with error:
            return error.code
