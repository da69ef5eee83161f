"""An address on the web, parsed once: what is checked is what is connected to."""

from base64 import b64encode
from dataclasses import dataclass
from typing import Self
from urllib.parse import unquote_to_bytes, urljoin, urlsplit

from urllib3.exceptions import LocationParseError
from urllib3.util import parse_url

from executor.blobs.errors import Reason, Unavailable

MAX_SHOWN = 200
_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True, repr=False)
class Url:
    """`str` and `repr` give what may be told: without credentials, and without the query, which
    may be a signature.

    host: a name or an address, without brackets. target: path and query, percent-encoded.
    authorization: the header that the credentials become.
    """

    scheme: str
    host: str
    port: int
    target: str
    authorization: str | None

    @classmethod
    def parse(cls, text: str) -> Self:
        """Raises Unavailable with `bad_url`."""
        try:
            # urllib3 would translate other names, where the package idna is installed.
            in_ascii = urlsplit(text).netloc.isascii()
            found = parse_url(text)
        except (LocationParseError, ValueError):
            # Its text repeats the URL, with what is secret in it.
            raise _bad("not a URL that can be understood") from None
        scheme, host = found.scheme or "", found.host or ""
        if scheme not in _PORTS:
            raise _bad("a URL starts with http:// or https:// here")
        if not host or not in_ascii:
            raise _bad("a URL names a host, in ASCII")
        return cls(
            scheme=scheme,
            host=host.strip("[]"),
            port=_PORTS[scheme] if found.port is None else found.port,
            target=found.request_uri,
            authorization=None if found.auth is None else _basic(found.auth),
        )

    def redirected(self, location: str) -> "Url":
        """Where a redirect leads. Credentials go along to the same host only.

        Raises Unavailable with `redirect`.
        """
        try:
            to = Url.parse(urljoin(f"{self.origin}{self.target}", location))
        except (Unavailable, ValueError) as error:
            raise Unavailable(Reason.REDIRECT, f"redirected to what is no URL: {error}") from None
        if (self.scheme, to.scheme) == ("https", "http"):
            raise Unavailable(Reason.REDIRECT, "redirected from https to http")
        if to.authorization is None and to.origin == self.origin:
            return Url(to.scheme, to.host, to.port, to.target, self.authorization)
        return to

    @property
    def origin(self) -> str:
        """Scheme, host, and the port if it is not the usual one."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        port = "" if self.port == _PORTS[self.scheme] else f":{self.port}"
        return f"{self.scheme}://{host}{port}"

    def __str__(self) -> str:
        shown = self.origin + self.target.partition("?")[0]
        return shown if len(shown) <= MAX_SHOWN else shown[:MAX_SHOWN] + "…"

    __repr__ = __str__


def _bad(message: str) -> Unavailable:
    return Unavailable(Reason.BAD_URL, message)


def _basic(credentials: str) -> str:
    return f"Basic {b64encode(unquote_to_bytes(credentials)).decode()}"
