"""Publishes a job's events while it is judged, and delays nothing by it."""

from typing import Any

from pika import BasicProperties
from pika.adapters.select_connection import IOLoop

from executor.broker.message import Delivery, Message
from executor.broker.publisher import Publisher
from executor.coalescer import Coalescer
from executor.contract import Event

INTERVAL_S = 0.25
"""Between two events of a job, `finished` aside: it goes out with the result."""


class Reporter:
    """Reports the events of one delivery to its `reply_to`, if it has one.

    The job thread only leaves an event here. The I/O thread takes the latest when its time has
    come and the broker has taken the one before; so whatever is slow, one event waits, no more.
    """

    def __init__(self, loop: IOLoop, publisher: Publisher, delivery: Delivery) -> None:
        self._loop = loop
        self._publisher = publisher
        self._delivery = delivery
        self._waiting: Coalescer[Event] = Coalescer(INTERVAL_S)
        self._timer: Any = None
        self._open = bool(delivery.properties.reply_to)

    def report(self, event: Event) -> None:
        """Has the event published if no later one overtakes it. From the job thread."""
        if self._open and self._waiting.put(event):
            self._loop.add_callback_threadsafe(self._look)

    def close(self) -> None:
        """Reports no more; what waits is dropped."""
        self._open = False
        if self._timer is not None:
            self._loop.remove_timeout(self._timer)
            self._timer = None

    def _look(self) -> None:
        self._timer = None
        if not self._open:
            return
        wait_s = self._waiting.wait_s()
        if wait_s is None:
            return
        if wait_s == 0 and not self._publisher.free:
            wait_s = INTERVAL_S
        if wait_s > 0:
            self._timer = self._loop.call_later(wait_s, self._look)
            return
        message = event_message(self._waiting.take(), self._delivery)
        self._publisher.notify(message, refused=self.close)
        self._look()


def event_message(event: Event, delivery: Delivery) -> Message:
    """The message to the `reply_to` of a delivery, which has one. Not persistent."""
    return Message(
        exchange="",
        routing_key=delivery.properties.reply_to,
        body=event.encode(),
        properties=reply_properties(delivery, event.id, type="oj.event/1", delivery_mode=1),
    )


def reply_properties(
    delivery: Delivery, message_id: str | None, *, type: str, delivery_mode: int
) -> BasicProperties:
    """What every message to a frontend carries."""
    traceparent = delivery.headers.get("traceparent")
    return BasicProperties(
        content_type="application/json",
        type=type,
        app_id="executor",
        delivery_mode=delivery_mode,
        message_id=message_id,
        correlation_id=delivery.properties.correlation_id,
        headers={"traceparent": traceparent} if isinstance(traceparent, str) else None,
    )
