"""`executor status` and `executor queue`, as an operator runs them."""

import json
import os
import pty
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from stack import ExecutorProcess, Frontend, PrivateBroker, RunFolder, Safeexec, wait_until
from tests.broker.conftest import StartWorker, job, sleeping_job

PROJECT = Path(__file__).parents[2]
SOON_S = 30


class Operator:
    """Runs commands with the settings of the workers that share a work folder."""

    def __init__(self, folder: Path, broker: PrivateBroker, safeexec: Safeexec, work: Path) -> None:
        self._folder = folder
        self.work = work
        self.settings = {
            "PYTHONPATH": str(PROJECT),
            "PATH": "/usr/bin:/bin",
            "TERM": "xterm-256color",
            "AMQP_URL": broker.url,
            "SAFEEXEC_SOCKET": str(safeexec.socket),
            "EXECUTOR_WORK_DIR": str(work),
        }

    def run(self, *args: str, **settings: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "executor", *args],
            cwd=self._folder,
            env=self.settings | settings,
            capture_output=True,
            text=True,
            timeout=60,
        )

    def see(self, *args: str) -> str:
        """What it prints at a terminal."""
        ours, theirs = pty.openpty()
        with os.fdopen(ours, "rb", buffering=0) as screen:
            process = subprocess.Popen(
                [sys.executable, "-m", "executor", *args],
                cwd=self._folder,
                env=self.settings,
                stdin=theirs,
                stdout=theirs,
                stderr=theirs,
            )
            os.close(theirs)
            seen = b""
            try:
                while more := screen.read(65536):
                    seen += more
            except OSError:
                pass  # the end of a terminal whose other side is closed
            process.wait()
        return seen.decode()


@pytest.fixture
def operator(
    tmp_path: Path,
    broker: PrivateBroker,
    safeexec: Safeexec,
    run_folder: RunFolder,
    request: pytest.FixtureRequest,
) -> Operator:
    user = "executor" if os.geteuid() == 0 else None
    work = run_folder.make(f"operated-{abs(hash(request.node.name))}", user)
    return Operator(tmp_path, broker, safeexec, work)


@pytest.fixture
def worker(start: StartWorker, operator: Operator) -> ExecutorProcess:
    return start(EXECUTOR_WORK_DIR=str(operator.work))


def test_status_shows_workers_sandbox_and_broker_and_ends_with_0(
    frontend: Frontend, worker: ExecutorProcess, operator: Operator
) -> None:
    frontend.judge(job())
    worker.wait_for("job_finished")
    done = operator.run("status")
    assert done.returncode == 0, done.stdout + done.stderr
    heading, row, sandbox, broker = done.stdout.splitlines()
    assert heading.split()[:4] == ["worker", "state", "job", "verdicts"]
    assert row.split()[:5] == [worker.name, "idle", "-", "AC", "1"]
    assert sandbox.startswith("sandbox  level ")
    assert sandbox.endswith(" slots")
    assert broker.startswith("broker   127.0.0.1:")
    assert broker.endswith("/ reachable")
    assert "judge" not in done.stdout
    assert "\x1b" not in done.stdout


def test_status_shows_the_job_in_hand(
    frontend: Frontend, worker: ExecutorProcess, operator: Operator
) -> None:
    frontend.publish(sleeping_job(80) | {"attempt": 2})
    worker.wait_for("job_received")
    wait_until(
        lambda: "testing" in operator.run("status").stdout, SOON_S, "its program is compiled"
    )
    told = json.loads(operator.run("status", "--json").stdout)
    (seen,) = told["workers"]
    assert (seen["name"], seen["state"], seen["pid"]) == (worker.name, "judging", worker.pid)
    assert (seen["job"]["id"], seen["job"]["attempt"]) == ("s-1", 2)
    assert 0 < seen["job"]["age_s"] < 60
    assert (
        f"{worker.name}  judging  s-1 attempt 2 python3 testing 0/1"
        in operator.run("status").stdout
    )
    worker.kill()


def test_status_is_coloured_at_a_terminal_only(worker: ExecutorProcess, operator: Operator) -> None:
    assert "\x1b[32midle" in operator.see("status")
    assert "\x1b" not in operator.run("status").stdout


