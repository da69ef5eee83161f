"""amqps:// with certificates on both sides, and what is told when one of them does not serve."""

import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from executor.broker.address import HANGS_UP
from stack import Frontend, PrivateBroker, RunFolder, wait_until
from stack.releases import MAJORS, is_installed, release_of
from tests.authority import Authority
from tests.broker.conftest import StartWorker, job
from tests.broker.test_command import executor

# A broker of its own, and workers that try and try again.
pytestmark = pytest.mark.slow

SOON_S = 30
OURS = next(major for major in MAJORS if is_installed(major))


@dataclass(frozen=True)
class TlsBroker:
    """One whose port for TLS wants a certificate of its authority, and shows one for localhost.

    strangers: an authority that it does not know. certificate: the file that it reads.
    """

    broker: PrivateBroker
    url: str
    authority: Authority
    strangers: Authority
    certificate: Path

    @property
    def settings(self) -> dict[str, str]:
        """Of a client that is welcome."""
        ours = self.authority.issue("ours", "worker@localhost")
        return {
            "AMQP_URL": self.url,
            "AMQP_TLS_CA": str(self.authority.file),
            "AMQP_TLS_CERT": str(ours),
        }

    def show(self, certificate: Path) -> None:
        """From now on it shows that certificate."""
        self.certificate.write_bytes(certificate.read_bytes())
        self.broker.ctl("eval", "ssl:clear_pem_cache().")


def on(*majors: int) -> pytest.MarkDecorator:
    """Runs a test on those releases; what is told is OpenSSL's and ours, and the same on each."""
    named = [pytest.param(major, id=f"rabbitmq{major}") for major in majors]
    return pytest.mark.parametrize("tls", named, indirect=True, scope="module")


@pytest.fixture(scope="module")
def tls(request: pytest.FixtureRequest, run_folder: RunFolder) -> Iterator[TlsBroker]:
    authority, strangers = (
        Authority(run_folder.make(f"{name}-{request.param}")) for name in ("authority", "strangers")
    )
    certificate = authority.issue("broker", "localhost")
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    settings = {
        "ssl_listeners": f'[{{"127.0.0.1", {port}}}]',
        "ssl_options": f'[{{cacertfile, "{authority.file}"}}, {{certfile, "{certificate}"}},'
        f' {{keyfile, "{certificate}"}}, {{verify, verify_peer}}, {{fail_if_no_peer_cert, true}}]',
    }
    with PrivateBroker(release=release_of(request.param), settings=settings) as broker:
        url = broker.url.replace("amqp:", "amqps:")
        url = url.replace(f"127.0.0.1:{broker.port}", f"localhost:{port}")
        yield TlsBroker(broker, url, authority, strangers, certificate)


SettingsOf = Callable[[TlsBroker], dict[str, str]]


def of_nobody(tls: TlsBroker) -> dict[str, str]:
    return tls.settings | {"AMQP_TLS_CERT": ""}


def of_a_stranger(tls: TlsBroker) -> dict[str, str]:
    return tls.settings | {"AMQP_TLS_CERT": str(tls.strangers.issue("ours", "worker@localhost"))}


def of_yesterday(tls: TlsBroker) -> dict[str, str]:
    expired = tls.authority.issue("expired", "worker@localhost", expired=True)
    return tls.settings | {"AMQP_TLS_CERT": str(expired)}


def trusting_the_system(tls: TlsBroker) -> dict[str, str]:
    return tls.settings | {"AMQP_TLS_CA": ""}


def trusting_strangers(tls: TlsBroker) -> dict[str, str]:
    return tls.settings | {"AMQP_TLS_CA": str(tls.strangers.file)}


def by_its_address(tls: TlsBroker) -> dict[str, str]:
    return tls.settings | {"AMQP_URL": tls.url.replace("localhost", "127.0.0.1")}


def without_tls(tls: TlsBroker) -> dict[str, str]:
    return {"AMQP_URL": tls.url.replace("amqps:", "amqp:")}


