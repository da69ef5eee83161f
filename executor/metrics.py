"""What a worker counts, for Prometheus: one registry for each worker, which is passed down."""

import platform
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import prometheus_client
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from executor import __version__
from executor.contract import ErrorCode, Result
from executor.lookups import Lookups
from executor.status import LinkStatus

BUCKETS_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 180, 600)
LEVELS = ("full", "namespaces", "user", "restricted")
PHASES = ("queue", "fetch", "compile", "judge", "publish", "total")
"""queue: from being published to reaching us, to the second, as messages tell no finer. publish:
from the verdict to its confirm. total: from reaching us to the ack."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What is not counted by events, but is so at a moment.

    job_age_s: None: there is no job. loop_age_s: since the I/O loop has last come round.
    """

    consuming: bool
    stopping: bool
    sandbox_up: bool
    job_age_s: float | None
    loop_age_s: float
    publish_retries: int
    links: tuple[LinkStatus, ...]


class Metrics:
    """The registry, and what changes it."""

    def __init__(self) -> None:
        # A second series for each, which tells only when the first began.
        prometheus_client.disable_created_metrics()  # type: ignore[no-untyped-call]
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        about = Gauge(
            "executor_build_info",
            "1, with the versions of the worker and of its Python.",
            ["version", "python"],
            registry=self.registry,
        )
        about.labels(__version__, platform.python_version()).set(1)
        self._jobs = Counter(
            "executor_jobs",
            "Jobs answered and acked. language: none if that is not known, other if no such one"
            " works here.",
            ["language", "status", "verdict"],
            registry=self.registry,
        )
        self._seconds = Histogram(
            "executor_job_seconds",
            f"Seconds of a job in a phase: {', '.join(PHASES)}.",
            ["phase"],
            buckets=BUCKETS_S,
            registry=self.registry,
        )
        for phase in PHASES:
            self._seconds.labels(phase)
        self._deliveries = self._counter("executor_deliveries", "Messages taken from the queue.")
        self._redeliveries = self._counter(
            "executor_redeliveries", "Messages taken that had been delivered before."
        )
        self._returned = self._counter(
            "executor_jobs_returned", "Jobs given back to the queue, when the worker had to go."
        )
        self._kept = self._counter(
            "executor_replies_kept", "Replies in the queue of verdicts, as nobody could take them."
        )
        self._dead = Counter(
            "executor_dead_letters",
            "Messages in the dead letters, by the code of the error.",
            ["code"],
            registry=self.registry,
        )
        for code in ErrorCode:  # one that appears with its first count has not increased
            self._dead.labels(str(code))
        self._levels = Gauge(
            "executor_isolation",
            "1 for the isolation level of the last run, or of the self-tests.",
            ["level"],
            registry=self.registry,
        )
        self._slots = Gauge(
            "executor_sandbox_slots", "Slots of the sandbox.", registry=self.registry
        )
        self._hits: dict[str, Lookups] = {}

    def read_from(self, read: Callable[[], Reading]) -> None:
        """Where what is so at a moment comes from; asked at each scrape."""
        self.registry.register(_Readings(read, self._hits))

    def add_cache(self, name: str, lookups: Lookups) -> None:
        """A cache is to be told of."""
        self._hits[name] = lookups

    def sandbox(self, level: str | None, slots: int | None) -> None:
        """What the sandbox told of itself."""
        self._level(level)
        if slots is not None:
            self._slots.set(slots)

    def taken(self, *, redelivered: bool) -> None:
        """A message came."""
        self._deliveries.inc()
        if redelivered:
            self._redeliveries.inc()

    def returned(self) -> None:
        """A job went back to its queue."""
        self._returned.inc()

    def kept(self) -> None:
        """A reply went to the queue of verdicts."""
        self._kept.inc()

    def finished(
        self,
        result: Result,
        *,
        language: str,
        queued_ms: int | None,
        publish_s: float,
        total_s: float,
        dead: bool,
    ) -> None:
        """A job was answered and acked; language: one of a bounded number of names."""
        self._jobs.labels(language, result.status, str(result.verdict)).inc()
        if dead and result.error is not None:
            self._dead.labels(str(result.error.code)).inc()
        seconds = {"publish": publish_s, "total": total_s}
        if queued_ms is not None:
            seconds["queue"] = queued_ms / 1000
        if (timing := result.timing) is not None:
            seconds["fetch"] = timing.fetch_ms / 1000
            seconds["compile"] = timing.compile_ms / 1000
            seconds["judge"] = timing.judge_ms / 1000
        for phase, value in seconds.items():
            self._seconds.labels(phase).observe(value)
        if result.worker is not None:
            self._level(result.worker.isolation)

    def _level(self, now: str | None) -> None:
        if now is not None:
            for level in LEVELS:
                self._levels.labels(level).set(level == now)

    def _counter(self, name: str, told: str) -> Counter:
        return Counter(name, told, registry=self.registry)


