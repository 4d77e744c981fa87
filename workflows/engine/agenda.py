"""Schedules and their occurrences in Redis. Records are JSON that workflows/schedules/ reads; here they are only kept.

Any number of workers plan and begin: an occurrence is made once because the cursor of its schedule moves with it, and
moves once because each move names the version that it comes from.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

import redis

from workflows.engine import scripts
from workflows.engine.clock import Clock
from workflows.engine.happened import Event
from workflows.engine.keys import key, millis, text, texts

#: Seconds for which an occurrence that is over is kept: as long as a month's schedule looks back, twice.
KEEP = 62 * 86400

#: keys: hash, unchained   argv: field, text or '' to remove it, now, kind, event. Gives whether anything changed.
SET = (
    scripts.NOTE
    + """
local before = redis.call('HGET', KEYS[1], ARGV[1])
if ARGV[2] == '' then
  if not before then return 0 end
  redis.call('HDEL', KEYS[1], ARGV[1])
else
  if before == ARGV[2] then return 0 end
  redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
end
note(KEYS[2], ARGV[3], ARGV[4], '', ARGV[5])
return 1
"""
)

#: keys: cursors, agenda, unsaid, over, schedules   argv: schedule, cursor that it must have, new cursor, '1' if the
#: schedule must stand in `schedules`, prefix of occurrence keys, then of each: id, record, time, version of the record
#: that it may replace or ''
PLAN = """
if (redis.call('HGET', KEYS[1], ARGV[1]) or '') ~= ARGV[2] then return 0 end
if ARGV[4] == '1' and redis.call('HEXISTS', KEYS[5], ARGV[1]) == 0 then return 0 end
if ARGV[3] ~= '' then redis.call('HSET', KEYS[1], ARGV[1], ARGV[3]) end
for i = 6, #ARGV, 4 do
  local name, fresh = ARGV[5] .. ARGV[i], true
  local before = redis.call('GET', name)
  if before then fresh = ARGV[i + 3] ~= '' and cjson.decode(before)['version'] == tonumber(ARGV[i + 3]) end
  if fresh then
    redis.call('SET', name, ARGV[i + 1])
    redis.call('ZADD', KEYS[2], ARGV[i + 2], ARGV[i])
    redis.call('SADD', KEYS[3], ARGV[i])
    redis.call('ZREM', KEYS[4], ARGV[i])
  end
end
return 1
"""

#: keys: cursors   argv: schedule, cursor that it must have
FORGET = """
if redis.call('HGET', KEYS[1], ARGV[1]) ~= ARGV[2] then return 0 end
return redis.call('HDEL', KEYS[1], ARGV[1])
"""

#: keys: declared   argv: what it must be, or '', and what it is then
DECLARE = """
if (redis.call('GET', KEYS[1]) or '') ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[2])
return 1
"""

#: keys: occurrence, agenda, unsaid, unchained, over, begun   argv: id, version that it must have, record, time or ''
#: when it is over, seconds to keep it then, now, kind or '', event, milliseconds to keep it in `over`, how many runs of
#: it may have been begun at most or ''
CHANGE = (
    scripts.NOTE
    + """
local record = redis.call('GET', KEYS[1])
if not record or cjson.decode(record)['version'] ~= tonumber(ARGV[2]) then return 0 end
if ARGV[10] ~= '' and redis.call('LLEN', KEYS[6]) > tonumber(ARGV[10]) then return 0 end
redis.call('SET', KEYS[1], ARGV[3])
if ARGV[4] == '' then
  redis.call('ZREM', KEYS[2], ARGV[1])
  redis.call('EXPIRE', KEYS[1], ARGV[5])
  redis.call('ZADD', KEYS[5], ARGV[6], ARGV[1])
  redis.call('ZREMRANGEBYSCORE', KEYS[5], '-inf', '(' .. (ARGV[6] - ARGV[9]))
else
  redis.call('ZADD', KEYS[2], ARGV[4], ARGV[1])
