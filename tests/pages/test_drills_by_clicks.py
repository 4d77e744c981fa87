"""The product as its users hold it: drills by clicks, as two people, in a browser."""

from playwright.sync_api import expect

from practice.world import World
from tests.pages.people import LONG, Windows


def test_a_live_drill_is_asked_for_by_one_person_and_approved_by_another(world: World, windows: Windows) -> None:
    lost = world.instances["orders-db"]
    operator, approver = windows.of("U0OPERATOR"), windows.of("U0APPROVER", width=380, height=800)
    operator.types("/dr drill orders-db --live --reason rehearsal")
    card = operator.card("Live drill of orders-db")
    operator.presses(card, "Approve termination")
    operator.is_told("somebody else must approve it")
    approver.presses(approver.card("Live drill of orders-db"), "Approve termination")
    operator.sees(card, "Succeeded")
    operator.sees(card, "The same: files (102 files, 1.0 MiB)")
    expect(card.get_by_role("button", name="Approve termination")).to_have_count(0)
    assert not world.lab.tree(lost).exists()


def test_a_rejected_drill_terminates_nothing_and_says_who_rejected_it(world: World, windows: Windows) -> None:
    operator, approver = windows.of("U0OPERATOR"), windows.of("U0APPROVER")
    operator.types("/dr drill billing-web --live")
    approver.presses(approver.card("Live drill of billing-web"), "Reject")
    card = operator.card("Live drill of billing-web")
    operator.sees(card, "Rejected")
    operator.sees(card, "@approver")
    operator.sees(card, "Nothing was terminated")
    assert world.lab.tree(world.instances["billing-web"]).exists()


def test_a_corrupted_disk_is_told_as_different_with_the_files_name(world: World, windows: Windows) -> None:
    operator, approver = windows.of("U0OPERATOR"), windows.of("U0APPROVER")
    operator.types("/dr drill wiki --live")
    card = operator.card("Live drill of wiki")
    expect(card.get_by_role("button", name="Approve termination")).to_be_visible(timeout=LONG)
    world.lab.faults.corrupt_disk("/data/pages/Main_Page.txt")
    approver.presses(approver.card("Live drill of wiki"), "Approve termination")
    operator.sees(card, "Different: files: /data/pages/Main_Page.txt (content corrupt)")
    operator.sees(card, "Failed")


def test_a_killed_worker_is_started_again_and_the_card_goes_on(world: World, windows: Windows) -> None:
    operator = windows.of("U0OPERATOR")
    operator.types("/dr backup billing-web")
    card = operator.card("Backup of billing-web")
    operator.sees(card, "Wait for the image")
    world.kill("worker")
    world.start_process("worker")
    operator.sees(card, "every snapshot is completed")
    operator.sees(card, "Succeeded")


def test_while_slack_is_away_the_run_goes_on_and_the_card_is_right_afterwards(world: World, windows: Windows) -> None:
    operator = windows.of("U0OPERATOR")
    operator.types("/dr backup billing-web --reason 'Slack goes away'")
    card = operator.card("Slack goes away")
    expect(card).to_be_visible(timeout=LONG)
    world.workspace.faults.away()
    store = world.store()
    world.workspace.wait_for(lambda: not store.latest(1)[0].status.open, 60)
    world.workspace.faults.back()
    operator.sees(card, "Succeeded")


def test_a_mistyped_command_is_answered_to_its_author_alone(world: World, windows: Windows) -> None:
    operator, bystander = windows.of("U0OPERATOR"), windows.of("U0BYSTANDER")
    operator.types("/dr bakcup orders-db")
    operator.is_told("Did you mean 'backup'?")
    bystander.types("/dr backup orders-db")
    bystander.is_told("You are not an operator here, so nothing was started.")
    expect(bystander.page.get_by_text("bakcup")).to_have_count(0)
