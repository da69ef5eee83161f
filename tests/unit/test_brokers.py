"""Where the broker is, and what went wrong on the way there."""

import socket
import ssl
from pathlib import Path

import pytest
from pika.exceptions import (
    ChannelClosedByBroker,
    IncompatibleProtocolError,
    ProbableAccessDeniedError,
    ProbableAuthenticationError,
)

from executor.broker.address import HANGS_UP, Brokers, reason
from executor.settings import Settings, WrongSettings
from tests.authority import Authority

LOST = 'StreamLostError: ("Stream connection lost: {}",)'
ALERT = "SSLError(1, '[SSL: X] {} (_ssl.c:2546)')"


def brokers(**settings: str) -> Brokers:
    return Brokers.of(Settings.load(settings, Path("/nonexistent"))[0])


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (
            IncompatibleProtocolError(
                LOST.format(ALERT.format("tlsv13 alert certificate required"))
            ),
            "the broker refuses our TLS certificate: certificate required (AMQP_TLS_CERT?)",
        ),
        (
            ssl.SSLError(1, "[SSL: TLSV1_ALERT_UNKNOWN_CA] tlsv1 alert unknown ca (_ssl.c:1)"),
            "the broker refuses our TLS certificate: unknown ca (AMQP_TLS_CERT?)",
        ),
        (
            ssl.SSLError(1, "[SSL: X] sslv3 alert handshake failure (_ssl.c:1)"),
            "the broker ends TLS: handshake failure (does it want a certificate, AMQP_TLS_CERT?)",
        ),
        (IncompatibleProtocolError(LOST.format("ConnectionResetError(104, 'reset')")), HANGS_UP),
        (
            ProbableAuthenticationError("ConnectionClosedByBroker: (403) 'ACCESS_REFUSED - Login'"),
            "wrong user or password (guest may log in on the broker's own machine only)",
        ),
        # It was restarted at this moment: nobody has looked at the password.
        (
            ProbableAuthenticationError(LOST.format("ConnectionResetError(104, 'reset')")),
            LOST.format("ConnectionResetError(104, 'reset')"),
        ),
        (
            ProbableAccessDeniedError(
                "ConnectionClosedByBroker: (530) \"NOT_ALLOWED - access to vhost '/' refused\""
            ),
            "no access to this virtual host: access to vhost '/' refused",
        ),
        (
            ChannelClosedByBroker(403, "ACCESS_REFUSED - read access to queue 'q' refused"),
            "no permission: read access to queue 'q' refused (rabbitmqctl set_permissions)",
        ),
        (ChannelClosedByBroker(404, "NOT_FOUND - no queue 'q' in vhost '/'"), None),
        (socket.gaierror(-2, "Name or service not known"), None),
        (ConnectionRefusedError(111, "Connection refused"), None),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else "",
)
def test_an_error_is_told_in_one_plain_line(error: Exception, told: str | None) -> None:
    line = reason(error)
    assert "\n" not in line
    if told is not None:
        assert line == told


def test_hosts_are_tried_in_every_order_each_once() -> None:
    found = brokers(AMQP_URL="amqp://a/,amqp://b/,amqp://c/")
    orders = {tuple(found.shuffled()) for _ in range(500)}
    assert {frozenset(order) for order in orders} == {frozenset(found.urls)}
    assert len(orders) == 6
    endless = found.shuffled_for_ever()
    assert {next(endless) for _ in range(3)} == {next(endless) for _ in range(3)} == {*found.urls}


def test_each_connection_of_tls_is_made_anew_and_checks_the_name(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    ours = authority.issue("ours", "worker@localhost")
    found = brokers(
        AMQP_URL="amqps://user:secret@broker.test/v,amqp://plain/",
        AMQP_TLS_CA=str(authority.file),
        AMQP_TLS_CERT=str(ours),
    )
    options = found.parameters(found.urls[0], "name").ssl_options
    assert options.server_hostname == "broker.test"
    assert options.context.check_hostname
    assert options.context.verify_mode is ssl.CERT_REQUIRED
    assert found.parameters(found.urls[1], "name").ssl_options is None


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"AMQP_TLS_CA": "/none"}, "AMQP_TLS_CA: /none: No such file or directory"),
        ({"AMQP_TLS_CA": "/etc/passwd"}, "AMQP_TLS_CA: /etc/passwd: not in PEM form"),
        ({"AMQP_TLS_CERT": "/etc/passwd"}, "AMQP_TLS_KEY: /etc/passwd: not in PEM form"),
        ({"AMQP_TLS_CERT": "ours", "AMQP_TLS_KEY": "theirs"}, "the key is not that of the"),
        ({"AMQP_TLS_CERT": "ours", "AMQP_TLS_KEY": "locked"}, "the key is under a pass phrase"),
        ({"AMQP_URL": "amqp://host/", "AMQP_TLS_CA": "authority"}, "use amqps://"),
    ],
)
def test_a_file_that_does_not_serve_is_told_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: dict[str, str], told: str
) -> None:
    monkeypatch.chdir(tmp_path)
    authority = Authority(tmp_path)
    ours = authority.issue("ours", "a.test").rename("ours")
    authority.issue("theirs", "b.test").rename("theirs")
    authority.file.rename("authority")
    locked(ours, Path("locked"))
    with pytest.raises(WrongSettings, match=told) as caught:
        brokers(**{"AMQP_URL": "amqps://user:secret@host/"} | settings)
    assert "\n" not in str(caught.value)


def locked(plain: Path, target: Path) -> None:
    """Writes the key under a pass phrase."""
    from cryptography.hazmat.primitives import serialization

    key = serialization.load_pem_private_key(plain.read_bytes(), None)
    target.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.BestAvailableEncryption(b"secret"),
        )
    )
