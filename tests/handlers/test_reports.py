"""`/dr report` in Slack and in the shell, and the picture that is posted once at the end of a drill or a restore."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import redis
from slack_sdk import WebClient

from handlers.access import Access
from handlers.grammar import parse
from handlers.notifier import Notifier
from handlers.report_command import deliver
from handlers.reports import given, written
from handlers.requests import ShowReport
from practice.workspace import Message, Workspace
from practice.world import CHANNEL, MANIFEST
from tests.clock import HandClock
from tests.handlers.test_notifier import POLICY
from tests.report.records import ended, evidence, failed
from workflows import inventory
from workflows.desk import Desk
from workflows.engine.board import Board, Cards
from workflows.engine.keys import lock_key
from workflows.engine.run import Run, Status
from workflows.engine.store import Store
from workflows.errors import UnknownRun, UserError
from workflows.facts.profile import Profile
from workflows.inventory import Inventory
from workflows.policy import Directory


@pytest.fixture
def space(clock: HandClock) -> Iterator[Workspace]:
    with Workspace(MANIFEST, now=clock.now) as opened:
        yield opened


class Place:
    """A bot's parts on one Redis and one workspace."""

    def __init__(self, space: Workspace, store: Store, client: redis.Redis, clock: HandClock) -> None:
        self.space, self.store, self.clock = space, store, clock
        self.slack = WebClient(space.bot_token, base_url=space.api_url, retry_handlers=[])
        self.cards = Cards(client, clock)
        self.notifier = Notifier(store, self.cards, self.slack, Access(POLICY, lambda _: Directory()), "")
        board = Board(client)
        board.put_inventory(inventory.to_json(Inventory(clock.now(), "0", ("eu-west-1",), (), ())))
        default = Profile("default", optional=("/srv",))
        self.desk = Desk(store, board, clock, lambda server, tags, name: default, patience=0.05)

    def end(self, run: Run) -> Run:
        """The run is in the store, at its end, and its card is behind."""
        self.store.redis.delete(lock_key(run.target))
        return self.store.create(replace(run, channel=CHANNEL, created=self.clock.now()))

    def paint(self, seconds: float = 6) -> None:
        self.clock.forward(seconds)
        self.notifier.tick()

    def card(self) -> Message:
        (only,) = self.space.messages(CHANNEL)
        return only

    def files(self) -> list[str]:
        """The names of the files in the card's thread."""
        return [str(file["name"]) for each in self.space.thread(self.card()) for file in each.files]

    def calls(self, method: str) -> int:
        return sum(1 for call in self.space.calls if call.method == method)


@pytest.fixture
def place(space: Workspace, store: Store, redis_client: redis.Redis, clock: HandClock) -> Place:
    return Place(space, store, redis_client, clock)


TIMELINE = "firedrill-D-0013-0123abcd.png"


def test_report_takes_a_run_or_a_server_and_a_folder() -> None:
    assert parse("report d-13") == ShowReport("d-13", "D-0013")
    assert parse("report orders-db --to /tmp/x") == ShowReport("orders-db", "", "/tmp/x")
    with pytest.raises(UserError):
        parse("report")


def test_the_timeline_is_posted_once_in_the_thread_when_a_drill_or_restore_has_ended(place: Place) -> None:
    place.end(ended("drill"))
    place.paint(0)
    place.paint()
    place.paint()
    assert place.files() == [TIMELINE]


def test_a_timeline_whose_answer_was_lost_is_found_and_not_posted_again(place: Place) -> None:
    place.end(ended("drill"))
    place.space.faults.lose_answer("files.completeUploadExternal")
    place.paint(0)
    place.paint(120)
    place.paint(120)
    assert place.files() == [TIMELINE]
    assert place.calls("files.completeUploadExternal") == 1


@pytest.mark.parametrize("seconds", [61, -3600])
def test_a_timeline_that_slack_has_not_shown_yet_is_waited_for_before_it_is_shared_again(
    place: Place, seconds: float
) -> None:
    """Slack shares a file some time after it has said that it will. A clock that was set back makes that no longer."""
    run = place.end(ended("drill"))
    place.paint(0)
    (picture,) = [each for each in place.space.thread(place.card()) if each.files]
    place.slack.chat_delete(channel=CHANNEL, ts=picture.ts)
    place.cards.unnote(run.id, f"file:{TIMELINE}")  # as if the bot had died before its answer came
    place.notifier._attempt(run.id, "1")
    assert place.calls("files.completeUploadExternal") == 1
    place.clock.forward(seconds)
    place.notifier._attempt(run.id, "1")
    assert place.calls("files.completeUploadExternal") == 2
    assert place.files() == [TIMELINE]


