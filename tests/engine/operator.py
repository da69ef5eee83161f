"""Somebody who deploys, at a terminal in a copy of the project."""

import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from stack import wait_until
from stack.docker import docker, run
from stack.node import free_ports
from stack.paths import ROOT
from stack.swarm import Service
from tests.engine.conftest import LANGUAGES
from tests.page import OPERATIONS, changed, commands

SERVICE = "executor_executor"
STACK = "docker-compose.prod.yml"
PATIENCE_S = 240
PASSWORD = "choose-one"
"""As the page has it."""


class Operator:
    """Somebody at a terminal in a copy of the project, with docs/operations.md beside it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.service = Service(SERVICE)
        (port,) = free_ports(1)
        self.url = f"amqp://executor:{PASSWORD}@127.0.0.1:{port}/"
        self._env = {
            "LANGUAGES": LANGUAGES,
            "RABBITMQ_PASSWORD": PASSWORD,
            "RABBITMQ_PORT": str(port),
        }

    def follow(self, heading: str, instead: Mapping[str, str] | None = None) -> str:
        """Does what the page says there, but for some words; returns what the terminal showed."""
        block = self.folder / "block.sh"
        block.write_text(changed("\n".join(commands(OPERATIONS)[heading]), instead or {}))
        # `docker exec -it` wants a terminal.
        shell = ("script", "--quiet", "--return", "--command")
        return run(*shell, f"bash -e {block}", "/dev/null", env=self._env, folder=self.folder)

    def edit(self, name: str, old: str, new: str) -> None:
        path = self.folder / name
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new))

    def wait_for_replicas(self, count: int) -> None:
        """All that are wanted run and are healthy, and nothing else does."""
        settled = self.service.settled
        wait_until(lambda: settled(count), PATIENCE_S, f"{count} replicas are healthy")

    def wait_for_update(self, state: str) -> None:
        """As Service.update has it."""
        wait_until(lambda: self.service.update == state, PATIENCE_S, f"the update is {state}")


@contextmanager
def operating(folder: Path) -> Iterator[Operator]:
    """An operator there, who has deployed nothing yet. Afterwards the engine is as it was."""
    listed = run("git", "ls-files", "--cached", "--others", "--exclude-standard")
    for name in listed.splitlines():
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, target)
    operator = Operator(folder)
    # A test has less patience than a contest.
    operator.edit(STACK, "monitor: 30s", "monitor: 5s")
    operator.edit(STACK, "SAFEEXEC_OPTIONS:", 'AMQP_HEARTBEAT_S: "10"\n      SAFEEXEC_OPTIONS:')
    try:
        yield operator
    finally:
        subprocess.run(["docker", "swarm", "leave", "--force"], capture_output=True, check=False)
        wait_until(lambda: not containers("executor_"), 120, "the tasks are gone")
        for volume in ("executor_cache", "executor_rabbitmq", "registry"):
            subprocess.run(["docker", "volume", "rm", volume], capture_output=True, check=False)


def containers(name: str) -> list[str]:
    """The ids of those whose name has this in it, whether they run or not."""
    return docker("ps", "--all", "--quiet", f"--filter=name={name}").split()
