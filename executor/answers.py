"""From a delivery to its answer, in the job thread."""

import hashlib
from collections import OrderedDict
from dataclasses import dataclass, replace
from functools import partial
from typing import Protocol

import structlog

from executor.activity import Activities
from executor.broker.message import Delivery
from executor.contract import (
    MAX_MESSAGE_BYTES,
    BadJob,
    Cancel,
    ErrorCode,
    Event,
    Form,
    Job,
    JobError,
    Properties,
    Request,
    Result,
    cancelled,
    encode_result,
    expired,
    failed,
    read_request,
    rejected,
    unread_form,
)
from executor.judge.progress import Step, Tell
from executor.lookups import Lookups
from executor.narrator import Narrator, Report, unreported
from executor.sandbox import Killed, KillSwitch
from executor.stops import Stop, Stops, Watch

log = structlog.get_logger()

MAX_TIMES_RETURNED = 5
"""A job that came back to its queue so often takes workers down: it is not run again."""

ANSWERS_KEPT = 4
"""A worker has one job at a time, so few can come back to it."""

SMALL_BYTES = 1024 * 1024
"""A body that we dare to read even if it may be what took the workers down."""


class Judge(Protocol):
    """What judges a job; executor.judge has it."""

    def judge(
        self,
        job: Job,
        *,
        queued_ms: int | None,
        redelivered: bool,
        switch: KillSwitch,
        tell: Tell,
    ) -> Result:
        """Blocks until the verdict is known. Raises Killed if the switch is pulled."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A result and its encoding in the form of the message, which is at most 16 MiB; and the event
    that it is there.

    language: as the job names it; None: that is not known. reused: it was given before, and its job
    came back because the ack was lost.
    """

    result: Result
    body: bytes
    form: Form
    finished: Event | None = None
    language: str | None = None
    reused: bool = False

    @property
    def is_dead(self) -> bool:
        """Whether the message is kept in the dead letters."""
        error = self.result.error
        lost = error is not None and error.code is ErrorCode.WORKER_LOST
        return self.result.status == "rejected" or lost


class Answerer:
    """Answers one delivery after another, whatever they are.

    lookups: how often a message that came back had its answer already. activities: what it is at.
    """

    def __init__(self, judge: Judge, activities: Activities | None = None) -> None:
        self.lookups = Lookups()
        self.activities = activities or Activities(lambda _name: None)
        self._judge = judge
        self._stops = Stops()
        self._kept: OrderedDict[bytes, Answer] = OrderedDict()

    def cancel(self, cancel: Cancel, sent_s: int) -> bool:
        """Has a job answered as cancelled, now or when it comes; True if it is being judged.

        sent_s: seconds since the epoch; jobs published later are not meant. From any thread.
        """
        return self._stops.cancel(cancel, sent_s)

    def give_back(self) -> None:
        """Ends the running job: its answer is None. From any thread; for good."""
        self._stops.leave()

    def answer(self, delivery: Delivery, report: Report = unreported) -> Answer | None:
        """The answer, or None if the job is to go back to its queue.

        Never raises for a job's fault, nor a judge's. A job that comes back because its ack was
        lost is answered as before, not run again. `report` hears of the events that it asks for.
        """
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(job_id=delivery.properties.message_id)
        key = _key(delivery)
        if delivery.redelivered:
            kept = self._kept.get(key)
            self.lookups.count(hit=kept is not None)
            if kept is not None:
                log.info("verdict_reused", verdict=kept.result.verdict)
                return replace(kept, reused=True)
        narrator = Narrator(report)
        self.activities.begin(delivery.properties.message_id)
        try:
            answer = self._answered(delivery, narrator)
            if answer is None:
                log.info("job_given_back")
                return None
        except Exception:
            log.exception("job_crashed")
            answer = _internal(delivery, narrator)
        finally:
            self.activities.end()
        self._keep(key, answer)
        log.info("verdict_reached", status=answer.result.status, verdict=answer.result.verdict)
        return answer

    def _answered(self, delivery: Delivery, narrator: Narrator) -> Answer | None:
        if delivery.times_returned >= MAX_TIMES_RETURNED:
            return _worker_lost(delivery, narrator)
        request = read_request(delivery.body, _properties(delivery))
        result = self._result(delivery, request, narrator)
        return None if result is None else _encoded(request.form, result, narrator)

    def _result(self, delivery: Delivery, request: Request, narrator: Narrator) -> Result | None:
        job = request.job
        if isinstance(job, BadJob):
            return _rejected(job)
        structlog.contextvars.bind_contextvars(
            job_id=job.id, attempt=job.attempt, language=job.language
        )
        log.info("job_received", redelivered=delivery.redelivered)
        self.activities.judging(job)
        narrator.begin(job)
        if delivery.expired or _is_late(request, delivery):
            return _expired(job)
        with self._stops.watch(job, delivery.properties.timestamp) as watch:
            result = self._judged(delivery, watch, narrator)
        return _cancelled(job, delivery) if watch.stop is Stop.CANCELLED else result

    def _judged(self, delivery: Delivery, watch: Watch, narrator: Narrator) -> Result | None:
        """What the judge says; None if the job was stopped before it could."""
        if watch.stop is not None:
            return None
        try:
            return self._judge.judge(
                watch.job,
                queued_ms=delivery.queued_ms,
                redelivered=delivery.redelivered,
                switch=watch.switch,
                tell=partial(self._tell, narrator),
            )
        except Killed:
            return None

    def _tell(self, narrator: Narrator, step: Step) -> None:
        self.activities.step(step)
        narrator.tell(step)

    def _keep(self, key: bytes, answer: Answer) -> None:
        self._kept[key] = answer
        self._kept.move_to_end(key)
        while len(self._kept) > ANSWERS_KEPT:
            self._kept.popitem(last=False)


