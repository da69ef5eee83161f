"""The jobs of a storm, each with what its result has to be."""

import random
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

LANGUAGES = ("python3", "c17")

_ECHO = "print(input())"
_PROGRAMS: Mapping[str, tuple[str, str]] = {
    "right": ("AC", _ECHO),
    "wrong": ("WA", "print(input() + '!')"),
    "crashes": ("RTE", "raise SystemExit(int(input()) % 100 + 1)"),
    "does not compile": ("CE", "print("),
    "sleeps": ("AC", f"import time\ntime.sleep({{nap:.2f}})\n{_ECHO}"),
}
_C = """#include <stdio.h>
int main(void) { int n; return scanf("%d", &n) != 1 || printf("%d\\n", n) < 0; }
"""
_MIX = ("right", "wrong", "crashes", "does not compile", "sleeps", "sleeps", "in C", "run", "bad")


@dataclass(frozen=True, slots=True)
class StormJob:
    """What is published, and the status and verdict that it is promised."""

    id: str
    body: Mapping[str, Any]
    status: str
    verdict: str


def storm_job(seed: int, number: int) -> StormJob:
    """Job `number` of a storm; no two have the same source, so each is compiled."""
    choice = random.Random(f"job {seed} {number}")
    id = f"storm-{seed}-{number}"
    match choice.choice(_MIX):
        case "in C":
            return _judged(id, "c17", f"// {id}\n{_C}", "AC", number)
        case "run":
            body = _body(id, "python3", f"# {id}\n{_ECHO}", number)
            return StormJob(id, body | {"mode": "run"}, "done", "AC")
        case "bad":
            # It has an id, so the reply tells whose it is.
            return StormJob(id, {"schema": "oj.job/1", "id": id, "tests": number}, "rejected", "SE")
        case name:
            verdict, program = _PROGRAMS[name]
            nap = choice.uniform(0.1, 1.5)
            return _judged(id, "python3", f"# {id}\n{program.format(nap=nap)}", verdict, number)


def _judged(id: str, language: str, source: str, verdict: str, number: int) -> StormJob:
    body = _body(id, language, source, number)
    (test,) = body["tests"]
    answered = [test | {"answer": {"text": f"{number}\n"}}]
    return StormJob(id, body | {"tests": answered}, "done", verdict)


def _body(id: str, language: str, source: str, number: int) -> dict[str, Any]:
    return {
        "schema": "oj.job/1",
        "id": id,
        "language": language,
        "source": source,
        # A machine that is busy with a storm has slow seconds: no verdict is to hang on them.
        "limits": {"cpu_ms": 10_000, "wall_ms": 60_000},
        "tests": [{"id": "1", "input": {"text": f"{number}\n"}}],
    }
