"""Publishes one message after another, each until the broker has confirmed what became of it."""

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any

from pika import spec
from pika.adapters.select_connection import IOLoop
from pika.channel import Channel
from pika.exceptions import ChannelClosedByBroker, ConnectionClosedByBroker

from executor.broker.address import reason
from executor.broker.backoff import Backoff
from executor.broker.link import Link
from executor.broker.message import Message
from executor.broker.topology import Part

MAX_REFUSALS = 2
"""Channels that one message may cost."""

MAX_NACKS = 8
"""Tries over about a minute: an election of a leader takes less, a full queue may stay full."""


class Fate(Enum):
    """What became of a message.

    CONFIRMED: a queue has it. RETURNED: there is no such queue. REFUSED: the broker closes the
    channel rather than take it (too large, forbidden), the queue stays full, or it cannot be
    encoded.
    """

    CONFIRMED = auto()
    RETURNED = auto()
    REFUSED = auto()


@dataclass(slots=True)
class _Pending:
    message: Message
    done: Callable[[Fate], None]
    returned: bool = False
    refusals: int = 0
    nacks: int = 0


class Publisher(Link):
    """The publishing connection, apart from the consuming one.

    A broker short of memory or disk stops reading from connections that publish. On a shared one
    the acks would wait as well, and heartbeats fail.

    One message is under way at a time: pika gives a returned message without its number, so this
    is how we know which one it was. Lost or nacked (a new leader is elected), it is sent again.
    """

    def __init__(
        self, loop: IOLoop, name: str, urls: Sequence[str], heartbeat_s: int, parts: Sequence[Part]
    ) -> None:
        super().__init__(loop, name, urls, heartbeat_s, parts)
        self._pending: deque[_Pending] = deque()
        self._sent: _Pending | None = None
        self._nacked = Backoff()

    def publish(self, message: Message, done: Callable[[Fate], None]) -> None:
        """Publishes, as often as it takes, and calls `done` once."""
        self._pending.append(_Pending(message, done))
        self._send()

    def _prepare(self, channel: Channel) -> None:
        channel.add_on_return_callback(self._later(self._returned))
        channel.confirm_delivery(self._later(self._answered), self._later(self._confirming))

    def _confirming(self, _frame: Any) -> None:
        self._ready()
        self._send()

    def _send(self) -> None:
        if not self._pending or self._sent is not None or not self.ready:
            return
        assert self._channel is not None
        pending = self._sent = self._pending[0]
        pending.returned = False
        message = pending.message
        try:
            self._channel.basic_publish(
                message.exchange,
                message.routing_key,
                message.body,
                message.properties,
                mandatory=True,
            )
        except Exception as error:
            # pika encodes before it sends: nothing of it has left, the channel is as it was.
            self._log.warning("publish_failed", to=message.routing_key, error=reason(error))
            self._finish(Fate.REFUSED)

    def _returned(self, _channel: Channel, method: spec.Basic.Return, *_rest: Any) -> None:
        """Comes before the ack of the same message."""
        if self._sent is not None:
            self._log.warning("message_returned", to=method.routing_key, error=method.reply_text)
            self._sent.returned = True

    def _answered(self, frame: Any) -> None:
        if self._sent is None:
            return
        if isinstance(frame.method, spec.Basic.Ack):
            self._nacked.reset()
            self._finish(Fate.RETURNED if self._sent.returned else Fate.CONFIRMED)
            return
        self._sent.nacks += 1
        if self._sent.nacks >= MAX_NACKS:
            self._nacked.reset()
            self._finish(Fate.REFUSED)
            return
        wait_s = self._nacked.next_s()
        self._log.warning("message_nacked", retry_in_s=round(wait_s, 1))
        self._loop.call_later(wait_s, self._later(self._send_again))

    def _send_again(self) -> None:
        self._sent = None
        self._send()

    def _finish(self, fate: Fate) -> None:
        pending = self._pending.popleft()
        self._sent = None
        pending.done(fate)
        self._send()

    def _channel_closed(self, channel: Channel, error: BaseException) -> None:
        if self._sent is not None and _blames_message(error):
            self._sent.refusals += 1
        super()._channel_closed(channel, error)

    def _lost(self) -> None:
        pending, self._sent = self._sent, None
        if pending is not None and pending.refusals >= MAX_REFUSALS:
            self._finish(Fate.REFUSED)


def _blames_message(error: BaseException) -> bool:
    """Whether the broker closed the channel over what we sent, not for reasons of its own."""
    match error:
        case ChannelClosedByBroker():
            return True
        case ConnectionClosedByBroker(reply_code=code):
            return bool(code >= 500)  # syntax, frame or internal error; 320 is an operator's
        case _:
            return False
