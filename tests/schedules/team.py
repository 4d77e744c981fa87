"""A practice workspace beside the stage, with the bot's listeners and its announcer."""

import json
from collections.abc import Sequence

from handlers.access import Access
from handlers.announcer import Announcer
from practice.workspace import Message, Workspace
from practice.world import CHANNEL
from tests.attacks.bot import Bot
from tests.practice.workspace_apps import Served
from tests.schedules.table import HERE
from tests.stage import OPERATOR, Stage
from workflows.desk import Desk
from workflows.schedules.schedule import Schedule

AHEAD = (86400.0, 3600.0)


class Team(Bot):
    """`announcers` of as many bots as wanted."""

    def __init__(self, stage: Stage, space: Workspace, served: Served) -> None:
        super().__init__(stage, space, served)
        self.announcers = [self.announcer() for _ in range(2)]

    def announcer(self) -> Announcer:
        stage = self.stage
        desk = Desk(stage.store, stage.board, stage.clock, stage.profile_for, patience=0.0)
        access = Access(stage.policy, lambda _: stage.directory)
        return Announcer(stage.agenda, desk, stage.cards, stage.board, self.slack, access, "", CHANNEL, AHEAD)

    def tell(self) -> None:
        for each in self.announcers:
            each.tick()

    def monthly(self, verb: str = "drill", **more: object) -> Schedule:
        """Due for the first time in more than two days."""
        rule = "30 12 27 * *"
        given = Schedule("", verb, "orders-db", rule, "UTC", OPERATOR, CHANNEL, 0.0, **more)  # type: ignore[arg-type]
        return self.stage.calendar.add(given, HERE)

    def announced(self) -> list[Message]:
        return [
            each for each in self.space.messages(CHANNEL) if "firedrill_schedule" in json.dumps(each.metadata or {})
        ]

    def message(self) -> Message:
        """The one that there is."""
        (found,) = self.announced()
        return found


def shown(message: Message) -> str:
    return json.dumps(message.blocks, ensure_ascii=False)


def texts(messages: Sequence[Message]) -> list[str]:
    return [each.text for each in messages]