class _Readings(Collector):
    """Reads when it is scraped."""

    def __init__(self, read: Callable[[], Reading], hits: dict[str, Lookups]) -> None:
        self._read = read
        self._hits = hits

    def describe(self) -> Iterable[Metric]:
        """Nothing: the registry is not to read while the worker is put together."""
        return ()

    def collect(self) -> Iterator[Metric]:
        now = self._read()
        age_s = now.job_age_s
        yield _gauge("executor_consuming", "1 if the broker gives us jobs.", now.consuming)
        yield _gauge("executor_stopping", "1 if it goes once its job is done.", now.stopping)
        yield _gauge("executor_sandbox_up", "1 if safeexec can be connected to.", now.sandbox_up)
        yield _gauge("executor_jobs_in_flight", "Jobs taken and not yet acked.", age_s is not None)
        yield _gauge(
            "executor_job_age_seconds", "Since the job in flight came; 0: none.", age_s or 0
        )
        yield _gauge(
            "executor_loop_age_seconds", "Since the I/O loop last came round.", now.loop_age_s
        )
        retries = CounterMetricFamily(
            "executor_publish_retries", "Messages published again: nacked, or the connection lost."
        )
        retries.add_metric([], now.publish_retries)
        yield retries
        yield from _links(now.links)
        yield from _caches(self._hits)


def _links(links: Iterable[LinkStatus]) -> Iterator[Metric]:
    labels = ["link"]
    up = GaugeMetricFamily("executor_link_up", "1 if connected.", labels=labels)
    blocked = GaugeMetricFamily(
        "executor_link_blocked",
        "1 if the broker, short of memory or disk, blocks it.",
        labels=labels,
    )
    blocked_s = CounterMetricFamily(
        "executor_link_blocked_seconds", "For how long it was blocked.", labels=labels
    )
    reconnects = CounterMetricFamily(
        "executor_link_reconnects", "How often it was connected again.", labels=labels
    )
    failures = CounterMetricFamily(
        "executor_link_failures", "Attempts to connect that failed.", labels=labels
    )
    for link in links:
        up.add_metric([link.name], link.up)
        blocked.add_metric([link.name], link.blocked)
        blocked_s.add_metric([link.name], link.blocked_s)
        reconnects.add_metric([link.name], link.reconnects)
        failures.add_metric([link.name], link.failures)
    yield from (up, blocked, blocked_s, reconnects, failures)


def _caches(lookups: dict[str, Lookups]) -> Iterator[Metric]:
    labels = ["cache"]
    hits = CounterMetricFamily("executor_cache_hits", "Asked and found.", labels=labels)
    misses = CounterMetricFamily("executor_cache_misses", "Asked and not found.", labels=labels)
    for name, counted in list(lookups.items()):  # a worker that starts may add one meanwhile
        hits.add_metric([name], counted.hits)
        misses.add_metric([name], counted.misses)
    yield from (hits, misses)


def _gauge(name: str, told: str, value: float) -> Metric:
    return GaugeMetricFamily(name, told, value=value)
