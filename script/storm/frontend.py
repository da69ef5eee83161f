"""The storm's frontend: publishes at a steady rate with confirms, and takes every reply.

Its reply queue is durable and a quorum queue, as one is that must not lose a verdict. Whatever
breaks is connected again, and what was not confirmed is published again.
"""

import json
import queue
import random
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

import pika
from pika.adapters.blocking_connection import BlockingChannel
from pika.exceptions import AMQPError

from stack.frontend import DEAD_QUEUE, JOB_QUEUE
from storm.books import Answer, Books
from storm.jobs import StormJob

REPLY_QUEUE = "storm.replies"
VERDICTS_QUEUE = "verdicts"
LIVE_QUEUES = (JOB_QUEUE, VERDICTS_QUEUE, REPLY_QUEUE)
"""Those that somebody reads; dead letters stay."""

_HEARTBEAT_S = 10
_AGAIN_S = 0.2
_POLL_S = 0.1


class StormFrontend:
    """Publishes `jobs`, in order and at most `rate` of them a second, each when `may_publish` its
    number, and again until it is confirmed. A context manager: its threads end with it.
    """

    def __init__(
        self,
        urls: Sequence[str],
        books: Books,
        jobs: Sequence[StormJob],
        *,
        rate: float,
        may_publish: Callable[[int], bool],
    ) -> None:
        self._urls = urls
        self._books = books
        self._jobs = jobs
        self._rate = rate
        self._may_publish = may_publish
        self._again: queue.SimpleQueue[tuple[StormJob, int]] = queue.SimpleQueue()
        self._leaving = threading.Event()
        self._fault: BaseException | None = None
        self._threads = [
            threading.Thread(target=self._guard, args=(work,), name=work.__name__)
            for work in (self._publish_all, self._read_all)
        ]

    def __enter__(self) -> "StormFrontend":
        declare_queues(self._urls)
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._leaving.set()
        for thread in self._threads:
            thread.join()

    def check(self) -> None:
        """Raises what ended one of its threads."""
        if self._fault is not None:
            raise RuntimeError("the storm's frontend has a fault") from self._fault

    def _guard(self, work: Callable[[], None]) -> None:
        try:
            work()
        except BaseException as fault:
            self._fault = fault

    def _publish_all(self) -> None:
        publisher = _Publisher(self._urls, self._leaving)
        number, due_s = 0, time.monotonic()
        while not self._leaving.is_set():
            publisher.idle(_POLL_S if number == len(self._jobs) else due_s - time.monotonic())
            while not self._again.empty():
                self._publish(publisher, *self._again.get())
            if number == len(self._jobs):
                continue
            if time.monotonic() >= due_s and self._may_publish(number):
                self._publish(publisher, self._jobs[number], 1)
                number += 1
                # What a fault has held up is not made good by a burst.
                due_s = max(due_s + 1 / self._rate, time.monotonic())
        publisher.close()

    def _publish(self, publisher: "_Publisher", job: StormJob, attempt: int) -> None:
        self._books.sent(job, attempt, time.monotonic())
        if publisher.publish(job, attempt):
            self._books.confirmed(job, attempt)

    def _read_all(self) -> None:
        while not self._leaving.is_set():
            try:
                with _connect(self._urls) as connection:
                    channel = connection.channel()
                    channel.basic_qos(prefetch_count=50)
                    for name in (REPLY_QUEUE, VERDICTS_QUEUE):
                        channel.basic_consume(name, self._taker(name))
                    while not self._leaving.is_set():
                        connection.process_data_events(time_limit=_POLL_S)
                        if not channel.consumer_tags:
                            break  # the node that led the queue is gone
            except (AMQPError, OSError):
                self._leaving.wait(_AGAIN_S)

    def _taker(self, name: str) -> Callable[..., None]:
        def take(channel: BlockingChannel, method: Any, _properties: Any, body: bytes) -> None:
            answer = read_answer(body, name)
            again = self._books.answered(answer, time.monotonic())
            if again is not None:
                self._again.put((again, answer.attempt + 1))
            # Only now: a reply that comes twice is a duplicate, one that is lost is lost.
            channel.basic_ack(method.delivery_tag)

        return take


class _Publisher:
    """A connection that comes back, for one thread."""

    def __init__(self, urls: Sequence[str], leaving: threading.Event) -> None:
        self._urls = urls
        self._leaving = leaving
        self._connection: pika.BlockingConnection | None = None
        self._channel: BlockingChannel | None = None

    def publish(self, job: StormJob, attempt: int) -> bool:
        """Publishes as often as it takes; False if it was given up because we leave."""
        body = json.dumps({**job.body, "attempt": attempt}).encode()
        properties = pika.BasicProperties(
            reply_to=REPLY_QUEUE,
            correlation_id=f"{job.id}/{attempt}",
            message_id=job.id,
            content_type="application/json",
            type="oj.job/1",
            delivery_mode=2,
            timestamp=int(time.time()),
        )
        while not self._leaving.is_set():
            try:
                self._open().basic_publish("", JOB_QUEUE, body, properties, mandatory=True)
                return True
            except (AMQPError, OSError):  # nacked, or the connection is lost: not confirmed
                self._leaving.wait(_AGAIN_S)
        return False

    def idle(self, seconds: float) -> None:
        """Keeps up the heartbeats for a while, at most a poll's time."""
        seconds = min(max(seconds, 0.001), _POLL_S)
        try:
            if self._connection is not None and self._connection.is_open:
                self._connection.process_data_events(time_limit=seconds)
                return
        except (AMQPError, OSError):
            pass
        self._leaving.wait(seconds)

    def close(self) -> None:
        if self._connection is not None and self._connection.is_open:
            self._connection.close()

    def _open(self) -> BlockingChannel:
        if self._channel is None or not self._channel.is_open:
            if self._connection is None or not self._connection.is_open:
                self._connection = _connect(self._urls)
            self._channel = self._connection.channel()
            self._channel.confirm_delivery()
        return self._channel


def read_answer(body: bytes, queue: str) -> Answer:
    """What a result tells, from its bytes."""
    result = json.loads(body)
    error = result.get("error") or {}
    return Answer(
        id=result.get("id"),
        attempt=result.get("attempt") or 1,
        status=result["status"],
        verdict=result["verdict"],
        digest=result.get("digest"),
        error=error.get("code"),
        retryable=bool(error.get("retryable")),
        queue=queue,
    )


def declare_queues(urls: Sequence[str]) -> None:
    """Declares the frontend's own queues, and ours, which would else be there a moment later."""
    with _connect(urls) as connection:
        for name in (*LIVE_QUEUES, DEAD_QUEUE):
            connection.channel().queue_declare(
                name, durable=True, arguments={"x-queue-type": "quorum"}
            )


def dead_letters(urls: Sequence[str]) -> list[tuple[str, str]]:
    """Takes all dead letters: the job's id and the code of each."""
    found: list[tuple[str, str]] = []
    with _connect(urls) as connection:
        channel = connection.channel()
        while True:
            method, properties, body = channel.basic_get(DEAD_QUEUE, auto_ack=True)
            if method is None:
                return found
            headers = properties.headers or {}
            found.append((json.loads(body)["id"], str(headers.get("x-error-code"))))


def _connect(urls: Sequence[str]) -> pika.BlockingConnection:
    """To any node. Raises AMQPError."""
    parameters = [pika.URLParameters(url) for url in random.sample(urls, len(urls))]
    for each in parameters:
        each.heartbeat = _HEARTBEAT_S
        each.socket_timeout = each.stack_timeout = _HEARTBEAT_S
    return pika.BlockingConnection(parameters)
