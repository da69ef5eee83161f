"""Milliseconds through the broker and back: a job that does nothing against a bare pika worker."""

import statistics
import time

from bench.figures import Bar, Figures, compare
from bench.noop import BARE_QUEUE, JOB, LANGUAGE, bare_workers
from bench.sampling import side_by_side
from stack import Frontend, Stack

RUNS = 300

_ALLOWED_MS = 3.0


def run() -> Figures:
    judged_ms: list[float] = []
    with (
        Stack(languages=[LANGUAGE]) as stack,
        bare_workers(stack.amqp_url),
        Frontend(stack.amqp_url) as frontend,
    ):

        def bare() -> float:
            start = time.perf_counter()
            frontend.reply(frontend.publish(JOB, queue=BARE_QUEUE))
            return (time.perf_counter() - start) * 1000

        def executor() -> float:
            start = time.perf_counter()
            result = frontend.judge(JOB)
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
        "executor, in all": whole,
    }
    more = statistics.median(whole) - statistics.median(samples["bare pika worker"])
    bars = [Bar("executor: more than the bare worker", more, _ALLOWED_MS, "ms")]
    return compare("a job that does nothing, there and back", "ms", samples, bars)
