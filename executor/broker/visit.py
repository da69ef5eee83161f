"""A connection for a command that looks around, or says one thing, and goes."""

from collections.abc import Iterator
from contextlib import contextmanager

import pika
from pika.exceptions import AMQPError

from executor.broker.address import Brokers, place, reason


class BrokerUnreachable(Exception):
    """No broker lets us in, or it hung up; the text is one line that tells why."""


@contextmanager
def visit(brokers: Brokers, name: str) -> Iterator[pika.BlockingConnection]:
    """A connection to the first that has one to give. Raises BrokerUnreachable."""
    with _connected(brokers, name) as connection:
        try:
            yield connection
        except (AMQPError, OSError) as error:
            raise BrokerUnreachable(reason(error)) from None


def _connected(brokers: Brokers, name: str) -> pika.BlockingConnection:
    faults = []
    for url in brokers.shuffled():
        found = brokers.parameters(url, name)
        try:
            return pika.BlockingConnection(found)
        except (AMQPError, OSError) as error:
            faults.append(f"broker {place(found)}: {reason(error)}")
    raise BrokerUnreachable("; ".join(faults))
