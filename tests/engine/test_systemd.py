"""setup-worker.sh --systemd on a bare Debian 12 that a systemd has booted.

Debian 13, as it comes on cgroup v2, is in tests/places/test_systemd.py.
"""

import json
import subprocess
from collections.abc import Iterator
from functools import partial
from itertools import pairwise
from typing import Any

import pytest

from stack import Frontend, wait_until
from storm.load import Load
from tests.engine.conftest import LANGUAGES, READY
from tests.engine.debian import Debian
from tests.engine.test_image import PYTHON, SLEEPER, C, begun
from tests.page import OPERATIONS, commands

pytestmark = pytest.mark.slow

SET_UP, LOOK, OPTIONS = commands(OPERATIONS)["Under systemd"]
# Of all cgroups it sees only those below the container's own: systemd takes charge of what it sees.
ALONE = ("--cap-add=SYS_ADMIN", "--cgroupns=private", "--tmpfs=/run", "--tmpfs=/run/lock")
BOOT = """
apt-get update && apt-get install --yes --no-install-recommends systemd systemd-sysv
for hierarchy in /sys/fs/cgroup/*/; do mount -o remount,bind,rw "$hierarchy"; done
exec /sbin/init
"""
SETTINGS = "/opt/oj-executor/.env"
MISTAKE = "AMQP_URL: should be amqp://user:password@host:port/vhost"
PAUSE_S = 5


@pytest.fixture(scope="module")
def machine(network: str) -> Iterator[Debian]:
    options = [f"--network={network}", "--env=container=docker", *ALONE]
    with Debian("bookworm", "bash", "-ec", BOOT, options=options) as machine:
        wait_until(lambda: _state(machine) == "running", 120, "systemd has booted")
        machine.get_clone()
        yield machine


def _state(machine: Debian) -> str:
    """systemctl exits with 1 if not all is well, and docker if there is none yet."""
    asked = ["docker", "exec", machine.id, "systemctl", "is-system-running"]
    return subprocess.run(asked, capture_output=True, text=True, check=False).stdout.strip()


def _show(machine: Debian, unit: str, name: str) -> str:
    return machine.do("systemctl", "show", "--value", f"--property={name}", unit)


def _pid(machine: Debian, unit: str) -> str:
    return _show(machine, unit, "MainPID")


def _log(machine: Debian, unit: str) -> list[dict[str, Any]]:
    """What systemd and the unit itself have told, in their order, with the time of each in us."""
    told = machine.do("journalctl", f"--unit={unit}", "--output=json", "--no-pager")
    return [json.loads(line) for line in told.splitlines()]


def _wait_for_log(machine: Debian, text: str, count: int) -> None:
    def told() -> bool:
        return sum(text in line["MESSAGE"] for line in _log(machine, "executor")) >= count

    wait_until(told, 60, f"the log says {text} {count} times")


def test_set_up_as_the_page_says_it_is_a_worker(
    machine: Debian, broker: str, frontend: Frontend
) -> None:
    lines = SET_UP.replace("--systemd", f"--systemd --languages {LANGUAGES}")
    machine.type(lines.replace("sudo editor .env", f"echo AMQP_URL={broker} >>.env"))
    _wait_for_log(machine, READY, 1)
    told = machine.type(LOOK)
    assert told.count("Active: active (running)") == 2, told
    assert "isolation full" in told
    for job in (C, PYTHON):
        result = frontend.judge(job)
        assert result["verdict"] == "AC", result
        assert result["worker"]["isolation"] == "full"


def test_it_is_started_at_boot(machine: Debian) -> None:
    told = machine.do("systemctl", "is-enabled", "executor", "safeexec")
    assert told.split() == ["enabled", "enabled"]


def test_each_job_has_its_line_in_the_journal(machine: Debian, frontend: Frontend) -> None:
    before = len(_finished(machine))
    for _ in range(20):
        frontend.judge(PYTHON)
    wait_until(lambda: len(_finished(machine)) == before + 20, 60, "each job has its line")


def _finished(machine: Debian) -> list[str]:
    messages = [line["MESSAGE"] for line in _log(machine, "executor")]
    return [text for text in messages if '"event": "job_finished"' in text]


def test_a_restart_lets_the_running_job_finish(machine: Debian, frontend: Frontend) -> None:
    pid = _pid(machine, "executor")
    job = frontend.publish(SLEEPER | {"events": "phase"})
    wait_until(lambda: begun(frontend, job), 30, "the job has begun")
    waiting = frontend.publish(PYTHON)
    machine.do("systemctl", "restart", "executor")
    for answer in (frontend.reply(job), frontend.reply(waiting)):
        assert answer["verdict"] == "AC", answer
        assert not answer["redelivered"]
    assert _pid(machine, "executor") != pid


