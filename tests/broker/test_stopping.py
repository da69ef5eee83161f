"""SIGTERM finishes the running job; a second one gives it back."""

import subprocess
import sys
import time
from pathlib import Path

from stack import ExecutorProcess, Frontend, PrivateBroker, wait_until
from tests.broker.conftest import StartWorker, job, on_every_release, sleeping_job
from tests.web import Web, hang

SOON_S = 20
PROJECT = Path(__file__).parents[2]

WORKER_WHOSE_JOB_THREAD_DIES = """
import os
from pathlib import Path
from executor.answers import Answerer
from executor.broker.address import Brokers
from executor.consumer import Consumer
from executor.metrics import Metrics
from executor.monitor import Monitor
from executor.sandbox import Sandbox
from executor.settings import Settings

class Dying(Answerer):
    def answer(self, delivery, report):
        raise SystemExit(0)

monitor = Monitor("dying", Sandbox(Path("none")), Metrics())
settings = Settings.load(os.environ, Path("none"))[0]
Consumer(settings, Brokers.of(settings), Dying(None), monitor).run()
"""


def test_an_idle_worker_stops_at_once(worker: ExecutorProcess) -> None:
    started = time.monotonic()
    worker.terminate()
    assert worker.wait(SOON_S) == 0
    assert time.monotonic() - started < 3


def test_a_worker_that_never_reached_its_broker_stops_at_once(start: StartWorker) -> None:
    worker = start("amqp://127.0.0.1:1/", ready=False)
    worker.wait_for("link_failed", count=4)
    started = time.monotonic()
    worker.terminate()
    assert worker.wait(SOON_S) == 0
    assert time.monotonic() - started < 3


def test_a_running_job_is_finished_and_the_next_is_left(
    frontend: Frontend, worker: ExecutorProcess
) -> None:
    running = frontend.publish(sleeping_job(3, "running"))
    worker.wait_for("job_received")
    frontend.publish(job("next"))
    worker.terminate()
    assert frontend.reply(running, SOON_S)["verdict"] == "AC"
    assert worker.wait(SOON_S) == 0
    assert frontend.depth() == 1
    assert frontend.get("submissions") is not None


@on_every_release
def test_a_second_signal_gives_the_running_job_back(
    frontend: Frontend, worker: ExecutorProcess
) -> None:
    frontend.publish(sleeping_job(60, "running"))
    worker.wait_for("job_received")
    worker.terminate()
    worker.wait_for("signal_received")
    worker.terminate()
    assert worker.wait(SOON_S) == 0
    found = frontend.get("submissions")
    assert found is not None
    assert found[0].message_id == "running"
    assert not worker.events("job_finished")


def test_a_second_signal_gives_a_job_back_whose_test_data_does_not_come(
    frontend: Frontend, start: StartWorker
) -> None:
    worker = start(EXECUTOR_TESTDATA_HOSTS="127.0.0.1")
    with Web() as web:
        web.replies["/1.in"] = hang()
        test = {"id": "1", "input": {"url": web.url("/1.in")}, "answer": {"text": ""}}
        frontend.publish({**job("fetching"), "tests": [test]})
        wait_until(lambda: web.requests.total(), SOON_S, "it fetches")
        worker.terminate()
        worker.wait_for("signal_received")
        worker.terminate()
        assert worker.wait(SOON_S) == 0
    found = frontend.get("submissions")
    assert found is not None
    assert found[0].message_id == "fetching"
    assert worker.events("job_given_back")


def test_a_worker_that_waits_for_its_sandbox_stops_at_once(start: StartWorker) -> None:
    worker = start(ready=False, SAFEEXEC_SOCKET="/nonexistent")
    worker.wait_for("sandbox_unavailable", count=2)
    worker.terminate()
    assert worker.wait(SOON_S) == 0
    assert "Traceback" not in worker.log.read_text()


def test_a_worker_whose_job_thread_dies_ends_with_an_error_and_the_job_comes_back(
    broker: PrivateBroker, frontend: Frontend
) -> None:
    frontend.publish(job())
    done = subprocess.run(
        [sys.executable, "-c", WORKER_WHOSE_JOB_THREAD_DIES],
        env={"PYTHONPATH": str(PROJECT), "AMQP_URL": broker.url},
        capture_output=True,
        text=True,
        timeout=SOON_S,
    )
    assert done.returncode == 1
    assert "the job thread has ended" in done.stderr
    wait_until(lambda: frontend.depth() == 1, SOON_S, "the job is back in its queue")
