"""What a process counts, for Prometheus. Its labels come from the program, never from people or from AWS: so they are
few. Nothing that is called here by the work can raise, or wait for anything."""

from collections.abc import Callable, Iterable, Iterator, Mapping

from prometheus_client import CollectorRegistry, Histogram, ProcessCollector, Summary, make_wsgi_app
from prometheus_client import Counter as Count
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from bot.sight import Sight
from workflows.engine.run import Run, Status

#: Seconds. A step is over at once, or waits for AWS to copy blocks for a day.
STEP_SECONDS = (0.1, 0.5, 1, 5, 15, 60, 300, 900, 3600, 14400, 43200, 86400)
#: Seconds of one call to AWS or Slack, whose time limits are 30 and 15.
CALL_SECONDS = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)

#: A name, what it tells, and its value now.
Gauge = tuple[str, str, float]


class Metrics:
    """Those of one process. `loops` says which of its loops are alive, `also` what only it knows of itself."""

    def __init__(
        self,
        sight: Sight,
        loops: Callable[[], Mapping[str, bool]] = dict,
        also: Callable[[], Iterable[Gauge]] = tuple,
    ) -> None:
        self._registry = CollectorRegistry()
        ProcessCollector(registry=self._registry)
        self._steps = Histogram(
            "firedrill_step_seconds", "How long steps took that are done, waiting included",
            ["runbook", "step"], registry=self._registry, buckets=STEP_SECONDS,
        )  # fmt: skip
        self._runs = Count(
            "firedrill_runs_ended", "Runs that ended here", ["runbook", "state"], registry=self._registry
        )
        self._aws = Histogram(
            "firedrill_aws_call_seconds", "Calls to AWS", ["call", "outcome"], registry=self._registry,
            buckets=CALL_SECONDS,
        )  # fmt: skip
        self._slack = Summary(
            "firedrill_slack_call_seconds", "Calls to Slack", ["method", "outcome"], registry=self._registry
        )
        self._registry.register(_Seen(sight, loops, also))
        self.app = make_wsgi_app(self._registry)

    def collect(self) -> Iterable[Metric]:
        """All of them, as they are now."""
        return self._registry.collect()

    def moved(self, before: Run, after: Run) -> None:
        """A run's next record was written: which steps are done with it, and whether the run has ended."""
        for was, now in zip(before.steps, after.steps, strict=False):
            if now.state == "done" and was.state != "done":
                seconds = (now.ended or 0) - (now.started or now.ended or 0)
                self._steps.labels(after.runbook, now.name).observe(max(0.0, seconds))
        if before.status.open and not after.status.open:
            self._runs.labels(after.runbook, after.status.value).inc()

    def aws(self, call: str, outcome: str, seconds: float) -> None:
        self._aws.labels(call, outcome).observe(seconds)

    def slack(self, method: str, outcome: str, seconds: float) -> None:
        self._slack.labels(method, outcome).observe(seconds)


class _Seen(Collector):
    """What was last seen in Redis, and what the process knows of itself."""

    def __init__(
        self, sight: Sight, loops: Callable[[], Mapping[str, bool]], also: Callable[[], Iterable[Gauge]]
    ) -> None:
        self._sight = sight
        self._loops = loops
        self._also = also

    def collect(self) -> Iterator[Metric]:
        seen, away = self._sight.last()
        runs = GaugeMetricFamily("firedrill_runs", "Open runs", labels=["state"])
        for state in Status:
            if state.open:
                runs.add_metric([state.value], seen.open.get(state.value, 0))
        yield runs
        loops = GaugeMetricFamily(
            "firedrill_loop_alive", "1 while this loop of the process is at work", labels=["loop"]
        )
        for name, alive in self._loops().items():
            loops.add_metric([name], float(alive))
        yield loops
        for name, told, value in (
            ("firedrill_redis_reachable", "1 if Redis answered within the last half minute", float(not away)),
            ("firedrill_oldest_due_run_seconds", "How long a run has been due that nobody works on", seen.overdue),
            ("firedrill_cards_behind", "Cards in Slack that are behind their runs", seen.cards),
            ("firedrill_oldest_card_behind_seconds", "How long the oldest of them has been", seen.behind),
            ("firedrill_halted", "1 while a halt stands", float(seen.halted)),
            ("firedrill_workers", "Workers that were alive within the last minute", seen.workers),
            *self._also(),
        ):
            yield GaugeMetricFamily(name, told, value=value)
