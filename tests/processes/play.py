"""What people do in the practice world and what they see of it, while bot and worker run as processes of their own."""

import getpass
import json
import subprocess
import sys
import zlib
from collections import Counter
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import TypeVar

import redis

from handlers.notifier import EVENT
from practice.cloud import Delays, Disk
from practice.workspace import Message
from practice.workspace.views import View
from practice.world import CHANNEL, PROCFILE, World
from workflows.engine.board import Cards
from workflows.engine.clock import SharedClock
from workflows.engine.run import Run, Status

T = TypeVar("T")

FAST = Delays(image=0.4, boot=0.2, checks=0.2, agent=0.1, command=0.1, stop=0.1)
#: Seconds that anything may take before something is wrong.
LONG = 60.0
#: What a live drill makes and destroys, once.
DRILL_ONCE = {"CreateImage": 1, "TerminateInstances": 1, "RunInstances": 1, "SendCommand": 2}
BACKUP_ONCE = {"CreateImage": 1, "TerminateInstances": 0, "RunInstances": 0, "SendCommand": 1}

#: Every server's: it holds what nobody may ever read elsewhere.
USER_DATA = "#!/bin/sh\nexport DB_PASSWORD=correct-horse-battery\n"
#: A variable of both processes' environment that is none of theirs.
ALSO = {"DEPLOY_TOKEN": "seven-blue-horses-0417"}

DISKS = (
    Disk("/dev/xvda", 8, "/", {"/srv/app/config.ini": b"port = 5432\n", "/srv/app/VERSION": b"4.2.1\n"}),
    Disk("/dev/sdf", 20, "/home", {"/home/orders/day-000.csv": b"order,amount\n1,42.00\n"}),
)


#: As the practice world's, but at a quicker pace.
SETTINGS = f"""installation = "practice"
regions = ["us-east-1"]

[access]
operators = ["U0OPERATOR", "U0APPROVER"]
approvers = ["U0OPERATOR", "U0APPROVER", "U0APPROVER2"]

[[access.rules]]
name = "hasty"
when = {{ servers = ["hasty-*"] }}
minutes = 0.1

[slack]
calls = 400
channel = "{CHANNEL}"

[announcements]
digest = ""

[pace]
first = 0.1
most = 0.3
lease = 2.0

# Whoever has the tag stands still while its image is asked for.
[profiles.still]
tags = {{Still = "yes"}}
paths = ["/srv/app"]

[profiles.still.freeze]
freeze = ['touch "$DR_ROOT/tmp/still"']
thaw = ['rm -f "$DR_ROOT/tmp/still"']
seconds = 5
required = false

"""


