"""A worker that is beyond help ends itself, and what it had is judged by another."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from executor.watchdog import EXIT_CODE
from stack import Frontend, PrivateBroker, RunFolder, Safeexec, wait_until
from tests.broker.conftest import StartWorker, job, sleeping_job
from tests.broker.scrape import free_port, get

pytestmark = pytest.mark.slow

LIMIT = {"EXECUTOR_WATCHDOG_S": "5"}
SOON_S = 90
PROJECT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def own_broker() -> Iterator[PrivateBroker]:
    """One that may be stopped, and forbid what it likes."""
    with PrivateBroker() as broker:
        yield broker


def test_a_worker_whose_broker_says_nothing_any_more_ends_itself(
    own_broker: PrivateBroker, start: StartWorker
) -> None:
    worker = start(own_broker.url, AMQP_HEARTBEAT_S="5", **LIMIT)
    os.kill(own_broker.pid, signal.SIGSTOP)
    try:
        assert worker.wait(SOON_S) == EXIT_CODE
    finally:
        os.kill(own_broker.pid, signal.SIGCONT)
    (stuck,) = worker.events("worker_stuck")
    assert stuck["reason"] == "no jobs could come to us for 5 s"
    assert worker.events()[-1] == stuck


def test_a_worker_whose_queue_is_gone_for_good_ends_itself(
    own_broker: PrivateBroker, start: StartWorker
) -> None:
    worker = start(own_broker.url, **LIMIT)
    own_broker.ctl("set_permissions", "judge", "^$", ".*", ".*")
    own_broker.ctl("delete_queue", "submissions")
    assert worker.wait(SOON_S) == EXIT_CODE
    own_broker.ctl("set_permissions", "judge", ".*", ".*", ".*")
    (stuck,) = worker.events("worker_stuck")
    assert stuck["reason"] == "no jobs could come to us for 5 s"
    assert worker.events("link_failed")


def test_a_worker_whose_broker_comes_back_in_time_goes_on(
    own_broker: PrivateBroker, start: StartWorker
) -> None:
    worker = start(own_broker.url, EXECUTOR_WATCHDOG_S="60")
    own_broker.restart()
    worker.wait_for("worker_ready", count=2, timeout=SOON_S)
    assert worker.running


@pytest.fixture
def own_safeexec() -> Iterator[Safeexec]:
    with RunFolder() as folder, Safeexec(folder) as safeexec:
        yield safeexec


def _stop_all(pid: int, number: signal.Signals) -> None:
    """safeexec and the processes of its slots."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    for each in (pid, *map(int, children)):
        os.kill(each, number)


def test_a_job_that_does_not_get_on_ends_its_worker_and_another_judges_it(
    frontend: Frontend, start: StartWorker, own_safeexec: Safeexec
) -> None:
    port = free_port()
    worker = start(SAFEEXEC_SOCKET=str(own_safeexec.socket), EXECUTOR_HTTP_PORT=str(port), **LIMIT)
    slow = sleeping_job(0.8) | {"limits": {"wall_ms": 1000}, "policy": {"rerun": {"max": 0}}}
    correlation = frontend.publish(slow)
    wait_until(lambda: '"phase":"compiled"' in get(port, "/status")[1], SOON_S, "it runs")
    _stop_all(own_safeexec.pid, signal.SIGSTOP)
    try:
        wait_until(lambda: get(port, "/healthz")[0] == 503, SOON_S, "it is not well")
        status, text = get(port, "/healthz")
        assert (status, text.startswith("job s-1, compiled, is ")) == (503, True)
        assert worker.wait(SOON_S) == EXIT_CODE
    finally:
        _stop_all(own_safeexec.pid, signal.SIGCONT)
    (stuck,) = worker.events("worker_stuck")
    assert "the job thread did not get on for 5 s" in stuck["reason"]
    start()
    reply = frontend.reply(correlation, SOON_S)
    assert (reply["verdict"], reply["redelivered"]) == ("AC", True)


WORKER_WHOSE_LOOP_HANGS_AT_A_CANCEL = """
import os, threading
from pathlib import Path
from executor import logs, worker
from executor.answers import Answerer
from executor.settings import Settings

def hang(*_):
    threading.Event().wait()

Answerer.cancel = hang
worker.serve(Settings.load(os.environ, Path("none"))[0])
"""


def test_a_worker_whose_loop_stands_still_ends_itself(
    broker: PrivateBroker, safeexec: Safeexec, frontend: Frontend, tmp_path: Path
) -> None:
    port = free_port()
    settings = {
        "AMQP_URL": broker.url,
        "SAFEEXEC_SOCKET": str(safeexec.socket),
        "EXECUTOR_WORK_DIR": str(tmp_path),
        "EXECUTOR_LANGUAGES": "python3",
        "EXECUTOR_HTTP_PORT": str(port),
        "PYTHONPATH": str(PROJECT),
        "LOG_FORMAT": "json",
        "EXECUTOR_WATCHDOG_S": "15",
    }
    command = [sys.executable, "-c", WORKER_WHOSE_LOOP_HANGS_AT_A_CANCEL]
    process = subprocess.Popen(
        command, env=settings, cwd=tmp_path, stderr=subprocess.PIPE, text=True
    )
    try:
        wait_until(lambda: _listens(port), SOON_S, "it hears control messages")
        frontend.control({"type": "cancel", "id": "s-1"})
        wait_until(lambda: get(port, "/healthz")[0] == 503, SOON_S, "it is not well")
        assert "the I/O loop stands still for" in get(port, "/healthz")[1]
        _, log = process.communicate(timeout=SOON_S)
    finally:
        process.kill()
        process.wait()
    assert process.returncode == EXIT_CODE
    assert '"reason": "the I/O loop stood still for 15 s"' in log.splitlines()[-1]


def _listens(port: int) -> bool:
    try:
        return 'executor_link_up{link="control"} 1.0' in get(port, "/metrics")[1]
    except OSError:
        return False


def test_a_worker_that_was_stopped_for_longer_than_the_limit_goes_on(
    frontend: Frontend, start: StartWorker
) -> None:
    worker = start(**LIMIT)
    os.kill(worker.pid, signal.SIGSTOP)
    with pytest.raises(TimeoutError):
        frontend.reply(frontend.publish(job()), 8)
    os.kill(worker.pid, signal.SIGCONT)
    wait_until(lambda: worker.events("job_finished"), SOON_S, "its job is judged")
    assert worker.running
    assert not worker.events("worker_stuck")
