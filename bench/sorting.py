"""A problem of fifty small tests, and the ways to judge a submission to it."""

import itertools
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bench.sampling import Sample
from stack import Frontend

TESTS = 50
LANGUAGE = "cpp17"
SOURCE = """
#include <bits/stdc++.h>
int main() {
    std::vector<int> numbers{std::istream_iterator<int>(std::cin), {}};
    std::sort(numbers.begin(), numbers.end());
    for (int number : numbers) std::cout << number << '\\n';
}
"""
COMPILE = "g++ -std=gnu++17 -O2 -o program main.cpp"


def tests() -> Iterator[tuple[str, str]]:
    """Input and answer of each."""
    for number in range(1, TESTS + 1):
        numbers = [value * 7919 % 1009 for value in range(number, number + 100)]
        yield " ".join(map(str, numbers)), "".join(f"{value}\n" for value in sorted(numbers))


def lay_out(folder: Path) -> None:
    """`main.cpp`, and `1.in`, `1.out`, ..."""
    (folder / "main.cpp").write_text(SOURCE)
    for number, (given, answer) in enumerate(tests(), 1):
        (folder / f"{number}.in").write_text(given)
        (folder / f"{number}.out").write_text(answer)


def shell(folder: Path, script: str) -> Sample:
    """Milliseconds of a shell script. Raises CalledProcessError."""

    def sample() -> float:
        start = time.perf_counter()
        subprocess.run(["sh", "-c", script], cwd=folder, check=True)
        return (time.perf_counter() - start) * 1000

    return sample


def comments() -> Iterator[str]:
    """Each is another one."""
    return (f"// {number}\n" for number in itertools.count())


def judged(frontend: Frontend, comments: Iterator[str]) -> Sample:
    """Milliseconds from publishing to the verdict, all outputs compared.

    Each has another comment at its end: what differs in a byte is compiled again.
    """

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
        "language": LANGUAGE,
        "source": SOURCE + comment,
        "tests": [
            {"id": str(number), "input": {"text": given}, "answer": {"text": answer}}
            for number, (given, answer) in enumerate(tests(), 1)
        ],
    }
