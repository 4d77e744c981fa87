"""`/dr doctor`: what is wrong with each part, and how to mend it; nothing is made or changed by asking."""

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import redis
import yaml
from slack_sdk import WebClient

from handlers.doctoring import Doctoring
from handlers.slack_checkup import SCOPES, SlackCheckup
from practice.workspace import Workspace
from practice.world import CHANNEL, MANIFEST
from tests.clock import HandClock
from tests.engine.book import ASKER
from tests.stage import Stage
from workflows.aws.permissions import UNTRIED
from workflows.checkup import Answering, Checkup, Finding
from workflows.engine.board import ALIVE, Board
from workflows.engine.checkups import Checkups
from workflows.engine.halting import Halting
from workflows.engine.store import Store

ROOT = Path(__file__).parents[2]


def wrong(found: list[Finding]) -> list[str]:
    return [f"{each.text} {each.mend}".strip() for each in found if each.state == "wrong"]


def looked(space: Workspace, *channels: str) -> list[Finding]:
    slack = WebClient(space.bot_token, base_url=space.api_url, retry_handlers=[])
    return list(SlackCheckup(slack, channels).findings())


@pytest.fixture
def space() -> Iterator[Workspace]:
    with Workspace(MANIFEST) as opened:
        yield opened


def test_every_permission_that_is_missing_is_named_and_nothing_is_carried_out(stage: Stage) -> None:
    stage.seed()
    stage.backup()
    checkup, before = Checkup(stage.home, ["us-east-1"]), len(stage.lab.effects)
    first = checkup.findings()
    assert wrong(first) == []
    assert "ec2:RunInstances" not in str(first), "it was rehearsed from the backup's image"
    for action in ("CreateImage", "TerminateInstances", "DescribeVolumes"):
        stage.lab.faults.refuse(action, "UnauthorizedOperation", 403)
    stage.lab.faults.refuse("GetCommandInvocation", "AccessDeniedException", 400)
    found = wrong(checkup.findings())
    assert len(found) == 4
    for permission in ("ec2:CreateImage", "ec2:TerminateInstances", "ec2:DescribeVolumes", "ssm:GetCommandInvocation"):
        (line,) = [each for each in found if f"`{permission}`" in each]
        assert "us-east-1" in line
        assert "deploy/worker-policy.json" in line
    assert stage.lab.effects[before:] == []


def test_each_permission_of_the_policy_is_tried_or_said_not_to_be(stage: Stage) -> None:
    policy = json.loads((ROOT / "deploy/worker-policy.json").read_text(encoding="utf-8"))
    named = [each["Action"] for each in policy["Statement"]]
    actions = {action for each in named for action in ([each] if isinstance(each, str) else each)}
    source = stage.aws.instances.get(stage.seed())
    tried = Counter(each.permission for each in stage.aws.permissions.tried(source))
    assert set(tried.values()) == {1}
    assert set(tried) | set(UNTRIED) == actions
    assert set(tried) & set(UNTRIED) == set()
    assert {each.permission for each in stage.aws.permissions.tried(None)} == set(tried)
    page = (ROOT / "docs/operations.md").read_text(encoding="utf-8")
    assert set(re.findall(r"`(\w+:\w+)`", page.split("Not tried,")[1])) == set(UNTRIED)


def test_what_aws_did_not_answer_is_not_known_and_not_wrong(stage: Stage) -> None:
    stage.seed()
    stage.lab.faults.throttle("CreateImage")
    found = Checkup(stage.home, ["us-east-1"]).findings()
    assert wrong(found) == []
    assert any("ec2:CreateImage" in each.text and each.state == "not known" for each in found)


def test_a_server_whose_agent_is_offline_is_named(stage: Stage) -> None:
    stage.lab.faults.agent_offline(stage.seed("billing-db"))
    (line,) = wrong(Checkup(stage.home, ["us-east-1"], lambda: []).findings())
    assert "billing-db" in line
    assert "docs/aws.md" in line


def test_the_buckets_doubts_are_told(stage: Stage) -> None:
    assert "no lock" in wrong(Checkup(stage.home, ["us-east-1"], lambda: ["The bucket has no lock."]).findings())[-1]