def with_tls_to_the_plain_port(tls: TlsBroker) -> dict[str, str]:
    scheme, _, rest = tls.broker.url.partition("://")
    return tls.settings | {"AMQP_URL": f"{scheme}s://{rest}"}


WRONG = {
    of_nobody: "the broker refuses our TLS certificate: certificate required",
    of_a_stranger: "the broker refuses our TLS certificate: unknown ca",
    of_yesterday: "the broker refuses our TLS certificate: certificate expired",
    trusting_the_system: "the broker's TLS certificate is not trusted: self-signed",
    trusting_strangers: "the broker's TLS certificate is not trusted: self-signed",
    by_its_address: "the broker's TLS certificate has another name",
    without_tls: HANGS_UP,
    with_tls_to_the_plain_port: "no TLS is spoken there: amqp://",
}


def is_told(told: str, line: str) -> bool:
    """With TLS 1.3 a client may be hung up on before it has read why its certificate is refused."""
    return told in line or ("our TLS certificate" in told and HANGS_UP in line)


def assert_told(settings: dict[str, str], told: str, start: StartWorker, folder: Path) -> None:
    """The worker tells it in its log at each attempt, the commands in one line."""
    (folder / "job.json").write_text('{"id": "s-1"}')
    check = executor(folder, "check", **settings, SAFEEXEC_SOCKET="/nonexistent")
    assert is_told(told, check.stdout.splitlines()[0])
    submit = executor(folder, "submit", "--job", "job.json", **settings)
    assert submit.returncode == 2
    assert is_told(told, submit.stderr)
    assert submit.stderr.count("\n") == 1
    worker = start(settings["AMQP_URL"], ready=False, **settings)
    worker.wait_for("link_failed", count=4, timeout=SOON_S)
    assert all(is_told(told, event["error"]) for event in worker.events("link_failed"))
    assert "Traceback" not in worker.log.read_text() + check.stderr


@on(*MAJORS)
def test_a_worker_with_a_certificate_judges_over_tls(tls: TlsBroker, start: StartWorker) -> None:
    worker = start(tls.url, **tls.settings)
    with Frontend(tls.broker.url) as frontend:
        assert frontend.judge(job(), SOON_S)["verdict"] == "AC"
    assert not worker.events("link_failed")


@on(OURS)
@pytest.mark.parametrize("settings_of", WRONG, ids=lambda each: each.__name__)
def test_what_does_not_serve_is_told_in_one_line(
    tls: TlsBroker, start: StartWorker, tmp_path: Path, settings_of: SettingsOf
) -> None:
    assert_told(settings_of(tls), WRONG[settings_of], start, tmp_path)


@on(OURS)
def test_a_certificate_that_the_broker_lets_expire_is_told_and_a_new_one_is_taken(
    tls: TlsBroker, start: StartWorker, tmp_path: Path
) -> None:
    valid = tls.authority.issue("valid", "localhost")
    tls.show(tls.authority.issue("expired", "localhost", expired=True))
    try:
        told = "the broker's TLS certificate has expired"
        assert_told(tls.settings, told, start, tmp_path)
        worker = start(tls.url, ready=False, **tls.settings)
        worker.wait_for("link_failed", timeout=SOON_S)
    finally:
        tls.show(valid)
    worker.wait_for("worker_ready", timeout=2 * SOON_S)


@on(OURS)
def test_a_worker_reads_its_renewed_certificate_when_it_connects_again(
    tls: TlsBroker, start: StartWorker
) -> None:
    settings = tls.settings
    ours = Path(settings["AMQP_TLS_CERT"])
    ours.write_bytes(tls.authority.issue("expired", "worker@localhost", expired=True).read_bytes())
    worker = start(tls.url, ready=False, **settings)
    worker.wait_for("link_failed", timeout=SOON_S)
    ours.write_bytes(b"half written")
    unreadable = "not in PEM form"
    wait_until(
        lambda: any(unreadable in event["error"] for event in worker.events("link_failed")),
        SOON_S,
        "it tells that the file does not serve",
    )
    tls.authority.issue("ours", "worker@localhost")
    worker.wait_for("worker_ready", timeout=2 * SOON_S)
