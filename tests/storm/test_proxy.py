"""The proxy passes on, swallows, and resets."""

import contextlib
import socket
import threading
from collections.abc import Iterator

import pytest

from storm.proxy import Proxy

SOON_S = 10
A_WHILE_S = 0.3


@pytest.fixture
def echo() -> Iterator[int]:
    """The port of a server that sends back what it gets."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            with contextlib.suppress(OSError):
                while True:
                    threading.Thread(target=answer, args=listener.accept()[:1]).start()

        def answer(client: socket.socket) -> None:
            with client, contextlib.suppress(OSError):
                while data := client.recv(1000):
                    client.sendall(data)

        thread = threading.Thread(target=serve)
        thread.start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)
    thread.join()


@pytest.fixture
def proxy(echo: int) -> Iterator[Proxy]:
    with Proxy(echo) as proxy:
        yield proxy


@pytest.fixture
def client(proxy: Proxy) -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", proxy.port), SOON_S) as client:
        client.sendall(b"hello")
        assert client.recv(100) == b"hello"
        yield client


def test_what_is_swallowed_comes_through_when_it_is_released(
    proxy: Proxy, client: socket.socket
) -> None:
    proxy.swallow()
    client.sendall(b"x")
    client.settimeout(A_WHILE_S)
    with pytest.raises(TimeoutError):
        client.recv(100)
    proxy.release()
    client.settimeout(SOON_S)
    assert client.recv(100) == b"x"


def test_a_connection_is_not_refused_while_all_is_swallowed(proxy: Proxy) -> None:
    proxy.swallow()
    with socket.create_connection(("127.0.0.1", proxy.port), SOON_S) as client:
        client.sendall(b"x")
        proxy.release()
        assert client.recv(100) == b"x"


def test_a_reset_ends_connections_and_takes_new_ones(proxy: Proxy, client: socket.socket) -> None:
    proxy.reset()
    with pytest.raises(ConnectionResetError):
        client.recv(100)
    with socket.create_connection(("127.0.0.1", proxy.port), SOON_S) as another:
        another.sendall(b"x")
        assert another.recv(100) == b"x"


def test_the_end_of_one_side_is_the_end_of_the_other(proxy: Proxy, client: socket.socket) -> None:
    client.shutdown(socket.SHUT_WR)
    assert client.recv(100) == b""


def test_nobody_behind_it_is_a_reset() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        free = listener.getsockname()[1]
    with (
        Proxy(free) as proxy,
        socket.create_connection(("127.0.0.1", proxy.port), SOON_S) as client,
        pytest.raises(ConnectionResetError),
    ):
        client.recv(100)