def _properties(delivery: Delivery) -> Properties:
    told = delivery.properties
    return Properties(
        message_id=told.message_id,
        correlation_id=told.correlation_id,
        content_type=told.content_type,
        content_encoding=told.content_encoding,
        headers=delivery.headers,
    )


def _key(delivery: Delivery) -> bytes:
    """What tells a message from others: two of the seed's may have one body and be two jobs."""
    told = delivery.properties
    task = (delivery.headers.get("id"), delivery.headers.get("retries"))
    names = (told.message_id, told.correlation_id, task)
    return hashlib.sha256(repr(names).encode() + delivery.body).digest()


def _is_late(request: Request, delivery: Delivery) -> bool:
    return request.expires_s is not None and delivery.received_s > request.expires_s


def _rejected(bad: BadJob) -> Result:
    return rejected(bad.error, id=bad.id, attempt=bad.attempt, labels=bad.labels)


def _expired(job: Job) -> Result:
    return expired(id=job.id, attempt=job.attempt, labels=job.labels)


def _cancelled(job: Job, delivery: Delivery) -> Result:
    return cancelled(
        id=job.id, attempt=job.attempt, labels=job.labels, redelivered=delivery.redelivered
    )


def _worker_lost(delivery: Delivery, narrator: Narrator) -> Answer:
    times = delivery.times_returned
    error = JobError.of(
        ErrorCode.WORKER_LOST, f"{times} workers were lost while they had this job; it is given up"
    )
    return _failed(delivery, error, narrator)


def _internal(delivery: Delivery, narrator: Narrator) -> Answer:
    error = JobError.of(ErrorCode.INTERNAL, "a fault of the worker, which has logged it")
    return _failed(delivery, error, narrator)


def _failed(delivery: Delivery, error: JobError, narrator: Narrator) -> Answer:
    """Says what is known of the job without trusting it much."""
    properties = _properties(delivery)
    form = unread_form(delivery.body, properties)
    if len(delivery.body) <= SMALL_BYTES:
        try:
            request = read_request(delivery.body, properties)
        except Exception as failure:
            log.info("job_unreadable", error=str(failure))
        else:
            form, job = request.form, request.job
            if isinstance(job, Job):
                result = failed(error, id=job.id, attempt=job.attempt, labels=job.labels)
                return _encoded(form, result, narrator)
    return _encoded(form, failed(error, id=form.id), narrator)


def _encoded(form: Form, result: Result, narrator: Narrator) -> Answer:
    """The answer; of a result over 16 MiB, without the programs' output."""
    body = encode_result(form, result)
    if len(body) > MAX_MESSAGE_BYTES:
        log.warning("output_dropped", bytes=len(body))
        result = _without_output(result)
        body = encode_result(form, result)
    return Answer(result, body, form, narrator.finished(result), narrator.language)


def shortened(answer: Answer) -> Answer | None:
    """The same answer without the programs' output; None if it has none."""
    if all(test.stdout is test.stderr is None for test in answer.result.tests or ()):
        return None
    result = _without_output(answer.result)
    return replace(answer, result=result, body=encode_result(answer.form, result))


def _without_output(result: Result) -> Result:
    tests = tuple(
        test.model_copy(
            update={
                "stdout": None,
                "stdout_truncated": test.stdout is not None,
                "stderr": None,
                "stderr_truncated": test.stderr is not None,
            }
        )
        for test in result.tests or ()
    )
    return result.model_copy(update={"tests": tests})
