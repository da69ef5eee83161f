"""What is promised of every fault, asserted in one place."""

import json
from collections.abc import Iterable
from typing import Any

from stack import ExecutorProcess, Frontend, Node, wait_until


def replies(frontend: Frontend, correlation: str) -> list[dict[str, Any]]:
    """All replies that have come to a job up to now."""
    frontend.receive()
    return [json.loads(body) for _, body in frontend.replies.get(correlation, [])]


def settle(
    broker: Node,
    frontend: Frontend,
    correlations: Iterable[str],
    workers: Iterable[ExecutorProcess],
    timeout: float,
) -> list[list[dict[str, Any]]]:
    """All replies to each job, once nothing is left in the queue, neither ready nor unacked.

    Asserts that each job has one, all of a job's say the same, all are accepted, and the workers
    are up.
    """
    correlations = list(correlations)

    def answered() -> bool:
        frontend.receive(0.1)
        return all(correlation in frontend.replies for correlation in correlations)

    wait_until(answered, timeout, "every job is answered")
    wait_until(lambda: broker.messages() == 0, timeout, "every job is acked")
    found = [replies(frontend, correlation) for correlation in correlations]
    for same in found:
        assert {reply["verdict"] for reply in same} == {"AC"}
        assert len({reply["digest"] for reply in same}) == 1
    for worker in workers:
        worker.check()
    return found
