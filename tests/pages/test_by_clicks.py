"""The product as its users hold it: Home, and drills by clicks, as two people, in a browser."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import expect

from practice.world import World
from tests.pages.conftest import freeze_of
from tests.pages.people import LONG, Windows
from tests.practice.browser import faults_for_readers

#: What reaches the bot in no other way than a drill does is played once.
by_socket = pytest.mark.parametrize("shared", [False], indirect=True, ids=["socket-mode"])


def test_home_on_a_phone_shows_the_question_that_came_meanwhile_and_leads_to_its_card(windows: Windows) -> None:
    approver, operator = windows.phone_of("U0APPROVER"), windows.of("U0OPERATOR")
    home = approver.page.locator("#home")
    approver.page.get_by_role("navigation", name="Channels").get_by_role("link", name="Firedrill").click()
    expect(home.locator(".section").filter(has_text="wiki")).to_contain_text("never proven", timeout=LONG)
    operator.types("/dr drill wiki --live --reason 'from home'")
    expect(home.get_by_role("heading", name="1 question for you")).to_be_visible(timeout=LONG)
    expect(home.get_by_role("button", name="Open its card")).to_be_visible(timeout=LONG)
    assert faults_for_readers(approver.page) == []
    assert not approver.overflows()
    home.get_by_role("button", name="Open its card").click()
    expect(approver.card("Live drill of wiki")).to_be_in_viewport(timeout=LONG)
    approver.rejects(approver.card("Live drill of wiki"), "only looked at")
    operator.sees(operator.card("Live drill of wiki"), "Rejected")


def test_a_live_drill_is_asked_for_on_one_phone_and_approved_on_another(world: World, windows: Windows) -> None:
    lost = world.instances["orders-db"]
    operator, approver = windows.phone_of("U0OPERATOR"), windows.phone_of("U0APPROVER")
    operator.types("/dr drill orders-db --live --reason rehearsal")
    card = operator.card("Live drill of orders-db")
    expect(card.get_by_role("button", name="Approve termination")).to_be_visible(timeout=LONG)
    assert faults_for_readers(operator.page) == []
    assert faults_for_readers(approver.page) == []
    operator.presses(card, "Approve termination")
    operator.is_told("somebody else must approve it")
    expect(operator.window).to_have_count(0)
    approver.approves(approver.card("Live drill of orders-db"), "orders")
    approver.sees(approver.window, "orders is not the server of D-")
    assert [each.overflows() for each in (operator, approver)] == [False, False]
    approver.types_in_window("orders-db")
    approver.submits("Approve termination")
    approver.is_told("You approved")
    expect(approver.window).to_have_count(0)
    operator.sees(card, "Succeeded")
    operator.sees(card, "The same: files (102 files, 1.0 MiB)")
    expect(card.get_by_role("button", name="Approve termination")).to_have_count(0)
    assert not world.lab.tree(lost).exists()


@by_socket
def test_a_clone_drill_compares_a_copy_and_removes_it_after_an_approval(world: World, windows: Windows) -> None:
    operator, approver = windows.of("U0OPERATOR"), windows.of("U0APPROVER", width=380, height=800)
    operator.types("/dr drill wiki --point fresh --reason 'on a copy'")
    card = operator.card("Clone drill of wiki")
    operator.sees(card, "Remove the copy of wiki?")
    operator.sees(card, "The same: files")
    copy = world.store().latest(1)[0].values["replacement_id"]
    assert world.lab.tree(copy).exists()
    approver.approves(approver.card("Clone drill of wiki"), "wiki", "removal")
    operator.sees(card, "Succeeded")
    assert not world.lab.tree(copy).exists()
    assert world.lab.tree(world.instances["wiki"]).exists()


def test_a_drill_by_form_finds_the_server_says_what_is_wrong_beside_its_question_and_starts(windows: Windows) -> None:
    operator, approver = windows.phone_of("U0OPERATOR"), windows.of("U0APPROVER")
    operator.types("/dr drill")
    operator.finds("Server", "WEB bill", "billing-web")
    expect(operator.window).to_contain_text("has no recovery point yet")
    operator.submits("Start drill")
    point = operator.window.get_by_role("combobox", name="Recovery point")
    expect(point).to_have_accessible_description(re.compile("⚠ billing-web has no recovery point"))
    assert faults_for_readers(operator.page) == []
    assert not operator.overflows()
    operator.finds("Recovery point", "first", "One that is made first")
    expect(operator.window.get_by_role("combobox", name="Profile")).to_be_visible(timeout=LONG)
    operator.submits("Start drill")
    operator.is_told("Clone drill of billing-web is on its way")
    expect(operator.window).to_have_count(0)
    approver.approves(approver.card("Clone drill of billing-web"), "billing-web", "removal")
    operator.sees(operator.card("Clone drill of billing-web"), "Succeeded")


@by_socket
def test_a_rejected_drill_terminates_nothing_and_says_who_rejected_it(world: World, windows: Windows) -> None:
    operator, approver = windows.phone_of("U0OPERATOR"), windows.phone_of("U0APPROVER")
    operator.types("/dr drill billing-web --live")
    approver.presses(approver.card("Live drill of billing-web"), "Reject")
    approver.types_in_window("the shop is open")
    assert not approver.overflows()
    approver.submits("Reject")
    card = operator.card("Live drill of billing-web")
    operator.sees(card, "Rejected")
    operator.sees(card, "@approver")
    operator.sees(card, "the shop is open")
    operator.sees(card, "Nothing was terminated")
    assert [each.overflows() for each in (operator, approver)] == [False, False]
    assert world.lab.tree(world.instances["billing-web"]).exists()


@by_socket
def test_a_disk_that_is_corrupted_in_the_panel_is_told_as_different_with_the_files_name(windows: Windows) -> None:
    operator, approver, cloud = windows.of("U0OPERATOR"), windows.of("U0APPROVER"), windows.cloud()
    operator.types("/dr drill wiki --live")
    card = operator.card("Live drill of wiki")
    expect(card.get_by_role("button", name="Approve termination")).to_be_visible(timeout=LONG)
    cloud.begins("Corrupt the restored disk", "The next restored disk will have one wrong byte.")
    approver.approves(approver.card("Live drill of wiki"), "wiki")
    operator.sees(card, "Different: files: /")
    operator.sees(card, "(content corrupt)")
    operator.sees(card, "Failed")
    expect(cloud.wrong).to_contain_text("all is well")


@by_socket
def test_a_worker_that_is_killed_in_the_panel_is_started_again_and_the_card_goes_on(windows: Windows) -> None:
    operator, cloud = windows.of("U0OPERATOR"), windows.cloud()
    cloud.begins("Slow images", "New images take 60 seconds.")
    operator.types("/dr backup billing-web")
    card = operator.card("Backup of billing-web")
    operator.sees(card, "of the blocks")
    cloud.begins("Kill the worker", "The worker is dead.")
    cloud.presses("Finish what AWS is waiting for")
    cloud.ends("Start the worker", "The worker is dead.")
    operator.sees(card, "every snapshot is completed")
    operator.sees(card, "Succeeded")


@by_socket
def test_while_slack_is_away_the_run_goes_on_and_the_card_is_right_afterwards(world: World, windows: Windows) -> None:
    operator, cloud = windows.of("U0OPERATOR"), windows.cloud()
    cloud.begins("Slow images", "New images take 60 seconds.")
    operator.types("/dr backup billing-web --reason 'Slack goes away'")
    card = operator.card("Slack goes away")
    operator.sees(card, "of the blocks")
    cloud.begins("Slack away", "Slack is away.")
    cloud.presses("Finish what AWS is waiting for")
    store = world.store()
    world.workspace.wait_for(lambda: not store.latest(1)[0].status.open, 60)
    expect(card).not_to_contain_text("Succeeded")
    cloud.ends("Slack is back", "Slack is away.")
    operator.sees(card, "Succeeded")


@by_socket
def test_a_question_that_nobody_answers_expires_when_the_clock_runs_ahead(world: World, windows: Windows) -> None:
    operator, cloud = windows.of("U0OPERATOR"), windows.cloud()
    operator.types("/dr drill billing-web --live --reason 'nobody is there'")
    card = operator.card("nobody is there")
    operator.sees(card, "Waits for an approval")
    ahead = cloud.page.get_by_role("button", name="Run the clock ahead")
    expect(cloud.page.locator("#ahead-next")).to_contain_text("Next, in 29 min: the question of")
    ahead.click()
    operator.sees(card, "Expired")
    operator.sees(card, "Nobody approved it in time. Nothing was terminated.")
    expect(card.get_by_role("button", name=re.compile("Approve|Reject|Cancel"))).to_have_count(0)
    expect(ahead).to_be_disabled()
    expect(cloud.page.locator("#ahead-by")).to_contain_text("ahead.")
    assert world.lab.tree(world.instances["billing-web"]).exists()
    operator.types("/dr backup billing-web --reason 'after the clock ran ahead'")
    operator.sees(operator.card("after the clock ran ahead"), "Succeeded")
    expect(operator.card("after the clock ran ahead").get_by_role("time").first).to_have_text(re.compile("now|min"))


def test_a_mistyped_command_is_answered_to_its_author_alone(world: World, windows: Windows) -> None:
    operator, bystander = windows.of("U0OPERATOR"), windows.of("U0BYSTANDER")
    operator.types("/dr bakcup orders-db")
    operator.is_told("Did you mean 'backup'?")
    bystander.types("/dr backup orders-db")
    bystander.is_told("so nothing was started.")
    expect(bystander.page.get_by_text("bakcup")).to_have_count(0)


@by_socket
def test_a_schedule_is_announced_postponed_twice_begun_by_the_clock_and_its_next_one_skipped(
    world: World, windows: Windows
) -> None:
    operator, cloud = windows.of("U0OPERATOR"), windows.cloud()
    due = datetime.fromtimestamp(world.clock.now() + 2 * 3600, UTC)
    operator.types(f"/dr schedule backup wiki --at 'every day at {due:%H:%M}'")
    operator.is_told("Each is announced before it begins.")
    operator.page.get_by_role("navigation", name="Channels").get_by_role("link", name="dr-announcements").click()
    told = operator.card("Backup of wiki")
    operator.sees(told, "Nothing is destroyed.")
    assert faults_for_readers(operator.page) == []
    for later in (1, 2):
        operator.presses(told, "Postpone…")
        operator.submits("Postpone")
        expect(operator.window).to_have_count(0)
        operator.sees(told, f"postponed by @operator from {_shown(due)}")
        operator.sees(told, f"Begins {_shown(due + timedelta(hours=later))}")
    for coming in (r"in [234] h: .* backup of wiki, is an hour away", r"in \d+ min: .* backup of wiki, begins"):
        expect(cloud.page.locator("#ahead-next")).to_contain_text(re.compile(coming), timeout=LONG)
        cloud.presses("Run the clock ahead")
    operator.sees(operator.page.get_by_role("log"), "Done")
    operator.presses(told, "Skip this one")
    operator.page.get_by_role("dialog").get_by_role("button", name="Skip this one").click()
    operator.sees(told, "Skipped by @operator.")
    told.hover()
    operator.presses(told, "What is this?")
    operator.is_told("Answers for it: @operator")
    operator.types(f"/dr unschedule {world.store().latest(1)[0].reason.split('(')[-1].rstrip(')')}")
    operator.is_told("is removed")


@by_socket
def test_a_freeze_between_announcement_and_start_holds_it_until_somebody_wants_it_now_and_an_open_one_is_withdrawn(
    world: World, windows: Windows
) -> None:
    operator, cloud = windows.of("U0OPERATOR"), windows.cloud()
    due = freeze_of(world) + timedelta(minutes=30)
    operator.types(f"/dr schedule backup wiki --cron '{due:%M %H %d %m} *'")
    operator.is_told("Each is announced before it begins.")
    operator.page.get_by_role("navigation", name="Channels").get_by_role("link", name="dr-announcements").click()
    told = operator.card("Backup of wiki")
    for coming in ("is announced", "is an hour away", "begins"):
        expect(cloud.page.locator("#ahead-next")).to_contain_text(f"backup of wiki, {coming}", timeout=LONG)
        cloud.presses("Run the clock ahead")
        operator.sees(told, "Held: a freeze until" if coming == "begins" else f"Begins {_shown(due)}")
    operator.sees(told, "moving day")
    operator.presses(told, "Run now")
    operator.page.get_by_role("dialog").get_by_role("button", name="Run now").click()
    operator.sees(told, "Done")
    daily = datetime.fromtimestamp(world.clock.now() + 2 * 3600, UTC)
    operator.types(f"/dr schedule backup wiki --at 'every day at {daily:%H:%M}'")
    operator.sees(told, f"Begins {_shown(daily)}")
    operator.types(f"/dr unschedule {told.locator('code').first.inner_text()}")
    operator.sees(told, "Withdrawn by @operator: its schedule was removed")
    expect(told.get_by_role("button", name="Run now")).to_have_count(0)


def _shown(at: datetime) -> str:
    """As the page tells a time, whose reader is in this zone too."""
    return f"{at.astimezone():%-d %b %Y %H:%M}"
