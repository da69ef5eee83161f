"""The workers of a service, each asked over HTTP how it is."""

import http.client
import socket
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from pydantic import ValidationError

from executor.roll import MAX_ANSWER_BYTES
from executor.status import WorkerStatus

ANSWER_S = 2.0
_AT_ONCE = 16


@dataclass(frozen=True, slots=True)
class Address:
    """A name that stands for all the workers, and their port.

    `tasks.SERVICE` is such a name in a network of Swarm's.
    """

    host: str
    port: int


def ask_crew(address: Address) -> list[WorkerStatus]:
    """Of those that answer within two seconds; none if the name is not known here."""
    try:
        found = socket.getaddrinfo(address.host, address.port, type=socket.SOCK_STREAM)
    except OSError:
        return []
    hosts = sorted({str(each[4][0]) for each in found})
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        answers = pool.map(lambda host: _ask(host, address.port), hosts)
        return [status for status in answers if status is not None]


def _ask(host: str, port: int) -> WorkerStatus | None:
    connection = http.client.HTTPConnection(host, port, timeout=ANSWER_S)
    try:
        connection.request("GET", "/status")
        return WorkerStatus.model_validate_json(connection.getresponse().read(MAX_ANSWER_BYTES))
    except (OSError, http.client.HTTPException, ValidationError):
        return None
    finally:
        connection.close()


def busy_of(crew: Sequence[WorkerStatus], consumers: int) -> int | None:
    """How many of the consumers have a job; None: nobody answers.

    Those who do not answer count as if they had one.
    """
    consuming = [each.state for each in crew if each.state in ("idle", "judging", "answering")]
    if not consuming:
        return None
    busy = sum(state != "idle" for state in consuming)
    return busy + max(0, consumers - len(consuming))
