"""The way of the seed's operators, command by command, with jobs coming in all the while.

The tests stand in the order of a stack's life, and share it.
"""

import os
import random
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
from tests.engine.test_image import PYTHON

pytestmark = pytest.mark.slow

SERVICE = "executor_executor"
STACK = "docker-compose.prod.yml"
PATIENCE_S = 240


class Operator:
    """Somebody in a copy of the project, with what they would export."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        password = f"p{random.randrange(10**9)}"
        (port,) = free_ports(1)
        (folder / "amqp_url.secret").write_text(f"amqp://executor:{password}@rabbitmq:5672/\n")
        self.url = f"amqp://executor:{password}@127.0.0.1:{port}/"
        self.env = {
            "LANGUAGES": LANGUAGES,
            "RABBITMQ_PASSWORD": password,
            "RABBITMQ_PORT": str(port),
        }

    def run(self, command: str) -> str:
        return run(*command.split(), env=self.env, folder=self.folder)

    def edit(self, name: str, old: str, new: str) -> None:
        path = self.folder / name
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new))

    def deploy(self) -> None:
        self.run(
            "docker stack deploy -c docker-compose.broker.yml -c docker-compose.prod.yml executor"
        )

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
    docker("swarm", "init", "--advertise-addr=127.0.0.1")
    try:
        docker(
            *("service", "create", "--detach", "--name=registry"),
            *("--publish=published=5000,target=5000,mode=host", "registry:2"),
        )
        yield operator
    finally:
        docker("swarm", "leave", "--force")
        wait_until(lambda: not _containers("executor_"), 120, "the tasks are gone")
        for volume in ("executor_cache", "executor_rabbitmq"):
            subprocess.run(["docker", "volume", "rm", volume], capture_output=True, check=False)


def _containers(name: str = SERVICE) -> list[str]:
    return docker("ps", "--all", "--quiet", f"--filter=name={name}").split()


@pytest.fixture(scope="module")
def load(operator: Operator) -> Iterator[Load]:
    with Load(operator.url) as load:
        yield load


def test_built_pushed_and_deployed_by_the_seeds_commands_it_judges(operator: Operator) -> None:
    operator.run("docker-compose -f docker-compose.prod.yml build")
    operator.run("docker-compose -f docker-compose.prod.yml push")
    operator.deploy()
    wait_until(lambda: answers(operator.url), PATIENCE_S, "the broker takes connections")
    operator.wait_for_replicas(3)
    assert "3/3" in operator.run("docker stack services executor")
    with Frontend(operator.url) as frontend:
        result = frontend.judge(PYTHON)
    assert result["verdict"] == "AC", result
    assert result["worker"]["isolation"] == "full"
    assert result["worker"]["name"].startswith("executor-")


def test_scaling_up_and_down_loses_and_doubles_nothing(operator: Operator, load: Load) -> None:
    with load.while_it_lasts():
        for count in (5, 2, 3):
            operator.run(f"docker service scale --detach executor_executor={count}")
            operator.wait_for_replicas(count)
    assert load.duplicates == 0


def test_a_new_image_and_other_replicas_are_rolled_out_without_loss(
    operator: Operator, load: Load
) -> None:
    before = set(_containers())
    operator.edit("executor/__init__.py", '__version__ = "', '__version__ = "9.')
    operator.edit(STACK, "replicas: 3", "replicas: 4")
    operator.run("docker-compose -f docker-compose.prod.yml build")
    operator.run("docker-compose -f docker-compose.prod.yml push")
    with load.while_it_lasts():
        operator.deploy()
        wait_until(lambda: _is_updated(), PATIENCE_S, "the update is complete")
        operator.wait_for_replicas(4)
    assert load.duplicates == 0
    running = docker("ps", "--quiet", f"--filter=name={SERVICE}").split()
    assert not before & set(running)
    with Frontend(operator.url) as frontend:
        assert frontend.judge(PYTHON)["worker"]["version"].startswith("9.")


def _is_updated() -> bool:
    return docker("service", "inspect", "--format={{.UpdateStatus.State}}", SERVICE) == "completed"


def test_a_killed_container_is_replaced_and_its_job_judged_elsewhere(
    operator: Operator, load: Load
) -> None:
    with load.while_it_lasts():
        docker("kill", docker("ps", "--quiet", f"--filter=name={SERVICE}").split()[0])
        operator.wait_for_replicas(4)


def test_a_paused_container_keeps_no_job_from_its_verdict(operator: Operator, load: Load) -> None:
    with load.while_it_lasts():
        container = docker("ps", "--quiet", f"--filter=name={SERVICE}").split()[0]
        docker("pause", container)
        before = load.books.result_count
        wait_until(lambda: load.books.result_count > before + 50, PATIENCE_S, "others go on")
    docker("unpause", container)
    operator.wait_for_replicas(4)


def test_one_can_look_around_in_a_container(operator: Operator) -> None:
    container = docker("ps", "--quiet", f"--filter=name={SERVICE}").split()[0]
    look = "supervisorctl status; executor check; executor status"
    command = f"docker exec -it {container} /bin/bash -c '{look}'"
    # -it wants a terminal.
    done = subprocess.run(
        ["script", "--quiet", "--return", "--command", command, "/dev/null"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"TERM": "xterm"},
    )
    assert done.returncode == 0, done.stdout
    for told in ("RUNNING", "reachable", "isolation full"):
        assert told in done.stdout


def test_removed_the_stack_leaves_nothing_behind(operator: Operator) -> None:
    operator.run("docker stack rm executor")
    wait_until(lambda: not _containers("executor_"), PATIENCE_S, "every container is gone")
    assert operator.run("docker secret ls --quiet") == ""
