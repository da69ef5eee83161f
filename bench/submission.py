"""Milliseconds from publishing a hello world to its verdict, in each language that works."""

import time
from typing import Any

from bench.figures import Figures, compare
from bench.sampling import Sample, side_by_side
from stack import Frontend, Stack

RUNS = 20

_HELLO = {
    "c": '#include <stdio.h>\nint main(void) { puts("hello, world"); }\n',
    "cpp": '#include <iostream>\nint main() { std::cout << "hello, world" << std::endl; }\n',
    "python3": 'print("hello, world")\n',
    "java": "public class Main { public static void main(String[] args) "
    '{ System.out.println("hello, world"); } }\n',
    "javascript": 'console.log("hello, world")\n',
}


def run() -> Figures:
    with (
        Stack(languages=list(_HELLO), env={"EXECUTOR_COMPILE_CACHE_MIB": "0"}) as stack,
        Frontend(stack.amqp_url) as frontend,
    ):
        contestants = {language: _sample(frontend, language) for language in _HELLO}
        samples = side_by_side(contestants, RUNS)
    return compare("hello world, from publishing to its verdict", "ms", samples)


def _sample(frontend: Frontend, language: str) -> Sample:
    job = _job(language)

    def sample() -> float:
        start = time.perf_counter()
        result = frontend.judge(job)
        elapsed = time.perf_counter() - start
        if result["verdict"] != "AC":
            raise RuntimeError(f"{language}: {result}")
        return elapsed * 1000

    return sample


def _job(language: str) -> dict[str, Any]:
    return {
        "schema": "oj.job/1",
        "id": f"hello-{language}",
        "language": language,
        "source": _HELLO[language],
        "limits": {"cpu_ms": 10000},
        "tests": [{"id": "1", "input": {"text": ""}, "answer": {"text": "hello, world\n"}}],
    }