end
redis.call('SADD', KEYS[3], ARGV[1])
if ARGV[7] ~= '' then note(KEYS[4], ARGV[6], ARGV[7], '', ARGV[8]) end
return 1
"""
)

#: keys: occurrence, unsaid, paused, schedules   argv: id, version that it must have, record, schedule that must not be
#: paused or '', schedule that must stand or ''
CLAIM = """
local record = redis.call('GET', KEYS[1])
if not record or cjson.decode(record)['version'] ~= tonumber(ARGV[2]) then return 0 end
if ARGV[4] ~= '' and redis.call('HEXISTS', KEYS[3], ARGV[4]) == 1 then return 0 end
if ARGV[5] ~= '' and redis.call('HEXISTS', KEYS[4], ARGV[5]) == 0 then return 0 end
redis.call('SET', KEYS[1], ARGV[3])
redis.call('SADD', KEYS[2], ARGV[1])
return 1
"""

#: keys: occurrence, unsaid   argv: id, version that was said
SAID = """
local record = redis.call('GET', KEYS[1])
if record and cjson.decode(record)['version'] ~= tonumber(ARGV[2]) then return 0 end
return redis.call('SREM', KEYS[2], ARGV[1])
"""


@dataclass(frozen=True)
class New:
    """An occurrence to be made: its record, and when it begins, in seconds since the epoch. One that is there already
    stays, unless it has the version `instead_of`."""

    id: str
    record: str
    at: float
    instead_of: int | None = None


@dataclass(frozen=True)
class Firing:
    """An occurrence whose runs are being begun, and the version at which it was claimed."""

    id: str
    version: int


class Agenda:
    """What recurs, and what comes of it next."""

    def __init__(self, client: redis.Redis, clock: Clock) -> None:
        self._redis = client
        self._clock = clock
        self._set = client.register_script(SET)
        self._plan = client.register_script(PLAN)
        self._forget = client.register_script(FORGET)
        self._declare = client.register_script(DECLARE)
        self._change = client.register_script(CHANGE)
        self._claim = client.register_script(CLAIM)
        self._said = client.register_script(SAID)

    # ── schedules ────────────────────────────────────────────────────────────────────────────────────────

    def next_id(self) -> str:
        return f"S-{self._redis.incr(key('count', 'S')):04d}"

    def put(self, schedule_id: str, record: str, told: Event) -> bool:
        """Keep it. Gives whether that changed anything; then the audit tells it."""
        return self._kept("schedules", schedule_id, record, told)

    def drop(self, schedule_id: str, told: Event) -> None:
        """Keep nothing of it any more."""
        self._kept("schedules", schedule_id, "", told)
        pipe = self._redis.pipeline()
        pipe.hdel(key("cursors"), schedule_id)
        pipe.hdel(key("paused"), schedule_id)
        pipe.execute()

    def pause(self, schedule_id: str, why: str, told: Event) -> bool:
        """`why` is JSON of who and when; empty ends the pause. Gives whether that changed anything."""
        return self._kept("paused", schedule_id, why, told)

    def schedules(self) -> dict[str, str]:
        return self._all("schedules")

    def paused(self) -> dict[str, str]:
        return self._all("paused")

    def cursors(self) -> dict[str, str]:
        """Of each schedule: up to where its occurrences were made, as `plan` was told."""
        return self._all("cursors")

    def forget(self, schedule_id: str, cursor: str) -> None:
        """The schedule is gone: so is its cursor, if it still stands there."""
        self._forget(keys=[key("cursors")], args=[schedule_id, cursor])

    def declared(self) -> str:
        """What the newest worker's firedrill.toml declares, as it told; empty where none did."""
        return text(self._redis.get(key("declared")) or "")

    def declare(self, before: str, after: str) -> bool:
        """False when somebody else has declared something since it read `before`."""
        return bool(self._declare(keys=[key("declared")], args=[before, after]))

    # ── occurrences ──────────────────────────────────────────────────────────────────────────────────────

    def plan(self, schedule_id: str, before: str, after: str, made: Sequence[New], *, kept: bool = False) -> bool:
        """Make occurrences and move the cursor on, together; False when somebody else has moved it, or of a schedule
        that is `kept` here when it was removed."""
        argv: list[Any] = [schedule_id, before, after, int(kept), key("occurrence", "")]
        for each in made:
            argv += [each.id, each.record, millis(each.at), "" if each.instead_of is None else each.instead_of]
        return bool(self._plan(keys=list(map(key, ("cursors", "agenda", "unsaid", "over", "schedules"))), args=argv))

    def change(
        self, occurrence_id: str, version: int, record: str, at: float | None, told: Event | None,
        ahead: float = 0.0, *, begun: int | None = None,
    ) -> bool:  # fmt: skip
        """The next record of an occurrence, if `version` is still the one that it comes from. `at` is None when it is
        over; `told` is what the audit tells of it. It is kept for `ahead` seconds more: until its time has come, one
        that was skipped must be known, or it would be made again. With `begun` it is refused where more runs of it
        are known."""
        kinds = ("agenda", "unsaid", "unchained", "over")
        keys = [key("occurrence", occurrence_id), *map(key, kinds), key("begun", occurrence_id)]
        argv: list[Any] = [
            occurrence_id, version, record, "" if at is None else millis(at), KEEP + max(0, round(ahead)),
            millis(self._clock.now()),
            "schedule" if told else "", told.to_json() if told else "", millis(KEEP), "" if begun is None else begun,
        ]  # fmt: skip
        return bool(self._change(keys=keys, args=argv))

    def claim(self, occurrence_id: str, version: int, record: str, *, unpaused: str, standing: str) -> bool:
        """The record of an occurrence that begins now, if `version` is still the one that it comes from, and in the
        same move the schedule `unpaused` is not paused and `standing` is not removed, where they are named. From then
        on nobody can skip or postpone it."""
        keys = [key("occurrence", occurrence_id), *map(key, ("unsaid", "paused", "schedules"))]
        return bool(self._claim(keys=keys, args=[occurrence_id, version, record, unpaused, standing]))

    def begun(self, occurrence_id: str) -> tuple[str, ...]:
        """The runs that it has begun, by whichever workers, in their order."""
        return tuple(texts(self._redis.lrange(key("begun", occurrence_id), 0, -1)))

    def read(self, occurrence_id: str) -> str | None:
        found = cast(bytes | None, self._redis.get(key("occurrence", occurrence_id)))
        return found.decode() if found else None

    def coming(self) -> list[str]:
        """The records of all occurrences that are not over, the soonest first."""
        return self._records(self._redis.zrange(key("agenda"), 0, -1))

    def over(self, since: float, until: float) -> list[str]:
        """The records of those over which nothing more comes, since a moment and before another, the oldest first."""
        return self._records(self._redis.zrangebyscore(key("over"), millis(since), f"({millis(until)}"))

    def unsaid(self) -> list[str]:
        """The records of the occurrences that have moved since they were last announced."""
        return self._records(self._redis.smembers(key("unsaid")))

    def said(self, occurrence_id: str, version: int) -> None:
        """What is announced is that version."""
        self._said(keys=[key("occurrence", occurrence_id), key("unsaid")], args=[occurrence_id, version])

    # ── inside ───────────────────────────────────────────────────────────────────────────────────────────

    def _kept(self, where: str, name: str, record: str, told: Event) -> bool:
        argv: list[Any] = [name, record, millis(self._clock.now()), "schedule", told.to_json()]
        return bool(self._set(keys=[key(where), key("unchained")], args=argv))

    def _all(self, where: str) -> dict[str, str]:
        got = cast(dict[bytes, bytes], self._redis.hgetall(key(where)))
        return {name.decode(): value.decode() for name, value in got.items()}

    def _records(self, ids: Any) -> list[str]:
        names = [key("occurrence", each.decode()) for each in cast(list[bytes], list(ids))]
        found = cast(list[bytes | None], self._redis.mget(names)) if names else []
        return [each.decode() for each in found if each]