def test_status_says_that_a_worker_is_stopped_or_was_killed(
    start: StartWorker, worker: ExecutorProcess, operator: Operator
) -> None:
    killed = start(EXECUTOR_WORK_DIR=str(operator.work))
    killed.kill()
    os.kill(worker.pid, signal.SIGSTOP)
    try:
        done = operator.run("status")
    finally:
        os.kill(worker.pid, signal.SIGCONT)
    assert done.returncode == 1
    assert done.stdout.splitlines()[-2:] == [
        f"problem: {worker.name} gives no answer in 3 s: stopped?",
        f"problem: {killed.name} has ended, and could not say so: killed?",
    ]


def test_a_worker_that_starts_clears_what_a_killed_one_left_and_one_that_ends_its_own(
    start: StartWorker, worker: ExecutorProcess, operator: Operator
) -> None:
    worker.kill()
    other = start(EXECUTOR_WORK_DIR=str(operator.work))
    assert operator.run("status").returncode == 0
    other.terminate()
    assert other.wait(SOON_S) == 0
    done = operator.run("status")
    assert done.returncode == 1
    told = f"problem: no worker runs here with the work folder {operator.work}"
    assert done.stdout.splitlines()[-1] == told


def test_status_tells_each_thing_that_is_wrong(operator: Operator) -> None:
    done = operator.run("status", AMQP_URL="amqp://u:secret@127.0.0.1:1/", SAFEEXEC_SOCKET="/none")
    assert done.returncode == 1
    assert done.stdout.splitlines() == [
        "sandbox  not reachable",
        "broker   127.0.0.1:1/ not reachable",
        f"problem: no worker runs here with the work folder {operator.work}",
        "problem: sandbox: safeexec at /none: No such file or directory",
        "problem: broker 127.0.0.1:1/: Connection refused (not started yet, or another port?)",
    ]


def test_queue_shows_what_waits_and_for_how_long(
    frontend: Frontend, worker: ExecutorProcess, operator: Operator
) -> None:
    for number in range(3):
        frontend.judge(sleeping_job(0.2, f"s-{number}"))
    worker.wait_for("job_finished", count=3)
    for number in range(9):
        frontend.publish(sleeping_job(80, f"s-{number + 3}"))
    worker.wait_for("job_received", count=4)
    done = operator.run("queue", "--json", "--seconds", "0.3")
    assert done.returncode == 0, done.stdout + done.stderr
    seen = json.loads(done.stdout)
    assert seen["queue"] == {"name": "submissions", "ready": 8, "consumers": 1}
    assert (seen["unacked"], seen["workers_here"], seen["estimated"]) == (1, 1, False)
    assert seen["service_jobs"] == 3
    assert seen["wait_s"] == pytest.approx(8 * seen["service_s"])
    assert seen["dead"]["ready"] == seen["verdicts"]["ready"] == 0
    printed = operator.run("queue", "--seconds", "0.3").stdout.splitlines()
    assert printed[0].split() == ["queue", "ready", "unacked", "consumers"]
    assert printed[1].split() == ["submissions", "8", "1", "1"]
    assert printed[-1].startswith("a job published now waits ")
    assert printed[-1].endswith("the mean of the last 3 jobs of 1 worker here")
    worker.kill()


def test_queue_ends_with_1_if_jobs_wait_and_nobody_consumes(
    frontend: Frontend, operator: Operator
) -> None:
    frontend.publish(job())
    done = operator.run("queue", "--seconds", "0.1")
    assert done.returncode == 1
    assert done.stdout.splitlines()[-1] == "problem: 1 job waits, and nobody consumes"


def test_queue_ends_with_1_if_there_is_none(operator: Operator) -> None:
    done = operator.run("queue", "--seconds", "0.1", AMQP_QUEUE="not-there")
    assert done.returncode == 1
    assert "there is no queue 'not-there'" in done.stdout


def test_queue_ends_with_2_if_there_is_no_broker(operator: Operator) -> None:
    done = operator.run("queue", AMQP_URL="amqp://u:secret@127.0.0.1:1/")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("executor: broker 127.0.0.1:1/: Connection refused (not started")
    assert len(done.stderr.splitlines()) == 1


def test_queue_looks_again_and_again_until_it_is_interrupted(
    frontend: Frontend, operator: Operator
) -> None:
    command = [sys.executable, "-m", "executor", "queue", "--watch", "--json", "--seconds", "0.1"]
    with subprocess.Popen(
        command, env=operator.settings, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        lines = [json.loads(process.stdout.readline()) for _ in range(3)]
        process.send_signal(signal.SIGINT)
        assert process.wait(SOON_S) == 128 + signal.SIGINT
    assert [line["queue"]["ready"] for line in lines] == [0, 0, 0]
