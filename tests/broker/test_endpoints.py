"""What a worker tells over HTTP: that it lives, whether it is ready, what it has counted."""

import contextlib
import json
import os
import re
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from stack import ExecutorProcess, Frontend, RunFolder, Safeexec, wait_until
from tests.broker.conftest import StartWorker, job, sleeping_job
from tests.broker.scrape import free_port, get, scrape

SOON_S = 20
SLOW_CLIENTS = 24
PROJECT = Path(__file__).parents[2]


@pytest.fixture
def port() -> int:
    return free_port()


@pytest.fixture
def open_worker(start: StartWorker, port: int) -> ExecutorProcess:
    """One that answers at `port`."""
    return start(EXECUTOR_HTTP_PORT=str(port))


def test_jobs_are_counted_by_language_status_and_verdict(
    frontend: Frontend, open_worker: ExecutorProcess, port: int
) -> None:
    wrong = job("s-2") | {"source": "print(2)"}
    for each in (job(), job("s-3"), wrong, {"schema": "oj.job/1", "id": "s-4"}):
        frontend.judge(each)
    frontend.judge(job("s-5") | {"language": "intercal"})
    open_worker.wait_for("job_finished", count=5)
    seen = scrape(port)
    jobs = {name: value for name, value in seen.items() if name.startswith("executor_jobs_total")}
    assert jobs == {
        'executor_jobs_total{language="python3",status="done",verdict="AC"}': 2,
        'executor_jobs_total{language="python3",status="done",verdict="WA"}': 1,
        'executor_jobs_total{language="none",status="rejected",verdict="SE"}': 1,
        'executor_jobs_total{language="other",status="rejected",verdict="SE"}': 1,
    }
    assert seen['executor_dead_letters_total{code="schema_invalid"}'] == 1
    assert seen['executor_cache_hits_total{cache="compile"}'] == 1
    assert seen['executor_cache_misses_total{cache="compile"}'] == 2


def test_the_page_names_every_metric_and_no_other(open_worker: ExecutorProcess, port: int) -> None:
    page = (PROJECT / "docs" / "monitoring.md").read_text()
    table = page.partition("\n## Metrics\n")[2].partition("\n## ")[0]
    described = set(re.findall(r"`((?:executor|process)_\w+)`", table))
    named = set(re.findall(r"^# TYPE (\w+) ", get(port, "/metrics")[1], re.MULTILINE))
    assert named == described


def test_each_phase_of_a_job_is_timed(
    frontend: Frontend, open_worker: ExecutorProcess, port: int
) -> None:
    frontend.judge(sleeping_job(0.3))
    open_worker.wait_for("job_finished")
    seen = scrape(port)
    counts = {
        phase: seen[f'executor_job_seconds_count{{phase="{phase}"}}']
        for phase in ("queue", "fetch", "compile", "judge", "publish", "total")
    }
    assert set(counts.values()) == {1}
    judged, total = (
        seen[f'executor_job_seconds_sum{{phase="{phase}"}}'] for phase in ("judge", "total")
    )
    assert 0.3 <= judged <= total


def test_the_job_in_hand_is_told_while_it_runs(
    frontend: Frontend, open_worker: ExecutorProcess, port: int
) -> None:
    assert scrape(port)["executor_jobs_in_flight"] == 0
    correlation = frontend.publish(sleeping_job(3))
    open_worker.wait_for("job_received")
    seen = scrape(port)
    assert seen["executor_jobs_in_flight"] == 1
    assert seen["executor_job_age_seconds"] > 0
    told = json.loads(get(port, "/status")[1])
    assert (told["state"], told["job"]["id"], told["job"]["language"]) == (
        "judging",
        "s-1",
        "python3",
    )
    frontend.reply(correlation)
    open_worker.wait_for("job_finished")
    assert scrape(port)["executor_jobs_in_flight"] == 0


def test_a_reply_that_nobody_takes_is_counted(
    frontend: Frontend, open_worker: ExecutorProcess, port: int
) -> None:
    frontend.publish(job(), reply_to="nobody-s")
    open_worker.wait_for("job_finished")
    assert scrape(port)["executor_replies_kept_total"] == 1
    (line,) = open_worker.events("job_finished")
    assert line["kept"] is True


def test_an_idle_worker_lives_and_is_ready(open_worker: ExecutorProcess, port: int) -> None:
    assert get(port, "/healthz") == (200, "ok\n")
    assert get(port, "/readyz") == (200, "ok\n")


def test_a_worker_that_waits_for_its_broker_lives_and_is_not_ready(
    start: StartWorker, port: int
) -> None:
    worker = start("amqp://127.0.0.1:1/", ready=False, EXECUTOR_HTTP_PORT=str(port))
    worker.wait_for("link_failed", count=3)
    assert get(port, "/healthz") == (200, "ok\n")
    status, text = get(port, "/readyz")
    assert (status, "not connected to the broker" in text) == (503, True)
    assert scrape(port)['executor_link_failures_total{link="consume"}'] >= 1
    assert scrape(port)["executor_consuming"] == 0


def test_a_worker_that_waits_for_its_sandbox_lives_and_is_not_ready(
    start: StartWorker, port: int
) -> None:
    worker = start(ready=False, EXECUTOR_HTTP_PORT=str(port), SAFEEXEC_SOCKET="/nowhere")
    worker.wait_for("sandbox_unavailable")
    assert get(port, "/healthz") == (200, "ok\n")
    status, text = get(port, "/readyz")
    assert status == 503
    assert text.splitlines() == [
        "it is starting: the sandbox and the languages are tested",
        "the sandbox cannot be reached",
    ]


