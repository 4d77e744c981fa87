"""Whatever befell the world before: no token, no key and no user data stands where people or Redis keep things."""

import base64
import json
from collections.abc import Iterator

import redis

from practice.world import CHANNEL, World
from tests.processes.play import DRILL_ONCE, USER_DATA, Play
from workflows.engine.run import Run


def test_a_live_drill_leaves_no_secret_in_logs_messages_or_redis(play: Play) -> None:
    run = next((each for each in play.world.store().latest(50) if each.no_return), None) or _drilled(play)
    kept = {name: play.world.log(name) for name in ("bot", "worker")}
    kept["redis"] = "\n".join(_everything(play.redis))
    kept["slack"] = _said(play.world)
    assert run.id in kept["redis"]
    assert run.id in kept["slack"]
    for place, text in kept.items():
        found = [name for name, secret in _secrets(play.world).items() if secret in text]
        assert not found, f"{place} holds {found}"


def _drilled(play: Play) -> Run:
    run, card = play.drill_asked()
    play.click("approver", card, "approve")
    return play.check_done_once(run, DRILL_ONCE)


def _secrets(world: World) -> dict[str, str]:
    """All that bot and worker were given, and what the server was."""
    names = ("SLACK_BOT_TOKEN", "SLACK_APP_TOKEN", "SLACK_SIGNING_SECRET", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
    given = {**world.environment("bot"), **world.environment("worker")}
    encoded = base64.b64encode(USER_DATA.encode()).decode()
    return {name: given[name] for name in names} | {"user data": "correct-horse", "encoded user data": encoded[:40]}


def _everything(client: redis.Redis) -> Iterator[str]:
    """Every key and every value in Redis."""
    for key in client.scan_iter("*"):
        match client.type(key):
            case b"string":
                value: object = client.get(key)
            case b"hash":
                value = client.hgetall(key)
            case b"zset":
                value = client.zrange(key, 0, -1)
            case b"stream":
                value = client.xrange(key)
            case other:
                raise AssertionError(f"{key!r} is a {other!r}")
        yield f"{key!r} {value!r}"


def _said(world: World) -> str:
    """Every message, thread and private note of the channel, with its blocks and metadata."""
    space = world.workspace
    top = space.messages(CHANNEL)
    notes = [each for name in ("operator", "approver", "bystander") for each in space.ephemerals(name)]
    threads = [reply for message in top for reply in space.thread(message)]
    return "\n".join(json.dumps([each.text, each.blocks, each.metadata]) for each in [*top, *threads, *notes])
