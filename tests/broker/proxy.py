"""A TCP proxy in front of the broker that can hold back acks, so that a moment can be caught."""

import contextlib
import socket
import struct
import threading
from typing import Self
from urllib.parse import urlsplit

HEADER = struct.Struct(">BHL")  # type, channel, size; the payload and one byte follow
PROTOCOL_HEADER_BYTES = 8
METHOD = 1
BASIC_ACK = (60, 80)


class AckHolder:
    """Passes everything on, but what a client sends from its first ack on. A context manager.

    `held` is set once an ack came; the broker never sees it.
    """

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        assert parts.port is not None
        self._target = ("127.0.0.1", parts.port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._sockets: list[socket.socket] = [self._listener]
        self.held = threading.Event()
        port = self._listener.getsockname()[1]
        self.url = url.replace(f":{parts.port}", f":{port}")
        self._threads = [threading.Thread(target=self._accept)]

    def __enter__(self) -> Self:
        self._threads[0].start()
        return self

    def __exit__(self, *_: object) -> None:
        for each in self._sockets:
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()
        for thread in self._threads:
            thread.join()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                server = socket.create_connection(self._target)
                self._sockets += [client, server]
                for target, pair in ((self._upwards, (client, server)), (_copy, (server, client))):
                    thread = threading.Thread(target=target, args=pair)
                    self._threads.append(thread)
                    thread.start()

    def _upwards(self, client: socket.socket, server: socket.socket) -> None:
        with contextlib.suppress(OSError, EOFError):
            server.sendall(_exactly(client, PROTOCOL_HEADER_BYTES))
            while True:
                header = _exactly(client, HEADER.size)
                kind, _, size = HEADER.unpack(header)
                payload = _exactly(client, size + 1)
                if kind == METHOD and struct.unpack(">HH", payload[:4]) == BASIC_ACK:
                    self.held.set()
                    return
                server.sendall(header + payload)
        # The end of one side is the end of the other, as without a proxy.
        with contextlib.suppress(OSError):
            server.shutdown(socket.SHUT_RDWR)


def _copy(server: socket.socket, client: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := server.recv(65536):
            client.sendall(data)
        client.shutdown(socket.SHUT_RDWR)


def _exactly(source: socket.socket, size: int) -> bytes:
    data = b""
    while len(data) < size:
        more = source.recv(size - len(data))
        if not more:
            raise EOFError
        data += more
    return data
