"""The broker goes away, or has no memory: no job is lost, none is run twice for it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from stack import Frontend, PrivateBroker, wait_until
from tests.broker.conftest import StartWorker, job, sleeping_job
from tests.broker.scrape import free_port, get, scrape
from tests.broker.test_command import executor

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


def test_a_worker_that_starts_before_its_broker_waits_for_it(
    own_broker: PrivateBroker, start: StartWorker
) -> None:
    own_broker.stop()
    try:
        worker = start(own_broker.url, ready=False)
        worker.wait_for("link_failed", count=3, timeout=SOON_S)
    finally:
        own_broker.start()
    worker.wait_for("worker_ready", timeout=SOON_S)
    with Frontend(own_broker.url) as frontend:
        assert frontend.judge(job(), SOON_S)["verdict"] == "AC"
    # While it starts a broker may take a connection before it can log anybody in.
    ways = "Connection refused (not started yet|it hangs up before a word|Connection reset by peer"
    told = {event["error"] for event in worker.events("link_failed")}
    assert all(any(way in error for way in ways.split("|")) for error in told), told
    assert "Traceback" not in worker.log.read_text()


def test_a_verdict_is_kept_while_the_broker_restarts_and_the_job_is_not_run_again(
    own_broker: PrivateBroker, start: StartWorker
) -> None:
    worker = start(own_broker.url)
    publish(own_broker, sleeping_job(3))
    worker.wait_for("job_received")
    own_broker.stop()
    worker.wait_for("verdict_reached", timeout=SOON_S)
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
        worker.wait_for("verdict_reached", timeout=SOON_S)
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
    port = free_port()
    worker = start(own_broker.url, AMQP_HEARTBEAT_S="5", EXECUTOR_HTTP_PORT=str(port))
    publish(own_broker, sleeping_job(4))
    worker.wait_for("job_received")
    own_broker.ctl(*ALARMS[short])
    try:
        worker.wait_for("verdict_reached", timeout=SOON_S)
        worker.wait_for("link_blocked", timeout=SOON_S)
        assert short in worker.events("link_blocked")[0]["reason"]
        assert depth(own_broker, REPLIES) == 0
        seen = scrape(port)
        assert seen['executor_link_blocked{link="publish"}'] == 1
        assert seen['executor_link_blocked{link="consume"}'] == 0
        assert '"state":"answering"' in get(port, "/status")[1]
    finally:
        own_broker.ctl(*QUIET[short])
    worker.wait_for("link_unblocked", timeout=SOON_S)
    wait_until(lambda: depth(own_broker, REPLIES) == 1, SOON_S, "the reply has arrived")
    wait_until(lambda: own_broker.messages() == 0, SOON_S, "the job is acked")
    assert not worker.events("link_lost")
    assert len(worker.events("worker_ready")) == 1
    worker.wait_for("job_finished")
    (line,) = worker.events("job_finished")
    seen = scrape(port)
    assert seen['executor_link_blocked{link="publish"}'] == 0
    assert seen['executor_link_blocked_seconds_total{link="publish"}'] > 0
    assert line["publish_ms"] > 0


def test_a_command_does_not_wait_for_an_alarm_to_end(
    own_broker: PrivateBroker, tmp_path: Path
) -> None:
    (tmp_path / "x.py").write_text("")
    own_broker.ctl(*ALARMS["memory"])
    try:
        for command in (["check"], ["submit", "--mode", "run", "x.py"], ["cancel", "s-1"]):
            done = executor(tmp_path, *command, AMQP_URL=own_broker.url)
            assert "short of memory or disk" in done.stdout + done.stderr
            assert done.returncode != 0
            assert "Traceback" not in done.stderr
    finally:
        own_broker.ctl(*QUIET["memory"])