class Play:
    """One test's server in the world, and everything around it. Its name comes from the test's."""

    def __init__(self, world: World, test: str) -> None:
        self.world = world
        self.space = world.workspace
        self.server = f"db-{zlib.crc32(test.encode()):08x}-{len(world.lab.effects)}"
        self._effects = len(world.lab.effects)

    @cached_property
    def source(self) -> str:
        """The server's instance, there from the first asking."""
        return self.seed(self.server)

    def seed(self, name: str, **tags: str) -> str:
        return self.world.lab.add_server(name, DISKS, user_data=USER_DATA, tags=tags)

    # ── what people do ───────────────────────────────────────────────────────────────────────────────────

    def ask(self, verb: str, server: str = "", person: str = "operator") -> Run:
        """`/dr backup` or `/dr drill … --live`; gives the run that came of it."""
        name = server or self.server
        if name == self.server:
            assert self.source
        live = " --live" if verb == "drill" else ""
        self.say(person, f"/dr {verb} {name}{live}")
        return self.until(lambda: self.newest(name))

    def say(self, person: str, text: str) -> None:
        delivery = self.space.say(person, CHANNEL, text)
        assert delivery.error is None, delivery

    def asked(self, run: Run) -> Message:
        """The card of a run, once it shows the question."""
        return self.until(lambda: next((each for each in self.cards(run) if "approve" in _actions(each)), None))

    def drill_asked(self) -> tuple[Run, Message]:
        """A live drill, up to its question."""
        run = self.ask("drill")
        return run, self.asked(run)

    def hasty_drill(self) -> tuple[Run, Message]:
        """As drill_asked, of a server whose approvals expire after six seconds."""
        self.server = f"hasty-{self.server}"
        return self.drill_asked()

    def click(self, person: str, card: Message, button: str) -> None:
        delivery = self.space.click(person, card, button)
        assert delivery.error is None, delivery

    def window(self, person: str, card: Message, button: str) -> View:
        """Press a button that opens a window."""
        self.click(person, card, button)
        return self.until(lambda: self.space.modals(person) or None)[-1]

    def fills(self, person: str, view: View, text: str) -> None:
        delivery, faults = self.space.fill(person, view, text)
        assert (delivery.error, faults) == (None, {}), delivery

    def approves(self, person: str, card: Message, server: str = "") -> None:
        """Press Approve, and type the server's name into the window: the play's own, if none is given."""
        self.fills(person, self.window(person, card, "approve"), server or self.server)

    def answer_to(self, person: str, deed: Callable[[], object]) -> str:
        """What only this person is told because of a deed."""
        before = len(self.space.ephemerals(person))
        deed()
        return self.until(lambda: self.space.ephemerals(person)[before:])[0].text

    def shell(self, *words: str, person: str = "U0OPERATOR") -> subprocess.CompletedProcess[str]:
        """The command line: Redis and firedrill.toml, and nothing else. Who is logged in here is that `person` in
        Slack, nobody if it is empty."""
        people = f'{getpass.getuser()} = "{person}"\n' if person else ""
        settings = self.world.folder / f"shell-{zlib.crc32(people.encode()):08x}.toml"
        settings.write_text(f"{SETTINGS}[people]\n{people}", encoding="utf-8")
        return firedrill(*words, environment={**self.world.environment("shell"), "FIREDRILL_CONFIG": str(settings)})

    # ── what there is to be seen ─────────────────────────────────────────────────────────────────────────

    def until(self, look: Callable[[], T | None], within: float = LONG) -> T:
        """What `look` gives first. Raises TimeoutError with the ends of the logs."""
        try:
            return self.space.wait_for(look, within)
        except TimeoutError as error:
            logs = "\n".join(f"── {name}\n{self.world.log(name)[-3000:]}" for name in self.world.processes)
            raise TimeoutError(f"{error}\n{logs}") from None

    def newest(self, server: str) -> Run | None:
        return next((each for each in self.world.store().latest(20) if each.target.server == server), None)

    def ended(self, run: Run) -> Run:
        """The run's record once it has ended, and nothing of it is left to be painted."""
        done = self.until(lambda: _closed(self.world.store().read(run.id)))
        self.painted(run)
        return done

    def painted(self, run: Run) -> None:
        """Until the run's card is not behind its record."""
        keys = self.redis
        self.until(lambda: keys.zscore("dr:unpainted", run.id) is None or None)

    def end_claims(self, run: Run) -> None:
        """A bot that died while it painted had the card to itself for a minute: let that minute be over."""
        Cards(self.redis, SharedClock(self.redis)).later(run.id, 0)

    @cached_property
    def redis(self) -> redis.Redis:
        return redis.Redis.from_url(self.world.redis.url)

    def cards(self, run: Run) -> list[Message]:
        """Every card of the run in the channel: other messages may name it too."""
        said = [each for each in self.space.messages(CHANNEL) if f"{run.id}," in each.text]
        return [each for each in said if (each.metadata or {}).get("event_type") == EVENT]

    def effects(self) -> dict[str, int]:
        """How often each call that matters was carried out since the test began."""
        calls = Counter(each.call for each in self.world.lab.effects[self._effects :])
        return {call: calls[call] for call in DRILL_ONCE}

    def locks(self) -> list[bytes]:
        return list(self.redis.scan_iter("dr:lock:*"))

    def check_done_once(self, run: Run, effects: Mapping[str, int]) -> Run:
        """Succeeded, everything done once, one card with the last state, each reply once, no lock left."""
        done = self.ended(run)
        assert done.status is Status.SUCCEEDED, done.problem
        assert self.effects() == effects
        if effects["RunInstances"]:
            assert done.values["evidence"]["verdict"] == "same"
        assert self.locks() == []
        self.check_card(done)
        return done

    def check_card(self, done: Run) -> Message:
        """One card that shows the end, and in its thread each message once, the last one told to the asker."""
        (card,) = self.cards(done)
        assert f"{done.id}, " in card.text
        assert f": {done.status.value}." in card.text
        assert done.status.value.capitalize() in card.plain()
        replies = self.space.thread(card)
        posted = Counter(json.dumps(each.metadata, sort_keys=True) for each in replies)
        assert set(posted.values()) <= {1}, posted
        finals = [each.text for each in replies if each.text.startswith(f"<@{done.asked_by.id}> {done.id}, ")]
        assert len(finals) == 1, finals
        return card


def firedrill(*words: str, environment: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """The program with that environment, from a folder without `.env`."""
    return subprocess.run(
        [sys.executable, "-m", "bot", *words],
        env={"PYTHONPATH": str(PROCFILE.parent), **environment},
        cwd=PROCFILE.parent.parent,
        capture_output=True,
        text=True,
        timeout=LONG,
        check=False,
    )


def _actions(message: Message) -> list[str]:
    return [each.action_id for each in message.buttons()]


def _closed(run: Run) -> Run | None:
    return None if run.status.open else run
