"""What a typeahead over many servers costs, from Redis to the options: people wait for it at each pause."""

import argparse
import statistics
import tempfile
import time
from pathlib import Path

from benchmarks.budgets import Bars, Budget, Measured, Outcome, number
from benchmarks.ground import say
from handlers.forms.servers import Servers
from practice.redis_server import RedisServer
from workflows import inventory
from workflows.engine.board import Board
from workflows.engine.clock import SharedClock
from workflows.engine.connection import connect
from workflows.inventory import Inventory, Sighting
from workflows.lookout import Lookout

TITLE = "Typeahead over the servers that the worker last saw, in the bot's own processor time"
#: Also for the first answer after the worker has looked anew.
ANSWER = Budget("typeahead over 10,000 servers, slowest answer", 300, "ms")
BUDGETS = (ANSWER,)
TYPED = ("", "n", "node-", "db", "09999", "payments db", "nothing like it")


def options(parser: argparse.ArgumentParser) -> None:
    """What of this benchmark can be asked for otherwise."""
    parser.add_argument("--servers", type=int, default=10_000, help="how many servers there are (10000)")


def run(options: argparse.Namespace) -> Outcome:
    with tempfile.TemporaryDirectory() as folder:
        server = RedisServer(Path(folder))
        server.start()
        try:
            client = connect(server.url)
            board = Board(client)
            first, others = _measured(board, Lookout(board, SharedClock(client), 0), options.servers)
        finally:
            server.stop()
    median, most = statistics.median(others), max(others)
    say(
        f"{options.servers:,} servers: the first after a look {first:.0f} ms, then a median of {median:.0f} ms and at "
        f"most {most:.0f} ms"
    )
    rows = (("Firedrill, first after a look", first), ("Firedrill, median", median), ("Firedrill, slowest", most))
    return Outcome(
        (Measured(ANSWER, max(first, most), f"Slack waits 3,000 ms; median {number(median)} ms"),),
        {"servers": options.servers, "first_ms": first, "median_ms": median, "most_ms": most},
        (Bars("Typeahead over many servers", "ms", rows, ANSWER.limit),),
    )


def _measured(board: Board, lookout: Lookout, number: int) -> tuple[float, list[float]]:
    """Milliseconds: the first answer, which reads the inventory, and the others."""
    marks = {"Environment": "production", "Team": "payments"}
    seen = tuple(
        Sighting(f"node-{n:05d}-{'web' if n % 9 else 'db'}", f"i-{n:017x}", "running", "eu-central-1", 1.8e9, marks)
        for n in range(number)
    )
    board.put_inventory(inventory.to_json(Inventory(1.8e9, "0" * 12, ("eu-central-1",), seen, ())))
    ready: list[Servers] = []
    first, *others = (_took(lookout, ready, typed) for typed in (TYPED[0], *TYPED * 5))
    return first, others


def _took(lookout: Lookout, ready: list[Servers], typed: str) -> float:
    """As the bot does it: what has not changed is not put in order again."""
    begun = time.process_time()
    known = lookout.last()
    if known is None:
        raise RuntimeError("the inventory that was put is not there")
    if not ready or ready[0].known is not known:
        ready[:] = [Servers(known)]
    ready[0].matching(typed)
    return (time.process_time() - begun) * 1000
