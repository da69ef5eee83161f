"""One HTTP connection, to an address that was checked, which ends when patience does."""

import contextlib
import errno
import os
import select
import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Sequence

from urllib3 import BaseHTTPResponse
from urllib3.connection import HTTPConnection, HTTPSConnection

from executor import __version__
from executor.blobs.hosts import Address
from executor.blobs.patience import OutOfPatience, Patience
from executor.blobs.url import Url
from executor.sandbox import Killed


class Connection:
    """Kept alive for several requests, one after another.

    It connects to `addresses` alone, whatever the name resolves to by then; the name is what the
    server is told, and what its certificate is held against.
    """

    def __init__(
        self,
        url: Url,
        addresses: Sequence[Address],
        tls: ssl.SSLContext | None,
        connect_s: float,
        idle_s: float,
    ) -> None:
        self._addresses = addresses
        self._port = url.port
        self._connect_s = connect_s
        self._idle_s = idle_s
        self._patience: Patience | None = None
        self._twin: socket.socket | None = None
        self._http: _Plain | _Tls
        if tls is None:
            self._http = _Plain(url.host, url.port, timeout=idle_s)
        else:
            self._http = _Tls(url.host, url.port, timeout=idle_s, ssl_context=tls)
        self._http.opener = self._open

    def get(self, url: Url) -> BaseHTTPResponse:
        """Asks for a URL of the same origin; only in a `guarded` block.

        Raises what sockets, ssl and http.client raise.
        """
        if self._http.sock is not None and not self._http.is_connected:
            self._http.close()  # while it was idle, the server did
        headers = {"Accept-Encoding": "identity", "User-Agent": f"oj-executor/{__version__}"}
        if url.authorization is not None:
            headers["Authorization"] = url.authorization
        self._http.request(
            "GET", url.target, headers=headers, preload_content=False, decode_content=False
        )
        return self._http.getresponse()

    @contextlib.contextmanager
    def guarded(self, patience: Patience) -> Iterator[None]:
        """Ends whatever the block does here when patience ends, by what `patience.wait` raises.

        Each read has its own time-out, but a server that drips a byte a second would never
        reach it.
        """
        self._patience = patience
        over = os.eventfd(0, os.EFD_CLOEXEC)
        ended: list[Killed | OutOfPatience] = []

        def watch() -> None:
            try:
                while not patience.wait(patience.left_s(), over):
                    pass
            except (Killed, OutOfPatience) as reason:
                ended.append(reason)
                self._shut()

        watcher = threading.Thread(target=watch, daemon=True)
        watcher.start()
        try:
            yield
        finally:
            os.eventfd_write(over, 1)
            watcher.join()
            os.close(over)
            # Whatever the block made of its dead connection, even a success, is not the truth.
            if ended:
                raise ended[0]

    def close(self) -> None:
        """A later request opens it again."""
        self._http.close()
        if self._twin is not None:
            self._twin.close()
            self._twin = None

    def _shut(self) -> None:
        """From the watcher: a read that is blocked in the connection then ends."""
        twin = self._twin  # which may be closed meanwhile
        if twin is not None:
            with contextlib.suppress(OSError):
                twin.shutdown(socket.SHUT_RDWR)

    def _open(self) -> socket.socket:
        patience = self._patience
        assert patience is not None
        for place, address in enumerate(self._addresses, start=1):
            try:
                opened = _connect(address, self._port, patience, self._connect_s)
                break
            except OSError:
                if place == len(self._addresses):
                    raise
        with contextlib.ExitStack() as stack:
            stack.enter_context(opened)
            opened.settimeout(self._idle_s)
            if self._twin is not None:
                self._twin.close()
            # ssl takes the socket over; a second descriptor shuts it down all the same.
            self._twin = opened.dup()
            # The watcher may have come too early to find it.
            patience.wait(0)
            stack.pop_all()
        return opened


class _Plain(HTTPConnection):
    opener: Callable[[], socket.socket]

    def _new_conn(self) -> socket.socket:
        return self.opener()


class _Tls(HTTPSConnection):
    opener: Callable[[], socket.socket]

    def _new_conn(self) -> socket.socket:
        return self.opener()


def _connect(address: Address, port: int, patience: Patience, seconds: float) -> socket.socket:
    family = socket.AF_INET if address.version == 4 else socket.AF_INET6
    connection = socket.socket(family, socket.SOCK_STREAM)
    try:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.setblocking(False)
        fault = connection.connect_ex((str(address), port))
        if fault == errno.EINPROGRESS:
            if not patience.wait(seconds, connection.fileno(), select.POLLOUT):
                raise TimeoutError(f"no connection in {seconds:g} s")
            fault = connection.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if fault:
            raise OSError(fault, os.strerror(fault))
        return connection
    except BaseException:
        connection.close()
        raise