@pytest.mark.parametrize("method", ["files.getUploadURLExternal", "files.completeUploadExternal"])
def test_an_app_without_the_scope_has_its_cards_and_tells_the_log_once(
    place: Place, method: str, caplog: pytest.LogCaptureFixture
) -> None:
    place.end(ended("drill"))
    place.space.faults.refuse(method, "missing_scope")
    place.paint(0)
    place.paint(120)
    assert place.files() == []
    assert [each.message for each in caplog.records if "missing_scope" in each.message] != []
    assert place.calls(method) == 1
    assert any("Succeeded" in each.plain() or "succeeded" in each.plain() for each in [place.card()])


def test_slack_away_while_the_timeline_is_posted_costs_nothing(place: Place) -> None:
    place.end(ended("restore"))
    place.space.faults.rate_limit("files.completeUploadExternal", 1, retry_after=17)
    place.paint(0)
    assert place.files() == []
    place.paint(18)
    assert len(place.files()) == 1


def test_backups_and_what_was_never_carried_out_post_no_timeline(place: Place) -> None:
    place.end(ended("backup"))
    place.paint(0)
    assert place.files() == []


def test_the_reports_files_come_into_the_runs_thread_wherever_it_was_asked_for(place: Place) -> None:
    run = place.end(ended("drill"))
    place.paint(0)
    told = deliver(given(ShowReport(run.id, run.id), place.desk), place.cards, place.slack, "C0OTHER", "")
    assert "*Passed*" in told
    assert f"<#{CHANNEL}>" in told
    names = [each.partition(".")[2] for each in place.files()]
    assert names == ["png", "html", "json", "png"]


def test_a_report_that_slack_refuses_is_answered_with_what_to_do(place: Place) -> None:
    run = place.end(ended("drill"))
    place.paint(0)
    place.space.faults.refuse("files.completeUploadExternal", "missing_scope")
    with pytest.raises(UserError, match=r"missing_scope.*files:write"):
        deliver(given(ShowReport(run.id, run.id), place.desk), place.cards, place.slack, CHANNEL, "")


def test_the_shell_writes_the_same_files_and_sha256sum_prints_the_digest_that_is_told(
    place: Place, tmp_path: Path
) -> None:
    run = place.end(ended("drill"))
    found = given(ShowReport(run.id, run.id), place.desk)
    paths = written(found.files, tmp_path / "new" / "folder")
    assert [each.suffix for each in paths] == [".html", ".json", ".png"]
    assert f"`{hashlib.sha256(paths[1].read_bytes()).hexdigest()}`" in found.text
    assert json.loads(paths[1].read_text(encoding="utf-8"))["format"] == "firedrill.report/1"


def test_the_history_of_a_server_is_one_picture_of_its_runs_that_came_to_figures(place: Place) -> None:
    differed = failed(ended(evidence=evidence({"kind": "new", "path": "/a", "detail": ""})))
    for number, run in enumerate([ended("drill"), differed, ended(report=None)]):
        place.end(replace(run, id=f"D-{number:04d}"))
    place.end(replace(ended("drill", server="wiki"), id="D-0100"))
    found = given(ShowReport("orders-db", ""), place.desk)
    assert [each.name for each in found.files] == ["firedrill-history-orders-db.png"]
    assert "2 restores" in found.text
    assert found.run is None


def test_what_has_no_report_is_said_plainly(place: Place) -> None:
    open_run = place.store.create(replace(ended("drill"), status=Status.RUNNING, id="D-0020"))
    for subject, run_id, error in (
        (open_run.id, open_run.id, "has not ended yet"),
        ("D-0999", "D-0999", "There is no run `D-0999`"),
        ("nowhere", "", "nowhere"),
    ):
        with pytest.raises(UserError, match=error):
            given(ShowReport(subject, run_id), place.desk)
    with pytest.raises(UnknownRun):
        given(ShowReport("D-0999", "D-0999"), place.desk)


def test_a_server_that_is_called_like_a_run_is_found(place: Place) -> None:
    place.end(replace(ended("drill", server="w1"), id="D-0030"))
    found = given(ShowReport("w1", "W-0001"), place.desk)
    assert "*w1*: 1 restore." in found.text
