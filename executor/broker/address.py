"""Where the broker is, and what went wrong on the way there, in the operator's words."""

import random
import re
import socket
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Self

from pika import SSLOptions, URLParameters
from pika.adapters.utils import connection_workflow as workflow
from pika.exceptions import (
    AMQPConnectionError,
    ChannelClosedByBroker,
    ConnectionBlockedTimeout,
    ConnectionClosedByBroker,
    IncompatibleProtocolError,
    ProbableAccessDeniedError,
    ProbableAuthenticationError,
)

from executor.broker.tls import Tls, TlsUnusable
from executor.settings import Settings, WrongSettings

CONNECT_TIMEOUT_S = 10

CERTIFICATE_EXPIRED = 10
"""OpenSSL's X509_V_ERR_CERT_HAS_EXPIRED."""

HANGS_UP = (
    "it hangs up before a word of AMQP "
    "(still starting? it wants amqps://, or a certificate, AMQP_TLS_CERT? another service?)"
)

CLOSED_BY_BROKER = re.compile(r"ClosedByBroker: \(\d+\) (['\"])(.*)\1$")
"""What pika makes of the broker's words when it guesses at why a connection is not opened."""

ALERT = re.compile(r" alert ([a-z ]+) \(")
"""In OpenSSL's words: `tlsv13 alert certificate required (_ssl.c:2546)`."""


@dataclass(frozen=True, slots=True)
class Brokers:
    """The nodes of one cluster, any of which will do, and how to connect to them.

    urls: at least one. heartbeat_s: seconds between heartbeats.
    """

    urls: tuple[str, ...]
    heartbeat_s: int
    tls: Tls

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """Those of the settings. Raises WrongSettings if one could never be connected to."""
        tls = Tls(settings.amqp_tls_ca, settings.amqp_tls_cert, settings.amqp_tls_key)
        brokers = cls(settings.amqp_url, settings.amqp_heartbeat_s, tls)
        if any((tls.authorities, tls.certificate)) and not any(map(_is_tls, brokers.urls)):
            raise WrongSettings("AMQP_TLS_...: AMQP_URL says amqp://, without TLS; use amqps://")
        try:
            for url in brokers.urls:
                brokers.parameters(url, "")
        except TlsUnusable as error:
            raise WrongSettings(str(error)) from None
        return brokers

    def parameters(self, url: str, name: str) -> URLParameters:
        """How to connect to a URL: one attempt, under a name that operators see.

        Raises TlsUnusable.
        """
        found = URLParameters(url)
        if _is_tls(url):
            found.ssl_options = SSLOptions(self.tls.context(), found.host)
        found.heartbeat = self.heartbeat_s
        found.connection_attempts = 1
        found.socket_timeout = CONNECT_TIMEOUT_S
        found.stack_timeout = CONNECT_TIMEOUT_S
        # A memory alarm may last for hours; the verdict waits, it is not lost.
        found.blocked_connection_timeout = None
        found.client_properties = {"connection_name": name}
        return found

    def shuffled(self) -> list[str]:
        """Every URL once, in a random order."""
        return random.sample(self.urls, len(self.urls))

    def shuffled_for_ever(self) -> Iterator[str]:
        """Every URL once in a random order, then again in another."""
        while True:
            yield from self.shuffled()


def _is_tls(url: str) -> bool:
    return url.lower().startswith("amqps:")


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
        case ProbableAuthenticationError() if CLOSED_BY_BROKER.search(str(error)):
            return "wrong user or password (guest may log in on the broker's own machine only)"
        case ProbableAccessDeniedError() if said := CLOSED_BY_BROKER.search(str(error)):
            return f"no access to this virtual host: {_said(said[2])}"
        case IncompatibleProtocolError() if alert := ALERT.search(str(error)):
            return _refused_by_tls(alert[1])
        case IncompatibleProtocolError():
            return HANGS_UP
        case ChannelClosedByBroker(reply_code=403, reply_text=text):
            return f"no permission: {_said(text)} (rabbitmqctl set_permissions)"
        case ChannelClosedByBroker(reply_code=404, reply_text=text):
            return _said(text)
        case ChannelClosedByBroker(reply_code=code, reply_text=text):
            return f"refused by the broker: {code} {text}"
        case ConnectionClosedByBroker(reply_code=code, reply_text=text):
            return f"closed by the broker: {code} {text}"
        case ConnectionBlockedTimeout():
            return "the broker takes nothing: it is short of memory or disk (rabbitmqctl status)"
        case AMQPConnectionError() if error.args and isinstance(error.args[0], BaseException):
            return reason(error.args[0])
        case ssl.SSLCertVerificationError():
            return _untrusted(error)
        case ssl.SSLError() if alert := ALERT.search(str(error)):
            return _refused_by_tls(alert[1])
        case ssl.SSLError(reason="WRONG_VERSION_NUMBER"):
            return "no TLS is spoken there: amqp://, or the port for TLS (5671 by default)?"
        case ssl.SSLError():
            return f"TLS fails: {error.reason}"
        case socket.gaierror():
            return f"no such host: {error.strerror}"
        case ConnectionRefusedError():
            return f"{error.strerror} (not started yet, or another port?)"
        case OSError() if error.strerror:
            return error.strerror
        case TimeoutError():
            return "no answer in time"
        case _:
            return " ".join((str(error) or repr(error)).split())


def _untrusted(error: ssl.SSLCertVerificationError) -> str:
    if error.verify_code == CERTIFICATE_EXPIRED:
        return "the broker's TLS certificate has expired"
    if "not valid for" in error.verify_message:
        return f"the broker's TLS certificate has another name: {error.verify_message}"
    return f"the broker's TLS certificate is not trusted: {error.verify_message} (AMQP_TLS_CA?)"


def _refused_by_tls(alert: str) -> str:
    """What an alert of the broker's means; with TLS 1.3 it comes when we think that all is well."""
    if "certificate" in alert or alert == "unknown ca":
        return f"the broker refuses our TLS certificate: {alert} (AMQP_TLS_CERT?)"
    return f"the broker ends TLS: {alert} (does it want a certificate, AMQP_TLS_CERT?)"


def _said(text: str) -> str:
    """Of `ACCESS_REFUSED - access to ...` what comes after the code."""
    return text.partition(" - ")[2] or text
