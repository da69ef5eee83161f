"""What tests/broker/proxy.py does to connections is what it says."""

import socket
from urllib.parse import urlsplit

import pytest

from stack import PrivateBroker
from tests.broker.proxy import Proxy

SOON_S = 10
HELLO = b"AMQP\x00\x00\x09\x01"


def test_a_reset_is_a_reset_and_no_end(broker: PrivateBroker) -> None:
    with Proxy(broker.url) as proxy:
        address = ("127.0.0.1", urlsplit(proxy.url).port)
        with socket.create_connection(address, SOON_S) as client:
            client.sendall(HELLO)
            assert client.recv(65536)  # the broker begins to talk
            proxy.reset()
            with pytest.raises(ConnectionResetError):
                _read_to_the_end(client)


def _read_to_the_end(client: socket.socket) -> None:
    while client.recv(65536):
        pass
