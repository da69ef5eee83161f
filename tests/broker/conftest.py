"""A real broker, the real sandbox, and workers in processes of their own."""

import contextlib
import itertools
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from stack import ExecutorProcess, Frontend, PrivateBroker, RunFolder, Safeexec, wait_until
from stack.releases import MAJORS, is_installed

QUEUES = ("submissions", "submissions.dead", "verdicts")
StartWorker = Callable[..., ExecutorProcess]

_numbers = itertools.count(1)

on_every_release = pytest.mark.parametrize(
    "broker",
    [
        # What comes from another Debian the quick tests do not install.
        pytest.param(
            major, id=f"rabbitmq{major}", marks=[pytest.mark.slow] * (not is_installed(major))
        )
        for major in MAJORS
    ],
    indirect=True,
    scope="session",
)
"""Runs a test on RabbitMQ 3 and 4; the others are about what does not depend on it."""


def sleeping_job(seconds: float, id: str = "s-1") -> dict[str, Any]:
    """A job that is accepted after so many seconds of doing nothing."""
    return {
        "schema": "oj.job/1",
        "id": id,
        "language": "python3",
        "source": f"import time\ntime.sleep({seconds})\nprint(1)\n",
        "limits": {"wall_ms": 90_000},
        "tests": [{"id": "1", "input": {"text": ""}, "answer": {"text": "1\n"}}],
    }


def job(id: str = "s-1") -> dict[str, Any]:
    """A job that is accepted at once."""
    return sleeping_job(0, id)


@pytest.fixture
def frontend(broker: PrivateBroker) -> Iterator[Frontend]:
    """A frontend on a broker whose queues are empty.

    They are not deleted: RabbitMQ 3.10 may fail with `noproc` if one comes back at once.
    """
    with Frontend(broker.url) as frontend:
        for queue in QUEUES:
            arguments = {"x-queue-type": "quorum"}
            frontend.channel.queue_declare(queue, durable=True, arguments=arguments)
            frontend.channel.queue_purge(queue)
        yield frontend


@pytest.fixture
def start(
    broker: PrivateBroker, run_folder: RunFolder, safeexec: Safeexec, frontend: Frontend
) -> Iterator[StartWorker]:
    """Starts a worker and waits until it takes jobs; `env` are settings, `url` another broker's."""
    with contextlib.ExitStack() as workers:

        def start(url: str | None = None, ready: bool = True, **env: str) -> ExecutorProcess:
            worker = workers.enter_context(
                ExecutorProcess(
                    run_folder,
                    amqp_url=url or broker.url,
                    socket=safeexec.socket,
                    name=f"worker-{next(_numbers)}",
                    languages=["python3"],
                    env=env,
                )
            )
            return worker.wait_ready() if ready else worker

        yield start


@pytest.fixture
def worker(start: StartWorker) -> ExecutorProcess:
    """One worker that takes jobs."""
    return start()


def wait_listening(worker: ExecutorProcess, times: int = 1) -> None:
    """Waits until it hears control messages, for so many times."""

    def listening() -> bool:
        links = [str(event["link"]) for event in worker.events("link_opened")]
        return sum(link.endswith(" listens") for link in links) >= times

    wait_until(listening, 30, f"{worker.name} hears control messages")


def wait_phase(frontend: Frontend, correlation: str, phase: str) -> None:
    """Waits until a job, which asks for events, has come so far."""

    def reached() -> bool:
        frontend.receive(0.1)
        return phase in [event["phase"] for event in frontend.events.get(correlation, ())]

    wait_until(reached, 30, f"the event {phase}")
