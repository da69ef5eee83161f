"""How long nobody is answered when the leader is killed; how soon a dead worker's job runs."""

import time
from datetime import datetime

from bench.figures import Bar, Figures, compare
from bench.noop import JOB, LANGUAGE
from stack import Cluster, ExecutorProcess, Frontend, Stack, wait_until

RUNS = 5

_WORKERS = 2
_BACKLOG = 400
_BEFORE = 50
"""Replies that come before the leader is killed."""

_SOON_S = 120.0
_ALLOWED_GAP_S = 3.0
_ALLOWED_ELSEWHERE_S = 1.0
_SLEEPS = {
    "schema": "oj.job/1",
    "mode": "run",
    "language": "python3",
    "source": "import time\ntime.sleep(2)",
    "tests": [{"id": "1", "input": {"text": ""}}],
}


def run() -> Figures:
    samples = {
        "leader killed under load: longest gap in replies": _gaps(),
        "worker killed (-9): until its job runs elsewhere": _elsewhere(),
    }
    limits = (_ALLOWED_GAP_S, _ALLOWED_ELSEWHERE_S)
    bars = [
        Bar(f"the worst: {name}", max(found), limit, "s")
        for (name, found), limit in zip(samples.items(), limits, strict=True)
    ]
    return compare("seconds lost to a fault", "s", samples, bars)


def _gaps() -> list[float]:
    """Of the replies to a backlog, which two workers work off."""
    with (
        Cluster() as cluster,
        Stack(_WORKERS, amqp_url=cluster.url, languages=[LANGUAGE]),
    ):
        return [_gap(cluster) for _ in range(RUNS)]


def _gap(cluster: Cluster) -> float:
    leader = cluster.leader_of()
    here = next(node for node in cluster.nodes if node is not leader)
    with Frontend(here.url) as frontend:
        for _ in range(_BACKLOG):
            frontend.publish(JOB)
        _receive(frontend, _BEFORE)
        leader.kill()
        gap_s, last_s = 0.0, time.perf_counter()
        for count in range(len(frontend.replies) + 1, _BACKLOG + 1):
            _receive(frontend, count)
            now_s = time.perf_counter()
            gap_s, last_s = max(gap_s, now_s - last_s), now_s
    leader.start()
    cluster.wait_joined()
    return gap_s


def _receive(frontend: Frontend, count: int) -> None:
    """Waits until so many jobs are answered."""
    deadline = time.monotonic() + _SOON_S
    while len(frontend.replies) < count:
        if time.monotonic() > deadline:
            raise TimeoutError(f"{len(frontend.replies)} of {count} replies in {_SOON_S:g} s")
        frontend.receive(0.01)


def _elsewhere() -> list[float]:
    """By the logs: from the kill to `job_received` of the other worker."""
    with Stack(_WORKERS, languages=["python3"]) as stack, Frontend(stack.amqp_url) as frontend:
        return [_moved(stack, frontend, f"elsewhere-{number}") for number in range(RUNS)]


def _moved(stack: Stack, frontend: Frontend, id: str) -> float:
    correlation = frontend.publish({**_SLEEPS, "id": id})
    wait_until(lambda: any(_received(worker, id) for worker in stack.workers), _SOON_S, id)
    victim, other = sorted(stack.workers, key=lambda worker: _received(worker, id) is None)
    killed_s = time.time()
    victim.kill()
    received_s: float = wait_until(lambda: _received(other, id), _SOON_S, f"{id} moved")
    frontend.reply(correlation)
    victim.start()
    victim.wait_for("worker_ready", count=len(victim.events("worker_ready")) + 1)
    return received_s - killed_s


def _received(worker: ExecutorProcess, id: str) -> float | None:
    """When it received a job; seconds since the epoch."""
    for event in worker.events("job_received"):
        if event["job_id"] == id:
            return datetime.fromisoformat(event["timestamp"]).timestamp()
    return None
