"""Consumes the job queue, one unacknowledged message at a time."""

from collections.abc import Callable, Sequence
from typing import Any

from pika import BasicProperties, spec
from pika.adapters.select_connection import IOLoop
from pika.channel import Channel

from executor.broker.link import BrokerCancelled, Link
from executor.broker.message import Delivery
from executor.broker.topology import Queue


class Subscriber(Link):
    """The consuming connection. Its deliveries end with `ack` or `give_back`."""

    def __init__(
        self,
        loop: IOLoop,
        name: str,
        urls: Sequence[str],
        heartbeat_s: int,
        queue: str,
        delivered: Callable[[Delivery], None],
    ) -> None:
        super().__init__(loop, name, urls, heartbeat_s, [Queue(queue)])
        self._queue = queue
        self._delivered = delivered
        self._tag: str | None = None
        self._paused = False
        self._busy = False

    def hold(self) -> None:
        """While a message is dealt with, none is taken over a new connection either.

        It would wait for the first, and others may idle.
        """
        self._busy = True

    def resume(self) -> None:
        """The message is dealt with: takes more of them."""
        self._busy = False
        if self.ready and self._tag is None:
            self._consume(None)

    def pause(self) -> None:
        """Takes no more messages, for good; those it has can still be acknowledged."""
        self._paused = True
        if self._channel is not None and self._channel.is_open and self._tag is not None:
            self._channel.basic_cancel(self._tag)

    def ack(self, delivery: Delivery) -> None:
        """The message is dealt with: the broker forgets it."""
        if self._answerable(delivery) and self._channel is not None:
            self._channel.basic_ack(delivery.tag)

    def give_back(self, delivery: Delivery) -> None:
        """Somebody else gets the message."""
        if self._answerable(delivery) and self._channel is not None:
            self._channel.basic_nack(delivery.tag, requeue=True)

    def _answerable(self, delivery: Delivery) -> bool:
        """A tag means nothing on another connection: there the broker has requeued the message."""
        same = delivery.generation == self.generation
        if same and self._channel is not None and self._channel.is_open:
            return True
        self._log.info("ack_dropped", job_id=delivery.properties.message_id)
        return False

    def _prepare(self, channel: Channel) -> None:
        channel.add_on_cancel_callback(self._later(self._cancelled))
        channel.basic_qos(prefetch_count=1, callback=self._later(self._consume))

    def _consume(self, _frame: Any) -> None:
        if self._paused or self._busy:
            self._ready()
        elif self._channel is not None and self._channel.is_open:
            self._tag = self._channel.basic_consume(
                self._queue, self._later(self._take), callback=self._later(self._consuming)
            )

    def _consuming(self, _frame: Any) -> None:
        if self._up_since is None:
            self._ready()
        self._log.info("worker_ready", queue=self._queue)

    def _take(
        self,
        _channel: Channel,
        method: spec.Basic.Deliver,
        properties: BasicProperties,
        body: bytes,
    ) -> None:
        self._delivered(
            Delivery(body, properties, method.delivery_tag, self.generation, method.redelivered)
        )

    def _cancelled(self, _frame: Any) -> None:
        # pika only forgets the consumer then: without this the worker would idle for ever.
        self.restart(BrokerCancelled())

    def _lost(self) -> None:
        self._tag = None
