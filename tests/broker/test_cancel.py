"""A job is cancelled waiting or running, and no other job feels it."""

import time
from typing import Any

import pytest

from stack import ExecutorProcess, Frontend, PrivateBroker
from tests.broker.conftest import (
    StartWorker,
    job,
    on_every_release,
    sleeping_job,
    wait_listening,
    wait_phase,
)

SOON_S = 30
NOW_S = int(time.time())

COMPILER_BOMB = """
template <int d, int p> struct T {
    static constexpr int v = T<d - 1, 2 * p>::v + T<d - 1, 2 * p + 1>::v;
};
template <int p> struct T<0, p> { static constexpr int v = p; };
int main() { return T<30, 0>::v; }
"""


def cancel(id: str = "s-1", **fields: Any) -> dict[str, Any]:
    return {"type": "cancel", "id": id, **fields}


@pytest.fixture
def worker(start: StartWorker) -> ExecutorProcess:
    """One worker that takes jobs and hears control messages."""
    worker = start()
    wait_listening(worker)
    return worker


def assert_cancelled(reply: dict[str, Any], id: str = "s-1") -> None:
    assert (reply["id"], reply["status"], reply["verdict"]) == (id, "cancelled", "CN")
    assert reply["error"]["code"] == "cancelled"
    assert reply["error"]["retryable"] is False


@on_every_release
def test_a_running_job_is_killed_and_answered_and_the_worker_takes_the_next(
    frontend: Frontend, worker: ExecutorProcess
) -> None:
    running = frontend.publish(
        sleeping_job(80) | {"events": "phase", "labels": {"of": "mine"}, "attempt": 2}
    )
    wait_phase(frontend, running, "compiled")
    frontend.control(cancel())
    reply = frontend.reply(running, SOON_S)
    assert_cancelled(reply)
    assert (reply["attempt"], reply["labels"]) == (2, {"of": "mine"})
    last = frontend.events[running][-1]
    assert (last["phase"], last["verdict"]) == ("finished", "CN")
    assert frontend.judge(job("s-2"))["verdict"] == "AC"
    worker.terminate()
    assert worker.wait(SOON_S) == 0
    assert frontend.depth() == 0
    assert frontend.depth("submissions.dead") == 0


@pytest.mark.slow
def test_a_job_is_cancelled_while_it_compiles(frontend: Frontend, start: StartWorker) -> None:
    worker = start(EXECUTOR_LANGUAGES="cpp17")
    wait_listening(worker)
    bomb = job() | {"language": "cpp17", "source": COMPILER_BOMB, "events": "phase"}
    compiling = frontend.publish(bomb)
    wait_phase(frontend, compiling, "compiling")
    frontend.control(cancel())
    assert_cancelled(frontend.reply(compiling, SOON_S))


def test_a_waiting_job_is_answered_as_cancelled_by_the_worker_that_it_comes_to(
    frontend: Frontend, worker: ExecutorProcess
) -> None:
    running = frontend.publish(sleeping_job(80, "running"))
    worker.wait_for("job_received")
    waiting = frontend.publish(sleeping_job(80, "waiting"))
    frontend.control(cancel("waiting"))
    worker.wait_for("cancel_received")
    frontend.control(cancel("running"))
    assert_cancelled(frontend.reply(running, SOON_S), "running")
    assert_cancelled(frontend.reply(waiting, SOON_S), "waiting")
    told = [(event["job_id"], event["running"]) for event in worker.events("cancel_received")]
    assert told == [("waiting", False), ("running", True)]


def test_a_rejudge_published_after_the_cancel_is_judged(
    frontend: Frontend, worker: ExecutorProcess
) -> None:
    frontend.control(cancel(), timestamp=NOW_S)
    worker.wait_for("cancel_received")
    before = frontend.publish(job() | {"attempt": 2}, timestamp=NOW_S - 1)
    assert_cancelled(frontend.reply(before, SOON_S))
    after = frontend.publish(job() | {"attempt": 3}, timestamp=NOW_S + 1)
    assert frontend.reply(after, SOON_S)["verdict"] == "AC"


def test_a_cancel_that_names_an_attempt_stops_no_other(
    frontend: Frontend, worker: ExecutorProcess
) -> None:
    running = frontend.publish(sleeping_job(80))
    worker.wait_for("job_received")
    frontend.control(cancel(attempt=2))
    frontend.control(cancel(attempt=1))
    assert_cancelled(frontend.reply(running, SOON_S))
    told = [(event["attempt"], event["running"]) for event in worker.events("cancel_received")]
    assert told == [(2, False), (1, True)]
    second = frontend.publish(job() | {"attempt": 2})
    assert_cancelled(frontend.reply(second, SOON_S))
    third = frontend.publish(job() | {"attempt": 3})
    assert frontend.reply(third, SOON_S)["verdict"] == "AC"


