"""The way of the seed's operators, command by command, with jobs coming in all the while.

The tests stand in the order of a stack's life, and share it.
"""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from stack import Frontend, wait_until
from stack.node import free_ports
from stack.paths import ROOT
from tests.engine.conftest import LANGUAGES, answers
from tests.engine.docker import docker, run
from tests.engine.load import Load
from tests.engine.page import OPERATIONS, commands
from tests.engine.test_image import PYTHON

pytestmark = pytest.mark.slow

SERVICE = "executor_executor"
STACK = "docker-compose.prod.yml"
PATIENCE_S = 240
PASSWORD = "choose-one"
"""As the page has it."""


class Operator:
    """Somebody at a terminal in a copy of the project, with docs/operations.md beside it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (port,) = free_ports(1)
        self.url = f"amqp://executor:{PASSWORD}@127.0.0.1:{port}/"
        self._env = {
            "LANGUAGES": LANGUAGES,
            "RABBITMQ_PASSWORD": PASSWORD,
            "RABBITMQ_PORT": str(port),
        }

    def follow(self, heading: str) -> str:
        """Does what the page says there; returns what was seen on the terminal."""
        block = self.folder / "block.sh"
        block.write_text("\n".join(commands(OPERATIONS)[heading]))
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

        def settled() -> bool:
            ids = docker("ps", "-q", f"--filter=label=com.docker.swarm.service.name={SERVICE}")
            healthy = docker(
                "ps",
                "-q",
                f"--filter=label=com.docker.swarm.service.name={SERVICE}",
                "--filter=health=healthy",
            )
            return ids == healthy and len(ids.split()) == count

        wait_until(settled, PATIENCE_S, f"{count} replicas are healthy")


@pytest.fixture(scope="module")
def operator(engine: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Operator]:
    """With a registry and a swarm of one node, as the README's first steps make them."""
    folder = tmp_path_factory.mktemp("project")
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
        wait_until(lambda: not _containers("executor_"), 120, "the tasks are gone")
        for volume in ("executor_cache", "executor_rabbitmq"):
            subprocess.run(["docker", "volume", "rm", volume], capture_output=True, check=False)


def _running() -> list[str]:
    return docker("ps", "--quiet", f"--filter=name={SERVICE}").split()


def _containers(name: str = SERVICE) -> list[str]:
    return docker("ps", "--all", "--quiet", f"--filter=name={name}").split()


@pytest.fixture(scope="module")
def load(operator: Operator) -> Iterator[Load]:
    with Load(operator.url) as load:
        yield load


def test_deployed_as_the_page_says_it_judges(operator: Operator) -> None:
    operator.follow("Deploy")
    wait_until(lambda: answers(operator.url), PATIENCE_S, "the broker takes connections")
    operator.wait_for_replicas(3)
    with Frontend(operator.url) as frontend:
        result = frontend.judge(PYTHON)
    assert result["verdict"] == "AC", result
    assert result["worker"]["isolation"] == "full"
    assert result["worker"]["name"].startswith("executor-")


def test_scaled_up_and_down_it_loses_and_doubles_nothing(operator: Operator, load: Load) -> None:
    with load.while_it_lasts():
        operator.follow("Scale")
        operator.wait_for_replicas(5)
        for count in (2, 3):
            docker("service", "scale", "--detach", f"{SERVICE}={count}")
            operator.wait_for_replicas(count)
    assert load.duplicates == 0


def test_a_new_image_and_other_replicas_are_rolled_out_without_loss(
    operator: Operator, load: Load
) -> None:
    before = set(_containers())
    operator.edit("executor/__init__.py", '__version__ = "', '__version__ = "9.')
    operator.edit(STACK, "replicas: 3", "replicas: 4")
    with load.while_it_lasts():
        operator.follow("Update")
        wait_until(lambda: _update() == "completed", PATIENCE_S, "the update is complete")
        operator.wait_for_replicas(4)
    assert load.duplicates == 0
    assert not before & set(_running())
    assert _version(operator).startswith("9.")


def test_taken_back_it_is_the_old_image_again(operator: Operator, load: Load) -> None:
    with load.while_it_lasts():
        operator.follow("Back out")
        wait_until(lambda: _update() == "rollback_completed", PATIENCE_S, "it is taken back")
        operator.wait_for_replicas(3)
    assert load.duplicates == 0
    assert not _version(operator).startswith("9.")


def _update() -> str:
    return docker("service", "inspect", "--format={{.UpdateStatus.State}}", SERVICE)


def _version(operator: Operator) -> str:
    with Frontend(operator.url) as frontend:
        version: str = frontend.judge(PYTHON)["worker"]["version"]
        return version


def test_a_killed_container_is_replaced_and_its_job_judged_elsewhere(
    operator: Operator, load: Load
) -> None:
    with load.while_it_lasts():
        docker("kill", _running()[0])
        operator.wait_for_replicas(3)


def test_a_paused_container_keeps_no_job_from_its_verdict(operator: Operator, load: Load) -> None:
    with load.while_it_lasts():
        container = _running()[0]
        docker("pause", container)
        before = load.books.result_count
        wait_until(lambda: load.books.result_count > before + 50, PATIENCE_S, "others go on")
    docker("unpause", container)
    operator.wait_for_replicas(3)


def test_one_can_look_around_in_a_container(operator: Operator) -> None:
    seen = operator.follow("Look around")
    for told in ("Running", "worker_ready", "reachable", "isolation full", "RUNNING"):
        assert told in seen, seen


def test_removed_the_stack_leaves_nothing_behind(operator: Operator) -> None:
    operator.follow("Remove")
    wait_until(lambda: not _containers("executor_"), PATIENCE_S, "every container is gone")
    assert docker("info", "--format={{.Swarm.LocalNodeState}}") == "inactive"
