"""A Docker engine, our image, and a broker in a container.

The engine is brought up by a command of the environment's, as for tests/places.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from stack import Frontend
from stack.docker import Container, broker_container, build, docker
from tests.places.hosts import engine as engine_of
from tests.places.service import Service

TAG = f"oj-executor-tests-{os.getpid()}"
LANGUAGES = "c,python"
"""Few, for the image's sake; tests/submissions has them all."""
READY = '"event": "worker_ready"'


@pytest.fixture(scope="session")
def engine() -> Iterator[None]:
    """No swarm and no stack's volume of somebody's may be in it: the tests remove them."""
    with engine_of([Service(lifted=False)]):
        assert docker("info", "--format={{.Swarm.LocalNodeState}}") == "inactive"
        assert docker("volume", "ls", "--quiet", "--filter=name=^executor_") == ""
        yield


@pytest.fixture(scope="session")
def image(engine: None) -> Iterator[str]:
    """The worker's, with a few languages. Its layers stay: the next build finds them."""
    build(TAG, LANGUAGES=LANGUAGES)
    yield TAG
    docker("image", "rm", "--no-prune", TAG)


@pytest.fixture(scope="session")
def network(engine: None) -> Iterator[str]:
    docker("network", "create", TAG)
    yield TAG
    docker("network", "rm", TAG)


@pytest.fixture(scope="session")
def broker(network: str) -> Iterator[str]:
    with broker_container(f"--network={network}") as url:
        yield url


@pytest.fixture
def frontend(broker: str) -> Iterator[Frontend]:
    with Frontend(broker) as frontend:
        yield frontend


@pytest.fixture
def start_container(image: str, network: str, broker: str) -> Iterator[Callable[..., Container]]:
    """Starts a container of our image and waits until its worker takes jobs."""
    with ExitStack() as containers:

        def start(*options: str, env: dict[str, str] | None = None) -> Container:
            env = {"AMQP_URL": broker} | (env or {})
            given = [f"--env={name}={value}" for name, value in env.items()]
            worker = Container(image, options=(f"--network={network}", *given, *options))
            containers.enter_context(worker).wait_for(READY)
            return worker

        yield start
