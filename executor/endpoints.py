"""Where a worker may be asked how it is: `/metrics`, `/healthz`, `/readyz`, `/status` over HTTP."""

import contextlib
import os
import secrets
import socket
import threading
import time
from collections.abc import Iterator
from io import BufferedReader
from pathlib import Path
from socketserver import ThreadingMixIn
from typing import Any
from urllib.parse import quote
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

import structlog
from prometheus_client import CollectorRegistry, make_wsgi_app

from executor.monitor import Monitor

log = structlog.get_logger()

MAX_CONNECTIONS = 8
"""At once; for another one the oldest has to go, for who is so slow may come again."""

REQUEST_S = 5
"""For each read and write."""

REQUEST_BYTES = 16 * 1024
"""Of a whole request; who says more is hung up on."""

FOLDER = "workers"
"""Of the sockets, in the work folder."""

_MAX_NAME = 60


def application(monitor: Monitor, registry: CollectorRegistry) -> WSGIApplication:
    """Every path answers at once, by what is known anyway."""
    metrics = make_wsgi_app(registry)

    def answer(environ: WSGIEnvironment, start: StartResponse) -> Any:
        if environ["REQUEST_METHOD"] not in ("GET", "HEAD"):
            return _plain(start, "405 Method Not Allowed", "only GET")
        match environ["PATH_INFO"]:
            case "/metrics":
                return metrics(environ, start)
            case "/healthz":
                return _verdict(start, monitor.faults())
            case "/readyz":
                return _verdict(start, monitor.obstacles())
            case "/status":
                body = monitor.status().model_dump_json()
                return _reply(start, "200 OK", "application/json", body)
            case _:
                return _plain(start, "404 Not Found", "/metrics /healthz /readyz /status")

    return answer


def _verdict(start: StartResponse, problems: tuple[str, ...]) -> list[bytes]:
    if problems:
        return _plain(start, "503 Service Unavailable", "\n".join(problems))
    return _plain(start, "200 OK", "ok")


def _plain(start: StartResponse, status: str, text: str) -> list[bytes]:
    return _reply(start, status, "text/plain; charset=utf-8", f"{text}\n")


def _reply(start: StartResponse, status: str, kind: str, text: str) -> list[bytes]:
    body = text.encode()
    start(status, [("Content-Type", kind), ("Content-Length", str(len(body)))])
    return [body]


class _Request(BufferedReader):
    """What a client says, as far as we listen."""

    _left = REQUEST_BYTES

    def readline(self, size: int | None = -1) -> bytes:
        line = super().readline(self._left + 1)
        self._left -= len(line)
        if self._left < 0:
            raise ConnectionAbortedError("the request is too long")
        return line


class _Handler(WSGIRequestHandler):
    timeout = REQUEST_S

    def setup(self) -> None:
        super().setup()
        self.rfile = _Request(self.connection.makefile("rb", buffering=0))

    def log_message(self, format: str, *args: Any) -> None:
        """A scrape is no news."""


class _Server(ThreadingMixIn, WSGIServer):
    """A thread for each connection, and a bounded number of them."""

    daemon_threads = True
    request_queue_size = 16

    def __init__(self, address: Any, app: WSGIApplication, family: int) -> None:
        self.address_family = family
        self._lock = threading.Lock()
        self._open: dict[socket.socket, None] = {}
        super().__init__(address, _Handler)
        self.set_app(app)

    def server_bind(self) -> None:
        # The inherited one asks DNS for our name.
        if self.address_family != socket.AF_UNIX:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(self.server_address)
        self.server_name, self.server_port = "localhost", 0
        self.setup_environ()

    def get_request(self) -> tuple[socket.socket, Any]:
        try:
            connection, address = self.socket.accept()
        except OSError:
            time.sleep(0.1)  # out of descriptors: it would be asked for again at once
            raise
        return connection, address or ("local", 0)

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._lock:
            if len(self._open) >= MAX_CONNECTIONS:
                oldest = next(iter(self._open))
                self._open.pop(oldest)
                with contextlib.suppress(OSError):
                    oldest.shutdown(socket.SHUT_RDWR)
            self._open[request] = None
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        with self._lock:
            self._open.pop(request, None)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        log.debug("request_failed", client=str(client_address), exc_info=True)

    def start(self) -> None:
        """Serves for as long as the process lives."""
        threading.Thread(
            target=self.serve_forever, kwargs={"poll_interval": 3600}, name="http", daemon=True
        ).start()


class Endpoints:
    """The places where one application is served."""

    def __init__(self, app: WSGIApplication) -> None:
        self._app = app

    def serve_tcp(self, host: str, port: int) -> None:
        """Raises OSError: the port is taken, or the address not ours."""
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        family, _, _, _, address = found[0]
        _Server(address, self._app, family).start()

    @contextlib.contextmanager
    def serve_unix(self, work_dir: Path, name: str) -> Iterator[None]:
        """At a socket in the work folder, whose name starts with the worker's.

        What follows is drawn: containers that share the folder have the same process ids.

        Without it `executor status` does not see the worker, which is no reason not to work.
        """
        folder = work_dir / FOLDER
        path = folder / f"{quote(name, safe=' ')[:_MAX_NAME]}.{secrets.token_hex(4)}"
        try:
            folder.mkdir(mode=0o700, exist_ok=True)
            _clear(work_dir)
            # Born under another name: until it listens, others would take it for a dead one's.
            newborn = folder / f".{path.name}"
            newborn.unlink(missing_ok=True)
            with in_folder(newborn) as address:
                _Server(address, self._app, socket.AF_UNIX).start()
            newborn.rename(path)
        except OSError as error:
            log.warning("status_unavailable", socket=str(path), error=error.strerror)
        try:
            yield
        finally:
            path.unlink(missing_ok=True)


def sockets(work_dir: Path) -> list[Path]:
    """Those of the workers with this work folder, the living and the dead. Raises OSError."""
    folder = work_dir / FOLDER
    return sorted(folder / name for name in os.listdir(folder) if not name.startswith("."))


@contextlib.contextmanager
def in_folder(path: Path) -> Iterator[str]:
    """A short name of a socket, for an address may have no more than 107 bytes."""
    folder = os.open(path.parent, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{folder}/{path.name}"
    finally:
        os.close(folder)


def _clear(work_dir: Path) -> None:
    """Removes what dead workers left."""
    for path in sockets(work_dir):
        with socket.socket(socket.AF_UNIX) as probe, in_folder(path) as address:
            try:
                probe.settimeout(1)
                probe.connect(address)
            except ConnectionRefusedError:
                path.unlink(missing_ok=True)
            except OSError:
                continue
