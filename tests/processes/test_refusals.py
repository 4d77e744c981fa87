"""What a process says when it cannot start: plain words, every fault at once, exit status 2, and no secret."""

from pathlib import Path

import pytest
import redis

from practice.redis_server import RedisServer, free_port
from tests.processes.play import firedrill
from workflows.engine.board import Board

_PRACTICE_SLACK = {"SLACK_API_URL": "http://127.0.0.1:9/api/", "SLACK_BOT_TOKEN": "xoxb-1", "SLACK_APP_TOKEN": "xapp-1"}
_LIVE_SLACK = {**_PRACTICE_SLACK, "SLACK_API_URL": "https://slack.invalid/api/"}
_PRACTICE_AWS = {"AWS_ENDPOINT_URL": "http://127.0.0.1:9", "AWS_ACCESS_KEY_ID": "K", "AWS_SECRET_ACCESS_KEY": "S"}


@pytest.fixture
def settings(tmp_path: Path) -> Path:
    path = tmp_path / "firedrill.toml"
    path.write_text('installation = "practice"\n', encoding="utf-8")
    return path


@pytest.fixture
def base(redis_server: RedisServer, redis_client: redis.Redis, settings: Path) -> dict[str, str]:
    """The environment of a process on an empty Redis."""
    assert redis_client.dbsize() == 0
    return {"FIREDRILL_REDIS_URL": redis_server.url, "FIREDRILL_CONFIG": str(settings)}


@pytest.mark.parametrize(
    ("world", "line", "own"),
    [("practice", "bot", _LIVE_SLACK), ("live", "bot", _PRACTICE_SLACK), ("live", "worker", _PRACTICE_AWS)],
    ids=["a live bot", "a practice bot", "a practice worker"],
)
def test_a_process_of_one_world_does_not_start_on_the_redis_of_the_other(
    base: dict[str, str], redis_client: redis.Redis, world: str, line: str, own: dict[str, str]
) -> None:
    Board(redis_client).claim_world(world)
    mine = "live" if world == "practice" else "practice"
    refused = firedrill(line, environment={**base, **own})
    assert refused.returncode == 2
    assert refused.stderr.splitlines() == [
        f"This process is of the {mine} world, and its Redis belongs to the {world} one.",
        "Give each its own FIREDRILL_REDIS_URL. FIREDRILL_ALLOW_MIXED=1 mixes them on purpose.",
    ]


@pytest.mark.parametrize("line", ["bot", "worker", "runs"])
def test_without_redis_it_says_where_it_looked_and_keeps_the_password(base: dict[str, str], line: str) -> None:
    where = f"127.0.0.1:{free_port()}/0"
    lost = firedrill(line, environment={**base, **_PRACTICE_SLACK, "FIREDRILL_REDIS_URL": f"redis://:hunter2@{where}"})
    assert (lost.returncode, lost.stdout) == (2, "")
    assert lost.stderr.splitlines() == [
        f"No Redis answers at {where} (ConnectionError).",
        "FIREDRILL_REDIS_URL says where it is; make practice brings its own.",
    ]


def test_an_address_of_redis_that_is_none_is_told_in_words(base: dict[str, str]) -> None:
    wrong = firedrill("worker", environment={**base, "FIREDRILL_REDIS_URL": "localhost"})
    assert wrong.returncode == 2
    assert wrong.stderr.startswith("No Redis answers at localhost")


def test_all_faults_of_the_settings_are_named_at_once(base: dict[str, str], settings: Path) -> None:
    settings.write_text(
        'installation = "Not This"\nregions = []\nmoon = "full"\n'
        '[access]\nminutes = 0\n[pace]\nlease = "long"\n[profiles.a]\nservers = ["x"]\npaths = ["relative"]\n',
        encoding="utf-8",
    )
    refused = firedrill("bot", environment={**base, "SLACK_PORT": "many"})
    assert refused.returncode == 2
    for name in ("SLACK_PORT", "installation", "regions", "access.minutes", "moon", "pace.lease"):
        assert f"{name}: " in refused.stderr, refused.stderr
    assert "Traceback" not in refused.stderr


def test_faults_of_profiles_are_named_at_once(base: dict[str, str], settings: Path) -> None:
    settings.write_text(
        '[profiles.a]\nservers = ["x"]\npaths = ["relative"]\n[profiles.b]\nservers = ["x"]\npaths = ["/../up"]\n',
        encoding="utf-8",
    )
    refused = firedrill("worker", environment=base)
    assert refused.returncode == 2
    for part in ("profiles.a: ", "profiles.b: ", "x is in two profiles, a and b"):
        assert part in refused.stderr, refused.stderr


def test_a_settings_file_that_is_not_there_is_named(base: dict[str, str], settings: Path) -> None:
    settings.unlink()
    refused = firedrill("runs", environment=base)
    assert refused.returncode == 2
    assert f"FIREDRILL_CONFIG: there is no file {settings}" in refused.stderr


@pytest.mark.parametrize("missing", ["SLACK_APP_TOKEN", "SLACK_BOT_TOKEN"])
def test_a_bot_without_a_token_says_which_one_is_missing(base: dict[str, str], missing: str) -> None:
    left = {name: value for name, value in _PRACTICE_SLACK.items() if name != missing}
    refused = firedrill("bot", environment={**base, **left})
    assert refused.returncode == 2
    assert missing in refused.stderr
    assert "Traceback" not in refused.stderr
