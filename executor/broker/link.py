"""One connection to the broker that comes back by itself."""

import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import Any

import structlog
from pika import SelectConnection
from pika.adapters.select_connection import IOLoop
from pika.channel import Channel

from executor.broker.address import Brokers, place, reason
from executor.broker.backoff import Backoff
from executor.broker.tls import TlsUnusable
from executor.broker.topology import Declaration, Part

log = structlog.get_logger()

STEADY_S = 10
"""A link that was up for so long has recovered: the next loss starts from a short wait again."""

WATCHDOG_S = 40
"""From the first packet to being ready, or from asking to close to being closed."""


class Link(ABC):
    """A connection with one channel, in the I/O loop's thread.

    Every attempt is a new generation with new objects. What pika reports is handled from the
    loop, never inside pika, so that a fault of ours ends the process with its traceback instead
    of being taken for a fault of the connection; and only if it concerns the current generation.

    For whoever wants to know, from any thread: opened, failures: how often it became ready, and how
    often an attempt failed. up: whether it is ready. blocked_s: how long the broker has blocked it.
    """

    def __init__(self, loop: IOLoop, name: str, brokers: Brokers, parts: Sequence[Part]) -> None:
        self.generation = 0
        self.opened = 0
        self.failures = 0
        self._loop = loop
        self._name = name
        self._brokers = brokers
        self._urls = brokers.shuffled_for_ever()
        self._parts = parts
        self._backoff = Backoff()
        self._connection: SelectConnection | None = None
        self._declaration: Declaration | None = None
        self._channel: Channel | None = None
        self._timer: Any = None
        self._up_since: float | None = None
        self._blocked_since: float | None = None
        self._blocked_s = 0.0
        self._error: BaseException | None = None
        self._when_closed: Callable[[], None] | None = None
        self._log = log.bind(link=name)

    @abstractmethod
    def _prepare(self, channel: Channel) -> None:
        """Everything is declared: make the channel ready, then call `_ready`."""

    @abstractmethod
    def _lost(self) -> None:
        """The channel is gone, with all that was under way on it."""

    def start(self) -> None:
        """Connects, and again each time the connection is lost."""
        self.generation += 1
        self._error = None
        try:
            found = self._brokers.parameters(next(self._urls), self._name)
        except TlsUnusable as error:
            self._closed(None, error)
            return
        self._log = log.bind(link=self._name, host=place(found))
        self._watch()
        self._connection = SelectConnection(
            found,
            on_open_callback=self._later(self._opened),
            on_open_error_callback=self._later(self._closed),
            on_close_callback=self._later(self._closed),
            custom_ioloop=self._loop,
        )
        self._connection.add_on_connection_blocked_callback(self._later(self._blocked))
        self._connection.add_on_connection_unblocked_callback(self._later(self._unblocked))

    def close(self, when_closed: Callable[[], None]) -> None:
        """Closes for good; what was sent before, acks too, still reaches the broker."""
        self._when_closed = when_closed
        self._cancel_timer()
        if self._connection is None:
            when_closed()
        elif not (self._connection.is_closing or self._connection.is_closed):
            self._connection.close()

    @property
    def up(self) -> bool:
        """Whether it is connected, and all is declared."""
        return self._up_since is not None

    @property
    def blocked(self) -> bool:
        """Whether the broker reads nothing from us: it is short of memory or disk."""
        return self._blocked_since is not None

    @property
    def blocked_s(self) -> float:
        """Seconds for which it was blocked, all together."""
        since = self._blocked_since
        return self._blocked_s + (0.0 if since is None else time.monotonic() - since)

    @property
    def ready(self) -> bool:
        """Whether something sent now goes out."""
        return self._up_since is not None and self._channel is not None and self._channel.is_open

    def restart(self, error: BaseException) -> None:
        """Gives the connection up and makes another."""
        self._error = self._error or error
        if self._connection is None or self._connection.is_closing or self._connection.is_closed:
            return
        self._watch()
        self._connection.close()

    def _later(self, handler: Callable[..., None]) -> Callable[..., None]:
        """A callback for pika: calls the handler from the loop, if still of this generation."""
        generation = self.generation

        def callback(*arguments: Any) -> None:
            def handle() -> None:
                if generation == self.generation:
                    handler(*arguments)

            self._loop.add_callback_threadsafe(handle)

        return callback

    def _opened(self, connection: SelectConnection) -> None:
        if connection.is_open:
            self._declaration = Declaration(
                connection,
                self._parts,
                wrap=self._later,
                done=self._declared,
                failed=self.restart,
            )

    def _declared(self, channel: Channel) -> None:
        self._channel = channel
        channel.add_on_close_callback(self._later(self._channel_closed))
        if channel.is_open:
            self._prepare(channel)

    def _ready(self) -> None:
        self._cancel_timer()
        self._up_since = time.monotonic()
        self.opened += 1
        self._log.info("link_opened")

    def _channel_closed(self, _channel: Channel, error: BaseException) -> None:
        self.restart(error)

    def _closed(self, _connection: SelectConnection | None, error: BaseException) -> None:
        was_up = self._up_since
        self.generation += 1
        self._connection = self._declaration = self._channel = self._up_since = None
        self._end_block()
        self._cancel_timer()
        if self._when_closed is not None:
            self._when_closed()
            return
        self._lost()
        if was_up is not None and time.monotonic() - was_up >= STEADY_S:
            self._backoff.reset()
        wait_s = self._backoff.next_s()
        self.failures += was_up is None
        self._log.warning(
            "link_failed" if was_up is None else "link_lost",
            error=reason(self._error or error),
            retry_in_s=round(wait_s, 1),
        )
        self._timer = self._loop.call_later(wait_s, self.start)

    def _watch(self) -> None:
        """Starts the watchdog: a broker that neither answers nor hangs up is left."""
        self._cancel_timer()
        self._timer = self._loop.call_later(WATCHDOG_S, self._abandon)

    def _abandon(self) -> None:
        connection, self._timer = self._connection, None
        if connection is None:
            return
        self._error = self._error or TimeoutError()
        if not (connection.is_closing or connection.is_closed):
            connection.close()
        self._closed(connection, TimeoutError())

    def _cancel_timer(self) -> None:
        if self._timer is not None:
            self._loop.remove_timeout(self._timer)
            self._timer = None

    def _blocked(self, _connection: SelectConnection, frame: Any) -> None:
        self._blocked_since = time.monotonic()
        self._log.warning("link_blocked", reason=str(frame.method.reason))

    def _unblocked(self, _connection: SelectConnection, _frame: Any) -> None:
        self._end_block()
        self._log.info("link_unblocked")

    def _end_block(self) -> None:
        self._blocked_s, self._blocked_since = self.blocked_s, None


class BrokerCancelled(Exception):
    """The broker ended our consumer: its queue was deleted, or the node that led it is gone."""

    def __str__(self) -> str:
        return "the broker cancelled the consumer (queue deleted?)"
