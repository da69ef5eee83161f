"""Connections are reset, go silent, or live on with a dead peer: each job is answered all the same.

The run goes on meanwhile, and its verdict is used: by the same worker a job is not run again.
"""

import pytest

from stack import ExecutorProcess, Frontend, PrivateBroker, wait_until
from tests.broker.books import replies, settle
from tests.broker.conftest import StartWorker, job, sleeping_job
from tests.broker.proxy import Moment, Proxy

SOON_S = 60
HEARTBEAT_S = "5"


def opened(worker: ExecutorProcess, link: str) -> int:
    """How often it has opened a link (consumes, publishes, listens)."""
    return sum(event["link"].endswith(f" {link}") for event in worker.events("link_opened"))


def runs(worker: ExecutorProcess) -> list[str]:
    """The jobs it has begun to judge."""
    return [event["job_id"] for event in worker.events("job_received")]


def test_a_reset_in_mid_run_costs_no_second_run(
    broker: PrivateBroker, frontend: Frontend, start: StartWorker
) -> None:
    with Proxy(broker.url) as proxy:
        worker = start(proxy.url)
        correlation = frontend.publish(sleeping_job(4))
        worker.wait_for("job_received")
        proxy.reset()
        [same] = settle(broker, frontend, [correlation], [worker], SOON_S)
        assert runs(worker) == ["s-1"]
        assert [reply["redelivered"] for reply in same] == [False, False]
        assert opened(worker, "consumes") == 2


@pytest.mark.slow
def test_no_job_is_taken_over_a_new_connection_before_the_running_one_is_done(
    broker: PrivateBroker, frontend: Frontend, start: StartWorker
) -> None:
    with Proxy(broker.url) as proxy:
        worker = start(proxy.url)
        slow = frontend.publish(sleeping_job(8, "slow"))
        worker.wait_for("job_received")
        proxy.reset()
        wait_until(lambda: opened(worker, "consumes") == 2, SOON_S, "it is connected again")
        next = frontend.publish(job("next"))
        # Both wait for whoever is free, and this worker is not.
        assert frontend.depth() == 2
        assert not worker.events("verdict_reached")
        settle(broker, frontend, [slow, next], [worker], SOON_S)
    assert runs(worker) == ["slow", "next"]


@pytest.mark.slow
def test_heartbeats_are_lost_in_the_middle_of_a_run_of_a_minute(
    broker: PrivateBroker, frontend: Frontend, start: StartWorker
) -> None:
    with Proxy(broker.url) as proxy:
        worker = start(proxy.url, AMQP_HEARTBEAT_S=HEARTBEAT_S)
        correlation = frontend.publish(sleeping_job(60))
        worker.wait_for("job_received")
        proxy.silence()
        wait_until(lambda: opened(worker, "consumes") == 2, SOON_S, "it has noticed")
        assert not worker.events("verdict_reached")
        wait_until(lambda: frontend.depth() == 1, SOON_S, "the broker has noticed")
        settle(broker, frontend, [correlation], [worker], 2 * SOON_S)
    assert runs(worker) == ["s-1"]


@pytest.mark.slow
def test_an_idle_worker_notices_that_the_broker_has_gone_silent(
    broker: PrivateBroker, frontend: Frontend, start: StartWorker
) -> None:
    with Proxy(broker.url) as proxy:
        worker = start(proxy.url, AMQP_HEARTBEAT_S=HEARTBEAT_S)
        proxy.silence()
        correlation = frontend.publish(job())
        settle(broker, frontend, [correlation], [worker], SOON_S)
        assert all("heartbeat" in event["error"] for event in worker.events("link_lost"))


@pytest.mark.slow
def test_the_broker_notices_that_a_worker_is_gone_that_never_said_so(
    broker: PrivateBroker, frontend: Frontend, start: StartWorker
) -> None:
    with Proxy(broker.url) as proxy:
        worker = start(proxy.url, AMQP_HEARTBEAT_S=HEARTBEAT_S)
        correlation = frontend.publish(sleeping_job(3))
        worker.wait_for("job_received")
        proxy.silence()
        worker.kill()
        assert (frontend.depth(), broker.messages()) == (0, 1)
        other = start()
        [[reply]] = settle(broker, frontend, [correlation], [other], SOON_S)
    assert reply["redelivered"]


@pytest.mark.slow
@pytest.mark.parametrize("moment", [Moment.CONFIRMED, Moment.ACKED])
def test_a_confirm_or_an_ack_that_is_lost_costs_a_second_reply_and_no_second_run(
    broker: PrivateBroker, frontend: Frontend, start: StartWorker, moment: Moment
) -> None:
    with Proxy(broker.url, hold=moment) as proxy:
        worker = start(proxy.url, AMQP_HEARTBEAT_S=HEARTBEAT_S)
        correlation = frontend.publish(job())
        assert proxy.held.wait(SOON_S)
        [same] = settle(broker, frontend, [correlation], [worker], SOON_S)
        assert len(same) == 2
    assert runs(worker) == ["s-1"]


def test_a_nacked_reply_is_published_again(
    broker: PrivateBroker, frontend: Frontend, start: StartWorker
) -> None:
    with Proxy(broker.url, nacks=2) as proxy:
        worker = start(proxy.url)
        correlation = frontend.publish(job())
        worker.wait_for("message_nacked", count=2, timeout=SOON_S)
        settle(broker, frontend, [correlation], [worker], SOON_S)
        assert len(replies(frontend, correlation)) == 3
    assert runs(worker) == ["s-1"]
