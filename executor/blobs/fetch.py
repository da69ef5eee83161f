"""Fetching over HTTP: where it may go, how long it may take, what is tried again."""

import contextlib
import http.client
import ssl
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from http import HTTPStatus
from typing import TypeVar

import structlog
import urllib3.exceptions
from tenacity import (
    RetryCallState,
    Retrying,
    retry_if_exception,
    stop_after_attempt,
    wait_random_exponential,
)
from urllib3 import BaseHTTPResponse

from executor.blobs.connection import Connection
from executor.blobs.errors import Reason, Unavailable
from executor.blobs.hosts import Hosts
from executor.blobs.patience import Patience
from executor.blobs.resolve import Resolve, resolve
from executor.blobs.storing import too_large
from executor.blobs.url import Url

log = structlog.get_logger()

CHUNK_BYTES = 256 * 1024
MAX_REDIRECTS = 5
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_MAY_PASS = frozenset({408, 425, 429, 500, 502, 503, 504})

T = TypeVar("T")

Consume = Callable[[Iterator[bytes]], T]
"""Takes a body, piece by piece, from its beginning: each attempt calls it anew. Of its own it
raises Unavailable alone: an OSError would be taken for the server's."""


@dataclass(frozen=True, slots=True)
class FetchLimits:
    """connect_s: for each address. idle_s: until the next bytes. attempts: of each blob;
    wait_s: between two of them at most."""

    connect_s: float = 5.0
    idle_s: float = 20.0
    attempts: int = 4
    wait_s: float = 4.0


class Fetcher:
    """Fetches from the hosts that are allowed, over http and https.

    No proxy, no .netrc, no cookies. Certificates are held against the system's authorities, or
    those of SSL_CERT_FILE.
    """

    def __init__(
        self, hosts: Hosts, limits: FetchLimits | None = None, resolve: Resolve = resolve
    ) -> None:
        self.hosts = hosts
        self.limits = limits or FetchLimits()
        self.resolve = resolve

    @cached_property
    def tls(self) -> ssl.SSLContext:
        context = ssl.create_default_context()
        context.set_alpn_protocols(["http/1.1"])
        return context


class Session:
    """What one job fetches, a blob at a time: connections are kept, and names resolved once."""

    def __init__(self, fetcher: Fetcher) -> None:
        self._fetcher = fetcher
        self._connections: dict[str, Connection] = {}

    def close(self) -> None:
        for connection in self._connections.values():
            connection.close()

    def fetch(self, url: str, max_bytes: int, patience: Patience, consume: Consume[T]) -> T:
        """What `consume` makes of the body; it is tried again where that may help.

        Raises Unavailable, Killed, OutOfPatience.
        """
        limits = self._fetcher.limits
        start = Url.parse(url)

        def tell(state: RetryCallState) -> None:
            error = state.outcome.exception() if state.outcome else None
            log.warning("fetch_retried", url=str(start), reason=str(error))

        attempts = Retrying(
            retry=retry_if_exception(_may_pass),
            stop=stop_after_attempt(limits.attempts),
            wait=wait_random_exponential(multiplier=0.5, max=limits.wait_s),
            sleep=lambda seconds: _wait(patience, seconds),
            before_sleep=tell,
            reraise=True,
        )
        result: T = attempts(self._attempt, start, max_bytes, patience, consume)
        return result

    def _attempt(self, url: Url, max_bytes: int, patience: Patience, consume: Consume[T]) -> T:
        visited = [url]
        while True:
            outcome = self._exchange(visited[-1], max_bytes, patience, consume)
            if not isinstance(outcome, _Redirect):
                return outcome
            url = visited[-1].redirected(outcome.location)
            if url in visited:
                raise Unavailable(Reason.REDIRECT, f"{url}: redirected in a circle")
            if len(visited) > MAX_REDIRECTS:
                raise Unavailable(
                    Reason.REDIRECT, f"{visited[0]}: more than {MAX_REDIRECTS} redirects"
                )
            visited.append(url)

    def _exchange(
        self, url: Url, max_bytes: int, patience: Patience, consume: Consume[T]
    ) -> "T | _Redirect":
        """One request and its answer. The connection is kept only after a body read to its end."""
        connection = self._connection(url, patience)
        whole = False
        try:
            with (
                _told(url, self._fetcher.limits),
                connection.guarded(patience),
                contextlib.ExitStack() as stack,
            ):
                response = stack.enter_context(contextlib.closing(connection.get(url)))
                if response.status in _REDIRECTS and "location" in response.headers:
                    return _Redirect(response.headers["location"])
                _check(url, response, max_bytes)
                result = consume(response.stream(CHUNK_BYTES, decode_content=False))
                whole = True
                return result
        finally:
            if not whole:
                connection.close()

    def _connection(self, url: Url, patience: Patience) -> Connection:
        if url.origin not in self._connections:
            fetcher = self._fetcher
            found = fetcher.resolve(url.host, url.port, patience)
            addresses = fetcher.hosts.admitted(url.host, url.port, found)
            if not addresses:
                log.warning("fetch_refused", url=str(url), addresses=list(map(str, found)))
                raise Unavailable(
                    Reason.HOST_NOT_ALLOWED,
                    f"{url.origin}: this worker may not fetch from that host;"
                    " its EXECUTOR_TESTDATA_HOSTS says from which",
                )
            self._connections[url.origin] = Connection(
                url,
                addresses,
                fetcher.tls if url.scheme == "https" else None,
                fetcher.limits.connect_s,
                fetcher.limits.idle_s,
            )
        return self._connections[url.origin]


