"""The queues and exchanges of the contract, and how they are declared."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import structlog
from pika import SelectConnection
from pika.channel import Channel
from pika.exceptions import ChannelClosedByBroker

from executor.broker.address import reason

log = structlog.get_logger()

ACCESS_REFUSED, NOT_FOUND, PRECONDITION_FAILED = 403, 404, 406


@dataclass(frozen=True, slots=True)
class Queue:
    """A durable quorum queue. The rest (dead-lettering, limits) is the operator's, by policy."""

    name: str

    def declare(self, channel: Channel, passive: bool, done: Callable[..., None]) -> None:
        arguments = {"x-queue-type": "quorum"}
        channel.queue_declare(
            self.name, passive=passive, durable=True, arguments=arguments, callback=done
        )


@dataclass(frozen=True, slots=True)
class Exchange:
    """A durable fanout exchange."""

    name: str

    def declare(self, channel: Channel, passive: bool, done: Callable[..., None]) -> None:
        channel.exchange_declare(
            self.name, exchange_type="fanout", passive=passive, durable=True, callback=done
        )


@dataclass(frozen=True, slots=True)
class Binding:
    """Everything that reaches an exchange goes to a queue."""

    name: str
    exchange: str

    def declare(self, channel: Channel, passive: bool, done: Callable[..., None]) -> None:
        if passive:
            done()  # A binding cannot be asked for: whoever forbade it to us has to make it.
        else:
            channel.queue_bind(self.name, self.exchange, callback=done)


Part = Queue | Exchange | Binding


class Undeclared(Exception):
    """A part does not exist, and may not be declared."""


Wrap = Callable[[Callable[..., None]], Callable[..., None]]


class Declaration:
    """Declares the parts one after another on a new channel, which it then hands over.

    The broker answers a declaration that differs from what exists, or is forbidden, by closing
    the channel. The part is then taken as it is: an operator's queue is not ours to refuse.
    """

    def __init__(
        self,
        connection: SelectConnection,
        parts: Sequence[Part],
        *,
        wrap: Wrap,
        done: Callable[[Channel], None],
        failed: Callable[[BaseException], None],
    ) -> None:
        self._connection = connection
        self._left: Iterator[Part] = iter(parts)
        self._part: Part | None = None
        self._passive = False
        self._refusal: BaseException | None = None
        self._wrap = wrap
        self._done = done
        self._failed = failed
        self._channel = self._open()

    def _open(self) -> Channel:
        channel = self._connection.channel(on_open_callback=self._wrap(self._opened))
        channel.add_on_close_callback(self._wrap(self._closed))
        return channel

    def _opened(self, _channel: Channel) -> None:
        if self._passive:
            self._declare()
        else:
            self._next()

    def _next(self, *_frame: Any) -> None:
        if self._part is not None and self._refusal is not None:
            told = {"name": self._part.name, "error": reason(self._refusal), "taken": "as it is"}
            log.warning("declaration_refused", **told)
        self._passive, self._refusal = False, None
        self._part = next(self._left, None)
        if self._part is None:
            self._done(self._channel)
        else:
            self._declare()

    def _declare(self) -> None:
        if self._part is not None and self._channel.is_open:
            self._part.declare(self._channel, self._passive, self._wrap(self._next))

    def _closed(self, channel: Channel, error: BaseException) -> None:
        if self._part is None or channel is not self._channel:
            return  # handed over: its new owner looks after it
        if self._passive and self._refusal is not None and _answered(error, NOT_FOUND):
            why = f"there is no '{self._part.name}', and {reason(self._refusal)}"
            self._failed(Undeclared(why))
        elif self._passive or not _answered(error, ACCESS_REFUSED, PRECONDITION_FAILED):
            self._failed(error)
        else:
            self._refusal = error
            self._passive = True
            self._channel = self._open()


def _answered(error: BaseException, *codes: int) -> bool:
    return isinstance(error, ChannelClosedByBroker) and error.reply_code in codes
