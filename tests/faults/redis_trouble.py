"""Redis in the way at a step's boundary: killed and back, away, without its last writes, full, read-only."""

from collections import Counter
from collections.abc import Callable, Iterator

from tests.faults.doors import Crossing
from tests.faults.hurting import hurt
from tests.faults.kinds import Cut, Kind, again, first_of_each, same_end
from tests.faults.picture import Allowed, compare
from tests.faults.plays import Case, Trace
from tests.faults.world import Hands, World

#: A step that is not written down any more is taken again: it gives the same tags, and may measure once more.
FORGOTTEN = Counter({"CreateTags": 1, "SendCommand": 1})
#: Calls of one step that nobody lived to write down.
CALLS = 4


def _restarts(case: Case, _hands: Hands, _at: Crossing) -> None:
    case.world.server.kill()
    case.world.server.start()


def _goes_away(case: Case, hands: Hands, _at: Crossing) -> None:
    hands.away = case.world.server.start  # when the worker has met it, and not before
    case.world.server.kill()


def _is_full(case: Case, hands: Hands, _at: Crossing) -> None:
    case.world.client.config_set("maxmemory", 1)
    hands.away = lambda: case.world.client.config_set("maxmemory", 0)


def _is_read_only(case: Case, hands: Hands, _at: Crossing) -> None:
    case.world.client.slaveof("127.0.0.1", 1)
    hands.away = case.world.client.slaveof


_HOW: dict[str, Callable[[Case, Hands, Crossing], None]] = {
    "restarted": _restarts, "away": _goes_away, "full": _is_full, "read-only": _is_read_only,
}  # fmt: skip


def _cuts(trace: Trace) -> Iterator[Cut]:
    for each in first_of_each(trace, "redis"):
        for how in ("away", "full", "read-only") if each.writes else ("away",):
            yield Cut(each, how=how)
        if each.name in ("COMMIT", "BEGIN"):
            yield Cut(each, "carried", "restarted")
            yield Cut(each, "carried", "away")


def _played(world: World, trace: Trace, cut: Cut) -> list[str]:
    """Redis takes its data along. One move may be met twice by it, as the answer to the first is lost."""
    case = Case(world, trace.play)
    hurt(case, trace, cut, _HOW[cut.how]).away()
    case.legs()
    return compare(
        trace.after, case.picture(), same_end(trace, cut.at, again(trace, cut.at, up_to_record=True), silent=CALLS)
    )


def _forgetful_cuts(trace: Trace) -> Iterator[Cut]:
    for each in trace.crossings:
        if each.name == "COMMIT":
            yield Cut(each, "answered", "1")
            yield Cut(each, "answered", "6")


def _forgetful(world: World, trace: Trace, cut: Cut) -> list[str]:
    """It has lost its last writes, which it had acknowledged: what was done to AWS since then must be found there. An
    approval may be among them: then people are asked again, or told why not."""
    case = Case(world, trace.play)
    begun = world.server.log.stat().st_size

    def forgets(case: Case, _hands: Hands, _at: Crossing) -> None:
        world.server.kill()
        cut_off(world, begun, int(cut.how))
        world.server.start()

    hurt(case, trace, cut, forgets)
    case.legs()
    ends = frozenset({trace.play.ends.value, "failed", "expired"})
    allowed = Allowed(ends, FORGOTTEN, silent=CALLS, retold=True, untold=True)
    return compare(trace.after, case.picture(), allowed)


def cut_off(world: World, begun: int, writes: int) -> None:
    """The last so many writes of those since `begun`, an offset in the file: each one command, or one script's all."""
    with world.server.log.open("r+b") as file:
        file.seek(begun)
        ends, inside = [begun], False
        while name := _command(file):
            inside = name == b"MULTI" or (inside and name != b"EXEC")
            if not inside:
                ends.append(file.tell())
        file.truncate(ends[max(0, len(ends) - 1 - writes)])


def _command(file: object) -> bytes:
    """The name of the next command in an append-only file; empty at its end."""
    readline, read = file.readline, file.read  # type: ignore[attr-defined]
    head = readline()
    if not head:
        return b""
    words = []
    for _ in range(int(head[1:])):
        length = int(readline()[1:])
        words.append(read(length + 2)[:-2])
    return bytes(words[0]).upper()


TROUBLED = Kind("redis", "killed and back, away, full, read-only", _cuts, _played)
FORGETFUL = Kind("redis forgets", "killed, and back without its last writes", _forgetful_cuts, _forgetful)