def test_a_cancel_of_an_unknown_job_changes_nothing(
    frontend: Frontend, worker: ExecutorProcess
) -> None:
    frontend.control(cancel("nobody"))
    worker.wait_for("cancel_received")
    assert frontend.judge(job())["verdict"] == "AC"


def test_what_is_no_control_message_is_one_line_in_the_log_and_hurts_nobody(
    frontend: Frontend, worker: ExecutorProcess
) -> None:
    running = frontend.publish(sleeping_job(80))
    worker.wait_for("job_received")
    garbage = [b"", b"\xff", b"[", b"{}", b'{"type":"cancel"}', b"x" * 1_000_000]
    for body in garbage:
        frontend.control(body)
    frontend.control(cancel(), timestamp=2**63, headers={"x": "y" * 1000})
    assert_cancelled(frontend.reply(running, SOON_S))
    refused = worker.events("control_refused")
    assert [event["level"] for event in refused] == ["warning"] * len(garbage)
    assert "Traceback" not in worker.log.read_text()
    assert not worker.events("link_lost")


def test_a_type_of_a_later_version_is_told_once_and_ignored(
    frontend: Frontend, worker: ExecutorProcess
) -> None:
    for type in ("drain", "drain", "prefetch", "drain"):
        frontend.control({"type": type, "count": 2})
    frontend.control(cancel("nobody"))
    worker.wait_for("cancel_received")
    assert [event["type"] for event in worker.events("control_ignored")] == ["drain", "prefetch"]
    assert frontend.judge(job())["verdict"] == "AC"


def test_cancels_at_every_moment_stop_their_own_job_only(
    frontend: Frontend, worker: ExecutorProcess
) -> None:
    replies = []
    for number in range(20):
        doomed = frontend.publish(job(f"doomed-{number}"))
        spared = frontend.publish(job(f"spared-{number}"))
        # Now a little later each time, through all of a job's life.
        frontend.receive(number * 0.005)
        frontend.control(cancel(f"doomed-{number}"))
        replies.append((frontend.reply(doomed, SOON_S), frontend.reply(spared, SOON_S)))
    assert {spared["verdict"] for _, spared in replies} == {"AC"}
    assert {doomed["verdict"] for doomed, _ in replies} <= {"AC", "CN"}
    frontend.receive()
    assert {len(each) for each in frontend.replies.values()} == {1}


@pytest.mark.slow
def test_a_control_link_that_was_lost_comes_back_and_the_running_job_goes_on(
    broker: PrivateBroker, frontend: Frontend, worker: ExecutorProcess
) -> None:
    running = frontend.publish(sleeping_job(80))
    worker.wait_for("job_received")
    listed = broker.ctl("list_connections", "pid", "client_properties").splitlines()
    (line,) = (line for line in listed if f"{worker.name} listens" in line)
    broker.ctl("close_connection", line.split()[0], "test")
    wait_listening(worker, times=2)
    lost = worker.events("link_lost")
    assert [event["link"] for event in lost] == [f"{worker.name} listens"]
    frontend.control(cancel())
    assert_cancelled(frontend.reply(running, SOON_S))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("permission", "exchange"),
    [(r"^(submissions.*|verdicts|amq\.default)$", "executor.control"), (".*", "not-for-judges")],
)
def test_a_worker_that_may_not_hear_says_so_once_and_works_on(
    broker: PrivateBroker, frontend: Frontend, start: StartWorker, permission: str, exchange: str
) -> None:
    broker.ctl("add_user", "modest", "modest")
    try:
        # Of the second exchange it may not read, which binding takes; the rest it may.
        read = permission if permission != ".*" else r"^(submissions.*|verdicts|amq\.gen.*)$"
        broker.ctl("set_permissions", "modest", permission, permission, read)
        url = f"amqp://modest:modest@127.0.0.1:{broker.port}/%2F"
        worker = start(url, AMQP_CONTROL_EXCHANGE=exchange)
        worker.wait_for("control_unavailable")
        assert frontend.judge(job())["verdict"] == "AC"
        (told,) = worker.events("control_unavailable")
        assert told["level"] == "warning"
        assert "no permission: " in told["error"]
        assert not worker.events("link_failed")
        assert "Traceback" not in worker.log.read_text()
        worker.terminate()
        assert worker.wait(SOON_S) == 0
    finally:
        broker.ctl("delete_user", "modest")
        frontend.channel.exchange_delete("not-for-judges")
