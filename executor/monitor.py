"""What an operator sees of a worker: its metrics, its health, its status, a line for each job."""

import os
import time
from collections import Counter, deque
from dataclasses import dataclass
from statistics import fmean

import structlog

from executor import __version__
from executor.activity import Activities, Find
from executor.answers import Answer, Answerer
from executor.broker.link import Link
from executor.broker.message import Delivery
from executor.broker.publisher import Publisher
from executor.broker.subscriber import Subscriber
from executor.metrics import Metrics, Reading
from executor.sandbox import Sandbox
from executor.status import JobStatus, LinkStatus, State, WorkerStatus

log = structlog.get_logger()

LOOP_SILENT_S = 10.0
"""The I/O loop comes round each second."""

RECENT_JOBS = 100
PROBE_S = 5.0
"""The sandbox is looked for at most so often, whoever asks."""


@dataclass(frozen=True, slots=True)
class Signs:
    """What the watchdog looks at. round: a number that the I/O loop changes each second; None: it
    does not run yet. overdue: the job thread should be further. stranded: jobs should come to us,
    and do not.
    """

    round: int | None
    overdue: bool
    stranded: bool


@dataclass(slots=True)
class _Held:
    """The delivery in hand; times by the monotonic clock."""

    delivery: Delivery
    taken: float
    answered: float | None = None
    answer: Answer | None = None
    kept: bool = False


class Monitor:
    """Told by the I/O thread what happens; may be asked from any thread."""

    def __init__(self, name: str, sandbox: Sandbox, metrics: Metrics) -> None:
        self._name = name
        self._sandbox = sandbox
        self._metrics = metrics
        self._activities = Activities(lambda _name: None)
        self._started = time.monotonic()
        self._subscriber: Subscriber | None = None
        self._publisher: Publisher | None = None
        self._links: dict[str, Link] = {}
        self._rounds = 0
        self._came_round: float | None = None
        self._stopping = False
        self._held: _Held | None = None
        self._jobs = 0
        self._redeliveries = 0
        self._verdicts: Counter[str] = Counter()
        self._recent_s: deque[float] = deque(maxlen=RECENT_JOBS)
        self._isolation: str | None = None
        self._probed = float("-inf")
        self._sandbox_up = False
        metrics.read_from(self._reading)

    def watch(
        self,
        *,
        answerer: Answerer,
        subscriber: Subscriber,
        publisher: Publisher,
        listener: Link,
    ) -> None:
        """The worker is put together of these."""
        self._activities = answerer.activities
        self._metrics.add_cache("verdict", answerer.lookups)
        self._publisher = publisher
        self._links = {"consume": subscriber, "publish": publisher, "control": listener}
        self._subscriber = subscriber

    def sandbox_found(self, level: str | None, slots: int | None) -> None:
        """The sandbox has told what it is."""
        self._isolation = level
        self._metrics.sandbox(level, slots)

    def came_round(self) -> None:
        """The I/O loop runs; to be told each second."""
        self._rounds += 1
        self._came_round = time.monotonic()

    def stopping(self) -> None:
        """A signal came: no more jobs are to come to us."""
        self._stopping = True

    def taken(self, delivery: Delivery) -> None:
        """This is the job in hand now."""
        self._held = _Held(delivery, time.monotonic())
        self._redeliveries += delivery.redelivered
        self._metrics.taken(redelivered=delivery.redelivered)

    def answered(self, answer: Answer) -> None:
        """Its answer is to be published."""
        if self._held is not None:
            self._held.answered, self._held.answer = time.monotonic(), answer

    def kept(self) -> None:
        """The reply goes to the queue of verdicts: nobody takes it."""
        self._metrics.kept()
        if self._held is not None:
            self._held.kept = True

    def returned(self) -> None:
        """The job in hand went back to its queue."""
        self._held = None
        self._metrics.returned()

    def settled(self) -> None:
        """The job in hand is answered and acked."""
        held, self._held = self._held, None
        if held is None or held.answer is None or held.answered is None or held.answer.reused:
            return
        now = time.monotonic()
        publish_s, total_s = now - held.answered, now - held.taken
        self._count(held.answer, held.delivery, publish_s, total_s)
        told = finished_line(held.answer, held.delivery, publish_s, total_s)
        log.info("job_finished", **told, worker=self._name, kept=held.kept)

    def _count(self, answer: Answer, delivery: Delivery, publish_s: float, total_s: float) -> None:
        result = answer.result
        self._jobs += 1
        self._verdicts[str(result.verdict)] += 1
        self._recent_s.append(total_s)
        if result.worker is not None and result.worker.isolation is not None:
            self._isolation = result.worker.isolation
        self._metrics.finished(
            result,
            language=_label(answer.language, self._activities.find),
            queued_ms=delivery.queued_ms,
            publish_s=publish_s,
            total_s=total_s,
            dead=answer.is_dead,
        )

    def faults(self) -> tuple[str, ...]:
        """Why the process is beyond help, one line each; none: it lives."""
        return tuple(self._faults(time.monotonic()))

    def obstacles(self) -> tuple[str, ...]:
        """Why no job can be judged here now, one line each; none: it is ready."""
        found = list(self.faults())
        if self._stopping:
            found.append("it is stopping")
        elif self._subscriber is None:
            found.append("it is starting: the sandbox and the languages are tested")
        elif not self._gets_jobs():
            found.append("it gets no jobs: not connected to the broker, or the queue is gone")
        if self._publisher is not None and not self._publisher.up:
            found.append(
                "it cannot publish: not connected to the broker, or a queue of ours is gone"
            )
        if not self._probe():
            found.append("the sandbox cannot be reached")
        return tuple(found)

    def signs(self) -> Signs:
        """What the watchdog looks at."""
        activity, held = self._activities.now, self._held
        judging = held is not None and held.answered is None  # which has a time of its own
        waits = self._subscriber is not None and not self._stopping and not judging
        return Signs(
            round=None if self._came_round is None else self._rounds,
            overdue=activity is not None and time.monotonic() > activity.until,
            stranded=waits and not self._gets_jobs(),
        )

    def status(self) -> WorkerStatus:
        """All of it."""
        recent, reading = list(self._recent_s), self._reading()
        return WorkerStatus(
            name=self._name,
            version=__version__,
            pid=os.getpid(),
            state=self._state(),
            problems=self.obstacles(),
            uptime_s=time.monotonic() - self._started,
            job=self._job(),
            jobs=self._jobs,
            verdicts=dict(self._verdicts),
            redeliveries=self._redeliveries,
            service_s=fmean(recent) if recent else None,
            service_jobs=len(recent),
            publish_retries=reading.publish_retries,
            isolation=self._isolation,
            links=reading.links,
        )

    def _faults(self, now: float) -> list[str]:
        found = []
        if self._came_round is not None and now - self._came_round > LOOP_SILENT_S:
            found.append(f"the I/O loop stands still for {now - self._came_round:.0f} s")
        activity = self._activities.now
        if activity is not None and now > activity.until:
            late = f"{now - activity.until:.0f} s over the time that its phase may take"
            found.append(f"job {activity.id}, {activity.phase}, is {late}")
        return found

    def _state(self) -> State:
        held = self._held
        if self._stopping:
            return "stopping"
        if held is not None:
            return "judging" if held.answered is None else "answering"
        if self._subscriber is None:
            return "starting"
        return "idle" if self._gets_jobs() else "connecting"

    def _gets_jobs(self) -> bool:
        """Whether the broker gives us jobs, or would if we had none."""
        subscriber = self._subscriber
        if subscriber is None:
            return False
        return subscriber.consuming or (self._held is not None and subscriber.up)

    def _job(self) -> JobStatus | None:
        held, activity = self._held, self._activities.now
        if held is None:
            return None
        id, attempt, language = held.delivery.properties.message_id, None, None
        phase, done, of = "received", 0, 0
        if (answer := held.answer) is not None:
            id, attempt = answer.result.id, answer.result.attempt
            language, phase = answer.language, "answering"
            if (summary := answer.result.summary) is not None:
                done, of = summary.judged, summary.tests
        elif activity is not None:
            id, attempt, language = activity.id, activity.attempt, activity.language
            phase, done, of = activity.phase, activity.done, activity.of
        return JobStatus(
            id=id,
            attempt=attempt,
            language=language,
            phase=phase,
            done=done,
            of=of,
            age_s=time.monotonic() - held.taken,
            redelivered=held.delivery.redelivered,
        )

    def _reading(self) -> Reading:
        now, held = time.monotonic(), self._held
        return Reading(
            consuming=self._gets_jobs() and not self._stopping,
            stopping=self._stopping,
            sandbox_up=self._probe(),
            job_age_s=None if held is None else now - held.taken,
            loop_age_s=0.0 if self._came_round is None else now - self._came_round,
            publish_retries=0 if self._publisher is None else self._publisher.retries,
            links=tuple(
                LinkStatus(
                    name=name,
                    up=link.up,
                    reconnects=max(0, link.opened - 1),
                    failures=link.failures,
                    blocked=link.blocked,
                    blocked_s=link.blocked_s,
                )
                for name, link in self._links.items()
            ),
        )

    def _probe(self) -> bool:
        now = time.monotonic()
        if now - self._probed > PROBE_S:
            self._probed = now
            self._sandbox_up = self._sandbox.is_up()
        return self._sandbox_up


