"""Milliseconds for a C++ submission with 50 tests, against the way in which the seed judged.

The seed's way, over the interface of its sandbox, `safeexec ... --exec`, which ours has as well:
for each test the source is compiled again, the program is run by one `safeexec`, whose end is
looked for every 61 ms, and the output is compared by `diff -ZB`. It has our sandbox, and no broker.
"""

import statistics
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

from bench import sorting
from bench.figures import Bar, Figures, compare
from stack import Frontend, RunFolder, Stack
from stack.paths import SAFEEXEC

RUNS = 9
"""Of the executor's. The seed's way takes over a minute, so it is measured once."""

_SEED = "the seed's way"
_EXECUTOR = "executor"
_POLL_S = 0.061
_AT_LEAST_TIMES_FASTER = 20.0


def run() -> Figures:
    """Half of the executor's runs are before that of the seed's way, half after it."""
    comments = sorting.comments()
    with RunFolder() as folder, Stack(languages=[sorting.LANGUAGE]) as stack:
        place = folder.make("seed")
        sorting.lay_out(place)
        before = _judged(stack, comments, 1 + RUNS // 2)[1:]
        samples = {_SEED: [_judge_as_the_seed(place)], _EXECUTOR: before}
        samples[_EXECUTOR] += _judged(stack, comments, RUNS - len(before))
    faster = samples[_SEED][0] / statistics.median(samples[_EXECUTOR])
    bar = Bar(f"{_EXECUTOR}, faster than {_SEED}", faster, _AT_LEAST_TIMES_FASTER, "times", True)
    title = f"C++ with <bits/stdc++.h> and {sorting.TESTS} tests"
    return compare(title, "ms", samples, [bar])


def _judged(stack: Stack, comments: Iterator[str], runs: int) -> list[float]:
    """By a connection of its own: one that is silent for minutes is closed by the broker."""
    with Frontend(stack.amqp_url) as frontend:
        sample = sorting.judged(frontend, comments)
        return [sample() for _ in range(runs)]


def _judge_as_the_seed(place: Path) -> float:
    start = time.perf_counter()
    for number in range(1, sorting.TESTS + 1):
        subprocess.run(sorting.COMPILE.split(), cwd=place, check=True)
        _run_polled(place, number)
        subprocess.run(["diff", "-ZB", f"{number}.out", "output"], cwd=place, check=True)
    return (time.perf_counter() - start) * 1000


def _run_polled(place: Path, number: int) -> None:
    report = place / "report"
    limits = "--cpu 1 --clock 4 --mem 262144"
    command = f"{SAFEEXEC} {limits} --silent --usage {report} --exec ./program".split()
    with (place / f"{number}.in").open() as given, (place / "output").open("w") as output:
        process = subprocess.Popen(command, cwd=place, stdin=given, stdout=output)
        while process.poll() is None:
            time.sleep(_POLL_S)
    if not report.read_text().startswith("OK"):
        raise RuntimeError(f"the seed's way: test {number} is {report.read_text()}")
