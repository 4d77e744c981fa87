"""Everything brought to a stand, and let go on: the moves of a halt in Redis. What it stops is in scripts.py, with each
move of a run."""

from typing import Any

from workflows.engine import scripts
from workflows.engine.happened import NOWHERE, Event, Place
from workflows.engine.inbox import halt_from_json, halt_to_json
from workflows.engine.keys import key, millis, text
from workflows.engine.run import Actor, Halt
from workflows.engine.store import Store

#: Each open run before its point of no return is looked at now, but for those that somebody is working on: they hear of
#: it with their next commit.
_WAKE = """
local function wake(due, prefix, now)
  for _, id in ipairs(redis.call('ZRANGE', due, 0, -1)) do
    local run = redis.call('HMGET', prefix .. id, 'open', 'no_return', 'lease')
    if run[1] == '1' and run[2] ~= '1' and tonumber(run[3]) <= tonumber(now) then
      redis.call('HSET', prefix .. id, 'due', now)
      redis.call('ZADD', due, now, id)
    end
  end
  redis.call('PUBLISH', due .. ':nudge', 'halt')
end
"""

#: keys: halt, due, unchained   argv: run prefix, halt, now, event. Gives the halt that stood before, or nothing.
HALT = (
    scripts.NOTE
    + _WAKE
    + """
local prior = redis.call('GET', KEYS[1])
if prior then return prior end
note(KEYS[3], ARGV[3], 'decision', 'done', ARGV[4])
redis.call('SET', KEYS[1], ARGV[2])
wake(KEYS[2], ARGV[1], ARGV[3])
return ''
"""
)

#: keys: halt, due, unchained   argv: run prefix, now, event. Gives the halt that is over, or nothing.
RESUME = (
    scripts.NOTE
    + _WAKE
    + """
local prior = redis.call('GET', KEYS[1])
if not prior then return '' end
note(KEYS[3], ARGV[2], 'decision', 'done', ARGV[3])
redis.call('DEL', KEYS[1])
wake(KEYS[2], ARGV[1], ARGV[2])
return prior
"""
)


class Halting:
    """One halt at a time; it stands until somebody resumes, whatever is started again meanwhile."""

    def __init__(self, store: Store) -> None:
        self._clock = store.clock
        self._halt = store.redis.register_script(HALT)
        self._resume = store.redis.register_script(RESUME)

    def halt(self, by: Actor, reason: str, place: Place = NOWHERE) -> Halt | None:
        """Stop every run before its point of no return, and let none begin. Gives the halt that stood already."""
        now = self._clock.now()
        told = Event("halt", by, place, after={"reason": reason}).to_json()
        argv: list[Any] = [key("run", ""), halt_to_json(Halt(by, now, reason)), millis(now), told]
        prior = text(self._halt(keys=[key("halt"), key("due"), key("unchained")], args=argv))
        return halt_from_json(prior) if prior else None

    def resume(self, by: Actor, place: Place = NOWHERE) -> Halt | None:
        """Let them go on. Gives the halt that is over; None where there was none."""
        told = Event("resume", by, place).to_json()
        argv: list[Any] = [key("run", ""), millis(self._clock.now()), told]
        prior = text(self._resume(keys=[key("halt"), key("due"), key("unchained")], args=argv))
        return halt_from_json(prior) if prior else None
