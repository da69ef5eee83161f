"""A connection for a command that looks around, or says one thing, and goes."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import pika
from pika.exceptions import AMQPError

from executor.broker.address import parameters, place, reason


class BrokerUnreachable(Exception):
    """No broker lets us in, or it hung up; the text is one line that tells why."""


@contextmanager
def visit(urls: Sequence[str], name: str, heartbeat_s: int) -> Iterator[pika.BlockingConnection]:
    """A connection to the first of several brokers that answers. Raises BrokerUnreachable."""
    found = [parameters(url, name, heartbeat_s) for url in urls]
    try:
        with pika.BlockingConnection(found) as connection:
            yield connection
    except (AMQPError, OSError) as error:
        raise BrokerUnreachable(f"broker {', '.join(map(place, found))}: {reason(error)}") from None
