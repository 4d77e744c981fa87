"""Runs in Redis, moved by Lua only. This folder is the one door to Redis.

Every key that the program writes (`dr:` stands before each; ids are run ids):

| key                      | type   | writer           | life             | meaning                                    |
|--------------------------|--------|------------------|------------------|--------------------------------------------|
| run:<id>                 | hash   | engine, desk     | KEEP_DAYS        | record (JSON), status, fence, lease, due … |
| inbox:<id>               | hash   | desk             | as its run       | what people said: answers, cancel, retry   |
| due                      | zset   | engine, desk     | for ever         | open runs by when to look at them          |
| index                    | zset   | desk             | KEEP_DAYS        | all runs by when they were asked for       |
| count:<letter>           | string | desk             | for ever         | the last number given to a run             |
| lock:<acct>:<region>:<server> | string | engine, desk | while a run is open | the run that may change the server     |
| asked:<request>          | string | desk, timetable  | 1 d              | a request that was carried out: its run    |
| events                   | stream | engine           | last 100,000     | every move of every run, in order          |
| unchained                | stream | engine, desk     | until chained    | what happened and is not in the audit yet  |
| audit                    | stream | chainer          | KEEP_DAYS        | the audit: entries chained by digests   |
| audit:head               | hash   | chainer          | for ever         | number and digest of its last entry        |
| policy                   | string | every process    | for ever         | the policy that the audit told last        |
| batch:<id>               | hash   | desk, engine     | 430 d            | what many runs at once are; its revision   |
| batch:<id>:runs          | list   | desk             | 430 d            | its runs                                   |
| unpainted                | zset   | engine, notifier | for ever         | runs, batches whose card is behind them    |
| card:<id>                | hash   | notifier         | as its run; 62 d | messages; audit's: a day, digest's: a week |
| calls:<whom>             | list   | bot              | 1 min            | the last minute's calls to Slack, by when  |
| calls:<whom>:silence     | string | bot              | a minute or so   | since when no calls are wanted, how long   |
| calls:<whom>:<kind>      | hash   | bot              | a minute or so   | token bucket of a method, or of a channel  |
| schedules                | hash   | desk             | for ever         | recurring backups and drills, by id        |
| paused                   | hash   | desk             | for ever         | schedules that are paused: who, when       |
| declared                 | string | timetable        | for ever         | what the newest worker's file declares     |
| cursors                  | hash   | timetable        | as its schedule  | up to where occurrences of each were made  |
| occurrence:<id>          | string | timetable, desk  | 62 d after it    | one firing of a schedule (JSON)            |
| begun:<occurrence>       | list   | timetable        | 62 d             | runs that it has begun so far              |
| agenda                   | zset   | timetable, desk  | for ever         | occurrences that are not over, by time     |
| unsaid                   | set    | timetable, desk  | for ever         | occurrences whose announcement is behind   |
| over                     | zset   | timetable, desk  | 62 d             | occurrences that came to an end, by when   |
| halt                     | string | desk             | until resumed    | who has halted everything, when, and why   |
| wanted:<acct>:<region>:<kind> | zset | worker      | 1 h after the last | what runs wait for, by when they asked |
| looked:<acct>:<region>:<kind> | hash | worker      | 1 h after the last | what AWS showed of it last, and when   |
| looking:<acct>:<region>:<kind> | string | worker   | one look         | the worker that looks for all who wait     |
| bucket:<acct>:<region>:<api> | hash | worker       | 1 h              | how many calls AWS may be asked for now    |
| line:<acct>:<region>:<api> | zset | worker         | 1 d              | runs that wait for their turn, in order    |
| line_until:<acct>:<region>:<api> | zset | worker   | 1 d              | when a run that does not come back is out  |
| aside:<acct>:<region>:<api>:<run> | string | worker | 15 min          | a token that is kept for a run             |
| inventory                | string | worker           | for ever         | servers and points as AWS last showed them |
| freshness                | string | worker           | for ever         | how fresh each server's backups are        |
| watch                    | string | worker           | for ever         | whose targets are missed, or nearly        |
| warnings                 | hash   | worker, bot      | until told       | what the watch has found, by id            |
| inventory:wanted         | string | desk             | 1 min            | somebody needs a fresh inventory           |
| checkup:wanted:<side>    | string | desk             | 1 min            | somebody asks how bot or worker is         |
| checkup:<side>           | string | bot, worker      | 5 min            | what it found about itself                 |
| viewers                  | zset   | bot              | for ever         | who looks at Home, by when to paint it     |
| viewer:<user>            | hash   | bot              | 1 d              | until when, which page, what they see      |
| turn:<what>              | string | bot              | 2 min            | a bot that does what one alone may do      |
| directory                | string | bot              | for ever         | what Slack says of people in the policy    |
| clock                    | string | worker           | for ever         | the time when a worker last looked at it   |
| clock:back               | string | worker           | 150 s            | it was set back: some go by the old time   |
| world                    | string | both processes   | for ever         | practice or live: the two never mix        |
| ahead                    | string | practice         | for ever         | seconds that the practice clock is ahead   |
| celery:<…>               | Celery | its own          | minutes          | hints on their way: bot/celery_engine.py   |
| workers                  | zset   | worker           | 1 min            | workers that are alive, by their last sign |

Channels: `due:nudge` wakes workers, `unpainted:nudge` wakes the notifier; a lost nudge costs one tick.
Beside runs: board.py, batches.py, budget.py (calls), agenda.py (schedules), viewers.py (Home), watchbook.py,
sightings.py (looks that are shared), trail.py (the audit's streams), set_back.py (clock),
looking.py (which revision of a run the archive has kept).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any, cast

import redis

from workflows.engine import scripts
from workflows.engine.agenda import KEEP as KEEP_OCCURRENCE
from workflows.engine.agenda import Firing
from workflows.engine.batches import KEEP
from workflows.engine.clock import Clock
from workflows.engine.happened import NOWHERE, Event, Place, answered, started
from workflows.engine.inbox import (
    Inbox,
    actor_to_json,
    answer_from_json,
    answer_to_json,
    halt_from_json,
    inbox_of,
)
from workflows.engine.keys import key, lock_key, millis, text, texts
from workflows.engine.looking import Looking
from workflows.engine.run import Actor, Answer, Run, Status, from_json, to_json
from workflows.errors import Busy, CalledOff, Halted, HeldBack

KEEP_DAYS = 400
ASKED_SECONDS = 86400
#: Seconds until a run that is not moved is offered again.
LEFT_ALONE = 30.0


@dataclass(frozen=True)
class Claim:
    """The right to move one run, until the lease ends or somebody with a newer fence comes."""

    run: Run
    fence: int
    begins: int
    inbox: Inbox


@dataclass(frozen=True)
class Committed:
    """`saved` is False when the claim is no longer the newest, or the move was refused because of a cancel or halt."""

    saved: bool
    fenced: bool
    inbox: Inbox


class LostClaim(Exception):
    """Somebody with a newer fence has taken the run over: nothing more may be done for it here."""


class Store(Looking):
    """All moves of all runs. Times go in and out as seconds; Redis holds milliseconds."""

    def __init__(self, client: redis.Redis, clock: Clock) -> None:
        super().__init__(client, clock)
        self._moves = count()  # with the fence, each move's own mark: one claim is in one process
        self._create = client.register_script(scripts.CREATE)
        self._dispatch = client.register_script(scripts.DISPATCH)
        self._begin = client.register_script(scripts.BEGIN)
        self._renew = client.register_script(scripts.RENEW)
        self._release = client.register_script(scripts.RELEASE)
        self._commit = client.register_script(scripts.COMMIT)
        self._answer = client.register_script(scripts.ANSWER)
        self._cancel = client.register_script(scripts.CANCEL)
        self._note = client.register_script(scripts.TELL)
        self._retry = client.register_script(scripts.RETRY)

    # ── the desk's moves ─────────────────────────────────────────────────────────────────────────────────

    def next_id(self, letter: str) -> str:
        """`D-0013`: short and sayable. A number that was given is never given again."""
        return f"{letter}-{self.redis.incr(key('count', letter)):04d}"

    def create(self, run: Run, *, request: str = "", firing: Firing | None = None) -> Run:
        """Save a new run with its lock and due time, or find the one that the same request made before.

        Raises Busy when another run holds the server, Halted, and CalledOff when the firing was moved on meanwhile.
        """
        keys = [
            key("run", run.id),
            key("due"),
            lock_key(run.target),
            key("unpainted"),
            key("index"),
            key("asked", request),
            key("unchained"),
            key("halt"),
            key("occurrence", firing.id if firing else ""),
            key("begun", firing.id if firing else ""),
        ]
        argv: list[Any] = [
            run.id, to_json(run), millis(run.created), "1", ASKED_SECONDS if request else 0, started(run).to_json(),
            key("card", ""), key("batch", ""), run.batch, run.target.server, KEEP,
            firing.version if firing else "", KEEP_OCCURRENCE, millis(run.created - KEEP_DAYS * 86400),
        ]  # fmt: skip
        word, which = texts(self._create(keys=keys, args=argv))
        if word == "halted":
            raise Halted(halt_from_json(which).sentence(), "nothing was started")
        if word == "busy":
            raise Busy(run.target.server, which)
        if word == "off":
            raise CalledOff(run.target.server)
        return run if word == "made" else self.read(which)

    def answer(
        self, run_id: str, answer: Answer, place: Place = NOWHERE, *, only_look: bool = False
    ) -> tuple[str, Answer | None]:
        """One answer a person, but a "no" replaces their "yes"; a "no", or as many approvals as are needed, decide.
        Gives `done`, `already` (and the answer that stands: the person's own, or the one that decided), `expired` or
        `stale`. With `only_look` nothing is written but the refusal: `open` says that the answer would count. Raises
        Halted."""
        keys = [key("run", run_id), key("due"), key("inbox", run_id), key("unchained"), key("halt")]
        told = answered(run_id, answer, place).to_json()
        argv: list[Any] = [
            run_id, answer.question, answer_to_json(answer), millis(self.clock.for_sure()), told, answer.by.id,
            int(answer.approved), int(only_look),
        ]  # fmt: skip
        word, prior = texts(self._answer(keys=keys, args=argv))
        if word == "halted":
            raise Halted(halt_from_json(prior).sentence(), "nothing was decided", run_id)
        return word, answer_from_json(prior) if prior else None

    def cancel(self, run_id: str, by: Actor, place: Place = NOWHERE) -> str:
        """Gives `done`, `already`, `ended` or `no return`."""
        keys = [key("run", run_id), key("due"), key("inbox", run_id), key("unchained")]
        told = Event("cancel", by, place, run_id).to_json()
        argv: list[Any] = [run_id, actor_to_json(by), millis(self.clock.now()), told]
        return text(self._cancel(keys=keys, args=argv))

    def retry(self, run: Run, by: Actor, place: Place = NOWHERE, *, own: bool = True) -> str:
        """Gives `done`, `already` or `not failed`. With `own` a run of a batch gets a card of its own. Raises Busy when
        another run holds the server by now, and Halted."""
        kinds = ("run", "inbox", "card")
        mine, inbox, card = (key(kind, run.id) for kind in kinds)
        keys = [mine, key("due"), inbox, lock_key(run.target), card, key("unchained"), key("halt")]
        told = Event("retry", by, place, run.id).to_json()
        argv: list[Any] = [run.id, actor_to_json(by), millis(self.clock.now()), told, int(own)]
        word, which = texts(self._retry(keys=keys, args=argv))
        if word == "halted":
            raise Halted(halt_from_json(which).sentence(), f"`{run.id}` does not go on")
        if word == "busy":
            raise Busy(run.target.server, which)
        return word

    # ── the worker's moves ───────────────────────────────────────────────────────────────────────────────

    def dispatch(self, most: int, pause: float) -> list[str]:
        """Hand out up to `most` due runs, each to this caller only, and look again after `pause` (growing) in case
        the hint is lost."""
        argv: list[Any] = [key("run", ""), millis(self.clock.now()), most, millis(pause)]
        return texts(self._dispatch(keys=[key("due")], args=argv))

    def begin(self, run_id: str, lease: float) -> Claim | None:
        """Take the run for `lease` seconds; None for a hint that is early, already taken, finished or unknown.

        Raises ValueError for a record that this version cannot read, and lets go of it.
        """
        keys = [key("run", run_id), key("due"), key("inbox", run_id), key("halt")]
        got = self._begin(keys=keys, args=[run_id, millis(self.clock.now()), millis(lease)])
        if not got:
            return None
        record, fence, begins, inbox = cast(list[Any], got)
        try:
            return Claim(from_json(record), int(fence), int(begins), inbox_of(inbox))
        except ValueError:
            self._let_go(run_id, int(fence), halted="halt" in texts(inbox[::2]), by_right=False)
            raise

    def renew(self, run_id: str, fence: int, lease: float) -> float:
        """Hold the run for another `lease` seconds. Gives what time it is then: by a reading of its own, since steps
        ask last of all whether they are still in time, and with what the renewal took. Raises LostClaim."""
        now = self.clock.for_sure()
        argv: list[Any] = [run_id, fence, millis(now), millis(lease)]
        if not self._renew(keys=[key("run", run_id), key("due")], args=argv):
            raise LostClaim(run_id)
        return max(now, self.clock.now())

    def release(self, claim: Claim, *, by_right: bool) -> None:
        """Let go of a run that is not moved: it stands still `by_right`, or this version cannot move it, and then it is
        late until another does. It is looked at again after a while, or now if somebody has said something."""
        self._let_go(claim.run.id, claim.fence, halted=claim.inbox.halt is not None, by_right=by_right)

    def _let_go(self, run_id: str, fence: int, *, halted: bool, by_right: bool) -> None:
        now = self.clock.now()
        argv: list[Any] = [run_id, fence, millis(now), millis(now + LEFT_ALONE), int(halted), int(by_right)]
        self._release(keys=[key("run", run_id), key("due"), key("halt")], args=argv)

    def commit(
        self, run: Run, fence: int, *, due: float, lease_until: float, event: str, handled: Sequence[str] = (),
        unless_cancelled: bool = False, told: tuple[str, Event] | None = None,
    ) -> Committed:  # fmt: skip
        """Write record, event and due time together, if `fence` is still the newest. `lease_until` 0 lets go of it;
        a run that is no longer open also gives its server back. `told` is kind and event for the audit."""
        ids = ("run", "inbox", "card")
        mine, inbox, card = (key(kind, run.id) for kind in ids)
        question = run.question if run.status is Status.ASKING else None  # an answered one hurries nothing any more
        argv: list[Any] = [
            run.id, fence, to_json(run), run.status.value, int(run.status.open), millis(due), millis(lease_until),
            millis(self.clock.now()), ",".join(handled), int(unless_cancelled), question.id if question else "",
            millis(question.expires_at) if question else 0, int(run.no_return), event, KEEP_DAYS * 86400,
            question.needed if question else 0, len(run.answers), *((told[0], told[1].to_json()) if told else ("", "")),
            int(run.halted is not None), f"{fence}.{next(self._moves)}", key("card", ""), key("batch", ""),
            100 * run.at // len(run.steps), int(event == HeldBack.code),
        ]  # fmt: skip
        keys = [mine, key("due"), inbox, key("unpainted"), card, key("events"), key("unchained"), key("halt")]
        got = cast(list[Any], self._commit(keys=keys, args=argv))
        word = text(got[0])
        return Committed(word == "ok", word == "fenced", inbox_of(got[1]) if len(got) > 1 else Inbox())

    def note(self, kind: str, event: Event, outcome: str = "") -> None:
        """Something for the audit that moves no run."""
        self._note(keys=[key("unchained")], args=[millis(self.clock.now()), kind, outcome, event.to_json()])
