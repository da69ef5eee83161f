"""A job that does nothing, and the bare pika worker that it is compared with."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pika.exceptions

from stack import Frontend, wait_until
from stack.process import wrapper

BARE_QUEUE = "bare"
LANGUAGE = "c17"
JOB = {
    "schema": "oj.job/1",
    "id": "nothing",
    "mode": "run",
    "language": LANGUAGE,
    "source": "int main(void) { return 0; }",
    "tests": [{"id": "1", "input": {"text": ""}}],
}
"""Compiled once: from then on it comes from the cache."""


@contextmanager
def bare_workers(url: str, count: int = 1) -> Iterator[list[int]]:
    """So many bare workers that take messages of `BARE_QUEUE`; their pids."""
    command = [*wrapper(user=None), sys.executable, "-m", "bench.bare_worker", url, BARE_QUEUE]
    processes = [subprocess.Popen(command) for _ in range(count)]
    try:
        wait_until(lambda: _consumers(url) == count, 30, "the bare workers take messages")
        yield [process.pid for process in processes]
    finally:
        for process in processes:
            process.kill()
            process.wait()


def cpu_s(pid: int) -> float:
    """CPU time that a process has used, all its threads together."""
    with open(f"/proc/{pid}/stat") as file:
        fields = file.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _consumers(url: str) -> int:
    with Frontend(url) as frontend:
        try:
            queue = frontend.channel.queue_declare(BARE_QUEUE, passive=True)
        except pika.exceptions.ChannelClosedByBroker:
            return 0  # not declared yet
        count: int = queue.method.consumer_count
        return count
