"""Every verb of the grammar, for every role, about one's own and another's, where it may be asked for and elsewhere."""

from collections.abc import Callable
from dataclasses import replace
from itertools import product

import pytest
import redis
from pydantic import TypeAdapter

from handlers.access import Access
from handlers.answers import Answers
from handlers.grammar import grammar, parse
from tests.clock import HandClock
from tests.handlers.test_cards import NOW, asking, run
from tests.report.records import POINT
from tests.test_policy import DIRECTORY, ELSEWHERE, HERE, PEOPLE, SOMEBODY, STRICT
from workflows import inventory
from workflows.desk import Asking, Desk
from workflows.engine import moves
from workflows.engine.agenda import Agenda
from workflows.engine.board import Board
from workflows.engine.halting import Halting
from workflows.engine.happened import Place
from workflows.engine.run import Actor, Run
from workflows.engine.store import Store
from workflows.errors import UserError
from workflows.facts.profile import Profile
from workflows.inventory import Inventory, Sighting
from workflows.keeping import Keeping
from workflows.points import Point
from workflows.policy import Policy, Rule, When
from workflows.schedules.calendar import Calendar
from workflows.schedules.schedule import Schedule


def anybody(role: str, own: bool, here: bool) -> str:
    """Looking is free."""
    return "yes"


def anybody_about_an_open_run(role: str, own: bool, here: bool) -> str:
    """That it goes on is what everybody is told."""
    return "has not ended yet, so it has no report"


def operators(role: str, own: bool, here: bool) -> str:
    """What starts, stops or changes something: by an operator, where that may be asked for, whoever asked before."""
    if role == "deactivated":
        return "is deactivated"
    if role not in ("operator", "both"):
        return "not an operator"
    return "yes" if here else "and not here"


def operators_of_all(role: str, own: bool, here: bool) -> str:
    """What is about everything at once: a rule about some servers does not speak of it."""
    return operators(role, own, here)


def approvers(role: str, own: bool, here: bool) -> str:
    """A rejection: anywhere, one's own too."""
    if role == "deactivated":
        return "is deactivated"
    return "yes: You " if role in ("approver", "both") else "not an approver"


def others(role: str, own: bool, here: bool) -> str:
    """An approval: never by whoever asked."""
    came = approvers(role, own, here)
    return "somebody else must approve" if came.startswith("yes") and own else came


def open_run() -> Run:
    return asking()


def failed_run() -> Run:
    return moves.failed(run(), NOW, "It broke.", "Mend it.")


#: What is typed, and who may: told by the product's rules and not by the program. `{run}` is what `RUN` makes of it.
ROWS: dict[str, Callable[[str, bool, bool], str]] = {
    "backup orders-db --dry-run": operators,
    "restore orders-db --beside --dry-run": operators,
    "drill orders-db --dry-run": operators,
    "drill orders-db --live --dry-run": operators,
    "validate orders-db --dry-run": operators,
    "prune orders-db --dry-run": operators,
    "prune --dry-run": operators,
    "approve {run} --name orders-db": others,
    "reject {run} not during the sale": approvers,
    "cancel {run}": operators,
    "retry {run}": operators,
    "halt the network is being rebuilt": operators_of_all,
    "resume": operators_of_all,
    "status {run}": anybody,
    "status": anybody,
    "runs": anybody,
    "points orders-db": anybody,
    "report {run}": anybody_about_an_open_run,
    "whoami orders-db": anybody,
    "doctor": anybody,
    "help approve": anybody,
    "schedule backup orders-db --at 'every day at 02:00'": operators,
    "schedule drill orders-db --live --at 'every day at 02:00'": operators,
    "schedules": anybody,
    "unschedule {schedule}": operators,
    "skip {schedule}": operators,
    "pause {schedule}": operators,
    "pause {schedule} --off": operators,
}
#: The run that a verb is about, where it is not one that asks.
RUN: dict[str, Callable[[], Run]] = {"retry": failed_run}
PRODUCTION = {"Environment": "production"}
_NEW = TypeAdapter(Point).validate_python(POINT | {"as_made": True})
SEEN = Inventory(
    NOW, "0", ("eu-west-1",), (Sighting("orders-db", "i-1", "running", "eu-west-1", NOW, PRODUCTION),),
    (_NEW, replace(_NEW, image_id="ami-0", requested=NOW - 99 * 86400)),
)  # fmt: skip


