"""Home in a browser: on a phone, by keyboard and screen reader, and from there to the card."""

from playwright.sync_api import expect

from tests.pages.people import LONG, Windows
from tests.practice.browser import faults_for_readers


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
