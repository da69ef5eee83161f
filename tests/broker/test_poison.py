"""A job that takes workers down is given up, also where the broker has no delivery limit."""

import json

import pytest

from executor.answers import MAX_TIMES_RETURNED
from stack import Frontend, PrivateBroker, wait_until
from tests.broker.conftest import StartWorker, job, sleeping_job

SOON_S = 30


def test_a_job_that_came_back_five_times_is_given_up(
    frontend: Frontend, start: StartWorker
) -> None:
    correlation = frontend.publish(sleeping_job(60, "poison"))
    for _ in range(5):
        _give_back(frontend)
    worker = start()
    reply = frontend.reply(correlation, SOON_S)
    assert (reply["id"], reply["status"], reply["verdict"]) == ("poison", "failed", "JE")
    assert reply["error"]["code"] == "worker_lost"
    properties, body = wait_until(frontend.get, SOON_S, "the dead letter")
    assert properties.headers["x-error-code"] == "worker_lost"
    assert json.loads(body)["id"] == "poison"
    assert not worker.events("job_received")


def test_a_job_that_came_back_four_times_is_run(frontend: Frontend, start: StartWorker) -> None:
    correlation = frontend.publish(job())
    for _ in range(4):
        _give_back(frontend)
    start()
    assert frontend.reply(correlation, SOON_S)["verdict"] == "AC"


@pytest.mark.slow
def test_a_job_that_takes_its_worker_down_each_time_is_given_up_and_the_next_is_judged(
    broker: PrivateBroker, frontend: Frontend, start: StartWorker
) -> None:
    poison = frontend.publish(sleeping_job(60, "poison"))
    next = frontend.publish(job("next"))
    worker = start()
    for times in range(1, MAX_TIMES_RETURNED + 1):
        worker.wait_for("job_received", count=times)
        worker.kill()
        worker.start()
    reply = frontend.reply(poison, SOON_S)
    assert (reply["verdict"], reply["error"]["code"]) == ("JE", "worker_lost")
    assert frontend.reply(next, SOON_S)["verdict"] == "AC"
    properties, body = wait_until(frontend.get, SOON_S, "the dead letter")
    assert (properties.headers["x-error-code"], json.loads(body)["id"]) == ("worker_lost", "poison")
    wait_until(lambda: broker.messages() == 0, SOON_S, "both are acked")
    worker.check()


def _give_back(frontend: Frontend) -> None:
    method = wait_until(
        lambda: frontend.channel.basic_get("submissions")[0], SOON_S, "the job is in its queue"
    )
    frontend.channel.basic_nack(method.delivery_tag, requeue=True)
