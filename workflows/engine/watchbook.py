"""What the watch has found, and the warnings that nobody has been told yet. Records are JSON of workflows/watch.py."""

from typing import Any, cast

import redis

from workflows.engine.keys import key

#: keys: watch, warnings   argv: what it must hold, what it holds then, id and record of a warning ('' for none)
TURN = """
if (redis.call('GET', KEYS[1]) or '') ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[2])
if ARGV[3] ~= '' then redis.call('HSET', KEYS[2], ARGV[3], ARGV[4]) end
return 1
"""


class Watchbook:
    """Any number of workers write it: each page is turned by the one that has read the page before."""

    def __init__(self, client: redis.Redis) -> None:
        self._redis = client
        self._turn = client.register_script(TURN)

    def page(self) -> str:
        """Empty where nothing was watched yet."""
        found = cast(bytes | None, self._redis.get(key("watch")))
        return found.decode() if found else ""

    def turn(self, before: str, after: str, warning_id: str = "", warning: str = "") -> bool:
        """The next page, and with it a warning; False when somebody else has turned the page that was read."""
        argv: list[Any] = [before, after, warning_id, warning]
        return bool(self._turn(keys=[key("watch"), key("warnings")], args=argv))

    def untold(self) -> dict[str, str]:
        """The warnings that are still to be told, by id."""
        got = cast(dict[bytes, bytes], self._redis.hgetall(key("warnings")))
        return {name.decode(): record.decode() for name, record in got.items()}

    def told(self, *warning_ids: str) -> None:
        if warning_ids:
            self._redis.hdel(key("warnings"), *warning_ids)
