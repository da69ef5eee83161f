"""Seconds from `docker run` until the worker in the container has taken the job that waits."""

import os
import time
from datetime import datetime

from bench.sampling import Sample, side_by_side
from stack import Frontend
from stack.docker import FULL, Container, broker_container, docker
from storm.frontend import declare_queues

RUNS = 9
EMPTY, FILLED = "empty", "filled"

_JOB = {
    "schema": "oj.job/1",
    "id": "first",
    "mode": "run",
    "language": "python3",
    "source": "print(1)",
    "tests": [{"id": "1", "input": {"text": ""}}],
}


def starts(image: str) -> dict[str, list[float]]:
    """With an empty /var/lib/executor, where each language is tested first, and with the volume of
    a worker that was there before, as docker-compose.prod.yml has it."""
    volume = f"oj-executor-bench-{os.getpid()}"
    with broker_container() as url, Frontend(url) as frontend:
        declare_queues([url])
        options = (*FULL, f"--env=AMQP_URL={url}")
        contestants = {
            EMPTY: _sample(frontend, image, *options),
            FILLED: _sample(frontend, image, *options, f"--volume={volume}:/var/lib/executor"),
        }
        try:
            return side_by_side(contestants, RUNS)
        finally:
            docker("volume", "rm", "--force", volume)


def _sample(frontend: Frontend, image: str, *options: str) -> Sample:
    def sample() -> float:
        job = frontend.publish(_JOB)
        asked_s = time.time()
        with Container(image, options=options) as worker:
            frontend.reply(job)
            (received,) = worker.events("job_received")
        return datetime.fromisoformat(received["timestamp"]).timestamp() - asked_s

    return sample
