"""One budget of calls for all processes that share a Redis, so that together they stay within somebody's rate limits.

Two things hold a call back: how many there were in the last minute, of which each rank may use a share only, so that
there is always room for what is urgent; and a token bucket of its own kind. Both are looked at, and paid from, in one
atomic move. The bucket's Lua is for other scripts too.
"""

from dataclasses import dataclass
from enum import IntEnum
from typing import Any, cast

import redis

from workflows.engine.clock import Clock
from workflows.engine.keys import key, millis

#: A token bucket in a hash, for any script: `bucket_level` gives the tokens that are there, `bucket_keep` writes how
#: many are left. `most` are as many as it holds, `each` the milliseconds in which one comes back. One that was paid
#: from far ahead is full: the clock was set back.
BUCKET = """
local function bucket_level(name, now, most, each)
  local kept = redis.call('HMGET', name, 'left', 'at')
  if not kept[1] or tonumber(kept[2]) > now + 60000 then return most end
  return math.min(most, tonumber(kept[1]) + math.max(0, now - tonumber(kept[2])) / each)
end
local function bucket_keep(name, now, left, most, each)
  redis.call('HSET', name, 'left', left, 'at', now)
  redis.call('PEXPIRE', name, math.ceil(most * each) + 1000)
end
"""

#: The calls of the last minute by when they were made. Those that lie far ahead are of a clock that was set back.
_CALLS = """
local function calls_since(name, now, window)
  while true do
    local first = redis.call('LINDEX', name, 0)
    if not first then return 0 end
    if math.abs(now - tonumber(first)) < window then return redis.call('LLEN', name) end
    redis.call('LPOP', name)
  end
end
local function calls_add(name, now, window)
  redis.call('RPUSH', name, now)
  redis.call('PEXPIRE', name, window)
end
"""

#: keys: calls, silence, bucket   argv: now, window, share, whether it is spread, most, each. Gives 0, or the
#: milliseconds until it is worth another try. Beyond half of its share, what is spread makes the rest last until some
#: of it comes back. A silence tells since when and for how long, so that no time which is not any more is waited for.
TAKE = (
    BUCKET
    + _CALLS
    + """
local now, window, share = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local most, each = tonumber(ARGV[5]), tonumber(ARGV[6])
local wait = 0
local since, long = string.match(redis.call('GET', KEYS[2]) or '', '^(%d+) (%d+)$')
if since and math.abs(now - since) < tonumber(long) then wait = since + long - now end
local made = calls_since(KEYS[1], now, window)
if made >= share then
  wait = math.max(wait, tonumber(redis.call('LINDEX', KEYS[1], made - share)) + window - now)
elseif ARGV[4] == '1' and 2 * made > share then
  local gap = (tonumber(redis.call('LINDEX', KEYS[1], 0)) + window - now) / (share - made)
  wait = math.max(wait, tonumber(redis.call('LINDEX', KEYS[1], -1)) + gap - now)
end
local left = bucket_level(KEYS[3], now, most, each)
if left < 1 then wait = math.max(wait, (1 - left) * each) end
if wait > 0 then return math.ceil(wait) end
bucket_keep(KEYS[3], now, left - 1, most, each)
calls_add(KEYS[1], now, window)
return 0
"""
)

#: keys: calls   argv: now, window: a call that was made without asking.
CHARGE = _CALLS + "calls_since(KEYS[1], tonumber(ARGV[1]), tonumber(ARGV[2])) calls_add(KEYS[1], ARGV[1], ARGV[2])"

#: Seconds. Somewhat more than a minute, since calls do not all take equally long to arrive.
WINDOW = 63.0
#: Calls a minute that Slack certainly takes from one app, and for which the tiers below are meant.
USUAL = 40


class Rank(IntEnum):
    """How urgent a call is, the most urgent first."""

    URGENT = 0
    REPLY = 1
    PROGRESS = 2
    HOME = 3

    @property
    def share(self) -> float:
        """Of all calls of a minute, up to which this rank may call."""
        return (1.0, 0.9, 0.75, 0.5)[self]


@dataclass(frozen=True)
class Tier:
    """So many calls at once, and then one in so many seconds."""

    most: float
    each: float


class Budget:
    """`limit` is the most calls in a minute. Where it is more than usual, more is granted of each tier too."""

    def __init__(self, client: redis.Redis, clock: Clock, limit: int = USUAL, name: str = "slack") -> None:
        self._redis = client
        self._clock = clock
        self._limit = limit
        self._name = name
        self._take = client.register_script(TAKE)
        self._charge = client.register_script(CHARGE)

    def take(self, kind: str, tier: Tier, rank: Rank) -> float:
        """Pay for a call of that kind. Gives 0.0, or in how many seconds another try is worth it. Raises Away."""
        share = max(1, int(self._limit * rank.share))
        more = max(1.0, self._limit / USUAL)
        keys = [key("calls", self._name), key("calls", self._name, "silence"), key("calls", self._name, kind)]
        argv: list[Any] = [
            millis(self._clock.now()), millis(WINDOW), share, int(rank is not Rank.URGENT), tier.most * more,
            tier.each * 1000 / more,
        ]  # fmt: skip
        return cast(int, self._take(keys=keys, args=argv)) / 1000

    def charge(self) -> None:
        """A call was made that could not wait: others make room for it. Raises Away."""
        self._charge(keys=[key("calls", self._name)], args=[millis(self._clock.now()), millis(WINDOW)])

    def shut(self, seconds: float) -> None:
        """Whoever is asked for it wants no call for so long. Raises Away."""
        since, long = millis(self._clock.now()), millis(seconds)
        self._redis.set(key("calls", self._name, "silence"), f"{since} {long}", px=long + 60_000)
