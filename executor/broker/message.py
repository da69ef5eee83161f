"""What comes from the broker and what goes to it."""

import time
from dataclasses import dataclass, field
from typing import Any

from pika import BasicProperties


@dataclass(frozen=True, slots=True)
class Delivery:
    """A message that the broker gave us.

    tag: what an ack names. generation: of the connection it came by; on another the tag means
    nothing. received_s: when it came, seconds since the epoch.
    """

    body: bytes
    properties: BasicProperties
    tag: int
    generation: int
    redelivered: bool
    received_s: float = field(default_factory=time.time)

    @property
    def headers(self) -> dict[str, Any]:
        """The message's headers, possibly none."""
        return self.properties.headers or {}

    @property
    def times_returned(self) -> int:
        """How often it went back to its quorum queue before; 0 on other queues."""
        count = self.headers.get("x-delivery-count", 0)
        return count if isinstance(count, int) else 0

    @property
    def queued_ms(self) -> int | None:
        """Since it was published, to the second (the property knows no more); None: untold."""
        published_s: int | None = self.properties.timestamp
        if published_s is None:
            return None
        return max(0, round((self.received_s - published_s) * 1000))

    @property
    def expired(self) -> bool:
        """Whether it is older than its `expiration` (ms), where it tells both."""
        expiration, queued_ms = self.properties.expiration, self.queued_ms
        if expiration is None or queued_ms is None or not str(expiration).isdecimal():
            return False
        # Neither time is known better than to a second: do not expire what may still be in time.
        return queued_ms - 1000 > int(expiration)


@dataclass(frozen=True, slots=True)
class Message:
    """A message to publish."""

    exchange: str
    routing_key: str
    body: bytes
    properties: BasicProperties
