"""Stock APScheduler on its RedisJobStore: eight threads. Another process's jobs do not wake it, so it looks for itself
every half second, by a job on its memory store."""

import threading
from typing import Any
from urllib.parse import urlsplit

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.jobstores.memory import MemoryJobStore
from apscheduler.jobstores.redis import RedisJobStore
from apscheduler.schedulers.background import BackgroundScheduler

from benchmarks.peers.tasks import THREADS, URL

BEAT = 0.5


def scheduler() -> Any:
    """For either side. Without the grace a job that is a second late is dropped."""
    at = urlsplit(URL)
    stores = {
        "default": RedisJobStore(db=4, host=at.hostname, port=at.port, password=at.password),
        "memory": MemoryJobStore(),
    }
    return BackgroundScheduler(
        jobstores=stores, executors={"default": ThreadPoolExecutor(THREADS)}, timezone="UTC",
        job_defaults={"misfire_grace_time": None},
    )  # fmt: skip


def beat() -> None:
    pass


def main() -> None:
    made = scheduler()
    made.start()
    made.add_job(beat, "interval", seconds=BEAT, jobstore="memory")
    threading.Event().wait()


if __name__ == "__main__":
    main()
