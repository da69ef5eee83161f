"""What a worker costs that has nothing to do: memory, and CPU time."""

import time
from pathlib import Path

from bench import tree
from bench.figures import Bar, Figures, Row
from bench.noop import JOB, LANGUAGE
from stack import Frontend, Stack

WATCHED_S = 30.0

_JOBS = 20
_ALLOWED_MIB = 60.0
_ALLOWED_PERCENT = 0.5


def run() -> Figures:
    """After some jobs."""
    with Stack(languages=[LANGUAGE, "python3"]) as stack:
        with Frontend(stack.amqp_url) as frontend:
            for _ in range(_JOBS):
                frontend.judge(JOB)
        pid = stack.workers[0].pid
        pss_mib = tree.at_rest(pid, lambda: tree.memory_mib(pid, "Pss"))
        before_s = _cpu_s(pid)
        time.sleep(WATCHED_S)
        percent = (_cpu_s(pid) - before_s) / WATCHED_S * 100
    rows: list[Row] = [{"name": "executor", "PSS MiB": pss_mib, "% of a core": percent}]
    bars = [
        Bar("executor: PSS", pss_mib, _ALLOWED_MIB, "MiB"),
        Bar("executor: CPU", percent, _ALLOWED_PERCENT, "% of a core"),
    ]
    samples = {"PSS MiB": [pss_mib], "% of a core": [percent]}
    return Figures(f"an idle worker, {WATCHED_S:g} s long", "as told", rows, samples, bars)


def _cpu_s(pid: int) -> float:
    """Of all its threads, to the nanosecond; /proc/PID/stat counts in hundredths of a second."""
    tasks = Path(f"/proc/{pid}/task").iterdir()
    return sum(int((task / "schedstat").read_text().split()[0]) for task in tasks) / 1e9
