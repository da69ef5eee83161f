"""Hears what is said to all workers."""

from collections.abc import Callable
from typing import Any

from pika import BasicProperties
from pika.adapters.select_connection import IOLoop
from pika.channel import Channel
from pika.exceptions import ChannelClosedByBroker

from executor.broker.address import Brokers, reason
from executor.broker.link import BrokerCancelled, Link
from executor.broker.topology import ACCESS_REFUSED, NOT_FOUND, Exchange, Undeclared

MAX_WAITING = 10_000
"""Messages that the broker keeps for us; of more, it drops the oldest."""

Heard = Callable[[bytes, BasicProperties], None]


class Listener(Link):
    """A queue of our own on a fanout exchange, on a connection of its own.

    Where the user may not have such a queue, it says so once and gives up: whatever becomes of
    it, the other links work on.
    """

    def __init__(
        self,
        loop: IOLoop,
        name: str,
        brokers: Brokers,
        exchange: str,
        heard: Heard,
    ) -> None:
        super().__init__(loop, name, brokers, [Exchange(exchange)])
        self._exchange = exchange
        self._heard = heard
        self._queue = ""

    def restart(self, error: BaseException) -> None:
        """As of every link, except where another attempt would be refused again."""
        if not _is_refusal(error):
            super().restart(error)
            return
        self._log.warning(
            "control_unavailable",
            exchange=self._exchange,
            error=reason(error),
            remedy="this worker hears no cancel; allow its user the exchange and amq.gen-* queues",
        )
        self.close(lambda: None)

    def _prepare(self, channel: Channel) -> None:
        channel.add_on_cancel_callback(self._later(self._cancelled))
        # Named by the broker and gone with our connection. The type is named, because a virtual
        # host's default may be one that cannot be exclusive.
        channel.queue_declare(
            "",
            exclusive=True,
            auto_delete=True,
            arguments={"x-queue-type": "classic", "x-max-length": MAX_WAITING},
            callback=self._later(self._bind),
        )

    def _bind(self, frame: Any) -> None:
        self._queue = frame.method.queue
        if self._channel is not None and self._channel.is_open:
            self._channel.queue_bind(
                self._queue, self._exchange, callback=self._later(self._consume)
            )

    def _consume(self, _frame: Any) -> None:
        if self._channel is not None and self._channel.is_open:
            self._channel.basic_consume(
                self._queue,
                self._later(self._take),
                auto_ack=True,
                callback=self._later(self._consuming),
            )

    def _consuming(self, _frame: Any) -> None:
        self._ready()

    def _take(
        self, _channel: Channel, _method: Any, properties: BasicProperties, body: bytes
    ) -> None:
        self._heard(body, properties)

    def _cancelled(self, _frame: Any) -> None:
        self.restart(BrokerCancelled())

    def _lost(self) -> None:
        """Nothing was under way that we could still have."""


def _is_refusal(error: BaseException) -> bool:
    match error:
        case Undeclared():
            return True
        case ChannelClosedByBroker(reply_code=code):
            return code in (ACCESS_REFUSED, NOT_FOUND)
        case _:
            return False
