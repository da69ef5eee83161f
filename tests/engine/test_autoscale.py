"""`executor autoscale` and a Swarm: what it changes, what it leaves alone, and what it says.

First services of a program that only sleeps, with a queue of our own; then the stack, which judges.
"""

import json
import os
import signal
import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pika
import pytest

from stack import wait_until
from stack.docker import docker, run
from stack.frontend import answers
from stack.paths import ROOT
from stack.swarm import own_swarm
from storm.load import Load
from tests.engine.operator import PASSWORD, PATIENCE_S, Operator
from tests.page import OPERATIONS, commands

pytestmark = pytest.mark.slow

NAME = f"autoscaled-{os.getpid()}"
SLEEPER = ("debian:trixie-slim", "sleep", "infinity")
AUTOSCALE = str(ROOT / "script" / "executor"), "autoscale"
BOUNDS = ("--min=1", "--max=4")
AT_ONCE = ("--target-wait=1", "--cooldown=3", "--interval=0.5")
SOCKET = os.environ.get("DOCKER_HOST", "unix:///var/run/docker.sock").removeprefix("unix://")


@pytest.fixture(scope="module")
def swarm(engine: None) -> Iterator[None]:
    with own_swarm():
        yield


@pytest.fixture
def service(swarm: None) -> Iterator[Callable[..., None]]:
    """Makes the service."""

    def create(*options: str, replicas: int = 1) -> None:
        size = () if "--mode=global" in options else (f"--replicas={replicas}",)
        quiet = ("--quiet", "--stop-grace-period=1s")
        docker("service", "create", f"--name={NAME}", *quiet, *size, *options, *SLEEPER)

    yield create
    subprocess.run(["docker", "service", "rm", NAME], capture_output=True, check=False)
    wait_until(lambda: not _containers(), PATIENCE_S, "the tasks are gone")


@pytest.fixture
def channel(broker: str) -> Iterator[pika.adapters.blocking_connection.BlockingChannel]:
    """Of the broker, with an empty queue of that name."""
    with pika.BlockingConnection(pika.URLParameters(f"{broker}?heartbeat=0")) as connection:
        channel = connection.channel()
        channel.queue_declare(NAME)
        yield channel
        channel.queue_delete(NAME)


def _containers() -> set[str]:
    label = f"label=com.docker.swarm.service.name={NAME}"
    return set(docker("ps", "--quiet", f"--filter={label}").split())


def _spec() -> dict[str, Any]:
    spec: dict[str, Any] = json.loads(docker("service", "inspect", NAME))[0]["Spec"]
    return spec


def _replicas() -> int:
    count: int = _spec()["Mode"]["Replicated"]["Replicas"]
    return count


