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
    """number: of its publishing on the channel; None: the broker owes no answer."""

    message: Message
    done: Callable[[Fate], None]
    herald: Message | None
    number: int | None = None
    returned: bool = False
    refusals: int = 0
    nacks: int = 0
    sendings: int = 0


@dataclass(slots=True)
class _Notice:
    """A notice that the broker has not answered yet."""

    number: int
    refused: Callable[[], None]


class Publisher(Link):
    """The publishing connection, apart from the consuming one.

    A broker short of memory or disk stops reading from connections that publish. On a shared one
    the acks would wait as well, and heartbeats fail.

    One message is under way at a time: pika gives a returned message without its number, so this
    is how we know which one it was. Lost or nacked (a new leader is elected), it is sent again.

    Notices go out beside it, on the same channel, so that they stay in order with it. Nobody waits
    for them; but the next one is sent only when the broker has confirmed the last, so a broker that
    is slow or blocks us holds up one of them, and no memory is filled.

    retries: how often a message was sent again. From any thread.
    """

    def __init__(
        self, loop: IOLoop, name: str, urls: Sequence[str], heartbeat_s: int, parts: Sequence[Part]
    ) -> None:
        super().__init__(loop, name, urls, heartbeat_s, parts)
        self._pending: deque[_Pending] = deque()
        self._sent: _Pending | None = None
        self._notice: _Notice | None = None
        self._published = 0
        self._nacked = Backoff()
        self.retries = 0

    def publish(
        self, message: Message, done: Callable[[Fate], None], herald: Message | None = None
    ) -> None:
        """Publishes, as often as it takes, and calls `done` once.

        The herald is a notice to the same queue that goes before it, until that is full.
        """
        self._pending.append(_Pending(message, done, herald))
        self._send()

    @property
    def free(self) -> bool:
        """Whether a notice may go out now."""
        return self.ready and self._notice is None

    def notify(self, message: Message, refused: Callable[[], None]) -> None:
        """Sends a notice, once, if we are free; it is lost if no queue takes it.

        `refused` is called if the broker rather closes the channel, as it would again.
        """
        if not self.free:
            return
        try:
            self._notice = _Notice(self._put(message, mandatory=False), refused)
        except Exception as error:
            self._log.warning("notice_failed", to=message.routing_key, error=reason(error))
            refused()

    def _prepare(self, channel: Channel) -> None:
        channel.add_on_return_callback(self._later(self._returned))
        channel.confirm_delivery(self._later(self._answered), self._later(self._confirming))

    def _confirming(self, _frame: Any) -> None:
        self._published = 0
        self._ready()
        self._send()

    def _send(self) -> None:
        if not self._pending or self._sent is not None or not self.ready:
            return
        pending = self._sent = self._pending[0]
        pending.returned = False
        self.retries += pending.sendings > 0
        pending.sendings += 1
        try:
            if pending.herald is not None:
                self._put(pending.herald, mandatory=False)
            pending.number = self._put(pending.message, mandatory=True)
        except Exception as error:
            to = pending.message.routing_key
            self._log.warning("publish_failed", to=to, error=reason(error))
            self._finish(Fate.REFUSED)

    def _put(self, message: Message, *, mandatory: bool) -> int:
        """Publishes on the channel; the number that its confirm will name.

        Raises what pika does of a message that it cannot encode. It encodes before it sends:
        nothing has left then, the channel is as it was.
        """
        assert self._channel is not None
        self._channel.basic_publish(
            message.exchange,
            message.routing_key,
            message.body,
            message.properties,
            mandatory=mandatory,
        )
        self._published += 1
        return self._published

    def _returned(self, _channel: Channel, method: spec.Basic.Return, *_rest: Any) -> None:
        """Comes before the ack of the same message."""
        if self._sent is not None:
            self._log.warning("message_returned", to=method.routing_key, error=method.reply_text)
            self._sent.returned = True

    def _answered(self, frame: Any) -> None:
        if self._notice is not None and _names(frame.method, self._notice.number):
            self._notice = None
        if self._sent is None or not _names(frame.method, self._sent.number):
            return
        self._sent.number = None
        if isinstance(frame.method, spec.Basic.Ack):
            self._nacked.reset()
            self._finish(Fate.RETURNED if self._sent.returned else Fate.CONFIRMED)
            return
        # A queue that has room for one more is to take the message.
        self._sent.herald = None
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
        if _blames_message(error):
            if self._sent is not None:
                self._sent.refusals += 1
            if self._notice is not None:
                self._notice.refused()
        super()._channel_closed(channel, error)

    def _lost(self) -> None:
        self._notice = None
        pending, self._sent = self._sent, None
        if pending is not None and pending.refusals >= MAX_REFUSALS:
            self._finish(Fate.REFUSED)


def _names(answer: spec.Basic.Ack | spec.Basic.Nack, number: int | None) -> bool:
    """Whether the broker's answer is about the publishing with that number."""
    if number is None:
        return False
    tag: int = answer.delivery_tag
    return number == tag or (answer.multiple and number < tag)


def _blames_message(error: BaseException) -> bool:
    """Whether the broker closed the channel over what we sent, not for reasons of its own."""
    match error:
        case ChannelClosedByBroker():
            return True
        case ConnectionClosedByBroker(reply_code=code):
            return bool(code >= 500)  # syntax, frame or internal error; 320 is an operator's
        case _:
            return False
