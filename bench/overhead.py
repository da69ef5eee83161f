"""Milliseconds that a test costs above the execution of its program, in jobs of few and of many."""

import os
import statistics
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from bench import program
from bench.figures import Bar, Figures, compare
from bench.sampling import Sample, side_by_side
from stack import Frontend, RunFolder, Stack

RUNS = 9

_COUNTS = (10, 100, 1000)
_LANGUAGE = "c"
_SOURCE = "int main(void) { return 0; }\n"
_BARE = "vfork, exec, wait"
_BARE_COUNT = 100
_MOST_MS = 2.0
_FLAT_MS = 0.5


def run() -> Figures:
    """A program that does nothing, compiled before; bare, the same file with the same input."""
    with (
        RunFolder() as folder,
        Stack(languages=[_LANGUAGE]) as stack,
        Frontend(stack.amqp_url) as frontend,
    ):
        contestants = {_BARE: _bare(folder.make("bare"))}
        contestants |= {_name(count): _judged(frontend, count) for count in _COUNTS}
        samples = side_by_side(contestants, RUNS)
    bare = statistics.median(samples[_BARE])
    above = {
        f"above bare, {_name(count)}": [value - bare for value in samples[_name(count)]]
        for count in _COUNTS
    }
    return compare("one test in a job", "ms a test", samples | above, _bars(above))


def _bars(above: Mapping[str, Sequence[float]]) -> list[Bar]:
    medians = {name: statistics.median(values) for name, values in above.items()}
    bars = [Bar(name, median, _MOST_MS, "ms") for name, median in medians.items()]
    spread = max(medians.values()) - min(medians.values())
    return [*bars, Bar("flat: the most less the least", spread, _FLAT_MS, "ms")]


def _name(count: int) -> str:
    return f"{count} tests"


def _judged(frontend: Frontend, count: int) -> Sample:
    """Of the time from the first test to the last, as the result tells it."""
    job = _job(count)

    def sample() -> float:
        result = frontend.judge(job)
        if result["verdict"] != "AC":
            raise RuntimeError(f"the program that does nothing is {result}")
        judge_ms: int = result["timing"]["judge_ms"]
        return judge_ms / count

    return sample


def _job(count: int) -> dict[str, Any]:
    test = {"input": {"text": "1\n"}, "answer": {"text": ""}}
    return {
        "schema": "oj.job/1",
        "id": f"nothing-{count}",
        "language": _LANGUAGE,
        "source": _SOURCE,
        "tests": [{"id": str(number), **test} for number in range(count)],
    }


def _bare(folder: Path) -> Sample:
    (folder / "input").write_text("1\n")
    nothing = program.compiled(folder, _LANGUAGE, _SOURCE)
    streams = [
        (os.POSIX_SPAWN_OPEN, 0, folder / "input", os.O_RDONLY, 0),
        (os.POSIX_SPAWN_OPEN, 1, folder / "output", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600),
    ]

    def sample() -> float:
        start = time.perf_counter()
        for _ in range(_BARE_COUNT):
            # glibc's posix_spawn is clone(CLONE_VM|CLONE_VFORK) and exec.
            child = os.posix_spawn(nothing, (nothing,), {}, file_actions=streams)
            os.waitpid(child, 0)
        return (time.perf_counter() - start) * 1000 / _BARE_COUNT

    return sample
