"""Jobs a second, and the CPU time that a worker itself spends on each, beside a bare worker."""

import json
import statistics
import time
from collections.abc import Sequence

import pika

from bench.figures import Bar, Figures, Row
from bench.noop import BARE_QUEUE, JOB, LANGUAGE, bare_workers, cpu_s
from stack import Frontend, Stack
from stack.frontend import JOB_QUEUE

JOBS = 300
ROUNDS = 5

_WARM_UP = 50
_ALLOWED_RATIO = 2.5


def run() -> Figures:
    """Rounds of one in turn with rounds of the other."""
    samples: dict[str, list[float]] = {}
    rows: list[Row] = []
    cpu_ms: dict[str, float] = {}
    for workers in (1, 2):
        for name, rates, costs in _side_by_side(workers):
            label = f"{name}, {workers} worker{'s' if workers > 1 else ''}"
            samples[label] = rates
            cpu_ms[label] = statistics.median(costs)
            rows.append(
                {
                    "name": label,
                    "jobs/s": round(statistics.median(rates), 1),
                    "CPU ms per job": round(cpu_ms[label], 2),
                }
            )
    ratio = cpu_ms["executor, 1 worker"] / cpu_ms["bare pika, 1 worker"]
    bars = [Bar("executor: its CPU time per job to the bare one's", ratio, _ALLOWED_RATIO, "times")]
    return Figures(f"{JOBS} jobs that do nothing, at once", "median of 5", rows, samples, bars)


def _side_by_side(workers: int) -> list[tuple[str, list[float], list[float]]]:
    bare: tuple[list[float], list[float]] = ([], [])
    ours: tuple[list[float], list[float]] = ([], [])
    with (
        Stack(workers, languages=[LANGUAGE]) as stack,
        bare_workers(stack.amqp_url, workers) as bare_pids,
        Frontend(stack.amqp_url) as frontend,
    ):
        pids = [worker.pid for worker in stack.workers]
        for queue in (BARE_QUEUE, JOB_QUEUE):
            _burst(frontend, queue, _WARM_UP)
        for _ in range(ROUNDS):
            for queue, who, found in ((BARE_QUEUE, bare_pids, bare), (JOB_QUEUE, pids, ours)):
                rate, cost_ms = _measured(frontend, queue, who)
                found[0].append(rate)
                found[1].append(cost_ms)
    return [("bare pika", *bare), ("executor", *ours)]


def _measured(frontend: Frontend, queue: str, pids: Sequence[int]) -> tuple[float, float]:
    """Jobs a second, and CPU milliseconds of all workers together for each."""
    before_s = sum(map(cpu_s, pids))
    took_s = _burst(frontend, queue, JOBS)
    return JOBS / took_s, (sum(map(cpu_s, pids)) - before_s) * 1000 / JOBS


def _burst(frontend: Frontend, queue: str, jobs: int) -> float:
    """Seconds from the first job's publishing, all at once and unconfirmed, to the last reply."""
    body = json.dumps(JOB).encode()
    started = time.perf_counter()
    for number in range(jobs):
        asked = pika.BasicProperties(reply_to=frontend.reply_queue, correlation_id=str(number))
        frontend.unconfirmed.basic_publish("", queue, body, asked)
    for number in range(jobs):
        frontend.raw_reply(str(number))
    took_s = time.perf_counter() - started
    frontend.replies.clear()
    return took_s
