"""What docker-compose.prod.yml grants a replica, and programs that take it all: no worker dies."""

from collections.abc import Callable
from typing import Any

import pytest
import yaml

from stack import Frontend
from stack.docker import Container
from stack.paths import ROOT
from tests.engine.test_image import PYTHON

pytestmark = pytest.mark.slow

HOSTILE = ROOT / "tests" / "sandbox" / "hostile"
MUCH = {
    "cpu_ms": 10_000,
    "wall_ms": 20_000,
    "memory_kib": 4 << 20,
    "output_kib": 1 << 20,
    "processes": 256,
}
"""More than a replica has."""


def limits() -> list[str]:
    service = yaml.safe_load((ROOT / "docker-compose.prod.yml").read_text())["services"]["executor"]
    memory = service["deploy"]["resources"]["limits"]["memory"]
    return [f"--memory={memory}", f"--ulimit=nproc={service['ulimits']['nproc']}"]


def run_of(program: str, **limits: int) -> dict[str, Any]:
    return {
        "schema": "oj.job/1",
        "id": program,
        "mode": "run",
        "language": "c17",
        "source": (HOSTILE / program).read_text(),
        "limits": MUCH | limits,
        "tests": [{"id": "1", "input": {"text": ""}}],
    }


# What a process has touched, and a file in memory, which is no process's.
@pytest.mark.parametrize("program", ["touch_memory.c", "memory_in_a_memfd.c"])
def test_a_program_that_takes_all_of_a_replicas_memory_ends_and_nothing_else_does(
    program: str, start_container: Callable[..., Container], frontend: Frontend
) -> None:
    worker = start_container(*limits())
    before = processes(worker)
    result = frontend.judge(run_of(program))
    assert result["worker"]["isolation"] == "restricted"
    assert (result["verdict"], result["tests"][0]["signal"]) == ("RTE", 9), result
    assert processes(worker) == before
    assert frontend.judge(PYTHON)["verdict"] == "AC"


def test_a_fork_bomb_leaves_its_replica_as_it_was(
    start_container: Callable[..., Container], frontend: Frontend
) -> None:
    worker = start_container(*limits())
    before = processes(worker)
    result = frontend.judge(run_of("fork_bomb.c", wall_ms=3000))
    assert result["verdict"] in {"TLE", "WTL"}, result
    assert processes(worker) == before
    assert frontend.judge(PYTHON)["verdict"] == "AC"


def processes(worker: Container) -> list[str]:
    """Those that supervisord minds, with their numbers."""
    return [worker.do("supervisorctl", "pid", name) for name in ("executor", "safeexec")]
