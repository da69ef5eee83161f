"""Names of hosts to addresses."""

import os
import socket
import threading
from collections.abc import Callable
from ipaddress import ip_address

from executor.blobs.errors import Reason, Unavailable
from executor.blobs.hosts import Address
from executor.blobs.patience import Patience

RESOLVE_S = 15

Resolve = Callable[[str, int, Patience], list[Address]]
"""The addresses of a host, best first. Raises Unavailable."""


def resolve(host: str, port: int, patience: Patience) -> list[Address]:
    """Asks the system, in a thread: nothing else can be done about a resolver that hangs.

    Raises Unavailable, Killed, OutOfPatience.
    """
    found: list[list[Address] | Exception] = []
    read_end, write_end = os.pipe2(os.O_CLOEXEC)

    def ask() -> None:
        try:
            found.append(_addresses(host, port))
        except (OSError, ValueError) as error:
            found.append(error)
        finally:
            os.close(write_end)

    threading.Thread(target=ask, daemon=True).start()
    try:
        if not patience.wait(RESOLVE_S, read_end):
            raise _not_found(host, f"no answer in {RESOLVE_S} s", may_pass=True)
    finally:
        os.close(read_end)
    match found[0]:
        case list(addresses):
            return addresses
        case socket.gaierror() as error:
            why = (error.strerror or "not found").lower()
            raise _not_found(host, why, error.errno == socket.EAI_AGAIN)
        case error:
            raise _not_found(host, str(error), may_pass=False)


def _addresses(host: str, port: int) -> list[Address]:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    texts = dict.fromkeys(str(place[0]) for *_, place in found)
    # A scope (`%eth0`) stands with link-local addresses only.
    return [ip_address(text) for text in texts if "%" not in text]


def _not_found(host: str, why: str, may_pass: bool) -> Unavailable:
    return Unavailable(Reason.UNREACHABLE, f"{host}: {why}", may_pass)
