"""Whatever befell the world before: no token, no key, no password and no user data stands where people or Redis keep
things."""

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import redis

from practice.world import CHANNEL, World
from tests.processes.play import ALSO, DISKS, DRILL_ONCE, USER_DATA, Play
from workflows.aws.calls import Calls
from workflows.engine.run import Run, Status


def test_drills_and_failures_leave_no_secret_anywhere_that_is_written(
    play: Play, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name, value in play.world.lab.environment().items():
        monkeypatch.setenv(name, value)
    run = next((each for each in play.world.store().latest(50) if each.no_return), None) or _drilled(play)
    ended = [run, _refused_by_aws(play), _different(play)]
    _typed(play)
    everything = {**_written(play), "audit": play.shell("audit", "export").stdout}
    everything["reports"] = _reported(play, ended, tmp_path)
    everything["verbs"] = "".join(play.shell(*words).stdout for words in (["status", run.id], ["runs"], ["points"]))
    for place in ("redis", "slack", "audit", "verbs", "reports"):
        assert all(each.id in everything[place] for each in ended[:1]), place
    assert json.loads(everything["audit"].splitlines()[-1])["seal"]["entries"] > 20
    for place, text in everything.items():
        found = [name for name, secret in _secrets(play.world).items() if secret in text]
        assert not found, f"{place} holds {found}"
    assert play.shell("audit", "verify").returncode == 0


def test_the_search_finds_each_secret_that_is_there(play: Play) -> None:
    for name, secret in _secrets(play.world).items():
        assert len(secret) > 10, name
        play.redis.set("dr:test", f"before {secret} after")
        assert secret in "\n".join(_everything(play.redis)), name
    play.redis.delete("dr:test")


def _drilled(play: Play) -> Run:
    run, card = play.drill_asked()
    play.approves("approver", card)
    return play.check_done_once(run, DRILL_ONCE)


def _refused_by_aws(play: Play) -> Run:
    """A backup that AWS refuses."""
    server = f"{play.server}-refused"
    play.seed(server)
    play.world.lab.faults.refuse("CreateImage", "UnauthorizedOperation", 403)
    run = play.ended(play.ask("backup", server))
    assert run.status is Status.FAILED
    return run


def _different(play: Play) -> Run:
    """A live drill whose restored disk is damaged."""
    server = f"{play.server}-damaged"
    play.seed(server)
    play.world.lab.faults.corrupt_disk()
    run = play.ask("drill", server)
    play.approves("approver", play.asked(run), server)
    ended = play.ended(run)
    assert ended.status is Status.FAILED
    return ended


def _typed(play: Play) -> None:
    """What people paste where it does not belong: into a name, a verb and a reason."""
    given = play.world.environment("bot")
    token = given["SLACK_BOT_TOKEN"]
    for text in (f"/dr backup {token}", f"/dr {token}", f"/dr reject D-9999 {token}"):
        play.answer_to("operator", lambda text=text: play.say("operator", text))  # type: ignore[misc]
    server = f"{play.server}-reason"
    play.seed(server)
    play.say("operator", f"/dr backup {server} --reason 'with {token}'")
    play.ended(play.until(lambda: play.newest(server)))


def _secrets(world: World) -> dict[str, str]:
    """All that bot and worker were given, and what the server was."""
    names = ("SLACK_BOT_TOKEN", "SLACK_APP_TOKEN", "SLACK_SIGNING_SECRET", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
    given = {**world.environment("bot"), **world.environment("worker")}
    encoded = base64.b64encode(USER_DATA.encode()).decode()
    password = urlsplit(given["FIREDRILL_REDIS_URL"]).password or ""
    content = next(iter(DISKS[1].files.values())).decode().splitlines()[0]
    return {
        **{name: given[name] for name in names}, **ALSO, "user data": "correct-horse",
        "encoded user data": encoded[:40], "Redis's password": password, "a file's content": content,
    }  # fmt: skip


def _written(play: Play) -> dict[str, str]:
    """Logs, Redis, the channel, and what AWS shows to anybody who may describe: not the launch settings themselves,
    which hold the user data as the instance does."""
    world = play.world
    kept = {name: world.log(name) for name in ("bot", "worker")}
    kept["redis"] = "\n".join(_everything(play.redis))
    kept["redis's log"] = (world.folder / "redis" / "redis.log").read_text(encoding="utf-8")
    kept["slack"] = _said(world)
    kept["tags"] = _tags(world)
    return kept


def _reported(play: Play, runs: list[Run], folder: Path) -> str:
    """The reports as they are handed out, page and JSON."""
    for each in runs:
        assert play.shell("report", each.id, "--to", str(folder)).returncode == 0
    files = sorted(path for path in folder.iterdir() if path.suffix != ".png")
    assert len(files) == 2 * len(runs)
    return "\n".join(path.read_text(encoding="utf-8") for path in files)


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
            case b"list":
                value = client.lrange(key, 0, -1)
            case b"set":
                value = client.smembers(key)
            case b"stream":
                value = client.xrange(key)
            case other:
                raise AssertionError(f"{key!r} is a {other!r}")
        yield f"{key!r} {value!r}"


def _tags(world: World) -> str:
    """Images, snapshots, instances, volumes and templates as they are described, with their tags."""
    call = Calls(world.lab.region, world.lab.url)
    shown = [call("ec2", "describe_images", Owners=["self"]), call("ec2", "describe_snapshots", OwnerIds=["self"])]
    shown += [call("ec2", f"describe_{each}") for each in ("instances", "volumes", "launch_templates", "tags")]
    return json.dumps(shown, default=str)


def _said(world: World) -> str:
    """Every message, thread and private note of the channel, with its blocks and metadata."""
    space = world.workspace
    top = space.messages(CHANNEL)
    notes = [each for name in ("operator", "approver", "bystander") for each in space.ephemerals(name)]
    threads = [reply for message in top for reply in space.thread(message)]
    return "\n".join(json.dumps([each.text, each.blocks, each.metadata]) for each in [*top, *threads, *notes])
