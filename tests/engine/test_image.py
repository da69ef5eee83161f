"""The image as `docker run` has it: what is in it, and how it starts, stops and mends itself."""

import json
import subprocess
from collections.abc import Callable
from typing import Any

import pytest

from bench.deploy import OURS_MB
from bench.image import weigh
from stack import Frontend, wait_until
from stack.docker import FULL, Container, build, docker
from tests.engine.conftest import LANGUAGES, READY, TAG

pytestmark = pytest.mark.slow

Start = Callable[..., Container]


def sum_of(language: str, source: str) -> dict[str, Any]:
    return {
        "schema": "oj.job/1",
        "id": f"sum-{language}",
        "language": language,
        "source": source,
        "tests": [{"id": "1", "input": {"text": "1 2\n"}, "answer": {"text": "3\n"}}],
    }


C = sum_of(
    "c17",
    '#include <stdio.h>\nint main() { int a, b; scanf("%d %d", &a, &b); printf("%d\\n", a + b); }',
)
PYTHON = sum_of("python3", "print(sum(map(int, input().split())))")
SLEEPER = {
    "schema": "oj.job/1",
    "id": "sleeper",
    "mode": "run",
    "language": "python3",
    "source": "import sys, time\nprint('begun', flush=True)\ntime.sleep(5)",
    "limits": {"wall_ms": 20_000},
    "tests": [{"id": "1", "input": {"text": ""}}],
}


@pytest.mark.parametrize(
    ("options", "level"),
    [((), "restricted"), (FULL[:1], "namespaces"), (FULL, "full")],
    ids=["stock", "no cgroups", "admin"],
)
def test_a_container_judges_at_the_level_that_it_is_granted(
    options: tuple[str, ...], level: str, start_container: Start, frontend: Frontend
) -> None:
    start_container(*options)
    for job in (C, PYTHON):
        result = frontend.judge(job)
        assert result["verdict"] == "AC", result
        assert result["worker"]["isolation"] == level


def test_a_build_without_a_change_takes_every_layer_from_the_cache(image: str) -> None:
    assert build(TAG, LANGUAGES=LANGUAGES) == docker("inspect", "--format", "{{.Id}}", image)


def test_a_compiler_is_there_only_for_a_language_that_was_asked_for(engine: None) -> None:
    tag = f"{TAG}-bare"
    build(tag, LANGUAGES="")
    look = "for tool in cc gcc make pip; do command -v $tool; done; echo looked"
    try:
        assert docker("run", "--rm", "--entrypoint=sh", tag, "-c", look) == "looked"
    finally:
        docker("image", "rm", "--no-prune", tag)


def test_the_part_that_is_ours_of_the_image_is_small(image: str) -> None:
    weight = weigh(image)
    assert round(weight.total * 1e6) == int(docker("inspect", "--format={{.Size}}", image))
    assert min(weight.base, weight.packages, weight.languages) > 0
    assert 0 < weight.ours < OURS_MB


def test_only_safeexec_and_supervisord_are_root(start_container: Start) -> None:
    container = start_container()
    listed = container.do("ps", "-e", "-o", "comm=,user=")
    roles = {" ".join(line.split()) for line in listed.splitlines()} - {"ps root"}
    assert "python executor" in roles
    assert {role.split()[0] for role in roles if role.endswith(" root")} <= {
        "tini",
        "supervisord",
        "safeexec",
        "safeexec-stub",
        "safeexec-zygote",
    }


def test_no_layer_tells_a_secret_or_holds_a_setting(image: str) -> None:
    history = docker("history", "--no-trunc", image)
    environment = json.loads(docker("inspect", "--format", "{{json .Config.Env}}", image))
    assert "amqp://" not in history
    assert not [pair for pair in environment if pair.startswith("AMQP_")]
    files = docker(
        "run", "--rm", "--entrypoint=find", image, "/opt/oj-executor", "-name", "*.secret"
    )
    assert files == ""


def test_a_container_is_healthy_once_its_worker_takes_jobs(start_container: Start) -> None:
    container = start_container()
    wait_until(lambda: container.inspect("{{.State.Health.Status}}") == "healthy", 60, "healthy")


def test_a_stopped_container_finishes_its_job(start_container: Start, frontend: Frontend) -> None:
    container = start_container()
    job = frontend.publish(SLEEPER | {"events": "phase"})
    wait_until(lambda: begun(frontend, job), 30, "the job has begun")
    docker("stop", "--time=60", container.id)
    assert frontend.reply(job)["verdict"] == "AC"
    assert container.inspect("{{.State.ExitCode}}") == "0"


def begun(frontend: Frontend, job: str) -> bool:
    """Whether an event has told so."""
    frontend.receive(0.1)
    return job in frontend.events


def test_supervisorctl_restarts_the_worker(start_container: Start, frontend: Frontend) -> None:
    container = start_container()
    told = container.do("supervisorctl", "restart", "executor")
    assert told.splitlines() == ["executor: stopped", "executor: started"]
    container.wait_for(READY, 2)
    assert frontend.judge(PYTHON)["verdict"] == "AC"


@pytest.mark.parametrize(
    ("program", "told"), [("executor", READY), ("safeexec", "safeexec: ready")]
)
def test_what_was_killed_comes_back(
    program: str, told: str, start_container: Start, frontend: Frontend
) -> None:
    container = start_container()
    pid = container.do("supervisorctl", "pid", program)
    container.do("kill", "-9", pid)
    container.wait_for(told, 2)
    assert frontend.judge(PYTHON)["verdict"] == "AC"


def test_a_worker_that_cannot_start_is_tried_again_ever_more_slowly(
    image: str, network: str
) -> None:
    options = (f"--network={network}", "--env=AMQP_URL=nonsense")
    with Container(image, options=options) as container:
        container.wait_for("AMQP_URL: should be amqp://user:password@host:port/vhost", 3)
        assert "Traceback" not in container.logs
        assert "executor                         BACKOFF" in _status(container)


def _status(container: Container) -> str:
    """supervisorctl exits with 3 if not all is well."""
    done = subprocess.run(
        ["docker", "exec", container.id, "supervisorctl", "status"],
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout
