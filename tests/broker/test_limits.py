"""A broker with little patience: it takes jobs back that are not acked soon, and small messages."""

import json
from collections.abc import Iterator

import pytest

from stack import Frontend, PrivateBroker
from stack.frontend import JOB_QUEUE
from tests.broker.books import settle
from tests.broker.conftest import StartWorker, job, sleeping_job

# A broker takes its time to start.
pytestmark = pytest.mark.slow

SOON_S = 60
MAX_BYTES = 30_000
PATIENCE_MS = 3000
USUAL_MS = 1_800_000


@pytest.fixture(scope="module")
def strict() -> Iterator[PrivateBroker]:
    """It takes small messages only, and looks every second whose time is over."""
    settings = {"max_message_size": str(MAX_BYTES), "channel_tick_interval": "1000"}
    with PrivateBroker(settings=settings) as broker:
        yield broker


@pytest.fixture
def impatient(strict: PrivateBroker) -> Iterator[PrivateBroker]:
    """It waits for an ack for three seconds."""
    strict.evaluate(f"application:set_env(rabbit, consumer_timeout, {PATIENCE_MS}).")
    yield strict
    strict.evaluate(f"application:set_env(rabbit, consumer_timeout, {USUAL_MS}).")


@pytest.fixture
def visitor(strict: PrivateBroker) -> Iterator[Frontend]:
    """A frontend of that broker."""
    with Frontend(strict.url) as frontend:
        arguments = {"x-queue-type": "quorum"}
        frontend.channel.queue_declare(JOB_QUEUE, durable=True, arguments=arguments)
        yield frontend


def test_a_consumer_whose_time_is_over_in_mid_run_does_not_run_the_job_again(
    impatient: PrivateBroker, visitor: Frontend, start: StartWorker
) -> None:
    worker = start(impatient.url)
    correlation = visitor.publish(sleeping_job(8))
    worker.wait_for("link_lost", timeout=SOON_S)
    assert "timeout" in worker.events("link_lost")[0]["error"]
    [same] = settle(impatient, visitor, [correlation], [worker], SOON_S)
    assert len(same) == 2
    assert len(worker.events("job_received")) == 1
    next = visitor.publish(job("next"))
    settle(impatient, visitor, [next], [worker], SOON_S)


def test_a_consumer_whose_time_is_over_makes_each_worker_run_the_job_at_most_once(
    impatient: PrivateBroker, visitor: Frontend, start: StartWorker
) -> None:
    workers = [start(impatient.url) for _ in range(2)]
    correlation = visitor.publish(sleeping_job(8))
    settle(impatient, visitor, [correlation], workers, SOON_S)
    for worker in workers:
        assert len(worker.events("job_received")) <= 1


def test_a_reply_that_the_broker_finds_too_large_goes_without_the_output(
    strict: PrivateBroker, visitor: Frontend, start: StartWorker
) -> None:
    worker = start(strict.url)
    source = f"print('x' * {2 * MAX_BYTES})"
    policy = {"output_bytes": 2 * MAX_BYTES}
    tests = [{"id": "1", "input": {"text": ""}, "answer": {"text": ""}, "visible": True}]
    loud = job() | {"source": source, "policy": policy, "tests": tests, "checker": {"type": "none"}}
    correlation = visitor.publish(loud)
    [[reply]] = settle(strict, visitor, [correlation], [worker], SOON_S)
    [test] = reply["tests"]
    assert (test["stdout"], test["stdout_truncated"]) == (None, True)
    assert len(json.dumps(reply)) < MAX_BYTES
    next = visitor.publish(job("next"))
    settle(strict, visitor, [next], [worker], SOON_S)
    assert visitor.depth("verdicts") == 0
