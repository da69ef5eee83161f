"""Where the broker is, and what went wrong on the way there, in the operator's words."""

import random
from collections.abc import Iterator, Sequence

from pika import URLParameters
from pika.adapters.utils import connection_workflow as workflow
from pika.exceptions import (
    AMQPConnectionError,
    ChannelClosedByBroker,
    ConnectionClosedByBroker,
    IncompatibleProtocolError,
    ProbableAccessDeniedError,
    ProbableAuthenticationError,
)

CONNECT_TIMEOUT_S = 10


def shuffled_for_ever(urls: Sequence[str]) -> Iterator[str]:
    """Every URL once in a random order, then again in another."""
    while True:
        yield from random.sample(urls, len(urls))


def parameters(url: str, name: str, heartbeat_s: int) -> URLParameters:
    """How to connect to a URL: one attempt, under a name that operators see."""
    found = URLParameters(url)
    found.heartbeat = heartbeat_s
    found.connection_attempts = 1
    found.socket_timeout = CONNECT_TIMEOUT_S
    found.stack_timeout = CONNECT_TIMEOUT_S
    # A memory alarm may last for hours; the verdict waits, it is not lost.
    found.blocked_connection_timeout = None
    found.client_properties = {"connection_name": name}
    return found


def place(found: URLParameters) -> str:
    """`host:port/vhost`, without the password."""
    return f"{found.host}:{found.port}/{found.virtual_host.removeprefix('/')}"


def reason(error: BaseException | None) -> str:
    """Why a connection failed or ended, in one line; pika wraps it up to four times."""
    match error:
        case None:
            return "it was given up"
        case workflow.AMQPConnectionWorkflowFailed() if error.exceptions:
            return reason(error.exceptions[-1])
        case workflow.AMQPConnectorPhaseErrorBase():
            return reason(error.exception)
        case ProbableAuthenticationError():
            return "wrong user or password"
        case ProbableAccessDeniedError():
            return "the user has no access to this virtual host"
        case IncompatibleProtocolError():
            return "no AMQP 0-9-1 is spoken there (TLS, or another service?)"
        case ChannelClosedByBroker(reply_code=code, reply_text=text):
            return f"refused by the broker: {code} {text}"
        case ConnectionClosedByBroker(reply_code=code, reply_text=text):
            return f"closed by the broker: {code} {text}"
        case AMQPConnectionError() if error.args and isinstance(error.args[0], BaseException):
            return reason(error.args[0])
        case OSError() if error.strerror:
            return error.strerror
        case TimeoutError():
            return "no answer in time"
        case _:
            return " ".join((str(error) or repr(error)).split())
