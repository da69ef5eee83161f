"""A cluster of three: one node is lost in each way there is, the leader included, under load."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from stack import Cluster, ExecutorProcess, Frontend, Node, wait_until
from stack.frontend import JOB_QUEUE
from tests.broker.books import replies, settle
from tests.broker.conftest import StartWorker, job, sleeping_job

# A cluster takes its time to start, and each node too.
pytestmark = pytest.mark.slow

SOON_S = 90
JOBS = 24
REPLIES = "replies"

Undo = Callable[[], None]


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    with Cluster() as cluster:
        with Frontend(cluster.nodes[0].url) as frontend:
            for queue in (JOB_QUEUE, REPLIES):
                arguments = {"x-queue-type": "quorum"}
                frontend.channel.queue_declare(queue, durable=True, arguments=arguments)
        yield cluster
        folder = cluster.nodes[0].home.parent
        started = (folder / "processes").read_text().split()[::2]
    assert len(started) > len(cluster.nodes)
    assert not [pid for pid in started if (Path("/proc") / pid).exists()]
    assert not folder.exists()


@pytest.fixture
def workers(cluster: Cluster, start: StartWorker) -> list[ExecutorProcess]:
    """Two of them, which may connect to any node."""
    return [start(cluster.url, AMQP_HEARTBEAT_S="5") for _ in range(2)]


def other_than(cluster: Cluster, node: Node) -> Node:
    """A node for the frontend to connect to, which nothing is done to."""
    return next(each for each in cluster.nodes if each is not node)


def kill(_cluster: Cluster, node: Node) -> Undo:
    node.kill()
    return node.start


def restart(_cluster: Cluster, node: Node) -> Undo:
    node.restart()
    return lambda: None


def cut_off(cluster: Cluster, node: Node) -> Undo:
    cluster.partition(node)
    return cluster.heal


def silence(cluster: Cluster, node: Node) -> Undo:
    cluster.partition(node, silent=True)
    return cluster.heal


def freeze(cluster: Cluster, node: Node) -> Undo:
    """As a machine that hangs, until somebody starts it again."""
    node.freeze()

    def start_again() -> None:
        wait_until(lambda: cluster.leader_of() is not node, SOON_S, "another leads")
        node.kill()
        node.start()

    return start_again


@pytest.mark.parametrize("fault", [kill, restart, cut_off, silence, freeze])
def test_the_leader_is_lost_under_load(
    cluster: Cluster, workers: list[ExecutorProcess], fault: Callable[[Cluster, Node], Undo]
) -> None:
    leader = cluster.leader_of()
    witness = other_than(cluster, leader)
    with Frontend(witness.url) as frontend:
        jobs = [frontend.publish(sleeping_job(0.2, f"s-{number}")) for number in range(JOBS)]
        frontend.reply(jobs[3], SOON_S)
        undo = fault(cluster, leader)
        frontend.reply(jobs[JOBS // 2], SOON_S)
        undo()
        cluster.wait_joined()
        settle(witness, frontend, jobs, workers, SOON_S)


def test_a_follower_is_lost_under_load(cluster: Cluster, workers: list[ExecutorProcess]) -> None:
    leader = cluster.leader_of()
    follower = other_than(cluster, leader)
    with Frontend(leader.url) as frontend:
        jobs = [frontend.publish(sleeping_job(0.2, f"s-{number}")) for number in range(JOBS)]
        frontend.reply(jobs[3], SOON_S)
        follower.kill()
        frontend.reply(jobs[JOBS // 2], SOON_S)
        follower.start()
        cluster.wait_joined()
        settle(leader, frontend, jobs, workers, SOON_S)


def test_the_leader_of_the_reply_queue_is_lost_while_replies_are_published(
    cluster: Cluster, workers: list[ExecutorProcess]
) -> None:
    leader = cluster.leader_of(REPLIES)
    witness = other_than(cluster, leader)
    with Frontend(witness.url) as frontend:
        frontend.channel.basic_consume(REPLIES, frontend.take, auto_ack=True)
        jobs = [
            frontend.publish(job(f"s-{number}"), reply_to=REPLIES) for number in range(2 * JOBS)
        ]
        frontend.reply(jobs[JOBS // 2], SOON_S)
        leader.kill()
        wait_until(lambda: cluster.leader_of(REPLIES) is not leader, SOON_S, "another leads")
        leader.start()
        cluster.wait_joined()
        settle(witness, frontend, jobs, workers, SOON_S)


def test_a_verdict_waits_until_there_is_a_majority_again(
    cluster: Cluster, start: StartWorker
) -> None:
    worker = start(cluster.url)
    leader = cluster.leader_of()
    followers = [node for node in cluster.nodes if node is not leader]
    with Frontend(leader.url) as frontend:
        frontend.publish(sleeping_job(4), reply_to=REPLIES)
    worker.wait_for("job_received")
    for node in followers:
        node.kill()
    worker.wait_for("verdict_reached", timeout=SOON_S)
    for node in followers:
        node.launch()
    cluster.wait_joined()
    with Frontend(leader.url) as frontend:
        wait_until(lambda: leader.messages(REPLIES) >= 1, SOON_S, "the reply")
        wait_until(lambda: leader.messages() == 0, SOON_S, "the ack")
        frontend.channel.queue_purge(REPLIES)
    assert len(worker.events("job_received")) == 1
    worker.check()


def test_nodes_are_restarted_one_after_another(
    cluster: Cluster, workers: list[ExecutorProcess]
) -> None:
    """As for an update; the frontend, too, must find another."""
    leader = cluster.leader_of()
    with Frontend(leader.url) as frontend:
        jobs = [
            frontend.publish(sleeping_job(0.2, f"s-{number}"), reply_to=REPLIES)
            for number in range(3 * JOBS)
        ]
    for node in cluster.nodes:
        node.restart()
        cluster.wait_joined()
    with Frontend(leader.url) as frontend:
        frontend.channel.basic_consume(REPLIES, frontend.take, auto_ack=True)
        settle(leader, frontend, jobs, workers, SOON_S)
        assert all(replies(frontend, correlation) for correlation in jobs)
