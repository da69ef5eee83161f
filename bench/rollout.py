"""A rolling update of the stack under load: what it loses, and what its replicas hold after it."""

import os
import secrets
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from bench.cgroup import memory_bytes
from stack import RunFolder, wait_until
from stack.docker import docker, run
from stack.frontend import answers
from stack.node import free_ports
from stack.paths import ROOT
from stack.swarm import Service, own_swarm
from storm.load import Load

REPLICAS = 3
"""As docker-compose.prod.yml has it."""
RATE = 5.0
"""Jobs a second."""

_FILES = ("docker-compose.broker.yml", "docker-compose.prod.yml")
_NAME = f"oj-executor-bench-{os.getpid()}"
_SERVICE = Service(f"{_NAME}_executor")
_PATIENCE_S = 300.0


@dataclass(frozen=True, slots=True)
class Rollout:
    """jobs: that were published meanwhile. broken: a line for each that was lost or judged wrong.
    memory_bytes: of each replica, new and idle again, as bench.cgroup has it."""

    took_s: float
    jobs: int
    broken: list[str]
    duplicates: int
    memory_bytes: list[int]


def rolled_out(image: str) -> Rollout:
    """On a swarm of its own: replaces all replicas by ones of the same image."""
    with own_swarm(), _deployed(image) as url, Load(url, RATE) as load:
        with load.flowing():
            took_s = _update()
        with suppress(TimeoutError):  # then something is lost, which the books know
            load.settle()
        totals = load.books.totals()
        return Rollout(
            took_s, totals.confirmed, load.books.broken(), totals.duplicates, _memory_bytes()
        )


def _update() -> float:
    """Seconds until every replica is a new one and no old one runs; returns once Swarm, which
    watches the new ones a little longer, calls it complete."""
    old, started_s = _SERVICE.running(), time.monotonic()
    docker("service", "update", "--force", "--detach", _SERVICE.name)
    wait_until(lambda: not old & _SERVICE.running(), _PATIENCE_S, "the old replicas are gone")
    _wait_settled()
    took_s = time.monotonic() - started_s
    wait_until(lambda: _SERVICE.update == "completed", _PATIENCE_S, "the update is complete")
    return took_s


def _memory_bytes() -> list[int]:
    pids = (docker("inspect", "--format={{.State.Pid}}", each) for each in _SERVICE.running())
    return [memory_bytes(int(pid)) for pid in pids]


def _wait_settled() -> None:
    wait_until(lambda: _SERVICE.settled(REPLICAS), _PATIENCE_S, "all replicas are healthy")


@contextmanager
def _deployed(image: str) -> Iterator[str]:
    """The project's stack with a broker of its own, whose URL it is; removed with its volumes."""
    (port,), password = free_ports(1), secrets.token_hex(16)
    env = {
        "EXECUTOR_IMAGE": image,
        "AMQP_URL_VERSION": _NAME,
        "RABBITMQ_PASSWORD": password,
        "RABBITMQ_PORT": str(port),
    }
    with RunFolder() as folder:
        for name in _FILES:
            shutil.copy(ROOT / name, folder.path)
        secret = folder.path / "amqp_url.secret"
        secret.touch(0o600)
        secret.write_text(f"amqp://executor:{password}@rabbitmq:5672/\n")
        given = [word for name in _FILES for word in ("-c", name)]
        # The image is this engine's, and in no registry.
        deploy = ["docker", "stack", "deploy", "--resolve-image=never", *given, _NAME]
        run(*deploy, env=env, folder=folder.path)
    url = f"amqp://executor:{password}@127.0.0.1:{port}/"
    try:
        wait_until(lambda: answers(url), _PATIENCE_S, "the broker takes connections")
        _wait_settled()
        yield url
    finally:
        _remove()


def _remove() -> None:
    docker("stack", "rm", _NAME)
    left = ("ps", "--all", "--quiet", f"--filter=name={_NAME}_")
    wait_until(lambda: not docker(*left), _PATIENCE_S, "the stack is gone")
    docker("volume", "rm", f"{_NAME}_cache", f"{_NAME}_rabbitmq")
