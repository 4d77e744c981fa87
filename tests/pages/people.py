"""People at their windows: what they see, type and press."""

from contextlib import ExitStack

from playwright.sync_api import Browser, Locator, Page, expect

from practice.cloud import Delays
from practice.world import World
from tests.practice.browser import addressed, context_of

#: Seconds: the lab's waits, short enough for tests and long enough to be seen.
QUICK = Delays(image=1.0, boot=0.3, checks=0.3, agent=0.3, command=0.1, stop=0.1)
#: Milliseconds within which a run must have come as far as a test waits for.
LONG = 60_000


class Windows:
    """A window for each person who is needed."""

    def __init__(self, browser: Browser, world: World) -> None:
        self._browser = browser
        self._world = world
        self._open = ExitStack()

    def of(self, person: str, width: int = 1280, height: int = 900) -> "Window":
        context = self._open.enter_context(context_of(self._browser, width=width, height=height))
        return Window(addressed(context.new_page(), self._world.workspace.url, person))

    def phone_of(self, person: str) -> "Window":
        return self.of(person, width=380, height=800)

    def cloud(self) -> "Panel":
        """The cloud page beside the channel."""
        page = self._open.enter_context(context_of(self._browser)).new_page()
        page.goto(self._world.cloud_url)
        return Panel(page)

    def close(self) -> None:
        self._open.close()


class Panel:
    """The cloud page, on which things are made to go wrong."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.wrong = page.get_by_role("region", name="Wrong at the moment")

    def presses(self, button: str) -> None:
        self.page.get_by_role("button", name=button, exact=True).click()

    def begins(self, fault: str, told: str) -> None:
        """Switch a fault on, and see that it is."""
        self.presses(fault)
        expect(self.wrong).to_contain_text(told)

    def ends(self, button: str, told: str) -> None:
        """End a fault by its button, and see that `told` is over."""
        self.wrong.get_by_role("button", name=button, exact=True).click()
        expect(self.wrong).not_to_contain_text(told)


class Window:
    """The channel as one person has it on the screen."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def types(self, text: str) -> None:
        field = self.page.get_by_role("textbox", name="Message")
        field.fill(text)
        field.press("Enter")

    def card(self, title: str) -> Locator:
        """The newest card of that title. The note that a run is on its way may come after its card."""
        seen = self.page.get_by_role("log").get_by_role("article").filter(has_not_text="Only visible to you")
        return seen.filter(has_text=title).last

    def presses(self, card: Locator, button: str) -> None:
        card.get_by_role("button", name=button).click(timeout=LONG)

    def types_in_window(self, text: str) -> None:
        """Into the one field of the window that is open."""
        self.window.get_by_role("textbox").fill(text)

    def submits(self, button: str) -> None:
        self.window.get_by_role("button", name=button, exact=True).click()

    def finds(self, question: str, typed: str, offered: str) -> None:
        """Type into a question of the window that is open, and choose what is offered."""
        self.window.get_by_role("combobox", name=question).fill(typed)
        self.window.get_by_role("option", name=offered).click(timeout=LONG)

    @property
    def window(self) -> Locator:
        return self.page.get_by_role("dialog")

    def approves(self, card: Locator, server: str, deed: str = "termination") -> None:
        """Press Approve and type the server's name."""
        self.presses(card, f"Approve {deed}")
        self.types_in_window(server)
        self.submits(f"Approve {deed}")

    def rejects(self, card: Locator, reason: str) -> None:
        self.presses(card, "Reject")
        self.types_in_window(reason)
        self.submits("Reject")

    def sees(self, where: Locator, text: str) -> None:
        expect(where).to_contain_text(text, timeout=LONG)

    def overflows(self) -> bool:
        """Whether anything must be scrolled sideways to be read: of the page, or of the window in it."""
        wide = "node => node.scrollWidth > node.clientWidth"
        return any(each.evaluate(wide) for each in [self.page.locator("html"), *self.window.all()])

    def is_told(self, text: str) -> None:
        """A note that only this person sees."""
        note = self.page.get_by_role("log").get_by_role("article").filter(has_text="Only visible to you")
        expect(note.filter(has_text=text).last).to_be_visible(timeout=LONG)
