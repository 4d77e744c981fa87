"""`firedrill audit` as a program: exit statuses, and a file that is checked without Redis."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import redis

from practice.redis_server import RedisServer
from tests.audit.chain import BUCKET, anchorage, chainer, happened, put_anew
from tests.clock import HandClock
from tests.stage import Stage
from workflows.aws.calls import Calls
from workflows.engine.store import Store

ROOT = Path(__file__).parents[2]
NOWHERE = "redis://127.0.0.1:1/0"
Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def run(redis_server: RedisServer, tmp_path: Path) -> Run:
    def firedrill(*words: str, url: str = redis_server.url) -> subprocess.CompletedProcess[str]:
        aws = {name: value for name, value in os.environ.items() if name.startswith("AWS_")}
        environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "FIREDRILL_REDIS_URL": url, **aws}
        return subprocess.run(
            [sys.executable, "-m", "bot", "audit", *words],
            env=environment, cwd=tmp_path, capture_output=True, text=True, check=False,
        )  # fmt: skip

    return firedrill


def test_an_export_is_checked_without_redis_and_every_way_to_end_has_its_status(
    store: Store, redis_client: redis.Redis, clock: HandClock, run: Run, tmp_path: Path
) -> None:
    happened(store, clock, 5)
    head = run("head").stdout.split()[1]
    written = run("export", "--to", "audit.jsonl")
    assert (written.returncode, written.stdout) == (0, ""), written.stderr
    assert "5 entries and their seal" in written.stderr
    checked = run("verify", "--file", "audit.jsonl", "--anchor", head, url=NOWHERE)
    assert checked.returncode == 0, checked.stderr
    assert checked.stdout == f"The chain is whole: 5 entries, 1 to 5.\nHead: 5 {head}\n"
    lines = (tmp_path / "audit.jsonl").read_bytes().splitlines(keepends=True)
    (tmp_path / "cut.jsonl").write_bytes(b"".join(lines[:2] + lines[3:]))
    broken = run("verify", "--file", "cut.jsonl", url=NOWHERE)
    assert (broken.returncode, broken.stdout) == (1, "The chain is broken.\nEntry 3 was removed.\n")
    for unread in (run("verify", "--file", "none.jsonl"), run("verify", url=NOWHERE), run("head", url=NOWHERE)):
        assert unread.returncode == 2
        assert unread.stderr


def test_the_check_by_hand_that_the_documents_show_finds_what_was_changed(
    store: Store, clock: HandClock, run: Run, tmp_path: Path
) -> None:
    happened(store, clock, 3)
    shown = (ROOT / "docs/audit.md").read_text(encoding="utf-8").split("```python\n")[1].split("```")[0]
    run("export", "--to", "audit.jsonl")
    file = tmp_path / "audit.jsonl"
    text = file.read_text(encoding="ascii")
    for content, status in ((text, 0), (text.replace("db-2", "db-9"), 1), ("".join(text.splitlines(True)[::2]), 1)):
        file.write_text(content, encoding="ascii")
        ended = subprocess.run([sys.executable, "-c", shown], cwd=tmp_path, capture_output=True, check=False)
        assert ended.returncode == status


def test_the_chain_in_redis_is_checked_after_what_has_just_happened_was_chained(
    store: Store, redis_client: redis.Redis, clock: HandClock, run: Run
) -> None:
    happened(store, clock, 5)
    whole = run("verify")
    assert (whole.returncode, whole.stdout.splitlines()[0]) == (0, "The chain is whole: 5 entries, 1 to 5.")
    kept = list(chainer(redis_client, clock)._trail.entries())
    redis_client.xdel("dr:audit", kept[1].id)
    broken = run("verify")
    assert (broken.returncode, broken.stdout.splitlines()[1]) == (1, "Entry 2 was removed.")


def test_the_chain_is_held_to_the_anchors_of_the_bucket_that_the_settings_name(
    stage: Stage, store: Store, redis_client: redis.Redis, clock: HandClock, run: Run, tmp_path: Path
) -> None:
    happened(store, clock, 5)
    assert run("verify", "--anchors").stderr.startswith("Error: No bucket is named")
    settings = f'installation = "test"\n[audit]\nbucket = "{BUCKET}"\nprefix = "anchors/"\n'
    (tmp_path / "firedrill.toml").write_text(settings, encoding="utf-8")
    Calls("us-east-1", stage.lab.url)("s3", "create_bucket", Bucket=BUCKET, ObjectLockEnabledForBucket=True)
    empty = run("verify", "--anchors")
    assert (empty.returncode, empty.stdout) == (2, "")
    assert "There are no anchors in example-audit under anchors/test/" in empty.stderr
    stage.chainer.catch_up()
    assert anchorage(stage).keep(stage.chainer.newest(), clock.now())
    whole = run("verify", "--anchors")
    assert whole.returncode == 0, whole.stderr
    assert whole.stdout.splitlines()[-1].startswith("It holds to what was anchored: 1 anchor, the last one of entry 5 ")
    put_anew(redis_client, clock, 3)
    assert run("verify").returncode == 0
    broken = run("verify", "--anchors")
    assert broken.returncode == 1
    assert "The chain was rewritten, beginning at any entry up to that one: entry 5 of " in broken.stdout


def test_an_export_to_standard_output_is_the_export_and_nothing_else(store: Store, clock: HandClock, run: Run) -> None:
    happened(store, clock, 3)
    assert len(run("export").stdout.splitlines()) == 4
    assert len(run("export", "--since", "2026-11-24T00:00").stdout.splitlines()) == 4
    assert run("export", "--since", "yesterday").returncode == 2