def _profile(*_: object) -> Profile:
    return Profile("default", optional=("/srv",), retention=Keeping(keep="30 d"))


def verb_of(typed: str) -> str:
    return typed.split(maxsplit=1)[0]


class World:
    """The desk and the calendar behind the strict policy, on an empty Redis, with a run and a schedule of `owner`'s."""

    def __init__(
        self, typed: str, owner: Actor, client: redis.Redis, clock: HandClock, policy: Policy = STRICT
    ) -> None:
        client.flushall()
        self._store, board = Store(client, clock), Board(client)
        board.put_inventory(inventory.to_json(SEEN))
        desk = Desk(self._store, board, clock, _profile, patience=0.0)
        self._calendar = Calendar(Agenda(client, clock), clock)
        self._answers = Answers(desk, Access(policy, lambda _: DIRECTORY), self._calendar)
        subject = RUN.get(verb_of(typed), open_run)()
        self._run = self._kept(replace(subject, asked_by=owner, channel=HERE, tags=PRODUCTION))
        nightly = Schedule("", "backup", "orders-db", "every day at 03:00", "UTC", owner, HERE, 0.0)
        if typed == "resume":
            Halting(self._store).halt(owner, "a storm")
        schedule = self._calendar.add(nightly, Place(HERE, "slack"))
        self._request = parse(typed.format(run=self._run, schedule=schedule.id))

    def _kept(self, run: Run) -> str:
        """The run in Redis, as a worker has left it: with its question open, if it asks one."""
        run_id = self._store.create(run).id
        claim = self._store.begin(run_id, 1)
        assert claim is not None
        self._store.commit(run, claim.fence, due=NOW, lease_until=0, event="")
        return run_id

    def comes(self, who: Actor, channel: str) -> str:
        """What comes of the request: `yes` and the answer, or the refusal, which changes nothing."""
        before = self._state()
        try:
            text, _ = self._answers.to(self._request, Asking(who, channel, "why"))
        except UserError as refused:
            assert self._state() == before
            return refused.text
        return f"yes: {text}"

    def _state(self) -> str:
        run, said = self._store.read(self._run), self._store.inbox(self._run)
        return repr((run, said, self._store.halt(), self._calendar.all()))


def test_every_verb_of_the_grammar_stands_in_the_table() -> None:
    """A new verb gets a row in `ROWS`: how it is typed, and who may."""
    without = set(grammar.commands) - set(map(verb_of, ROWS))
    assert not without, (
        f"Nobody has said who may {', '.join(sorted(without))}: add a line for it to ROWS, as it is typed, with "
        "`anybody` if it only looks, `operators` if it starts, stops or changes something, `others` if it approves."
    )
    assert set(map(verb_of, ROWS)) <= set(grammar.commands)


@pytest.mark.parametrize("typed", ROWS)
def test_every_role_may_do_what_the_table_says_and_is_refused_everything_else(
    typed: str, redis_client: redis.Redis, clock: HandClock
) -> None:
    for (role, who), own in product(PEOPLE.items(), (True, False)):
        world = None
        for channel in (ELSEWHERE, HERE):
            world = world or World(typed, who if own else SOMEBODY, redis_client, clock)
            came = world.comes(who, channel)
            assert ROWS[typed](role, own, channel == HERE) in came, (typed, role, own, channel, came)
            world = None if came.startswith("yes") else world


@pytest.mark.parametrize("typed", [each for each, who in ROWS.items() if who is operators])
def test_an_operator_whom_a_rule_keeps_from_a_server_by_its_tags_can_neither_start_nor_stop_anything_there(
    typed: str, redis_client: redis.Redis, clock: HandClock
) -> None:
    rule = Rule("production", When(tags=PRODUCTION), operators=(PEOPLE["both"].id,))
    policy = replace(STRICT, rules=(rule,))
    came = [
        World(typed, SOMEBODY, redis_client, clock, policy).comes(PEOPLE[role], HERE) for role in ("operator", "both")
    ]
    assert "You are not an operator for that" in came[0]
    assert came[1].startswith("yes")
