"""Who looks at Home, until when it is kept fresh for them, and what they were shown last."""

from dataclasses import dataclass
from typing import Any, cast

import redis

from workflows.engine.clock import Clock
from workflows.engine.keys import key, millis

#: Seconds: for how long Home is kept fresh after somebody looked, how soon it is painted again at the earliest because
#: a person asked, and how long what they were shown is remembered.
WATCHED, GAP, KEEP = 1800.0, 1.0, 86400

#: keys: viewers, viewer   argv: user, now, until, page ('' leaves it), forget what was shown?, gap, seconds to keep
LOOK = """
redis.call('HSET', KEYS[2], 'until', ARGV[3])
redis.call('HINCRBY', KEYS[2], 'asked', 1)
if ARGV[4] ~= '' then redis.call('HSET', KEYS[2], 'page', ARGV[4]) end
if ARGV[5] == '1' then redis.call('HDEL', KEYS[2], 'shown') end
redis.call('EXPIRE', KEYS[2], ARGV[7])
local last = tonumber(redis.call('HGET', KEYS[2], 'painted') or '0')
local gap = math.min(tonumber(ARGV[6]), math.max(0, last + ARGV[6] - ARGV[2]))
redis.call('ZADD', KEYS[1], ARGV[2] + gap, ARGV[1])
return 1
"""

#: keys: viewers   argv: viewer prefix, now, lease, how many
CLAIM = """
local claimed = {}
for _, user in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', ARGV[2], 'LIMIT', 0, ARGV[4])) do
  local kept = redis.call('HMGET', ARGV[1] .. user, 'page', 'shown', 'until', 'asked', 'answered')
  if kept[3] then
    redis.call('ZADD', KEYS[1], ARGV[2] + ARGV[3], user)
    claimed[#claimed + 1] = {user, kept[1] or '0', kept[2] or '', kept[3], kept[4], kept[4] ~= kept[5] and '1' or '0'}
  else
    redis.call('ZREM', KEYS[1], user)
  end
end
return claimed
"""

#: keys: viewers, viewer   argv: user, what was shown, now, the asking that it answers, spacing, gap
PAINTED = """
local kept = redis.call('HMGET', KEYS[2], 'until', 'asked')
if not kept[1] then return redis.call('ZREM', KEYS[1], ARGV[1]) end
redis.call('HSET', KEYS[2], 'shown', ARGV[2], 'painted', ARGV[3], 'answered', ARGV[4])
if kept[2] ~= ARGV[4] then
  redis.call('ZADD', KEYS[1], ARGV[3] + ARGV[6], ARGV[1])
elseif tonumber(kept[1]) <= tonumber(ARGV[3]) then
  redis.call('ZREM', KEYS[1], ARGV[1])
else
  redis.call('ZADD', KEYS[1], ARGV[3] + ARGV[5], ARGV[1])
end
return 1
"""


@dataclass(frozen=True)
class Viewer:
    """Somebody whose Home is to be painted. `shown` is what `painted` was told last; `leaving`: it is the last time
    unless they look again; `wanted`: they look, or turn the page, and wait for it; `asked` is to be given back."""

    user: str
    page: int
    shown: str
    leaving: bool
    asked: str
    wanted: bool = True


class Viewers:
    """Any number of bots may claim from it."""

    def __init__(self, client: redis.Redis, clock: Clock) -> None:
        self._redis = client
        self._clock = clock
        self._look = client.register_script(LOOK)
        self._claim = client.register_script(CLAIM)
        self._painted = client.register_script(PAINTED)

    def look(self, user: str, page: int | None = None, *, anew: bool = False) -> None:
        """Somebody looks, at that page if one is given: paint it soon, and keep it fresh from now on. `anew`: Slack
        shows them nothing, whatever they were shown before."""
        now = self._clock.now()
        argv: list[Any] = [
            user, millis(now), millis(now + WATCHED), "" if page is None else page, int(anew), millis(GAP), KEEP,
        ]  # fmt: skip
        self._look(keys=[key("viewers"), key("viewer", user)], args=argv)

    def claim(self, most: int, lease: float) -> list[Viewer]:
        """Up to `most` people whose Home is due; for `lease` seconds nobody else gets them."""
        now = millis(self._clock.now())
        got = self._claim(keys=[key("viewers")], args=[key("viewer", ""), now, millis(lease), most])
        rows = [[part.decode() for part in row] for row in cast(list[list[bytes]], got)]
        return [
            Viewer(user, int(page), shown, int(until) <= now, asked, wanted == "1")
            for user, page, shown, until, asked, wanted in rows
        ]

    def count(self) -> int:
        """How many people Home is kept fresh for."""
        return self._redis.zcard(key("viewers"))

    def painted(self, viewer: Viewer, shown: str, spacing: float) -> None:
        """They see that now. It is due again in `spacing` seconds; sooner, if they asked meanwhile; not at all, if they
        have not looked for long."""
        argv: list[Any] = [
            viewer.user, shown, millis(self._clock.now()), viewer.asked, millis(spacing), millis(GAP),
        ]  # fmt: skip
        self._painted(keys=[key("viewers"), key("viewer", viewer.user)], args=argv)

    def later(self, user: str, pause: float) -> None:
        """It could not be painted: try again after `pause` seconds."""
        self._redis.zadd(key("viewers"), {user: millis(self._clock.now() + pause)}, xx=True)

    def forget(self, user: str) -> None:
        """Until they look again."""
        self._redis.zrem(key("viewers"), user)