@dataclass(frozen=True, slots=True)
class _Redirect:
    location: str


def _wait(patience: Patience, seconds: float) -> None:
    patience.wait(seconds)


def _may_pass(error: BaseException) -> bool:
    return isinstance(error, Unavailable) and error.may_pass


def _check(url: Url, response: BaseHTTPResponse, max_bytes: int) -> None:
    """Raises Unavailable unless the body is what was asked for."""
    if response.status != HTTPStatus.OK:
        # The server's own words may be anything.
        known = {status.value: f" {status.phrase}" for status in HTTPStatus}
        answer = f"{response.status}{known.get(response.status, '')}"
        raise Unavailable(
            Reason.HTTP_STATUS, f"{url}: answered {answer}", response.status in _MAY_PASS
        )
    if response.headers.get("content-encoding", "identity").strip().lower() not in ("", "identity"):
        raise Unavailable(
            Reason.CONTENT_ENCODING,
            f"{url}: sent with a Content-Encoding, although identity was asked for",
        )
    length = response.headers.get("content-length", "")
    if length.isdecimal() and int(length) > max_bytes:
        raise too_large(str(url), max_bytes)


@contextlib.contextmanager
def _told(url: Url, limits: FetchLimits) -> Iterator[None]:
    """Says in our words what went wrong: those of the libraries may repeat what a server said."""
    try:
        yield
    except (TimeoutError, urllib3.exceptions.TimeoutError):
        message = f"{url}: no connection in {limits.connect_s:g} s, or silent for {limits.idle_s:g}"
        raise Unavailable(Reason.TIMEOUT, f"{message} s", may_pass=True) from None
    except ssl.SSLCertVerificationError as error:
        why = f"its certificate is not trusted: {error.verify_message}"
        raise Unavailable(Reason.TLS, f"{url}: {why}") from None
    except (ssl.SSLError, urllib3.exceptions.SSLError):
        raise Unavailable(Reason.TLS, f"{url}: TLS failed", may_pass=True) from None
    except (http.client.HTTPException, urllib3.exceptions.HTTPError):
        why = "broke off, or is no HTTP"
        raise Unavailable(Reason.UNREACHABLE, f"{url}: {why}", may_pass=True) from None
    except OSError as error:
        why = (error.strerror or str(error)).lower()
        raise Unavailable(Reason.UNREACHABLE, f"{url}: {why}", may_pass=True) from None
