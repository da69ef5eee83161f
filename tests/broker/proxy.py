"""A TCP proxy in front of the broker, which knows frames: it catches moments and makes faults."""

import contextlib
import socket
import struct
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Self
from urllib.parse import urlsplit

HEADER = struct.Struct(">BHL")  # type, channel, size; the payload and one byte follow
PROTOCOL_HEADER_BYTES = 8
METHOD = 1
BASIC_PUBLISH, BASIC_ACK, BASIC_NACK = (60, 40), (60, 80), (60, 120)
RESETS_ON_CLOSE = struct.pack("ii", 1, 0)
TICK_S = 0.1


class Moment(Enum):
    """A method on the wire, and which way it goes.

    PUBLISHED: a client's basic.publish; CONFIRMED: the broker's basic.ack; ACKED: a client's.
    """

    PUBLISHED = auto()
    CONFIRMED = auto()
    ACKED = auto()


MOMENTS = {
    (True, BASIC_PUBLISH): Moment.PUBLISHED,
    (False, BASIC_ACK): Moment.CONFIRMED,
    (True, BASIC_ACK): Moment.ACKED,
}


@dataclass(eq=False)
class Connection:
    """A client's and the one to the broker behind it.

    silent: nothing passes, not even the end of a side. held: the ways (upwards or not) that carry
    nothing. was_reset: its close is a reset, so no end may be sent before.
    """

    client: socket.socket
    server: socket.socket
    silent: threading.Event = field(default_factory=threading.Event)
    held: set[bool] = field(default_factory=set)
    was_reset: bool = False

    def end(self) -> None:
        """Ends both; who reads from one is woken."""
        if not self.was_reset:
            for each in (self.client, self.server):
                with contextlib.suppress(OSError):
                    each.shutdown(socket.SHUT_RDWR)

    def reset(self) -> None:
        """Has both end by a reset; who reads from one is woken, and closes them."""
        self.was_reset = True
        for each in (self.client, self.server):
            with contextlib.suppress(OSError):
                each.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESETS_ON_CLOSE)
                each.shutdown(socket.SHUT_RD)  # sends nothing itself


class Proxy:
    """Passes everything on, but what it is told to hold back. A context manager.

    `hold`: the moment from which on nothing more of that connection passes its way, but its end;
    the method itself, the first of its kind, is held too. `held` is set once it has come.
    `nacks`: how many confirms of the broker are turned into nacks.
    """

    def __init__(self, url: str, hold: Moment | None = None, nacks: int = 0) -> None:
        parts = urlsplit(url)
        assert parts.port is not None
        self._target = ("127.0.0.1", parts.port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._hold = hold
        self._nacks = nacks
        self.held = threading.Event()
        self.url = url.replace(f":{parts.port}", f":{self._listener.getsockname()[1]}")
        self.connections: list[Connection] = []
        self._closing = threading.Event()
        self._threads = [threading.Thread(target=self._accept)]

    def silence(self) -> None:
        """The connections of now carry nothing any more, and neither side is told; new ones do."""
        for each in self.connections:
            each.silent.set()

    def reset(self) -> None:
        """The connections of now end as if both peers had crashed."""
        for each in self.connections:
            each.reset()

    def __enter__(self) -> Self:
        self._threads[0].start()
        return self

    def __exit__(self, *_: object) -> None:
        self._closing.set()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._threads[0].join()
        for each in self.connections:
            each.end()
        for thread in self._threads[1:]:
            thread.join()
        self._listener.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                server = socket.create_connection(self._target)
                connection = Connection(client, server)
                self.connections.append(connection)
                self._start(self._carry, connection)

    def _start(self, target: Callable[..., None], *arguments: object) -> None:
        thread = threading.Thread(target=target, args=arguments)
        self._threads.append(thread)
        thread.start()

    def _carry(self, connection: Connection) -> None:
        """Both ways, to the end of either; without a proxy that would be the end of both too."""
        back = threading.Thread(target=self._pass, args=(connection, False))
        back.start()
        self._pass(connection, True)
        back.join()
        connection.client.close()
        connection.server.close()

    def _pass(self, connection: Connection, upwards: bool) -> None:
        source, target = connection.client, connection.server
        if not upwards:
            source, target = target, source
        with contextlib.suppress(OSError, EOFError):
            if upwards:
                self._send(connection, target, _exactly(source, PROTOCOL_HEADER_BYTES))
            while True:
                header = _exactly(source, HEADER.size)
                kind, _, size = HEADER.unpack(header)
                payload = _exactly(source, size + 1)
                if kind == METHOD:
                    payload = self._looked_at(connection, upwards, payload)
                self._send(connection, target, header + payload)
        while connection.silent.is_set() and not self._closing.wait(TICK_S):
            pass
        connection.end()

    def _send(self, connection: Connection, target: socket.socket, data: bytes) -> None:
        upwards = target is connection.server
        if not connection.silent.is_set() and upwards not in connection.held:
            target.sendall(data)

    def _looked_at(self, connection: Connection, upwards: bool, payload: bytes) -> bytes:
        moment = MOMENTS.get((upwards, struct.unpack(">HH", payload[:4])))
        if moment is None:
            return payload
        if moment is self._hold and not self.held.is_set():
            connection.held.add(upwards)
            self.held.set()
        if moment is Moment.CONFIRMED and self._nacks > 0:
            self._nacks -= 1
            return struct.pack(">HH", *BASIC_NACK) + payload[4:]
        return payload


def _exactly(source: socket.socket, size: int) -> bytes:
    data = b""
    while len(data) < size:
        more = source.recv(size - len(data))
        if not more:
            raise EOFError
        data += more
    return data
