"""Dramatiq on Redis: one process, eight threads."""

import dramatiq
from dramatiq.brokers.redis import RedisBroker

from benchmarks.peers.tasks import URL, work

broker = RedisBroker(url=f"{URL}/3")
dramatiq.set_broker(broker)
actor = dramatiq.actor(work, actor_name="work", broker=broker)