def test_a_worker_that_finishes_its_last_job_lives_and_is_not_ready(
    frontend: Frontend, open_worker: ExecutorProcess, port: int
) -> None:
    frontend.publish(sleeping_job(3))
    open_worker.wait_for("job_received")
    open_worker.terminate()
    open_worker.wait_for("signal_received")
    assert get(port, "/healthz") == (200, "ok\n")
    assert get(port, "/readyz") == (503, "it is stopping\n")


@pytest.fixture
def own_safeexec() -> Iterator[Safeexec]:
    with RunFolder() as folder, Safeexec(folder) as safeexec:
        yield safeexec


def test_a_worker_whose_sandbox_is_gone_is_not_ready_and_its_metrics_tell(
    start: StartWorker, port: int, own_safeexec: Safeexec
) -> None:
    start(EXECUTOR_HTTP_PORT=str(port), SAFEEXEC_SOCKET=str(own_safeexec.socket))
    seen = scrape(port)
    assert (seen["executor_sandbox_up"], seen["executor_sandbox_slots"]) == (1, 1)
    own_safeexec.close()
    wait_until(lambda: get(port, "/readyz")[0] == 503, SOON_S, "it is not ready")
    assert get(port, "/readyz")[1] == "the sandbox cannot be reached\n"
    assert scrape(port)["executor_sandbox_up"] == 0


@pytest.mark.parametrize(
    ("path", "method", "status"),
    [
        ("/", "GET", 404),
        ("/../etc/passwd", "GET", 404),
        ("/metrics", "POST", 405),
    ],
)
def test_what_is_not_there_is_refused(
    open_worker: ExecutorProcess, port: int, path: str, method: str, status: int
) -> None:
    assert get(port, path, method)[0] == status


def test_who_asks_at_length_is_hung_up_on(open_worker: ExecutorProcess, port: int) -> None:
    with socket.create_connection(("127.0.0.1", port), SOON_S) as client:
        client.sendall(b"GET /healthz HTTP/1.0\r\n")
        with contextlib.suppress(OSError):  # it may hang up before we have said it all
            for number in range(90):  # more of them are another fault
                client.sendall(f"x-{number}: {'x' * 1000}\r\n".encode())
            client.sendall(b"\r\n")
        with contextlib.suppress(ConnectionResetError):
            assert client.recv(100) == b""
    assert get(port, f"/{'x' * 8000}")[0] == 404
    with pytest.raises(OSError):  # noqa: PT011 - a reset or an end, as it happens
        get(port, f"/{'x' * 20_000}")


def test_clients_that_neither_ask_nor_read_nor_leave_hurt_nobody(
    frontend: Frontend, open_worker: ExecutorProcess, port: int
) -> None:
    with contextlib.ExitStack() as stack:
        for number in range(SLOW_CLIENTS):
            client = stack.enter_context(socket.create_connection(("127.0.0.1", port)))
            # Silent ones, half a request, and a whole one whose answer is not read.
            client.sendall((b"", b"GET /metr", b"GET /metrics HTTP/1.0\r\n\r\n")[number % 3])
        assert frontend.judge(job())["verdict"] == "AC"
        open_worker.wait_for("job_finished")
        assert scrape(port)["executor_deliveries_total"] == 1
        assert get(port, "/healthz") == (200, "ok\n")
        threads = os.listdir(f"/proc/{open_worker.pid}/task")
        assert len(threads) < SLOW_CLIENTS
    assert not open_worker.events("link_lost")


def test_a_port_that_is_taken_is_one_line_and_exit_code_2(start: StartWorker) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        worker = start(ready=False, EXECUTOR_HTTP_PORT=str(port))
        assert worker.wait(SOON_S) == 2
    last = worker.log.read_text().splitlines()[-1]
    assert last == (
        f"executor: EXECUTOR_HTTP_PORT: 127.0.0.1:{port}: Address already in use;"
        " each worker of a host needs one of its own"
    )


def test_a_job_ends_with_one_line_that_tells_all(
    frontend: Frontend, open_worker: ExecutorProcess
) -> None:
    reply = frontend.judge(job() | {"attempt": 3})
    open_worker.wait_for("job_finished")
    (line,) = open_worker.events("job_finished")
    assert line["queued_ms"] >= 0
    assert line["held_ms"] >= line["total_ms"] >= line["judge_ms"] > 0
    assert line["publish_ms"] >= 0
    assert line["reply_bytes"] > 0 < line["job_bytes"]
    told = {
        "job_id": "s-1",
        "attempt": 3,
        "language": "python3",
        "status": "done",
        "verdict": "AC",
        "score": 1.0,
        "tests": 1,
        "judged": 1,
        "accepted": 1,
        "redelivered": False,
        "times_returned": 0,
        "worker": open_worker.name,
        "isolation": reply["worker"]["isolation"],
        "runtime": reply["worker"]["runtime"],
        "kept": False,
    }
    assert told.items() <= line.items()


def test_a_bad_job_ends_with_one_line_that_tells_why(
    frontend: Frontend, open_worker: ExecutorProcess
) -> None:
    frontend.judge({"schema": "oj.job/1", "id": "s-1"})
    open_worker.wait_for("job_finished")
    (line,) = open_worker.events("job_finished")
    told = {"job_id": "s-1", "status": "rejected", "verdict": "SE", "error": "schema_invalid"}
    assert told.items() <= line.items()
