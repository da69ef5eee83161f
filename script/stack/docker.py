"""The docker command, and containers as context managers."""

import os
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

from stack.events import events
from stack.frontend import answers, wait_until
from stack.paths import ROOT

AS_ROOT = () if os.geteuid() == 0 else ("sudo", "-n")
"""What stands before a command that is root's."""
BROKER = "rabbitmq:4-management"
FULL = ("--cap-add=SYS_ADMIN", "--volume=/sys/fs/cgroup:/sys/fs/cgroup:rw")
"""What our image needs for full isolation, as docker-compose.prod.yml has it."""

_LIMIT_S = 900
_BROKER_S = 120.0
# The stand-alone builder, which every engine has.
_ENV = {"DOCKER_BUILDKIT": "0"}


def run(*argv: str, env: Mapping[str, str] | None = None, folder: Path = ROOT) -> str:
    """The stdout of a command, in the project's folder. Raises RuntimeError with all it said."""
    try:
        done = subprocess.run(
            argv,
            cwd=folder,
            env={**os.environ, **_ENV, **(env or {})},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_LIMIT_S,
            check=False,
        )
    except FileNotFoundError:
        raise RuntimeError(f"{argv[0]} is not installed") from None
    if done.returncode:
        raise RuntimeError(f"{' '.join(argv)}:\n{done.stdout}{done.stderr}")
    told: str = done.stdout
    return told


def docker(*argv: str) -> str:
    return run("docker", *argv).strip()


def build(tag: str, folder: str = ".", **arguments: str) -> str:
    """Builds an image and returns its id."""
    options = [f"--build-arg={name}={value}" for name, value in arguments.items()]
    return docker("build", "--quiet", f"--tag={tag}", *options, folder)


class Container:
    """A running container; gone with its volumes at the end."""

    def __init__(self, image: str, *command: str, options: Sequence[str] = ()) -> None:
        self.id = docker("run", "--detach", *options, image, *command)

    @property
    def logs(self) -> str:
        done = subprocess.run(
            ["docker", "logs", self.id], capture_output=True, text=True, check=True
        )
        return done.stdout + done.stderr

    def events(self, name: str) -> list[dict[str, Any]]:
        """Those of that name which its log has up to now."""
        return [event for event in events(self.logs) if event.get("event") == name]

    @property
    def running(self) -> bool:
        return self.inspect("{{.State.Running}}") == "true"

    def inspect(self, template: str) -> str:
        return docker("inspect", "--format", template, self.id)

    def do(self, *argv: str, user: str = "root") -> str:
        """The stdout of a command in it."""
        return docker("exec", f"--user={user}", self.id, *argv)

    def wait_for(self, text: str, count: int = 1, timeout: float = 60) -> None:
        """Until its log has that text so often. Raises TimeoutError with the log."""
        try:
            wait_until(lambda: self.logs.count(text) >= count, timeout, f"the log says {text}")
        except TimeoutError as error:
            raise TimeoutError(f"{error}:\n{self.logs}") from None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        docker("rm", "--force", "--volumes", self.id)


@contextmanager
def broker_container(*options: str) -> Iterator[str]:
    """The URL of a RabbitMQ in a container, from here and from the containers of its network alike.

    By its address: when a swarm is left, the engine forgets the names of all containers.
    """
    with Container(BROKER, options=options) as container:
        address = container.inspect("{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}")
        url = f"amqp://guest:guest@{address}:5672/"
        wait_until(lambda: answers(url), _BROKER_S, "the broker takes connections")
        yield url
