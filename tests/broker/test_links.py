"""Connections end, queues vanish or differ, passwords are wrong: the worker says so and goes on."""

import json

import pika
import pytest
from pika.exceptions import ConnectionClosedByBroker

from stack import ExecutorProcess, Frontend, PrivateBroker, wait_until
from tests.broker.conftest import StartWorker, job, sleeping_job

SOON_S = 30


@pytest.mark.slow
def test_a_job_whose_connections_were_closed_in_mid_run_is_answered_and_run_once(
    broker: PrivateBroker, frontend: Frontend, worker: ExecutorProcess
) -> None:
    frontend.channel.queue_declare("replies-kept")
    frontend.publish(sleeping_job(8), reply_to="replies-kept")
    worker.wait_for("job_received")
    broker.ctl("close_all_connections", "test")
    with pytest.raises(ConnectionClosedByBroker):
        frontend.receive(SOON_S)
    worker.wait_for("verdict_reused", timeout=SOON_S)
    with Frontend(broker.url) as other:
        wait_until(lambda: other.depth("replies-kept") == 2, SOON_S, "both replies")
        other.channel.queue_delete("replies-kept")
        assert other.judge(job("s-2"))["verdict"] == "AC"
    assert [event["job_id"] for event in worker.events("job_received")] == ["s-1", "s-2"]


@pytest.mark.slow
def test_heartbeats_go_on_while_a_long_job_runs(frontend: Frontend, start: StartWorker) -> None:
    worker = start(AMQP_HEARTBEAT_S="5")
    assert frontend.judge(sleeping_job(20))["verdict"] == "AC"
    assert not worker.events("link_lost")


def test_a_deleted_job_queue_is_declared_again(frontend: Frontend, start: StartWorker) -> None:
    worker = start(AMQP_QUEUE="short-lived")
    frontend.channel.queue_delete("short-lived")
    worker.wait_for("worker_ready", count=2, timeout=SOON_S)
    assert _judged(frontend, "short-lived")


def test_a_job_whose_queue_is_deleted_in_mid_run_is_answered(
    frontend: Frontend, start: StartWorker
) -> None:
    worker = start(AMQP_QUEUE="short-lived")
    correlation = frontend.publish(sleeping_job(2), queue="short-lived")
    worker.wait_for("job_received")
    frontend.channel.queue_delete("short-lived")
    assert frontend.reply(correlation, SOON_S)["verdict"] == "AC"
    worker.wait_for("worker_ready", count=2, timeout=SOON_S)
    assert _judged(frontend, "short-lived")


def test_a_deleted_queue_of_verdicts_is_declared_again(
    frontend: Frontend, start: StartWorker
) -> None:
    worker = start(AMQP_VERDICTS_QUEUE="verdicts-deleted")
    wait_until(lambda: _publishes(worker) == 1, SOON_S, "the publisher is up")
    frontend.channel.queue_delete("verdicts-deleted")
    frontend.publish(job(), reply_to=None)
    worker.wait_for("own_queue_gone")
    wait_until(lambda: _publishes(worker) == 2, SOON_S, "the queue is back")
    wait_until(lambda: frontend.depth("verdicts-deleted") == 1, SOON_S, "the verdict is in it")
    frontend.channel.queue_delete("verdicts-deleted")


def test_a_queue_that_exists_with_other_arguments_is_taken_as_it_is(
    frontend: Frontend, start: StartWorker
) -> None:
    frontend.channel.queue_declare("classic", durable=True)
    worker = start(AMQP_QUEUE="classic")
    refused = worker.events("declaration_refused")
    assert [(event["name"], event["level"]) for event in refused] == [("classic", "warning")]
    assert _judged(frontend, "classic")


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (("amqp://judge:", "amqp://nobody:"), "wrong user or password"),
        (("/%2F", "/elsewhere"), "no access to this virtual host"),
        (("127.0.0.1", "no-such-host.invalid"), "not known"),
    ],
)
def test_a_link_that_cannot_be_opened_is_one_plain_line_for_each_attempt(
    broker: PrivateBroker, start: StartWorker, change: tuple[str, str], told: str
) -> None:
    worker = start(broker.url.replace(*change), ready=False)
    worker.wait_for("link_failed", count=3, timeout=SOON_S)
    for event in worker.events("link_failed"):
        assert told in event["error"]
        assert change[1].strip("/").removeprefix("amqp://").strip(":") in event["host"] + "nobody"
        assert 0 <= event["retry_in_s"] <= 30
    log = worker.log.read_text()
    assert "Traceback" not in log
    assert broker.url.split(":")[2].split("@")[0] not in log


def _publishes(worker: ExecutorProcess) -> int:
    """How often it has opened the link that publishes."""
    return sum(event["link"].endswith(" publishes") for event in worker.events("link_opened"))


def _judged(frontend: Frontend, queue: str) -> bool:
    """Whether a job on that queue is accepted; the queue is deleted."""
    frontend.channel.basic_publish(
        "", queue, json.dumps(job()).encode(), pika.BasicProperties(reply_to=frontend.reply_queue)
    )

    # Without a correlation id, as a careless frontend would.
    def arrived() -> bool:
        frontend.receive(0.1)
        return bool(frontend.replies)

    wait_until(arrived, SOON_S, "the reply")
    frontend.channel.queue_delete(queue)
    (((_, body),),) = frontend.replies.values()
    return bool(json.loads(body)["verdict"] == "AC")
