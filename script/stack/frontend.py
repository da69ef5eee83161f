"""A frontend as the contract sees one: it publishes jobs and takes the replies."""

import json
import logging
import time
import uuid
from collections.abc import Callable, Mapping
from typing import Any, Self

import pika
from pika.adapters.blocking_connection import BlockingChannel

# pika reports each refused connection as an error of its own; ours say what matters.
logging.getLogger("pika").setLevel(logging.CRITICAL)

JOB_QUEUE = "submissions"
DEAD_QUEUE = "submissions.dead"
CONTROL_EXCHANGE = "executor.control"
_POLL_S = 0.02
_REPLY_S = 60.0


def wait_until(condition: Callable[[], Any], timeout: float, what: str) -> Any:
    """The first true value of `condition`. Raises TimeoutError naming `what` after `timeout` s."""
    deadline = time.monotonic() + timeout
    while not (value := condition()):
        if time.monotonic() > deadline:
            raise TimeoutError(f"not so within {timeout:g} s: {what}")
        time.sleep(_POLL_S)
    return value


def answers(url: str) -> bool:
    """Whether a broker takes connections there."""
    try:
        Frontend(url).close()
    except OSError:
        return False
    except Exception as error:
        if type(error).__module__.startswith("pika"):
            return False
        raise
    return True


class Frontend:
    """One connection and one exclusive reply queue. A context manager, for one thread.

    `channel` waits for the confirm of each message; `unconfirmed` is for those in bulk.

    `replies` holds each reply that arrived, by correlation id, in order of arrival; `events` the
    events likewise, decoded.
    """

    def __init__(self, url: str) -> None:
        self._connection = pika.BlockingConnection(pika.URLParameters(url))
        self.channel: BlockingChannel = self._connection.channel()
        self.channel.confirm_delivery()
        self.unconfirmed: BlockingChannel = self._connection.channel()
        self.reply_queue: str = self.channel.queue_declare("", exclusive=True).method.queue
        self.replies: dict[str, list[tuple[pika.BasicProperties, bytes]]] = {}
        self.events: dict[str, list[dict[str, Any]]] = {}
        self.channel.basic_consume(self.reply_queue, self.take, auto_ack=True)

    def publish(
        self,
        job: Mapping[str, Any] | bytes,
        *,
        queue: str = JOB_QUEUE,
        correlation_id: str | None = None,
        **properties: Any,
    ) -> str:
        """Publish a job as the contract says, and return its correlation id.

        `job` may be bytes that are no job. `properties` change or remove (None) the usual ones.
        """
        correlation = correlation_id or uuid.uuid4().hex
        body = job if isinstance(job, bytes) else json.dumps(job).encode()
        usual = {
            "reply_to": self.reply_queue,
            "correlation_id": correlation,
            "message_id": None if isinstance(job, bytes) else job.get("id"),
            "content_type": "application/json",
            "type": "oj.job/1",
            "delivery_mode": 2,
            "timestamp": int(time.time()),
        }
        self.channel.basic_publish(
            "", queue, body, pika.BasicProperties(**(usual | properties)), mandatory=True
        )
        return correlation

    def reply(self, correlation_id: str, timeout: float = _REPLY_S) -> dict[str, Any]:
        """The first reply with that id, decoded. Raises TimeoutError."""
        _, body = self.raw_reply(correlation_id, timeout)
        decoded: dict[str, Any] = json.loads(body)
        return decoded

    def raw_reply(
        self, correlation_id: str, timeout: float = _REPLY_S
    ) -> tuple[pika.BasicProperties, bytes]:
        """The first reply with that id: its properties and its bytes. Raises TimeoutError."""
        deadline = time.monotonic() + timeout
        while correlation_id not in self.replies:
            left = deadline - time.monotonic()
            if left <= 0:
                raise TimeoutError(f"no reply to {correlation_id} within {timeout:g} s")
            self._connection.process_data_events(time_limit=left)
        return self.replies[correlation_id][0]

    def judge(self, job: Mapping[str, Any], timeout: float = _REPLY_S) -> dict[str, Any]:
        """Publish a job and return its result. Raises TimeoutError."""
        return self.reply(self.publish(job), timeout)

    def control(self, message: Mapping[str, Any] | bytes, **properties: Any) -> None:
        """Publish a control message, or bytes that are none, to every worker."""
        body = message if isinstance(message, bytes) else json.dumps(message).encode()
        self.channel.basic_publish(
            CONTROL_EXCHANGE, "", body, pika.BasicProperties(**properties), mandatory=True
        )

    def receive(self, seconds: float = 0) -> None:
        """Take what has arrived; wait for more for at most that long."""
        self._connection.process_data_events(time_limit=seconds)

    def depth(self, queue: str = JOB_QUEUE) -> int:
        """How many messages are ready in a queue; those delivered and not yet acked don't count."""
        count: int = self.channel.queue_declare(queue, passive=True).method.message_count
        return count

    def get(self, queue: str = DEAD_QUEUE) -> tuple[pika.BasicProperties, bytes] | None:
        """Take one message out of a queue, if there is one."""
        method, properties, body = self.channel.basic_get(queue, auto_ack=True)
        return None if method is None else (properties, body)

    def close(self) -> None:
        if self._connection.is_open:
            self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def take(self, _c: Any, _m: Any, properties: pika.BasicProperties, body: bytes) -> None:
        """What consumes replies, and may consume another queue of them too."""
        correlation_id = properties.correlation_id
        if properties.type == "oj.event/1":
            self.events.setdefault(correlation_id, []).append(json.loads(body))
        else:
            self.replies.setdefault(correlation_id, []).append((properties, body))