@pytest.mark.parametrize("units", ["executor", "executor safeexec"])
def test_restarts_under_load_lose_and_double_nothing(
    units: str, machine: Debian, broker: str
) -> None:
    with Load(broker) as load:
        with load.while_it_lasts():
            for _ in range(2):
                machine.do("systemctl", "restart", *units.split())
                more = load.books.result_count + 5
                wait_until(partial(_has_results, load, more), 60, "it goes on")
        assert load.duplicates == 0


def _has_results(load: Load, count: int) -> bool:
    return load.books.result_count >= count


@pytest.mark.parametrize("unit", ["executor", "safeexec"])
def test_what_was_killed_comes_back(unit: str, machine: Debian, frontend: Frontend) -> None:
    pid = _pid(machine, unit)
    machine.do("systemctl", "kill", "--signal=KILL", unit)
    wait_until(lambda: _pid(machine, unit) not in ("0", pid), 60, f"{unit} is there again")
    result = frontend.judge(PYTHON)
    assert result["verdict"] == "AC"
    assert result["worker"]["isolation"] == "full"


def test_a_job_whose_worker_is_killed_is_judged_by_the_next(
    machine: Debian, frontend: Frontend
) -> None:
    job = frontend.publish(SLEEPER | {"events": "phase"})
    wait_until(lambda: begun(frontend, job), 30, "the job has begun")
    machine.do("systemctl", "kill", "--signal=KILL", "executor")
    answer = frontend.reply(job)
    assert (answer["verdict"], answer["redelivered"]) == ("AC", True)


def test_a_program_at_its_memory_limit_harms_no_service(
    machine: Debian, frontend: Frontend
) -> None:
    pids = [_pid(machine, unit) for unit in ("safeexec", "executor")]
    assert frontend.judge(PYTHON | {"source": "bytearray(10**9)"})["verdict"] == "MLE"
    assert frontend.judge(PYTHON)["verdict"] == "AC"
    assert [_pid(machine, unit) for unit in ("safeexec", "executor")] == pids


def test_a_worker_that_cannot_start_is_tried_again_with_a_pause(
    machine: Debian, frontend: Frontend
) -> None:
    settings = machine.do("cat", SETTINGS)
    machine.do("sh", "-c", f"echo AMQP_URL=nonsense >>{SETTINGS}")
    machine.do("systemctl", "restart", "executor")
    _wait_for_log(machine, MISTAKE, 3)
    assert _show(machine, "executor", "ActiveState") != "failed"
    at = [
        int(line["__MONOTONIC_TIMESTAMP"]) / 1e6
        for line in _log(machine, "executor")
        if MISTAKE in line["MESSAGE"]
    ]
    assert all(later - earlier >= PAUSE_S for earlier, later in pairwise(at)), at
    machine.do("sh", "-c", f"cat >{SETTINGS} <<'END'\n{settings}\nEND")
    assert frontend.judge(PYTHON)["verdict"] == "AC"


def test_a_second_run_harms_nothing(machine: Debian, frontend: Frontend) -> None:
    before = machine.do("cat", SETTINGS), _pid(machine, "safeexec"), _pid(machine, "executor")
    machine.in_clone("./setup-worker.sh", "--systemd", "--languages", LANGUAGES)
    assert before == (
        machine.do("cat", SETTINGS),
        _pid(machine, "safeexec"),
        _pid(machine, "executor"),
    )
    assert frontend.judge(PYTHON)["verdict"] == "AC"


def test_safeexec_takes_its_options_from_a_file(machine: Debian, frontend: Frontend) -> None:
    machine.type(OPTIONS)
    assert frontend.judge(PYTHON)["verdict"] == "AC"
    assert "level full, 4 slots" in machine.do("executor", "status")
    machine.in_clone("./setup-worker.sh", "--systemd", "--languages", LANGUAGES)
    machine.do("systemctl", "restart", "executor", "safeexec")
    assert frontend.judge(PYTHON)["verdict"] == "AC"
    assert "level full, 4 slots" in machine.do("executor", "status")


def test_it_changes_to_supervisord_and_back(machine: Debian, frontend: Frontend) -> None:
    machine.in_clone("./setup-worker.sh", "--languages", LANGUAGES)
    assert _show(machine, "executor", "LoadState") == "not-found"
    assert frontend.judge(PYTHON)["verdict"] == "AC"
    machine.in_clone("./setup-worker.sh", "--systemd", "--languages", LANGUAGES)
    assert machine.do("supervisorctl", "avail") == ""
    assert frontend.judge(PYTHON)["verdict"] == "AC"


def test_removed_it_leaves_the_settings_and_nothing_else(machine: Debian) -> None:
    machine.in_clone("./setup-worker.sh", "--uninstall")
    assert machine.left == ""
    running = (
        "find /sys/fs/cgroup -name '*safeexec*' -o -name '*executor*'; pgrep -l 'safeexec|executor'"
    )
    assert machine.do("sh", "-c", f"{running}; true") == ""
    assert _state(machine) == "running"
    assert _show(machine, "executor", "LoadState") == "not-found"
    assert "AMQP_URL=amqp://guest:guest@" in machine.in_clone("cat", ".env")
