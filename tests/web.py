"""A web server on 127.0.0.1 that does to each path what a test tells it, however wrong it is."""

import os
import socket
import ssl
import struct
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import chain, repeat
from typing import Self

Reply = Callable[["Request"], None]


class Request(BaseHTTPRequestHandler):
    """One connection; what a `Reply` answers with."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: "Web"

    def do_GET(self) -> None:
        self.server.note(self)
        self.server.replies[self.path.partition("?")[0]](self)

    def log_message(self, format: str, *args: object) -> None:
        pass


class Web(ThreadingHTTPServer):
    """A context manager. `replies` are by path; `gone` is set when it closes."""

    daemon_threads = True

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        super().__init__(("127.0.0.1", 0), Request)
        if tls is not None:
            self.socket = tls.wrap_socket(self.socket, server_side=True)
        self.scheme = "http" if tls is None else "https"
        self.replies: dict[str, Reply] = {}
        self.gone = threading.Event()
        self.requests: Counter[str] = Counter()
        self.connections: set[object] = set()
        self.headers: dict[str, str] = {}
        self._thread = threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    @property
    def port(self) -> int:
        return int(self.server_address[1])

    def url(self, path: str, host: str = "127.0.0.1") -> str:
        return f"{self.scheme}://{host}:{self.port}{path}"

    def note(self, request: Request) -> None:
        self.requests[request.path] += 1
        self.connections.add(request.client_address)
        self.headers = dict(request.headers.items())

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that left in the middle is what many tests want."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.gone.set()
        self.shutdown()
        self._thread.join()
        self.server_close()


def content(body: bytes, status: int = 200, **headers: str) -> Reply:
    def reply(request: Request) -> None:
        request.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            request.send_header(name.replace("_", "-"), value)
        request.end_headers()
        request.wfile.write(body)

    return reply


def redirect(location: str, status: int = 302) -> Reply:
    return content(b"elsewhere", status, Location=location)


def raw(*pieces: bytes) -> Reply:
    """Sends just these bytes and closes the connection."""

    def reply(request: Request) -> None:
        request.close_connection = True
        for piece in pieces:
            request.wfile.write(piece)

    return reply


def reset(start: bytes = b"") -> Reply:
    """Sends these bytes and breaks the connection off, as a machine that crashes does."""

    def reply(request: Request) -> None:
        request.close_connection = True
        request.wfile.write(start)
        linger = struct.pack("ii", 1, 0)
        request.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        # Not closed by its object: what reads from it holds it open.
        os.close(request.connection.detach())

    return reply


def endless(start: bytes, piece: bytes) -> Reply:
    """Sends one piece after another, as fast as they are taken."""

    def reply(request: Request) -> None:
        request.close_connection = True
        request.wfile.write(start)
        while not request.server.gone.is_set():
            request.wfile.write(piece)

    return reply


def drip(start: bytes, piece: bytes, seconds: float = 0.05) -> Reply:
    """Sends one piece after another, slowly and for ever."""

    def reply(request: Request) -> None:
        request.close_connection = True
        request.wfile.write(start)
        while not request.server.gone.wait(seconds):
            request.wfile.write(piece)

    return reply


def hang(start: bytes = b"") -> Reply:
    """Sends these bytes and then nothing, but keeps the connection."""

    def reply(request: Request) -> None:
        request.close_connection = True
        request.wfile.write(start)
        request.server.gone.wait()

    return reply


def one_after_another(*replies: Reply) -> Reply:
    """A reply for each request; the last one stays."""
    turns: Iterator[Reply] = chain(replies, repeat(replies[-1]))
    return lambda request: next(turns)(request)
