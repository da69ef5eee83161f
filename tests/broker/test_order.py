"""Run, reply, confirm, ack: whatever dies in between, no job is lost."""

import time

from stack import ExecutorProcess, Frontend, PrivateBroker, wait_until
from tests.broker.conftest import StartWorker, job, on_every_release, sleeping_job
from tests.broker.proxy import Moment, Proxy

SOON_S = 20


@on_every_release
def test_the_reply_is_there_before_the_ack_and_the_job_comes_back_if_the_worker_dies_between(
    broker: PrivateBroker, frontend: Frontend, start: StartWorker
) -> None:
    with Proxy(broker.url, hold=Moment.ACKED) as proxy:
        worker = start(proxy.url)
        correlation = frontend.publish(job())
        assert proxy.held.wait(SOON_S)
        assert frontend.reply(correlation, SOON_S)["verdict"] == "AC"
        assert frontend.depth() == 0
        worker.kill()
    wait_until(lambda: frontend.depth() == 1, SOON_S, "the job is back in its queue")
    start()
    wait_until(lambda: _replies(frontend, correlation) == 2, SOON_S, "a second reply")
    first, second = (body for _, body in frontend.replies[correlation])
    assert b'"redelivered":true' in second
    assert _digest(first) == _digest(second)


@on_every_release
def test_a_worker_killed_in_mid_run_loses_no_job(frontend: Frontend, start: StartWorker) -> None:
    worker = start()
    correlation = frontend.publish(sleeping_job(3))
    worker.wait_for("job_received")
    worker.kill()
    start()
    reply = frontend.reply(correlation, SOON_S)
    assert (reply["verdict"], reply["redelivered"]) == ("AC", True)
    assert _replies(frontend, correlation) == 1


def test_no_second_job_is_taken_while_one_runs(frontend: Frontend, start: StartWorker) -> None:
    worker = start()
    frontend.publish(sleeping_job(60, "long"))
    worker.wait_for("job_received")
    correlation = frontend.publish(job("next"))
    assert frontend.depth() == 1
    other = start()
    assert frontend.reply(correlation, SOON_S)["worker"]["name"] == other.name
    assert not worker.events("job_finished")
    frontend.control({"type": "cancel", "id": "long"}, timestamp=int(time.time()))
    worker.wait_for("job_finished")


def test_jobs_of_one_worker_are_answered_one_after_another(
    frontend: Frontend, worker: ExecutorProcess
) -> None:
    correlations = [frontend.publish(job(f"s-{number}")) for number in range(10)]
    replies = [frontend.reply(correlation, SOON_S) for correlation in correlations]
    assert [reply["id"] for reply in replies] == [f"s-{number}" for number in range(10)]
    worker.wait_for("job_finished", count=10)
    events = [event["event"] for event in worker.events() if event["event"].startswith("job_")]
    assert events == ["job_received", "job_finished"] * 10


def test_a_job_published_twice_gets_two_replies_with_one_digest(
    frontend: Frontend, worker: ExecutorProcess
) -> None:
    first, second = (frontend.judge(job()) for _ in range(2))
    assert first["digest"] == second["digest"]


def _replies(frontend: Frontend, correlation: str) -> int:
    frontend.receive()
    return len(frontend.replies.get(correlation, []))


def _digest(body: bytes) -> bytes:
    return body.partition(b'"digest":')[2]
