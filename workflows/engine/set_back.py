"""Redis's clock was set back, or a replica with a slower one took over: what was put off by the old time comes now."""

from typing import cast

from workflows.engine.keys import key, millis
from workflows.engine.store import Store

#: Seconds: what clocks may differ without anybody doing anything, and the longest lease that settings allow.
DIFFER, LEASE = 5.0, 900.0

#: keys: clock, due, unpainted, viewers   argv: run prefix, now, what clocks may differ, longest lease. Gives how many
#: were put off. What waits for a person waits for the time that they were told. A lease that lies too far ahead is
#: nobody's any more: whoever holds it is fenced off.
_COME = """
local last, now, many = tonumber(redis.call('GET', KEYS[1]) or '0'), tonumber(ARGV[2]), 0
redis.call('SET', KEYS[1], ARGV[2])
if now >= last - tonumber(ARGV[3]) then return 0 end
local from = '(' .. ARGV[2]
for _, id in ipairs(redis.call('ZRANGEBYSCORE', KEYS[2], from, '+inf')) do
  local run = redis.call('HMGET', ARGV[1] .. id, 'question', 'lease')
  local lease = tonumber(run[2] or '0')
  if lease > now + tonumber(ARGV[4]) or (lease <= now and (run[1] or '') == '') then
    redis.call('HSET', ARGV[1] .. id, 'due', now, 'lease', 0)
    redis.call('ZADD', KEYS[2], now, id)
    many = many + 1
  end
end
for _, own in ipairs({KEYS[3], KEYS[4]}) do
  for _, id in ipairs(redis.call('ZRANGEBYSCORE', own, from, '+inf')) do
    redis.call('ZADD', own, now, id)
    many = many + 1
  end
end
return many
"""


class SetBack:
    """Any number of workers look after it."""

    def __init__(self, store: Store) -> None:
        self._clock = store.clock
        self._come = store.redis.register_script(_COME)

    def mend(self) -> int:
        """Gives how many runs, cards and Homes were put off by a time that is not any more. Raises Away."""
        keys = [key(each) for each in ("clock", "due", "unpainted", "viewers")]
        now = millis(self._clock.for_sure())
        return cast(int, self._come(keys=keys, args=[key("run", ""), now, millis(DIFFER), millis(LEASE)]))
