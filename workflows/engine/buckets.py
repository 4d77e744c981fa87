"""Token buckets that all workers share, and the lines in which runs wait for scarce tokens. A move is one Lua call.

A bucket holds `size` tokens and gains `refill` a second; its Lua is budget.py's. Where the far side throttles all the
same, it is emptied and gains half as much for a minute. What stands in line keeps its place by its run, until the run
leaves it, or does not come back.
"""

from typing import Any, cast

import redis

from workflows.engine.budget import BUCKET
from workflows.engine.clock import Clock
from workflows.engine.keys import key, millis

#: Seconds: for how long a bucket that was throttled gains less; how much later than expected a run may come back before
#: its place is gone; how long a token that was set aside is kept; how long an unused bucket is remembered.
SLOW, LATE, ASIDE, KEEP = 60.0, 60.0, 900, 3600
#: By how much less it gains then, each time anew, and what is left at least; seconds within which throttled calls are
#: one such time.
LESS, LEAST, BURST = 0.5, 0.1, 1.0

#: What a bucket holds now, and in how many milliseconds one comes back. It is remembered for longer than it takes to be
#: full again, since that it was throttled stands in it. One that is to gain less for much longer than any was
#: throttled by a clock that was set back since.
_FILL = (
    BUCKET
    + """
local SLOW, KEEP = """
    + f"{millis(SLOW)}, {KEEP}"
    + """
local function slowed(bucket, now)
  local was = redis.call('HMGET', bucket, 'slow_until', 'factor', 'slow_at')
  local still = tonumber(was[1] or '0') - now
  if still > 0 and still < 2 * SLOW then return tonumber(was[2]), tonumber(was[3] or '0') end
  return 1, nil
end
local function fill(bucket, now, most, each)
  each = each / slowed(bucket, now)
  return bucket_level(bucket, now, most, each), each
end
local function keep(bucket, now, left, most, each)
  bucket_keep(bucket, now, left, most, each)
  redis.call('EXPIRE', bucket, KEEP)
end
"""
)

#: keys: bucket   argv: now, most, each, how long one may wait for a token that is taken now, in milliseconds. Gives
#: whether it was taken, and milliseconds until it is there. A bucket may owe: so each of many that ask at once has a
#: token of its own to wait for, and none finds it gone.
TAKE = (
    _FILL
    + """
local now, most = tonumber(ARGV[1]), tonumber(ARGV[2])
local left, each = fill(KEYS[1], now, most, tonumber(ARGV[3]))
local wait = math.max(0, math.ceil((1 - left) * each))
local taken = wait <= tonumber(ARGV[4]) and 1 or 0
keep(KEYS[1], now, left - taken, most, each)
return {taken, wait}
"""
)

#: keys: bucket, line, until, aside   argv: now, most, each, who, score, how late one may be in milliseconds, seconds to
#: keep a token aside ('' to take it for good), each at the slowest. Gives the place, and milliseconds; 0: taken.
#: Whoever is waited for longer than the whole line takes at the slowest stood there before the clock was set back.
STAND = (
    _FILL
    + """
local now, most = tonumber(ARGV[1]), tonumber(ARGV[2])
local function out(who)
  redis.call('ZREM', KEYS[2], who)
  redis.call('ZREM', KEYS[3], who)
end
local left, each = fill(KEYS[1], now, most, tonumber(ARGV[3]))
local latest = now + (redis.call('ZCARD', KEYS[2]) + 1 - math.min(0, left)) * ARGV[8] + ARGV[6]
for _, gone in ipairs(redis.call('ZRANGEBYSCORE', KEYS[3], '-inf', now)) do out(gone) end
for _, gone in ipairs(redis.call('ZRANGEBYSCORE', KEYS[3], string.format('(%.0f', latest), '+inf')) do out(gone) end
local function took()
  if ARGV[7] ~= '' then redis.call('SET', KEYS[4], '1', 'EX', ARGV[7]) end
  return {0, 0}
end
if redis.call('DEL', KEYS[4]) == 1 then return took() end
redis.call('ZADD', KEYS[2], ARGV[5], ARGV[4])
local place = redis.call('ZRANK', KEYS[2], ARGV[4]) + 1
if left >= place then
  keep(KEYS[1], now, left - 1, most, each)
  out(ARGV[4])
  return took()
end
keep(KEYS[1], now, left, most, each)
local wait = math.ceil((place - left) * each)
redis.call('ZADD', KEYS[3], now + wait + tonumber(ARGV[6]), ARGV[4])
redis.call('EXPIRE', KEYS[2], 86400)
redis.call('EXPIRE', KEYS[3], 86400)
return {place, wait}
"""
)

#: keys: bucket   argv: now, by how much less it gains, at least, milliseconds that one burst lasts, most, each. The
#: calls that were under way together are throttled together, and slow it down once. What it owes to those who wait for
#: a token of their own it goes on owing.
EMPTY = (
    _FILL
    + """
local now, less, since = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[1])
local left = math.min(0, (fill(KEYS[1], now, tonumber(ARGV[5]), tonumber(ARGV[6]))))
local factor, at = slowed(KEYS[1], now)
if at and math.abs(now - at) < tonumber(ARGV[4]) then less, since = 1, at end
redis.call('HSET', KEYS[1], 'left', tostring(left), 'at', now, 'slow_until', now + SLOW, 'slow_at', since,
  'factor', tostring(math.max(tonumber(ARGV[3]), factor * less)))
redis.call('EXPIRE', KEYS[1], KEEP)
return 1
"""
)


class Buckets:
    """`name` is what is called; times go in and out as seconds."""

    def __init__(self, client: redis.Redis, clock: Clock) -> None:
        self._redis = client
        self._clock = clock
        self._take = client.register_script(TAKE)
        self._stand = client.register_script(STAND)
        self._empty = client.register_script(EMPTY)

    def take(self, name: str, size: float, refill: float, patience: float) -> tuple[bool, float]:
        """Take a token that is there within `patience`: whether it was taken, and when it is there, or may be."""
        argv: list[Any] = [millis(self._clock.now()), size, 1000 / refill, millis(patience)]
        taken, wait = cast(list[int], self._take(keys=[key("bucket", name)], args=argv))
        return bool(taken), wait / 1000

    def stand(
        self, name: str, size: float, refill: float, who: str, score: float, *, aside: bool = False
    ) -> tuple[int, float]:
        """Take a token if it is the turn of `who`: the smaller score comes first. Gives its place in line, 0 if it was
        taken, and when its turn may come. A token that is set `aside` is taken by the next call for `who`."""
        keys = [key(kind, name) for kind in ("bucket", "line", "line_until")] + [key("aside", name, who)]
        argv: list[Any] = [
            millis(self._clock.now()), size, 1000 / refill, who, score, millis(LATE), ASIDE if aside else "",
            1000 / refill / LEAST,
        ]  # fmt: skip
        place, wait = cast(list[int], self._stand(keys=keys, args=argv))
        return place, wait / 1000

    def leave(self, name: str, who: str) -> None:
        """Who goes no further holds up nobody: neither a place nor a token that was set aside is kept."""
        pipe = self._redis.pipeline()
        pipe.zrem(key("line", name), who)
        pipe.zrem(key("line_until", name), who)
        pipe.delete(key("aside", name, who))
        pipe.execute()

    def empty(self, name: str, size: float, refill: float) -> None:
        """The far side has throttled: nothing for now, and less for a while."""
        argv: list[Any] = [millis(self._clock.now()), LESS, LEAST, millis(BURST), size, 1000 / refill]
        self._empty(keys=[key("bucket", name)], args=argv)
