"""Milliseconds through the broker and back: a job that does nothing against a bare pika worker."""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pika.exceptions

from bench.figures import Figures, compare
from bench.sampling import side_by_side
from stack import Frontend, Stack, wait_until
from stack.process import wrapper

RUNS = 100

_BARE_QUEUE = "bare"
_JOB = {
    "schema": "oj.job/1",
    "id": "nothing",
    "mode": "run",
    "language": "python3",
    "source": "",
    "tests": [{"id": "1", "input": {"text": ""}}],
}


def run() -> Figures:
    judged_ms: list[float] = []
    with (
        Stack(languages=["python3"], env={"EXECUTOR_COMPILE_CACHE_MIB": "0"}) as stack,
        _bare_worker(stack.amqp_url),
        Frontend(stack.amqp_url) as frontend,
    ):

        def bare() -> float:
            start = time.perf_counter()
            frontend.reply(frontend.publish(_JOB, queue=_BARE_QUEUE))
            return (time.perf_counter() - start) * 1000

        def executor() -> float:
            start = time.perf_counter()
            result = frontend.judge(_JOB)
            elapsed = (time.perf_counter() - start) * 1000
            judged_ms.append(result["timing"]["total_ms"])
            return elapsed

        samples = side_by_side({"bare pika worker": bare, "executor": executor}, RUNS)
    whole = samples["executor"]
    # The first was not measured.
    outside = [all_ - judged for all_, judged in zip(whole, judged_ms[1:], strict=True)]
    samples = {
        "bare pika worker": samples["bare pika worker"],
        "executor, outside of judging": outside,
        "executor, in all (runs Python)": whole,
    }
    return compare("a job that does nothing, there and back", "ms", samples)


@contextmanager
def _bare_worker(url: str) -> Iterator[None]:
    process = subprocess.Popen(
        [*wrapper(user=None), sys.executable, "-m", "bench.bare_worker", url, _BARE_QUEUE]
    )
    try:
        wait_until(lambda: _consumed(url), 30, "the bare worker takes messages")
        yield
    finally:
        process.kill()
        process.wait()


def _consumed(url: str) -> bool:
    with Frontend(url) as frontend:
        try:
            queue = frontend.channel.queue_declare(_BARE_QUEUE, passive=True)
        except pika.exceptions.ChannelClosedByBroker:
            return False  # not declared yet
        return bool(queue.method.consumer_count)
