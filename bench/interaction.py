"""Milliseconds of two programs that talk: judged, and as bare processes on pipes."""

import os
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bench import program
from bench.figures import Bar, Figures, compare
from bench.sampling import Sample, side_by_side
from stack import Frontend, RunFolder, Stack

RUNS = 9
ROUND_TRIPS = 100_000

_LANGUAGE = "c"
_ECHO = """
#include <unistd.h>
int main(void) {
    char line[64];
    ssize_t size;
    while ((size = read(0, line, sizeof line)) > 0)
        if (write(1, line, size) != size) return 1;
    return 0;
}
"""
_ASK = f"""
#include <stdio.h>
#include <string.h>
#include <unistd.h>
int main(void) {{
    char asked[64], told[64];
    for (int i = 0; i < {ROUND_TRIPS}; i++) {{
        int size = snprintf(asked, sizeof asked, "%d\\n", i);
        if (write(1, asked, size) != size) return 43;
        if (read(0, told, sizeof told) != size || memcmp(asked, told, size)) return 43;
    }}
    return 42;
}}
"""
_BARE = "two bare processes"
_EXECUTOR = "executor"
_AT_MOST_TIMES_BARE = 1.5
_LIMITS = {"cpu_ms": 30_000, "wall_ms": 60_000}


def run() -> Figures:
    """The executor's is from publishing to the verdict; both programs are compiled before."""
    with (
        RunFolder() as folder,
        Stack(languages=[_LANGUAGE]) as stack,
        Frontend(stack.amqp_url) as frontend,
    ):
        programs = [
            program.compiled(folder.make(name), _LANGUAGE, source)
            for name, source in (("ask", _ASK), ("echo", _ECHO))
        ]
        contestants = {_BARE: _bare(programs), _EXECUTOR: _judged(frontend)}
        samples = side_by_side(contestants, RUNS)
    title = f"interactive, {ROUND_TRIPS:,} round trips"
    figures = compare(title, "ms", samples)
    ratio = float(figures.rows[1]["ratio"])
    bar = Bar(f"{_EXECUTOR}, beside {_BARE}", ratio, _AT_MOST_TIMES_BARE, "times")
    return Figures(title, "ms", figures.rows, samples, [bar])


def _bare(programs: Sequence[Path]) -> Sample:
    ask, echo = programs

    def sample() -> float:
        start = time.perf_counter()
        answers, questions = os.pipe(), os.pipe()
        asking = subprocess.Popen([ask], stdin=answers[0], stdout=questions[1])
        echoing = subprocess.Popen([echo], stdin=questions[0], stdout=answers[1])
        for end in (*answers, *questions):
            os.close(end)
        if (asking.wait(), echoing.wait()) != (42, 0):
            raise RuntimeError("the bare programs did not understand each other")
        return (time.perf_counter() - start) * 1000

    return sample


def _judged(frontend: Frontend) -> Sample:
    job = _job()

    def sample() -> float:
        start = time.perf_counter()
        result = frontend.judge(job)
        elapsed = time.perf_counter() - start
        if result["verdict"] != "AC":
            raise RuntimeError(f"the program that echoes is {result}")
        return elapsed * 1000

    return sample


def _job() -> dict[str, Any]:
    asking = {"language": _LANGUAGE, "source": _ASK, "limits": _LIMITS}
    return {
        "schema": "oj.job/1",
        "id": "echo",
        "language": _LANGUAGE,
        "source": _ECHO,
        "limits": _LIMITS,
        "interactor": {"protocol": "kattis", "program": asking},
        "tests": [{"id": "1", "input": {"text": ""}, "answer": {"text": ""}}],
    }
