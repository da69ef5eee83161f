"""A connection for a command that looks around, or says one thing, and goes."""

from collections.abc import Iterator
from contextlib import contextmanager

import pika
from pika.exceptions import AMQPError

from executor.broker.address import CONNECT_TIMEOUT_S, Brokers, place, reason
from executor.broker.tls import TlsUnusable


class BrokerUnreachable(Exception):
    """No broker lets us in, or it hung up; the text is one line that tells why."""


@contextmanager
def visit(brokers: Brokers, name: str) -> Iterator[pika.BlockingConnection]:
    """A connection to the first that has one to give. Raises BrokerUnreachable."""
    try:
        with _connected(brokers, name) as connection:
            yield connection
    except AMQPError as error:  # to say goodbye may fail as well
        raise BrokerUnreachable(reason(error)) from None


def _connected(brokers: Brokers, name: str) -> pika.BlockingConnection:
    faults = []
    for url in brokers.shuffled():
        try:
            found = brokers.parameters(url, name)
        except TlsUnusable as error:
            raise BrokerUnreachable(str(error)) from None
        # A person waits, or a loop: not for hours, as a worker that has a verdict.
        found.blocked_connection_timeout = CONNECT_TIMEOUT_S
        try:
            return pika.BlockingConnection(found)
        except (AMQPError, OSError) as error:
            faults.append(f"broker {place(found)}: {reason(error)}")
    raise BrokerUnreachable("; ".join(faults))
