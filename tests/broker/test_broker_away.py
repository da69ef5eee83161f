"""The broker goes away, or has no memory: no job is lost, none is run twice for it."""

from collections.abc import Iterator

import pytest

from stack import Frontend, PrivateBroker, wait_until
from tests.broker.conftest import StartWorker, job, sleeping_job

# A broker takes its time to stop and to start.
pytestmark = pytest.mark.slow

SOON_S = 60
REPLIES = "frontend-7"


@pytest.fixture(scope="module")
def own_broker() -> Iterator[PrivateBroker]:
    """One that may be stopped."""
    with PrivateBroker() as broker:
        yield broker


@pytest.fixture(autouse=True)
def reply_queue(own_broker: PrivateBroker) -> None:
    """A durable one: it is still there after a restart."""
    with Frontend(own_broker.url) as frontend:
        frontend.channel.queue_delete(REPLIES)
        frontend.channel.queue_declare(REPLIES, durable=True)


def publish(broker: PrivateBroker, job: dict[str, object]) -> None:
    with Frontend(broker.url) as frontend:
        frontend.publish(job, reply_to=REPLIES)


def depth(broker: PrivateBroker, queue: str) -> int:
    with Frontend(broker.url) as frontend:
        return frontend.depth(queue)


def test_an_idle_worker_takes_jobs_again_after_a_restart(
    own_broker: PrivateBroker, start: StartWorker
) -> None:
    worker = start(own_broker.url)
    own_broker.restart()
    worker.wait_for("worker_ready", count=2, timeout=SOON_S)
    with Frontend(own_broker.url) as frontend:
        assert frontend.judge(job(), SOON_S)["verdict"] == "AC"


def test_a_verdict_is_kept_while_the_broker_restarts_and_the_job_is_not_run_again(
    own_broker: PrivateBroker, start: StartWorker
) -> None:
    worker = start(own_broker.url)
    publish(own_broker, sleeping_job(3))
    worker.wait_for("job_received")
    own_broker.stop()
    worker.wait_for("job_finished", timeout=SOON_S)
    own_broker.start()
    wait_until(lambda: depth(own_broker, REPLIES) >= 1, SOON_S, "the reply has arrived")
    worker.wait_for("verdict_reused", timeout=SOON_S)
    worker.terminate()
    assert worker.wait(SOON_S) == 0
    assert depth(own_broker, "submissions") == 0
    assert len(worker.events("job_received")) == 1


def test_a_verdict_waits_for_a_broker_that_is_away_until_the_second_signal(
    own_broker: PrivateBroker, start: StartWorker
) -> None:
    worker = start(own_broker.url)
    publish(own_broker, sleeping_job(2))
    worker.wait_for("job_received")
    own_broker.stop()
    try:
        worker.wait_for("job_finished", timeout=SOON_S)
        worker.terminate()
        worker.wait_for("signal_received")
        worker.wait_for("link_failed", count=4)
        assert worker.running
        worker.terminate()
        assert worker.wait(SOON_S) == 0
    finally:
        own_broker.start()
    with Frontend(own_broker.url) as frontend:
        assert frontend.get("submissions") is not None


ALARMS = {
    "memory": ("set_vm_memory_high_watermark", "0.000001"),
    "disk": ("set_disk_free_limit", "mem_relative", "100000.0"),
}
QUIET = {
    "memory": ("set_vm_memory_high_watermark", "absolute", "1GiB"),
    "disk": ("set_disk_free_limit", "50MB"),
}


@pytest.mark.parametrize("short", ["memory", "disk"])
def test_an_alarm_delays_the_reply_and_costs_neither_link(
    own_broker: PrivateBroker, start: StartWorker, short: str
) -> None:
    worker = start(own_broker.url, AMQP_HEARTBEAT_S="5")
    publish(own_broker, sleeping_job(4))
    worker.wait_for("job_received")
    own_broker.ctl(*ALARMS[short])
    try:
        worker.wait_for("job_finished", timeout=SOON_S)
        worker.wait_for("link_blocked", timeout=SOON_S)
        assert short in worker.events("link_blocked")[0]["reason"]
        assert depth(own_broker, REPLIES) == 0
    finally:
        own_broker.ctl(*QUIET[short])
    worker.wait_for("link_unblocked", timeout=SOON_S)
    wait_until(lambda: depth(own_broker, REPLIES) == 1, SOON_S, "the reply has arrived")
    wait_until(lambda: own_broker.messages() == 0, SOON_S, "the job is acked")
    assert not worker.events("link_lost")
    assert len(worker.events("worker_ready")) == 1
