"""Redis's clock was set back, or a replica with a slower one took over: what was put off by the old time comes now."""

from typing import Any, cast

from workflows.engine.keys import key, millis
from workflows.engine.store import Store

#: Seconds: what clocks may differ without anybody doing anything; for how long somebody may still go by the old time
#: (it is read anew after a minute, and a call may take half of one); how far ahead claims of runs, cards and Homes lie.
DIFFER, STILL, CLAIM = 5.0, 150.0, 65.0

#: keys: clock, clock:back, due, unpainted, viewers   argv: run prefix, now, what clocks may differ, for how long the
#: old time is still gone by, how far claims lie ahead, what `clock` was before now was read. Gives how many were put
#: off. A question waits by right for the time that people were told; one that was answered does not. A lease that lies
#: further ahead than any is nobody's any more: whoever holds it is fenced off.
_COME = """
local now, many = tonumber(ARGV[2]), 0
redis.call('SET', KEYS[1], ARGV[2])
if now < ARGV[6] - ARGV[3] then redis.call('SET', KEYS[2], '1', 'PX', ARGV[4]) end
if redis.call('EXISTS', KEYS[2]) == 0 then return 0 end
local claimed = now + tonumber(ARGV[5])
local put_off = redis.call('ZRANGEBYSCORE', KEYS[3], '(' .. ARGV[2], '+inf', 'WITHSCORES')
for at = 1, #put_off, 2 do
  local id, score = put_off[at], tonumber(put_off[at + 1])
  local run = redis.call('HMGET', ARGV[1] .. id, 'question', 'expires', 'lease')
  local lease = tonumber(run[3] or '0')
  local asks = (run[1] or '') ~= '' and score >= tonumber(run[2] or '0')
  if lease > claimed or (lease <= now and not asks) then
    redis.call('HSET', ARGV[1] .. id, 'due', now, 'lease', 0)
    redis.call('ZADD', KEYS[3], now, id)
    many = many + 1
  end
end
for _, own in ipairs({KEYS[4], KEYS[5]}) do
  for _, id in ipairs(redis.call('ZRANGEBYSCORE', own, '(' .. string.format('%.0f', claimed), '+inf')) do
    redis.call('ZADD', own, now, id)
    many = many + 1
  end
end
return many
"""


class SetBack:
    """Any number of workers look after it."""

    def __init__(self, store: Store) -> None:
        self._redis = store.redis
        self._clock = store.clock
        self._come = store.redis.register_script(_COME)

    def mend(self) -> int:
        """Gives how many runs, cards and Homes were put off by a time that is not any more. For a while after it was
        noticed each look mends, since others still put off by the old time. Raises Away.

        The last look's time is fetched before the clock is read: so only a clock that was set back can show less,
        however long this worker is held up before its own is written.
        """
        last = cast(bytes | None, self._redis.get(key("clock"))) or b"0"
        keys = [key("clock"), key("clock", "back"), key("due"), key("unpainted"), key("viewers")]
        argv: list[Any] = [
            key("run", ""), millis(self._clock.for_sure()), millis(DIFFER), millis(STILL), millis(CLAIM), last
        ]  # fmt: skip
        return cast(int, self._come(keys=keys, args=argv))
