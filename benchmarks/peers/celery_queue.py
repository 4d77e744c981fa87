"""Celery: eight threads, JSON, no results, messages acknowledged early, as its defaults are."""

from celery import Celery

from benchmarks.peers.tasks import URL, work

app = Celery("bench", broker=f"{URL}/1")
app.conf.task_ignore_result = True
task = app.task(name="bench.work")(work)
