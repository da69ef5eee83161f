"""A TCP proxy between a worker and a broker: its connections can be reset, or swallowed."""

import contextlib
import socket
import struct
import threading
from typing import Self

_CHUNK_BYTES = 65536
_CONNECT_S = 5.0
_LINGER_RESETS = struct.pack("ii", 1, 0)  # closing sends a reset


class Proxy:
    """Passes on what comes at `port` of 127.0.0.1 to the port given. A context manager.

    It works from its own threads, all of which end with it.
    """

    def __init__(self, target: int) -> None:
        self._target = target
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port: int = self._listener.getsockname()[1]
        self._lock = threading.Lock()
        self._open: set[socket.socket] = set()
        self._cut: set[socket.socket] = set()
        self._clear = threading.Event()
        self._clear.set()
        self._closed = False
        threading.Thread(target=self._accept, name=f"proxy {self.port}", daemon=True).start()

    def swallow(self) -> None:
        """From now on nothing comes through, and nobody is told: a cable is pulled."""
        self._clear.clear()

    def release(self) -> None:
        """The cable is back: what was sent meanwhile comes through, as TCP sends it again."""
        self._clear.set()

    def reset(self) -> None:
        """Ends every connection by a reset, on both sides."""
        with self._lock:
            self._cut |= self._open  # first of all: the end of one is told to the other at once
            for each in self._open:
                with contextlib.suppress(OSError):
                    each.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_RESETS)
                    each.shutdown(socket.SHUT_RD)  # sends nothing, but wakes who reads from it

    def close(self) -> None:
        """Takes no more connections, and ends those there are."""
        self._closed = True
        self.release()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.reset()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with client:
            self._clear.wait()  # the listener's kernel answered, but nobody is behind it
            try:
                server = socket.create_connection(("127.0.0.1", self._target), _CONNECT_S)
            except OSError:
                client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_RESETS)
                return
            server.settimeout(None)
            with server:
                with self._lock:
                    self._open |= {client, server}
                    closed = self._closed
                if not closed:
                    self._pass_on(client, server)
                with self._lock:
                    self._open -= {client, server}
                    self._cut -= {client, server}

    def _pass_on(self, client: socket.socket, server: socket.socket) -> None:
        upwards = threading.Thread(target=self._copy, args=(client, server), daemon=True)
        upwards.start()
        self._copy(server, client)
        upwards.join()

    def _copy(self, source: socket.socket, target: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(_CHUNK_BYTES):
                self._clear.wait()
                target.sendall(data)
        # The end of one side is the end of the other, once it can be known.
        self._clear.wait()
        for each in (source, target):
            if each not in self._cut:
                with contextlib.suppress(OSError):
                    each.shutdown(socket.SHUT_RDWR)
