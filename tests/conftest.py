"""The real things, for every test that asks for one: started at the first use, once per session.

Nothing is ever skipped for want of a broker or a sandbox: it is installed by script/setup, and
its absence is a failure.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from itertools import count
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from stack import ExecutorProcess, Frontend, PrivateBroker, RunFolder, Safeexec
from stack.releases import Release, installed, release_of
from tests.submissions.catalogue import not_installed

SLOTS = 2
"""How many workers can run at once on the session's sandbox."""

_numbers = count(1)

# A busy machine is no fault of what is tested.
settings.register_profile("ours", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("ours")


def pytest_report_header() -> list[str]:
    absent = not_installed()
    return [f"languages not installed, so not tested: {', '.join(absent)}"] if absent else []


@pytest.fixture(scope="session")
def run_folder() -> Iterator[RunFolder]:
    with RunFolder() as folder:
        yield folder


@pytest.fixture(scope="session")
def brokers() -> Iterator[Callable[[Release], PrivateBroker]]:
    """The broker of a release, started when somebody asks for it first."""
    running: dict[Release, PrivateBroker] = {}
    with ExitStack() as stack:

        def of(release: Release) -> PrivateBroker:
            if release not in running:
                running[release] = stack.enter_context(PrivateBroker(release=release))
            return running[release]

        yield of


@pytest.fixture(scope="session")
def broker(
    request: pytest.FixtureRequest, brokers: Callable[[Release], PrivateBroker]
) -> PrivateBroker:
    """A RabbitMQ shared by the tests; one that stops or floods it makes its own.

    It is this machine's own, unless a test is marked with `on_every_release`.
    """
    major = getattr(request, "param", None)
    return brokers(installed() if major is None else release_of(major))


@pytest.fixture(scope="session")
def safeexec(run_folder: RunFolder) -> Iterator[Safeexec]:
    with Safeexec(run_folder, SLOTS) as safeexec:
        yield safeexec


@pytest.fixture
def frontend(broker: PrivateBroker) -> Iterator[Frontend]:
    with Frontend(broker.url) as frontend:
        yield frontend


@pytest.fixture
def start_worker(
    broker: PrivateBroker, safeexec: Safeexec, run_folder: RunFolder
) -> Iterator[Callable[..., ExecutorProcess]]:
    """Starts a worker and waits until it takes jobs; it is stopped when the test ends.

    Keywords as of ExecutorProcess: `languages`, `env`; `amqp_url` for another broker.
    """
    with ExitStack() as workers:

        def start(**options: Any) -> ExecutorProcess:
            worker = ExecutorProcess(
                run_folder,
                name=f"executor-{next(_numbers)}",
                socket=safeexec.socket,
                **{"amqp_url": broker.url} | options,
            )
            return workers.enter_context(worker).wait_ready()

        yield start
