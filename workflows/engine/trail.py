"""The audit's two streams in Redis: what happened and is not chained yet, and the chain itself, which only grows.

Whatever moves a run adds what happened to `unchained` in the same atomic call (scripts.py). Any process may then
append it to `audit`: the append is refused unless the head is still the one that the new entries were made for, and
takes what it appended out of `unchained` in the same call. So nothing is lost and nothing is chained twice.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import redis

from workflows.engine import scripts
from workflows.engine.clock import Clock
from workflows.engine.happened import Event, Place
from workflows.engine.keys import key, millis
from workflows.engine.run import Actor

#: Entries that are read at a time.
PAGE = 500

#: keys: head, audit, unchained   argv: digest that the head must have, new seq, new digest, first stream id to keep
#: or '', how many lines, lines, ids of what they tell
APPEND = """
if (redis.call('HGET', KEYS[1], 'digest') or '') ~= ARGV[1] then return 0 end
local count = tonumber(ARGV[5])
for i = 6, 5 + count do redis.call('XADD', KEYS[2], '*', 'entry', ARGV[i]) end
for i = 6 + count, #ARGV do redis.call('XDEL', KEYS[3], ARGV[i]) end
redis.call('HSET', KEYS[1], 'seq', ARGV[2], 'digest', ARGV[3])
if ARGV[4] ~= '' then redis.call('XTRIM', KEYS[2], 'MINID', ARGV[4]) end
return 1
"""

#: keys: policy, unchained   argv: policy, now, event: tells of it only if it is another than the last one
POLICY = (
    scripts.NOTE
    + """
if redis.call('GET', KEYS[1]) == ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[1])
note(KEYS[2], ARGV[2], 'policy', '', ARGV[3])
return 1
"""
)


@dataclass(frozen=True)
class Pending:
    """Something that happened and is not chained yet. `at` in milliseconds; `event` is an Event's JSON; `status` is
    the run's at that moment, where a person had said something to it."""

    id: str
    at: int
    kind: str
    outcome: str
    event: str
    status: str


@dataclass(frozen=True)
class Kept:
    """One entry of the chain: its id in the stream, and its line."""

    id: str
    line: bytes


class Trail:
    """Any number of processes may append at the same time."""

    def __init__(self, client: redis.Redis, clock: Clock) -> None:
        self._redis = client
        self._clock = clock
        self._append = client.register_script(APPEND)
        self._policy = client.register_script(POLICY)

    def note_policy(self, policy: Mapping[str, str], by: Actor, place: Place) -> bool:
        """Who may do what, as text by name. Tells it if it is another than the last one that was told, whichever
        process told that; gives whether it was. `by` is whoever started the process."""
        new = json.dumps(dict(policy), sort_keys=True)
        old = self.policy()
        differ = sorted(name for name in {*policy, *old} if policy.get(name) != old.get(name))
        before, after = ({name: each[name] for name in differ if name in each} for each in (old, policy))
        told = Event(f"the policy differs in {', '.join(differ)}", by, place, before=before, after=after)
        argv: list[Any] = [new, millis(self._clock.now()), told.to_json()]
        return bool(self._policy(keys=[key("policy"), key("unchained")], args=argv))

    def policy(self) -> dict[str, str]:
        """The policy that was told last; empty if none ever was."""
        found: dict[str, str] = json.loads(cast(bytes | None, self._redis.get(key("policy"))) or b"{}")
        return found

    def pending(self, most: int = PAGE) -> list[Pending]:
        """The oldest first."""
        return [_pending(*each) for each in cast(list[Any], self._redis.xrange(key("unchained"), count=most))]

    def head(self) -> tuple[int, str] | None:
        """Number and digest of the last entry, as they were noted when it was appended."""
        seq, digest = cast(list[bytes | None], self._redis.hmget(key("audit", "head"), ["seq", "digest"]))
        return (int(seq), digest.decode()) if seq and digest else None

    def append(
        self, head: str, lines: Sequence[bytes], seq: int, digest: str, told: Sequence[str], keep_from: str = ""
    ) -> bool:
        """Append if the head's digest is still `head` (empty: there was none). `seq` and `digest` are the last new
        entry's, `told` what it takes out of the pending ones; entries before `keep_from` go."""
        keys = [key("audit", "head"), key("audit"), key("unchained")]
        return bool(self._append(keys=keys, args=[head, seq, digest, keep_from, len(lines), *lines, *told]))

    def entries(self, most: int | None = None) -> Iterator[Kept]:
        """The chain from its oldest entry on, read in pages: `most` of them, or all."""
        after, left = "-", most
        while left is None or left > 0:
            page = cast(list[Any], self._redis.xrange(key("audit"), min=after, count=min(PAGE, left or PAGE)))
            for stream_id, fields in page:
                yield Kept(stream_id.decode(), fields.get(b"entry", b""))
            if not page:
                return
            after = f"({page[-1][0].decode()}"
            left = None if left is None else left - len(page)

    def last(self) -> Kept | None:
        """The newest entry in the stream."""
        found = cast(list[Any], self._redis.xrevrange(key("audit"), count=1))
        return Kept(found[0][0].decode(), found[0][1].get(b"entry", b"")) if found else None


def _pending(stream_id: bytes, fields: dict[bytes, bytes]) -> Pending:
    said = {name.decode(): value.decode() for name, value in fields.items()}
    at, *texts = (said.get(name, "") for name in ("at", "kind", "outcome", "event", "status"))
    return Pending(stream_id.decode(), int(at or 0), *texts)
