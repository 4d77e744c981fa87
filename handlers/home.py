"""Home: kept fresh for those who look, one publication each, only when it has changed; and what they press there."""

import hashlib
import json
import logging
from threading import Event
from typing import Any

from slack_bolt import Ack, App
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from handlers.access import Access
from handlers.home_page import Scene, home
from handlers.paced import ranked
from handlers.posting import UNREACHABLE, tell_of
from handlers.scenery import Scenery
from workflows.engine.budget import Rank
from workflows.engine.connection import Away
from workflows.engine.run import Run, Status
from workflows.engine.viewers import Viewer, Viewers

log = logging.getLogger(__name__)

#: Seconds between two paintings for one person, and until another bot may paint it.
SPACING, LEASE = 5.0, 60.0
#: People in one look. Slack takes some hundred publications a minute from one app: with more viewers each is painted
#: less often.
MOST, EACH = 20, 1.0
#: Slack's words for somebody who has no Home: nothing is painted for them until they look again.
_NOBODY = ("user_not_found", "user_not_visible", "not_enabled", "user_not_in_workspace", "access_denied")


class Home:
    """Any number of bots may keep it. `client` must not retry by itself."""

    def __init__(self, viewers: Viewers, scenery: Scenery, client: WebClient, access: Access) -> None:
        self._viewers = viewers
        self._scenery = scenery
        self._slack = client
        self._access = access
        self._wake = Event()

    def register(self, app: App) -> None:
        app.event("app_home_opened")(self.opened)

    def opened(self, ack: Ack, event: dict[str, Any]) -> None:
        """Somebody looks at the app: at Home, or at its messages, which are none of ours."""
        ack()
        if event.get("tab", "home") != "home":
            return
        try:
            self.look(event["user"], anew="view" not in event)
        except Away as error:
            log.warning("Redis is away (%s); Home stays as it is", type(error).__name__)

    def look(self, user: str, page: int | None = None, *, anew: bool = False) -> None:
        """Paint it for them at once, at that page if one is given, and keep it fresh from now on. Raises Away."""
        self._viewers.look(user, page, anew=anew)
        self._wake.set()

    def work(self, stop: Event) -> None:
        """Paint what is due, until told to stop."""
        while not stop.is_set():
            try:
                busy = self.tick()
            except Away as error:
                log.warning("Redis is away (%s); Home waits", type(error).__name__)
                busy = 0
            except ValueError as error:
                log.error("Home cannot be painted from what another version wrote: %s", error)
                busy = 0
            if not busy:
                self._wake.wait(1.0)
            self._wake.clear()

    def tick(self) -> int:
        """Paint for those who are due; gives how many. Raises Away."""
        due = self._viewers.claim(MOST, LEASE)
        if due:
            scene = self._scenery.scene()
            spacing = max(SPACING, EACH * self._viewers.count())
            for each in due:
                self._attempt(scene, each, spacing)
        return len(due)

    def _attempt(self, scene: Scene, viewer: Viewer, spacing: float) -> None:
        try:
            self._paint(scene, viewer, spacing)
        except SlackApiError as error:
            word = error.response.get("error")
            if word in _NOBODY:
                log.info("user=%s has no Home: %s", viewer.user, word)
                self._viewers.forget(viewer.user)
                return
            self._not_painted(viewer, error)
        except UNREACHABLE as error:
            self._not_painted(viewer, error)

    def _not_painted(self, viewer: Viewer, error: Exception) -> None:
        self._viewers.later(viewer.user, tell_of(log, error, f"user={viewer.user} Home not painted"))

    def _paint(self, scene: Scene, viewer: Viewer, spacing: float) -> None:
        waiting = [run for run in scene.open_runs if self._may_answer(viewer.user, run)]
        view = home(scene, waiting, viewer.page, viewer.leaving)
        shown = hashlib.sha256(json.dumps(view).encode()).hexdigest()
        if shown != viewer.shown:
            rank = Rank.URGENT if viewer.wanted else Rank.HOME
            ranked(self._slack, rank).views_publish(user_id=viewer.user, view=view)
        self._viewers.painted(viewer, shown, spacing)

    def _may_answer(self, user: str, run: Run) -> bool:
        """An open question that they may answer, and have not answered yet."""
        if run.status is not Status.ASKING or run.question is None:
            return False
        return user in self._access.may_be_asked(run) and all(each.by.id != user for each in run.answers)
