"""Near the time limit a program gets another chance."""

from typing import Any

import pytest

from executor.contract import TestResult
from tests.judge.conftest import Judged

LIMIT_MS = 400


def burn(ms: float) -> str:
    """A program that uses so much CPU time, as its own clock has it."""
    return f"import time\nwhile time.process_time() < {ms / 1000}: pass\nprint('hi')"


def judge_one(judged: Judged, source: str, **rerun: int) -> TestResult:
    policy: dict[str, Any] = {"rerun": rerun} if rerun else {}
    result = judged(
        source=source,
        policy=policy,
        use_language_factors=False,
        limits={"cpu_ms": LIMIT_MS, "wall_ms": 20000},
    )
    assert result.tests is not None
    return result.tests[0]


def test_program_that_is_over_by_little_is_run_again(judged: Judged) -> None:
    test = judge_one(judged, burn(LIMIT_MS * 1.2), window_pct=60, max=2)
    assert (test.verdict, test.runs, test.near_limit) == ("TLE", 3, True)
    assert test.message is not None
    assert test.message.startswith("near the time limit: run 3 times")


@pytest.mark.parametrize("source", [burn(LIMIT_MS * 20), "while True: pass"])
def test_program_that_is_over_by_much_is_not(judged: Judged, source: str) -> None:
    test = judge_one(judged, source, window_pct=10, max=2)
    assert (test.verdict, test.runs, test.message) == ("TLE", 1, None)
    assert test.cpu_ms >= LIMIT_MS * 1.1


def test_program_that_keeps_its_limit_is_run_once(judged: Judged) -> None:
    test = judge_one(judged, burn(LIMIT_MS * 0.5), window_pct=100, max=2)
    assert (test.verdict, test.runs) == ("AC", 1)


def test_no_rerun_is_no_grace_either(judged: Judged) -> None:
    test = judge_one(judged, burn(LIMIT_MS * 1.2), window_pct=100, max=0)
    assert (test.verdict, test.runs) == ("TLE", 1)
    assert test.cpu_ms < LIMIT_MS * 1.15


LUCKY = (
    "import os, time\n"
    "ms = 0.2 if os.urandom(1)[0] < 128 else 1.2\n"
    f"while time.process_time() < ms * {LIMIT_MS / 1000}: pass\n"
    "print('hi')"
)


def test_one_run_within_the_limit_is_enough(judged: Judged) -> None:
    """It is over in half of its runs: that all eleven are happens once in two thousand times."""
    test = judge_one(judged, LUCKY, window_pct=60, max=10)
    assert test.verdict == "AC"
