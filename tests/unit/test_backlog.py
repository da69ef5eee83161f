"""What two looks at the queue and the workers tell of rates and waiting."""

from typing import Any

import pytest

from executor.backlog import Backlog, QueueDepth, Sample, judge
from executor.status import JobStatus, WorkerStatus

JOB = JobStatus(
    id="s-1",
    attempt=1,
    language="c",
    phase="test",
    done=3,
    of=10,
    age_s=1,
    redelivered=False,
)


def depth(
    ready: int | None = 0, consumers: int | None = 0, name: str = "submissions"
) -> QueueDepth:
    return QueueDepth(name=name, ready=ready, consumers=consumers)


def worker(jobs: int = 0, **fields: Any) -> WorkerStatus:
    told: dict[str, Any] = {
        "name": "w",
        "version": "1",
        "pid": 1,
        "state": "judging" if fields.get("job") else "idle",
        "problems": (),
        "uptime_s": 60,
        "job": None,
        "jobs": jobs,
        "verdicts": {},
        "redeliveries": 0,
        "service_s": 2.0 if jobs else None,
        "service_jobs": jobs,
        "publish_retries": 0,
        "isolation": "full",
        "links": (),
    }
    return WorkerStatus(**told | fields)


def backlog(before: tuple[QueueDepth, list[WorkerStatus]], now: Any) -> Backlog:
    """Of two looks, ten seconds apart."""
    samples = [
        Sample(at, queue, depth(name="submissions.dead"), depth(name="verdicts"), workers)
        for at, (queue, workers) in ((100.0, before), (110.0, now))
    ]
    return judge(*samples)


def test_rates_are_those_of_the_workers_if_all_are_here() -> None:
    before = depth(40, 2), [worker(10, pid=1), worker(10, pid=2)]
    now = depth(50, 2), [worker(15, pid=1, job=JOB), worker(15, pid=2, job=JOB)]
    seen = backlog(before, now)
    assert (seen.done_per_s, seen.deliver_per_s, seen.growth_per_s) == (1.0, 1.0, 1.0)
    assert (seen.publish_per_s, seen.estimated, seen.unacked) == (2.0, False, 2)
    assert seen.wait_s == 50 * 2.0 / 2
    assert seen.wait_by == (
        "50 jobs, 2 consumers, 2.00 s a job, the mean of the last 30 jobs of 2 workers here"
    )


def test_workers_elsewhere_count_as_much_as_those_here() -> None:
    seen = backlog((depth(50, 4), [worker(10)]), (depth(50, 4), [worker(15)]))
    assert (seen.done_per_s, seen.deliver_per_s, seen.estimated) == (0.5, 2.0, True)
    assert (seen.publish_per_s, seen.wait_s) == (2.0, 50 * 2.0 / 4)
    assert seen.unacked == 4


def test_a_worker_that_was_started_in_between_has_begun_with_none() -> None:
    seen = backlog((depth(0, 1), [worker(100, pid=1)]), (depth(0, 1), [worker(3, pid=2)]))
    assert seen.done_per_s == 0.3


def test_with_no_worker_here_the_fall_of_the_queue_tells_the_wait() -> None:
    seen = backlog((depth(80, 2), []), (depth(60, 2), []))
    assert (seen.deliver_per_s, seen.publish_per_s) == (None, None)
    assert (seen.wait_s, seen.wait_by) == (30.0, "the queue falls by 2 a second")
    assert seen.unacked == 2


@pytest.mark.parametrize(
    ("now", "wait_s", "wait_by"),
    [
        (depth(0, 3), 0.0, "no job waits"),
        (depth(5, 0), None, "nobody consumes"),
        (depth(90, 3), None, "no worker here has judged a job yet, and the queue does not fall"),
    ],
)
def test_a_wait_that_cannot_be_told_says_why(
    now: QueueDepth, wait_s: float | None, wait_by: str
) -> None:
    seen = backlog((depth(80, 3), []), (now, []))
    assert (seen.wait_s, seen.wait_by) == (wait_s, wait_by)


def test_unacked_is_unknown_while_nothing_waits_and_workers_are_elsewhere() -> None:
    assert backlog((depth(0, 3), []), (depth(0, 3), [])).unacked is None


@pytest.mark.parametrize(
    ("queue", "problems"),
    [
        (depth(0, 0), ()),
        (depth(5, 0), ("5 jobs wait, and nobody consumes",)),
        (
            depth(None, None),
            ("there is no queue 'submissions': a worker declares it at its start",),
        ),
    ],
)
def test_jobs_without_a_consumer_and_a_missing_queue_are_problems(
    queue: QueueDepth, problems: tuple[str, ...]
) -> None:
    assert backlog((queue, []), (queue, [])).problems == problems