def _once(
    broker: str, *options: str, env: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    given = [*AUTOSCALE, f"--service={NAME}", *BOUNDS, *AT_ONCE, "--once", *options]
    return subprocess.run(
        given, env={**_env(broker), **(env or {})}, capture_output=True, text=True, check=False
    )


def _env(broker: str) -> dict[str, str]:
    return {**os.environ, "AMQP_URL": broker, "AMQP_QUEUE": NAME, "LOG_FORMAT": "json"}


@contextmanager
def running(broker: str, log: Path, *options: str) -> Iterator[subprocess.Popen[bytes]]:
    """For as long as is needed; it has to end well when it is told to."""
    with log.open("wb") as told:
        given = [*AUTOSCALE, f"--service={NAME}", *BOUNDS, *AT_ONCE, *options]
        with subprocess.Popen(given, env=_env(broker), stderr=told) as scaler:
            try:
                yield scaler
            finally:
                scaler.send_signal(signal.SIGTERM)
    assert scaler.returncode == 0, log.read_text()
    assert events(log)[-1]["event"] == "autoscaler_stopped"


def events(log: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in log.read_text().splitlines() if line.endswith("}")]


def _wait_for(log: Path, event: str) -> dict[str, Any]:
    def found() -> dict[str, Any] | None:
        return next((each for each in events(log) if each["event"] == event), None)

    told: dict[str, Any] = wait_until(found, 60, f"the log says {event}")
    return told


def _refusal(done: subprocess.CompletedProcess[str]) -> str:
    """The one line."""
    assert done.returncode == 2, done
    assert done.stdout == ""
    (line,) = done.stderr.splitlines()
    return line


def test_an_engine_without_a_swarm_is_told_in_a_line(broker: str) -> None:
    line = _refusal(_once(broker))
    assert line.endswith("no manager of a swarm: run this on a node that is one")


@pytest.mark.parametrize(
    ("host", "told"),
    [
        ("unix:///nowhere.sock", "no such socket: no Docker engine here"),
        ("tcp://127.0.0.1:1", "tcp://127.0.0.1:1: Connection refused"),
    ],
)
def test_an_engine_that_is_away_is_told_in_a_line(host: str, told: str) -> None:
    assert told in _refusal(_once("amqp://nobody", env={"DOCKER_HOST": host}))


def test_who_may_not_talk_to_the_engine_is_told_in_a_line(image: str) -> None:
    given = ["docker", "run", "--rm", "--user=nobody", "--entrypoint=executor"]
    given += [f"--volume={SOCKET}:/var/run/docker.sock", image, "autoscale"]
    done = subprocess.run(
        [*given, "--service=any", "--max=2"], capture_output=True, text=True, check=False
    )
    assert "permission denied: be root, or of the group docker" in _refusal(done)


def test_a_service_that_is_not_there_is_told_in_a_line(swarm: None, broker: str) -> None:
    assert "this swarm has none of that name" in _refusal(_once(broker))


def test_a_global_service_has_no_size(service: Callable[..., None], broker: str) -> None:
    service("--mode=global")
    assert f"service {NAME}: its mode is global: it should be replicated" in _refusal(_once(broker))


@pytest.mark.parametrize(
    ("url", "told"),
    [("amqp://127.0.0.1:1/", "Connection refused"), (None, f"no queue '{NAME}'")],
    ids=["no broker", "no queue"],
)
def test_what_cannot_be_seen_changes_nothing(
    url: str | None, told: str, service: Callable[..., None], broker: str, tmp_path: Path
) -> None:
    service(replicas=3)
    assert told in _refusal(_once(url or broker))
    with running(url or broker, tmp_path / "log"):
        assert told in _wait_for(tmp_path / "log", "broker_lost")["reason"]
    assert _replicas() == 3


def test_a_dry_run_only_says_what_it_would_do(
    service: Callable[..., None], broker: str, channel: object, tmp_path: Path
) -> None:
    service(replicas=5)
    with running(broker, tmp_path / "log", "--dry-run"):
        told = _wait_for(tmp_path / "log", "replicas_proposed")
    assert (told["before"], told["after"]) == (5, 4)
    assert _replicas() == 5


def test_nothing_but_the_size_is_changed(
    service: Callable[..., None], broker: str, channel: object
) -> None:
    options = ["--label=a=b", "--env=C=d", "--limit-memory=50M", "--update-order=start-first"]
    options += ["--rollback-parallelism=2", "--endpoint-mode=dnsrr", "--restart-delay=3s"]
    service(*options, "--cap-add=SYS_ADMIN", replicas=5)
    before, containers = _spec(), _containers()
    done = _once(broker)
    assert done.stdout == f"{NAME}: 5 replicas, 4 wanted: 5 is not within 1 and 4\n", done
    assert _spec() == before | {"Mode": {"Replicated": {"Replicas": 4}}}
    wait_until(lambda: len(_containers()) == 4, PATIENCE_S, "four run")
    assert _containers() < containers


def test_an_update_is_not_disturbed(
    service: Callable[..., None], broker: str, channel: object
) -> None:
    service("--update-delay=1h", replicas=5)
    docker("service", "update", "--detach", "--env-add=E=f", NAME)
    state = "{{if .UpdateStatus}}{{.UpdateStatus.State}}{{end}}"
    wait_until(
        lambda: docker("service", "inspect", f"--format={state}", NAME) == "updating", 60, "it is"
    )
    assert _once(broker).returncode == 0
    assert _replicas() == 5


def test_up_while_jobs_wait_and_down_when_there_are_none(
    service: Callable[..., None],
    broker: str,
    channel: pika.adapters.blocking_connection.BlockingChannel,
    tmp_path: Path,
) -> None:
    service(replicas=1)
    # Four who take a job each, and do not finish it.
    channel.basic_qos(prefetch_count=1)
    for _ in range(4):
        channel.basic_consume(NAME, lambda *_: None)
    for _ in range(10):
        channel.basic_publish("", NAME, b"")
    with running(broker, tmp_path / "log"):
        wait_until(lambda: _replicas() == 4, 60, "four are wanted")
        wait_until(lambda: len(_containers()) == 4, PATIENCE_S, "four run")
        channel.queue_purge(NAME)
        wait_until(lambda: _replicas() == 1, 60, "one is enough")
    changes = [each for each in events(tmp_path / "log") if each["event"] == "replicas_changed"]
    steps = [(each["before"], each["after"]) for each in changes]
    assert steps[:2] == [(1, 2), (2, 4)]
    # Nobody tells who is busy.
    assert steps[2:] == [(4, 3), (3, 2), (2, 1)]


class Stack:
    """As docs/operations.md has it: the workers, their broker and the autoscaler; an operator who
    has little patience.
    """

    service = "executor_executor"

    def __init__(self, folder: Path, image: str) -> None:
        self._operator = Operator(folder)
        self.url = self._operator.url
        for name in ("prod", "broker", "autoscale"):
            file = f"docker-compose.{name}.yml"
            (folder / file).write_text((ROOT / file).read_text())
        edit = self._operator.edit
        edit("docker-compose.autoscale.yml", "source: /var/run/docker.sock", f"source: {SOCKET}")
        edit("docker-compose.autoscale.yml", "--max=8", "--max=4")
        edit("docker-compose.autoscale.yml", "--target-wait=30", "--target-wait=3")
        edit("docker-compose.autoscale.yml", "--cooldown=300", "--cooldown=15")
        edit("docker-compose.prod.yml", "replicas: 3", "replicas: 1")
        secret = f"amqp://executor:{PASSWORD}@rabbitmq:5672/"
        (folder / "amqp_url.secret").write_text(f"{secret}\n")
        self._folder = folder
        self._env = {
            "EXECUTOR_IMAGE": image,
            "RABBITMQ_PASSWORD": PASSWORD,
            "RABBITMQ_PORT": self.url.rsplit(":", 1)[1].strip("/"),
        }

    def follow(self, block: int) -> str:
        """Does what the page says; returns what was printed on stdout and stderr."""
        script = self._folder / "block.sh"
        script.write_text(commands(OPERATIONS)["Autoscaling"][block])
        return run("sh", "-c", f"bash -e {script} 2>&1", env=self._env, folder=self._folder)

    def containers(self, state: str = "running") -> set[str]:
        label = f"label=com.docker.swarm.service.name={self.service}"
        found = ["docker", "ps", "--quiet", f"--filter={label}", f"--filter=status={state}"]
        return set(run(*found).split())

    def replicas(self) -> int:
        template = "--format={{.Spec.Mode.Replicated.Replicas}}"
        return int(docker("service", "inspect", template, self.service))

    def remove(self) -> None:
        docker("stack", "rm", "executor")
        # If a test has failed they have jobs, and wait for the broker that is gone.
        subprocess.run(["docker", "kill", *self.containers()], capture_output=True, check=False)
        wait_until(
            lambda: not docker("ps", "--all", "--quiet", "--filter=name=executor_"),
            PATIENCE_S,
            "the tasks are gone",
        )
        for volume in ("cache", "rabbitmq"):
            docker("volume", "rm", f"executor_{volume}")


@pytest.fixture(scope="module")
def stack(swarm: None, image: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    stack = Stack(tmp_path_factory.mktemp("stack"), image)
    try:
        stack.follow(0)
        wait_until(lambda: answers(stack.url), PATIENCE_S, "the broker takes connections")
        yield stack
    finally:
        stack.remove()


def test_a_rush_brings_more_workers_and_harms_none_of_those_that_are_there(stack: Stack) -> None:
    wait_until(lambda: len(stack.containers()) == 1, PATIENCE_S, "one runs")
    before = stack.containers()
    with Load(stack.url) as load:
        with load.while_it_lasts():
            wait_until(lambda: len(stack.containers()) > 2, PATIENCE_S, "more than two run")
            assert before < stack.containers()
        assert load.duplicates == 0


def test_scaled_down_under_load_it_loses_and_doubles_nothing(stack: Stack) -> None:
    with Load(stack.url, rate=0.5) as load:
        with load.while_it_lasts():
            docker("service", "scale", "--detach", f"{stack.service}=4")
            wait_until(lambda: len(stack.containers()) > 2, PATIENCE_S, "more than two run")
            wait_until(lambda: stack.replicas() == 1, PATIENCE_S, "one is enough")
            wait_until(lambda: len(stack.containers()) == 1, PATIENCE_S, "one runs")
        assert load.duplicates == 0


def test_one_can_ask_it_why(stack: Stack) -> None:
    told = stack.follow(1)
    changes = [json.loads(line) for line in told.splitlines() if '"replicas_changed"' in line]
    steps = [(each["before"], each["after"]) for each in changes]
    assert steps[0] == (1, 2), told
    assert steps[-1][1] == 1, told
    # It knew who was busy.
    assert "workers were busy for 15 s" in changes[-1]["reason"], told
    assert told.splitlines()[-1].startswith("executor_executor: 1 replicas, 1 wanted: "), told
