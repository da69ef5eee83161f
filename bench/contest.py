"""Milliseconds for a C++ submission with 50 tests, against compiling and running it by hand."""

import itertools
import statistics
import subprocess
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from bench.figures import Bar, Figures, compare
from bench.sampling import Sample, side_by_side
from stack import Frontend, RunFolder, Stack

RUNS = 15
TESTS = 50

_SOURCE = """
#include <bits/stdc++.h>
int main() {
    std::vector<int> numbers{std::istream_iterator<int>(std::cin), {}};
    std::sort(numbers.begin(), numbers.end());
    for (int number : numbers) std::cout << number << '\\n';
}
"""
_BY_HAND = "g++ and a shell loop"
_LOOP = "the shell loop alone"
_EXECUTOR = "executor"
_AGAIN = "executor, the same again"
_COMPILE = "g++ -std=gnu++17 -O2 -o program main.cpp && "
_RUN_ALL = "for i in $(seq {tests}); do ./program <$i.in >output; done"
_AT_MOST_OF_BY_HAND = 0.35
_MORE_MS_PER_TEST = 2.0
_MORE_MS = 20.0


def run() -> Figures:
    """The executor's figures are from publishing to the verdict, all outputs compared."""
    with (
        RunFolder() as folder,
        Stack(languages=["cpp17"]) as stack,
        Frontend(stack.amqp_url) as frontend,
    ):
        place = folder.make("by-hand")
        _lay_out(place)
        loop = _RUN_ALL.format(tests=TESTS)
        contestants = {
            _BY_HAND: _shell(place, _COMPILE + loop),
            _LOOP: _shell(place, loop),
            _EXECUTOR: _judged(frontend, (f"// {number}\n" for number in itertools.count())),
            _AGAIN: _judged(frontend, itertools.repeat("")),
        }
        contestants[_BY_HAND]()
        samples = side_by_side(contestants, RUNS)
    title = f"C++ with <bits/stdc++.h> and {TESTS} tests"
    return compare(title, "ms", samples, _bars(samples))


def _bars(samples: Mapping[str, list[float]]) -> list[Bar]:
    medians = {name: statistics.median(values) for name, values in samples.items()}
    again_at_most = medians[_LOOP] + TESTS * _MORE_MS_PER_TEST + _MORE_MS
    part = medians[_EXECUTOR] / medians[_BY_HAND]
    return [
        Bar(f"{_EXECUTOR}, beside {_BY_HAND}", part, _AT_MOST_OF_BY_HAND, "times"),
        Bar(_AGAIN, medians[_AGAIN], round(again_at_most, 1), "ms"),
    ]


def _tests() -> Iterator[tuple[str, str]]:
    """Input and answer of each."""
    for number in range(1, TESTS + 1):
        numbers = [value * 7919 % 1009 for value in range(number, number + 100)]
        yield " ".join(map(str, numbers)), "".join(f"{value}\n" for value in sorted(numbers))


def _lay_out(folder: Path) -> None:
    (folder / "main.cpp").write_text(_SOURCE)
    for number, (given, _) in enumerate(_tests(), 1):
        (folder / f"{number}.in").write_text(given)


def _shell(folder: Path, script: str) -> Sample:
    def sample() -> float:
        start = time.perf_counter()
        subprocess.run(["sh", "-c", script], cwd=folder, check=True)
        return (time.perf_counter() - start) * 1000

    return sample


def _judged(frontend: Frontend, comments: Iterator[str]) -> Sample:
    """Each with another comment at its end: what differs in a byte is compiled again."""

    def sample() -> float:
        job = _job(next(comments))
        start = time.perf_counter()
        result = frontend.judge(job)
        elapsed = time.perf_counter() - start
        if result["verdict"] != "AC":
            raise RuntimeError(f"the sorting program is {result}")
        return elapsed * 1000

    return sample


def _job(comment: str) -> dict[str, Any]:
    return {
        "schema": "oj.job/1",
        "id": "sort",
        "language": "cpp17",
        "source": _SOURCE + comment,
        "tests": [
            {"id": str(number), "input": {"text": given}, "answer": {"text": answer}}
            for number, (given, answer) in enumerate(_tests(), 1)
        ],
    }