def _label(language: str | None, find: Find) -> str:
    """The id of a language, for metrics: what strangers write must not make series without end."""
    if language is None:
        return "none"
    found = find(language)
    return "other" if found is None else found.id


def finished_line(
    answer: Answer, delivery: Delivery, publish_s: float, total_s: float
) -> dict[str, object]:
    """What the one line of a job tells, beside the worker's name.

    total_ms: of fetching, compiling and judging; held_ms: from the message's coming to its ack.
    """
    result = answer.result
    told: dict[str, object] = {
        "job_id": result.id,
        "attempt": result.attempt,
        "language": answer.language,
        "status": result.status,
        "verdict": str(result.verdict),
        "score": result.score,
        "redelivered": delivery.redelivered,
        "times_returned": delivery.times_returned,
        "queued_ms": delivery.queued_ms,
        "publish_ms": round(publish_s * 1000),
        "held_ms": round(total_s * 1000),
        "job_bytes": len(delivery.body),
        "reply_bytes": len(answer.body),
    }
    if result.error is not None:
        told["error"] = str(result.error.code)
        told["reason"] = result.error.message
    if (summary := result.summary) is not None:
        told |= {"tests": summary.tests, "judged": summary.judged, "accepted": summary.accepted}
        told |= {"cpu_ms": summary.cpu_ms_sum, "memory_kib": summary.memory_kib_max}
        told["first_failed"] = result.first_failed
    if result.compile is not None:
        told["compile_cached"] = result.compile.cached
    if result.timing is not None:
        told |= result.timing.model_dump(exclude={"queued_ms"})
    if result.worker is not None:
        told |= {"isolation": result.worker.isolation, "runtime": result.worker.runtime}
    return told
