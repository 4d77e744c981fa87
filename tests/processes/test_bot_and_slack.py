"""The bot dies, Slack is away, answers get lost: the run is unaffected, and its one card shows the end."""

import pytest

from practice.world import CHANNEL
from tests.processes.play import BACKUP_ONCE, DRILL_ONCE, Play, firedrill
from workflows.engine.run import Status


def test_a_bot_that_dies_while_a_run_goes_on_shows_its_end_in_the_same_card(play: Play) -> None:
    world = play.world
    run = play.ask("drill")
    play.until(lambda: play.cards(run))
    world.kill("bot")
    play.until(lambda: world.store().read(run.id).status is Status.ASKING)
    play.end_claims(run)
    world.start_process("bot")
    world.wait_reachable()
    card = play.asked(run)
    world.kill("bot")
    assert (
        play.shell("--no-follow", "approve", run.id, "--name", play.server, person="U0APPROVER").stdout
        == f"You approved {run.id}.\n"
    )
    play.until(lambda: not world.store().read(run.id).status.open)
    play.end_claims(run)
    world.start_process("bot")
    done = play.check_done_once(run, DRILL_ONCE)
    assert play.check_card(done).ts == card.ts


def test_a_bot_that_dies_between_posting_a_card_and_noting_where_posts_no_second_one(play: Play) -> None:
    world = play.world
    play.space.faults.lose_answer("chat.postMessage")
    run = play.ask("backup")
    play.until(lambda: play.cards(run))
    world.kill("bot")
    assert b"card" not in play.redis.hgetall(f"dr:card:{run.id}")
    play.end_claims(run)
    world.start_process("bot")
    play.check_done_once(run, BACKUP_ONCE)


def test_answers_of_slack_that_get_lost_make_no_second_message(play: Play) -> None:
    play.space.faults.lose_answer("chat.postMessage")
    play.space.faults.lose_answer("chat.update")
    run = play.ask("backup")
    play.check_done_once(run, BACKUP_ONCE)
    lost = [each.method for each in play.space.calls if each.outcome == "lost"]
    assert {"chat.postMessage", "chat.update"} <= set(lost)


def test_a_backup_is_unaffected_while_slack_is_away_and_its_card_is_right_when_slack_is_back(play: Play) -> None:
    assert play.source
    play.space.faults.away()
    followed = play.shell("backup", play.server)
    assert followed.returncode == 0, followed.stderr
    run = play.until(lambda: play.newest(play.server))
    assert play.cards(run) == []
    play.space.faults.back()
    play.check_done_once(run, BACKUP_ONCE)
    play.world.wait_reachable()
    assert run.id in play.answer_to("operator", lambda: play.say("operator", f"/dr status {run.id}"))


def test_a_bot_that_starts_while_slack_is_away_waits_for_it(play: Play) -> None:
    world = play.world
    world.kill("bot")
    play.space.faults.away()
    before = world.log("bot").count("Slack cannot be reached")
    world.start_process("bot")
    play.until(lambda: world.log("bot").count("Slack cannot be reached") > before)
    play.space.faults.back()
    world.wait_reachable()
    assert world.processes["bot"].poll() is None
    play.until(lambda: play.space.say("operator", CHANNEL, "/dr status").error is None)  # its first ack may be late
    play.until(lambda: any("Nothing is going on" in each.text for each in play.space.ephemerals("operator")))


@pytest.mark.parametrize("token", ["SLACK_BOT_TOKEN", "SLACK_APP_TOKEN"])
def test_a_bot_whose_token_slack_refuses_ends_and_says_which_one(play: Play, token: str) -> None:
    given = play.world.environment("bot")
    refused = firedrill("bot", environment={**given, token: "xoxb-of-somebody-else"})
    assert refused.returncode == 2
    assert refused.stderr.endswith(f"Slack refuses {token}: invalid_auth.\ndocs/slack.md\n")


def test_a_card_waits_as_long_as_slack_asks_when_it_gets_429(play: Play) -> None:
    before = len(play.space.calls)
    play.space.faults.rate_limit("chat.update", times=2, retry_after=1)
    play.check_done_once(play.ask("backup"), BACKUP_ONCE)
    updates = [each for each in play.space.calls[before:] if each.method == "chat.update"]
    refused = [number for number, each in enumerate(updates) if each.outcome == "ratelimited"]
    assert len(refused) == 2
    for number in refused:
        assert updates[number + 1].at - updates[number].at >= 1


def test_a_command_after_every_socket_was_dropped_is_served(play: Play) -> None:
    play.space.faults.drop_sockets()
    play.world.wait_reachable()
    assert "Nothing is going on" in play.answer_to("operator", lambda: play.say("operator", "/dr status"))
