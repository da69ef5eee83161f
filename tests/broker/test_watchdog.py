"""A worker that is beyond help ends itself, and what it had is judged by another."""

import contextlib
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


PREAMBLE = """
import os, threading
from pathlib import Path
from executor import activity, worker
from executor.answers import Answerer
from executor.settings import Settings
"""
SERVE = """
worker.serve(Settings.load(os.environ, Path("none"))[0])
"""


@contextlib.contextmanager
def changed_worker(
    change: str, folder: Path, port: int, **settings: str
) -> Iterator["subprocess.Popen[str]"]:
    """A worker of which `change` has replaced something; it writes its log to stderr."""
    usual = {
        "EXECUTOR_WORK_DIR": str(folder),
        "EXECUTOR_LANGUAGES": "python3",
        "EXECUTOR_HTTP_PORT": str(port),
        "PYTHONPATH": str(PROJECT),
        "LOG_FORMAT": "json",
    }
    command = [sys.executable, "-c", f"{PREAMBLE}{change}{SERVE}"]
    process = subprocess.Popen(
        command, env=usual | settings, cwd=folder, stderr=subprocess.PIPE, text=True
    )
    try:
        wait_until(lambda: _tells(port, "/metrics", HEARS_CONTROL), SOON_S, "it takes jobs")
        yield process
    finally:
        process.kill()
        process.communicate()


HEARS_CONTROL = 'executor_link_up{link="control"} 1.0'


def _tells(port: int, path: str, text: str) -> bool:
    try:
        return text in get(port, path)[1]
    except OSError:
        return False


@pytest.fixture
def own_safeexec() -> Iterator[Safeexec]:
    with RunFolder() as folder, Safeexec(folder) as safeexec:
        yield safeexec


def _signal_all(pid: int, number: signal.Signals) -> None:
    """safeexec and the processes of its slots."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    for each in (pid, *map(int, children)):
        os.kill(each, number)


def test_a_job_that_does_not_get_on_ends_its_worker_and_another_judges_it(
    broker: PrivateBroker,
    frontend: Frontend,
    start: StartWorker,
    own_safeexec: Safeexec,
    tmp_path: Path,
) -> None:
    port = free_port()
    settings = {"AMQP_URL": broker.url, "SAFEEXEC_SOCKET": str(own_safeexec.socket), **LIMIT}
    slow = sleeping_job(2.8) | {"limits": {"wall_ms": 3000}, "policy": {"rerun": {"max": 0}}}
    with changed_worker("activity.MARGIN_S = 5", tmp_path, port, **settings) as process:
        correlation = frontend.publish(slow)
        wait_until(lambda: _tells(port, "/status", '"phase":"compiled"'), SOON_S, "it runs")
        _signal_all(own_safeexec.pid, signal.SIGSTOP)
        try:
            wait_until(lambda: get(port, "/healthz")[0] == 503, SOON_S, "it is not well")
            assert get(port, "/healthz")[1].startswith("job s-1, compiled, is ")
            _, log = process.communicate(timeout=SOON_S)
        finally:
            _signal_all(own_safeexec.pid, signal.SIGCONT)
    assert process.returncode == EXIT_CODE
    assert '"reason": "the job thread did not get on for 5 s' in log.splitlines()[-1]
    start()
    reply = frontend.reply(correlation, SOON_S)
    assert (reply["verdict"], reply["redelivered"]) == ("AC", True)


def test_a_worker_whose_loop_stands_still_ends_itself(
    broker: PrivateBroker, safeexec: Safeexec, frontend: Frontend, tmp_path: Path
) -> None:
    port = free_port()
    settings = {"AMQP_URL": broker.url, "SAFEEXEC_SOCKET": str(safeexec.socket)}
    settings["EXECUTOR_WATCHDOG_S"] = "15"
    hangs = "Answerer.cancel = lambda *_: threading.Event().wait()"
    with changed_worker(hangs, tmp_path, port, **settings) as process:
        frontend.control({"type": "cancel", "id": "s-1"})
        wait_until(lambda: get(port, "/healthz")[0] == 503, SOON_S, "it is not well")
        assert "the I/O loop stands still for" in get(port, "/healthz")[1]
        _, log = process.communicate(timeout=SOON_S)
    assert process.returncode == EXIT_CODE
    assert '"reason": "the I/O loop stood still for 15 s"' in log.splitlines()[-1]


def test_a_worker_that_judges_while_its_broker_is_away_finishes_the_job(
    own_broker: PrivateBroker, start: StartWorker
) -> None:
    worker = start(own_broker.url, **LIMIT)
    with Frontend(own_broker.url) as frontend:
        frontend.publish(sleeping_job(20))
        worker.wait_for("job_received")
    own_broker.stop()
    try:
        worker.wait_for("verdict_reached", timeout=SOON_S)
        assert worker.wait(SOON_S) == EXIT_CODE
    finally:
        own_broker.start()
    with Frontend(own_broker.url) as frontend:
        assert frontend.get("submissions") is not None


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