def test_the_scopes_that_are_looked_for_are_those_of_the_manifest() -> None:
    assert list(SCOPES) == yaml.safe_load(MANIFEST.read_text(encoding="utf-8"))["oauth_config"]["scopes"]["bot"]


def test_a_scope_that_is_missing_is_named_with_what_is_missing_by_that(tmp_path: Path) -> None:
    text = MANIFEST.read_text(encoding="utf-8").replace("      - files:write\n", "")
    (tmp_path / "manifest.yaml").write_text(text, encoding="utf-8")
    with Workspace(tmp_path / "manifest.yaml") as space:
        (line,) = wrong(looked(space, CHANNEL))
    assert "`files:write`" in line
    assert "install the app again" in line


def test_a_channel_without_the_bot_and_a_token_that_slack_refuses_are_wrong(space: Workspace) -> None:
    assert wrong(looked(space, CHANNEL)) == []
    assert "C0NOWHERE" in wrong(looked(space, "C0NOWHERE"))[0]
    space.faults.refuse("auth.test", "token_revoked")
    assert "`token_revoked`" in wrong(looked(space))[0]
    space.faults.lose_answer("auth.test")
    assert [each.state for each in looked(space)] == ["not known"]


def test_slacks_own_trouble_and_its_limits_are_no_refusal(space: Workspace) -> None:
    for word in ("internal_error", "ratelimited"):
        if word == "ratelimited":
            space.faults.rate_limit("auth.test")
        else:
            space.faults.refuse("auth.test", word)
        (found,) = looked(space)
        assert found.state == "not known"
        assert f"`{word}`" in found.text


def test_one_answer_tells_all_sides_the_wrong_first_and_is_good_for_whoever_asks_next(
    store: Store, clock: HandClock, redis_client: redis.Redis
) -> None:
    checkups, looks = Checkups(redis_client, clock), Counter[str]()

    def finding(side: str, state: str) -> Callable[[], list[Finding]]:
        def look() -> list[Finding]:
            looks[side] += 1
            return [Finding(state, f"{side} was looked at.", "Mend it." if state == "wrong" else "")]  # type: ignore[arg-type]

        return look

    sides = [
        Answering("bot", checkups, finding("bot", "right")), Answering("worker", checkups, finding("worker", "wrong")),
    ]  # fmt: skip
    hasty = Doctoring(store, patience=0)
    assert hasty.told().count("❌") == 2, "nobody has answered"
    for each in sides:
        each.tick()
    lines = hasty.told().splitlines()
    assert lines[:2] == ["1 thing is wrong.", "❌ *Wrong*: worker was looked at. Mend it."]
    assert "✅ Right: bot was looked at." in lines
    assert "✅ Right: Redis keeps what it is told." in lines
    for each in sides:
        each.tick()
    assert looks == {"bot": 1, "worker": 1}
    clock.forward(60)
    assert "❌ *Wrong*: No worker has answered within 0 s. Is `firedrill worker` running" in hasty.told()
    Board(redis_client).beat("one")
    assert "❔ Not known: A worker is alive, but has not answered within 0 s." in hasty.told()


def test_a_halt_that_stands_and_a_redis_that_forgets_are_wrong(store: Store, redis_client: redis.Redis) -> None:
    Halting(store).halt(ASKER, "an outage")
    redis_client.config_set("maxmemory-policy", "allkeys-lru")
    try:
        told = Doctoring(store, patience=0).told()
    finally:
        redis_client.config_set("maxmemory-policy", "noeviction")
    assert "an outage. `/dr resume` ends that." in told
    assert "`maxmemory-policy allkeys-lru`" in told


def test_workers_are_those_that_gave_a_sign_within_the_last_minute(redis_client: redis.Redis) -> None:
    board, now = Board(redis_client), int(redis_client.time()[0])
    redis_client.zadd("dr:workers", {"dead": now - ALIVE - 1, "of a clock that was set back": now + 2 * ALIVE})
    board.beat("one")
    board.beat("two")
    assert board.workers() == 2
    assert redis_client.zscore("dr:workers", "dead") is None
