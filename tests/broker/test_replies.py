"""Where replies go, and what they carry."""

import json
import threading
import time
from typing import Any

import pika
import pytest

from stack import ExecutorProcess, Frontend, PrivateBroker, wait_until
from tests.broker.conftest import StartWorker, job, on_every_release, sleeping_job

SOON_S = 20


@on_every_release
def test_a_reply_carries_the_properties_of_the_contract(
    frontend: Frontend, worker: ExecutorProcess
) -> None:
    trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    opaque = "any <text> \u00e9"
    frontend.publish(job(), correlation_id=opaque, headers={"traceparent": trace, "x": 1})
    properties, body = frontend.raw_reply(opaque, SOON_S)
    assert properties.message_id == "s-1"
    assert properties.type == "oj.result/1"
    assert properties.content_type == "application/json"
    assert properties.app_id == "executor"
    assert properties.delivery_mode == 2
    assert properties.headers == {"traceparent": trace}
    assert json.loads(body)["schema"] == "oj.result/1"


@on_every_release
def test_a_reply_to_a_queue_that_does_not_exist_goes_to_verdicts(
    frontend: Frontend, worker: ExecutorProcess
) -> None:
    correlation = frontend.publish(job(), reply_to="nobody-reads-this")
    properties, body = _verdict(frontend)
    assert properties.correlation_id == correlation
    assert json.loads(body)["verdict"] == "AC"


def test_a_reply_whose_queue_is_deleted_in_mid_run_goes_to_verdicts(
    frontend: Frontend, worker: ExecutorProcess
) -> None:
    frontend.channel.queue_declare("short-lived")
    frontend.publish(sleeping_job(2), reply_to="short-lived")
    worker.wait_for("job_received")
    frontend.channel.queue_delete("short-lived")
    assert json.loads(_verdict(frontend)[1])["verdict"] == "AC"


def test_the_verdict_of_a_job_without_reply_to_goes_to_verdicts(
    frontend: Frontend, worker: ExecutorProcess
) -> None:
    frontend.publish(job(), reply_to=None)
    assert json.loads(_verdict(frontend)[1])["verdict"] == "AC"


@on_every_release
def test_direct_reply_to_works(broker: PrivateBroker, worker: ExecutorProcess) -> None:
    with pika.BlockingConnection(pika.URLParameters(broker.url)) as connection:
        channel = connection.channel()
        replies: list[bytes] = []
        direct = "amq.rabbitmq.reply-to"
        channel.basic_consume(direct, lambda *each: replies.append(each[3]), auto_ack=True)
        properties = pika.BasicProperties(reply_to=direct, correlation_id="7")
        channel.basic_publish("", "submissions", json.dumps(job()).encode(), properties)
        connection.process_data_events(0)

        def arrived() -> bool:
            connection.process_data_events(0.1)
            return bool(replies)

        wait_until(arrived, SOON_S, "the reply")
    assert json.loads(replies[0])["verdict"] == "AC"


@on_every_release
def test_a_direct_reply_to_somebody_who_left_goes_to_verdicts(
    broker: PrivateBroker, frontend: Frontend, worker: ExecutorProcess
) -> None:
    with pika.BlockingConnection(pika.URLParameters(broker.url)) as connection:
        channel = connection.channel()
        direct = "amq.rabbitmq.reply-to"
        channel.basic_consume(direct, lambda *_: None, auto_ack=True)
        properties = pika.BasicProperties(reply_to=direct, correlation_id="7")
        body = json.dumps(sleeping_job(2)).encode()
        channel.basic_publish("", "submissions", body, properties)
        connection.process_data_events(0)
        worker.wait_for("job_received")
    assert json.loads(_verdict(frontend)[1])["verdict"] == "AC"


@on_every_release
def test_a_reply_that_the_broker_refuses_goes_to_verdicts(
    frontend: Frontend, worker: ExecutorProcess
) -> None:
    frontend.publish(job(), reply_to="amq.rabbitmq.reply-to.forged")
    assert json.loads(_verdict(frontend)[1])["verdict"] == "AC"
    assert frontend.judge(job("s-2"))["verdict"] == "AC"


@pytest.mark.slow
def test_a_reply_queue_that_stays_full_does_not_stop_the_worker(
    frontend: Frontend, worker: ExecutorProcess
) -> None:
    arguments: dict[str, Any] = {"x-max-length": 0, "x-overflow": "reject-publish"}
    frontend.channel.queue_declare("full", exclusive=True, arguments=arguments)
    frontend.publish(job(), reply_to="full")
    assert json.loads(_verdict(frontend, 150)[1])["verdict"] == "AC"
    assert frontend.judge(job("s-2"))["verdict"] == "AC"


def test_the_time_in_the_queue_is_told_and_never_negative(
    frontend: Frontend, worker: ExecutorProcess
) -> None:
    now = int(time.time())
    replies = [
        frontend.reply(frontend.publish(job(f"s-{at}"), timestamp=at), SOON_S)
        for at in (now - 60, now + 60)
    ]
    assert 60_000 <= replies[0]["timing"]["queued_ms"] < 90_000
    assert replies[1]["timing"]["queued_ms"] == 0
    untold = frontend.reply(frontend.publish(job("s-3"), timestamp=None), SOON_S)
    assert untold["timing"]["queued_ms"] is None


def test_a_job_older_than_its_expiration_is_not_run(
    frontend: Frontend, worker: ExecutorProcess
) -> None:
    at = int(time.time()) - 60
    reply = frontend.reply(frontend.publish(job(), timestamp=at, expiration="30000"), SOON_S)
    assert (reply["status"], reply["verdict"]) == ("expired", "CN")
    assert frontend.depth("submissions.dead") == 0


@on_every_release
def test_many_frontends_get_their_own_replies(broker: PrivateBroker, start: StartWorker) -> None:
    start()
    start()
    seen: list[bool] = []

    def judge(number: int) -> None:
        with Frontend(broker.url) as own:
            for each in range(5):
                id = f"s-{number}.{each}"
                seen.append(own.judge(job(id))["id"] == id)

    threads = [threading.Thread(target=judge, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == [True] * 20


def _verdict(frontend: Frontend, timeout: float = SOON_S) -> tuple[pika.BasicProperties, bytes]:
    found: tuple[pika.BasicProperties, bytes] = wait_until(
        lambda: frontend.get("verdicts"), timeout, "a message in verdicts"
    )
    return found
