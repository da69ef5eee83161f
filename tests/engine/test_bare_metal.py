"""setup-worker.sh on a bare Debian with a supervisord: set up twice, restarted, removed."""

import subprocess
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest

from stack import Frontend, wait_until
from stack.docker import FULL, docker
from tests.engine.conftest import LANGUAGES, READY
from tests.engine.debian import Debian
from tests.engine.test_image import PYTHON, SLEEPER, C, begun
from tests.page import OPERATIONS, commands

pytestmark = pytest.mark.slow

SET_UP, RESTART = commands(OPERATIONS)["Bare metal"]
BROKER, FIRST = commands(OPERATIONS)["A broker of its own"]
LOG = "/var/log/oj-executor/executor.log"


@pytest.fixture(scope="module", params=["bookworm", "trixie"])
def machine(request: pytest.FixtureRequest, network: str) -> Iterator[Debian]:
    options = [f"--network={network}", *FULL]
    with Debian(request.param, "sleep", "infinity", options=options) as machine:
        machine.get_clone()
        machine.type(f"{SET_UP.strip()} --languages {LANGUAGES}")
        # A machine that boots starts it; a container does not.
        machine.do("supervisord", "--configuration", "/etc/supervisor/supervisord.conf")
        yield machine


def _wait_for_log(machine: Debian, text: str, count: int) -> None:
    def told() -> bool:
        return machine.do("cat", LOG).count(text) >= count

    wait_until(told, 60, f"the log says {text} {count} times")


def test_an_edit_of_env_and_a_restart_make_it_a_worker(
    machine: Debian, broker: str, frontend: Frontend
) -> None:
    edit = f"echo AMQP_URL={broker} >>.env"
    told = machine.type(RESTART.replace("sudo editor .env", edit))
    assert told.splitlines()[:2] == ["executor: stopped", "executor: started"]
    assert "isolation full" in told
    _wait_for_log(machine, READY, 1)
    for job in (C, PYTHON):
        result = frontend.judge(job)
        assert result["verdict"] == "AC", result
        assert result["worker"]["isolation"] == "full"


def test_a_second_run_harms_nothing(machine: Debian, frontend: Frontend) -> None:
    before = machine.do("cat", "/opt/oj-executor/.env")
    pids = machine.do("supervisorctl", "pid", "all")
    machine.in_clone("./setup-worker.sh", "--languages", LANGUAGES)
    assert machine.do("cat", "/opt/oj-executor/.env") == before
    assert machine.do("supervisorctl", "pid", "all") == pids
    assert frontend.judge(PYTHON)["verdict"] == "AC"


def test_its_settings_are_for_no_other_user(machine: Debian) -> None:
    assert machine.do("stat", "-c", "%A %U %G", "/opt/oj-executor/.env") == (
        "-rw-r----- root executor"
    )


def test_executor_check_finds_its_settings_wherever_one_stands(
    machine: Debian, broker: str
) -> None:
    told = docker("exec", "--workdir=/", machine.id, "executor", "check")
    assert urlsplit(broker).netloc.rpartition("@")[2] in told
    assert "isolation full" in told


def test_removed_it_finishes_its_job_and_leaves_the_settings_and_nothing_else(
    machine: Debian, frontend: Frontend
) -> None:
    job = frontend.publish(SLEEPER | {"events": "phase"})
    wait_until(lambda: begun(frontend, job), 30, "the job has begun")
    machine.in_clone("./setup-worker.sh", "--uninstall")
    assert frontend.reply(job)["verdict"] == "AC"
    assert machine.left == ""
    assert "AMQP_URL=amqp://guest:guest@" in machine.in_clone("cat", ".env")


def test_installed_once_more_it_has_its_settings_again(machine: Debian) -> None:
    machine.in_clone("./setup-worker.sh", "--languages", LANGUAGES)
    assert "AMQP_URL=amqp://guest:guest@" in machine.do("cat", "/opt/oj-executor/.env")
    assert machine.in_clone("readlink", ".env").strip() == "/opt/oj-executor/.env"


def test_a_broker_of_its_own_leads_to_a_first_verdict(machine: Debian) -> None:
    machine.type("sed -i --follow-symlinks /^AMQP_URL=/d .env", "supervisorctl restart executor")
    machine.type(BROKER)
    # A machine that boots starts it; a container may not.
    machine.do("sh", "-c", "rabbitmqctl ping || rabbitmq-server -detached")
    wait_until(lambda: _lacks_nothing(machine), 120, "the worker has found it")
    assert machine.type(FIRST).startswith("AC  submit-")


def _lacks_nothing(machine: Debian) -> bool:
    asked = ["docker", "exec", machine.id, "executor", "check"]
    return subprocess.run(asked, capture_output=True, check=False).returncode == 0
