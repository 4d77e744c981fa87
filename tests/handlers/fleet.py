"""Many runs at once in Redis, moved by hand, and bots that paint them into a practice workspace."""

import json
from collections.abc import Callable, Sequence
from dataclasses import replace

import redis
from slack_sdk import WebClient

from handlers.access import Access
from handlers.notifier import Notifier
from handlers.paced import PacedClient
from practice.workspace import Message, Workspace
from practice.world import CHANNEL
from tests.clock import HandClock
from tests.handlers.test_cards import run as made
from tests.handlers.test_notifier import POLICY
from workflows.engine import moves
from workflows.engine.board import Cards
from workflows.engine.budget import Budget
from workflows.engine.run import Question, Run, Status
from workflows.engine.store import Store
from workflows.policy import Directory
from workflows.together import Begun, begin

Move = Callable[[Run, float], Run]


def waits(percent: int) -> Move:
    return lambda run, now: moves.waits(replace(run, at=3), now, f"AWS has copied {percent} %", percent, {})


def fails(run: Run, now: float) -> Run:
    return moves.failed(run, now, "AWS could not make the image.", "Nothing was terminated.")


def succeeds(run: Run, now: float) -> Run:
    return replace(run, status=Status.SUCCEEDED, at=len(run.steps), ended=now)


def asks(run: Run, now: float) -> Run:
    question = Question("q:1", "ask", f"Remove {run.target.server}?", "Approve", (), "Sure?", now, now + 1800)
    return moves.asks(run, question)


class Fleet:
    """`bots` share Redis and the workspace."""

    def __init__(self, space: Workspace, store: Store, client: redis.Redis, clock: HandClock, bots: int = 1) -> None:
        self.space = space
        self.store = store
        self.clock = clock
        self.cards = Cards(client, clock)
        slack = WebClient(space.bot_token, base_url=space.api_url, retry_handlers=[])
        access = Access(POLICY, lambda _: Directory())
        paced = [PacedClient(slack, Budget(client, clock)) for _ in range(bots)]
        self.bots = [Notifier(store, self.cards, each, access, "") for each in paced]

    def begun(self, servers: Sequence[str], book: str = "backup", request: str = "", unseen: str = "") -> Begun:
        """As the desk begins them."""
        planned = [made(book, each, channel=CHANNEL) for each in servers]

        def start(number: int, run: Run) -> Run:
            run_id = self.store.next_id("B")
            own = replace(run, id=run_id, key=f"{run_id}-x", created=self.clock.now())
            return self.store.create(own, request=f"{request}/{number}" if request else "")

        return begin(self.store, planned, start, request, unseen)

    def move(self, run_id: str, how: Move, event: str = "test") -> Run:
        """As a worker moves it."""
        claim = self.store.begin(run_id, lease=60)
        assert claim is not None, f"{run_id} cannot be begun"
        moved = how(claim.run, self.clock.now())
        due = self.clock.now()
        assert self.store.commit(moved, claim.fence, due=due, lease_until=0, event=event).saved
        return moved

    def paint(self, seconds: int = 1) -> None:
        """Every bot looks once a second, until nothing is behind any more."""
        for _ in range(seconds):
            for each in self.bots:
                while each.tick():
                    pass
            self.clock.forward(1)
            if not self.store.redis.zcard("dr:unpainted"):
                break

    def message(self) -> Message:
        """The one message of the only batch."""
        (found,) = [each for each in self.space.messages(CHANNEL) if "firedrill_batch" in json.dumps(each.metadata)]
        return found

    def thread(self) -> list[Message]:
        return self.space.thread(self.message())

    def said(self) -> str:
        """Everything that the channel shows, threads too."""
        top = self.space.messages(CHANNEL)
        everything = [each for message in top for each in (message, *self.space.thread(message))]
        return "\n".join(f"{each.text}\n{each.plain()}" for each in everything)

    def busiest(self) -> int:
        """The most calls in any minute."""
        times = [call.at for call in self.space.calls]
        return max(sum(1 for other in times if at <= other < at + 60) for at in times)
