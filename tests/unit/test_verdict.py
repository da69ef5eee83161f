"""The table of verdicts: facts on the left, the opinion on the right."""

import os
from collections.abc import Iterator

import pytest

from executor.box import Box
from executor.contract import CompileResult, TestResult, Verdict
from executor.judge.units import milliseconds
from executor.judge.verdict import decide, overall, summarize
from executor.sandbox import Ending, Outcome, RunLimits

LIMITS = RunLimits(
    cpu_ms=1000, wall_ms=4000, memory_kib=65536, stack_kib=65536, output_kib=64, processes=1
)
THE_CHECKERS = None
EXITED, SIGNALLED = Ending.EXITED, Ending.SIGNALLED


@pytest.fixture
def box() -> Iterator[Box]:
    with Box(os.open(".", os.O_RDONLY)) as box:
        yield box


TABLE = [
    # ending, exit code, signal, CPU us, wall us, KiB, refused memory, verdict
    (EXITED, 0, 0, 500_000, 600_000, 1024, False, THE_CHECKERS),
    # A limit is kept by using all of it, and broken by one more.
    (EXITED, 0, 0, 1_000_000, 1_100_000, 65536, False, THE_CHECKERS),
    (EXITED, 0, 0, 1_000_001, 1_100_000, 1024, False, "TLE"),
    (EXITED, 0, 0, 500_000, 600_000, 65537, False, "MLE"),
    # A crash beats the checker.
    (EXITED, 3, 0, 500_000, 600_000, 1024, False, "RTE"),
    (SIGNALLED, 0, 11, 500_000, 600_000, 1024, False, "RTE"),
    # A program that kills itself was not killed by a limit.
    (SIGNALLED, 0, 9, 500_000, 600_000, 1024, False, "RTE"),
    # Memory refused by the runtime is MLE if the program ended of it.
    (EXITED, 1, 0, 500_000, 600_000, 1024, True, "MLE"),
    (SIGNALLED, 0, 6, 500_000, 600_000, 1024, True, "MLE"),
    (EXITED, 0, 0, 500_000, 600_000, 1024, True, THE_CHECKERS),
    # A limit beats a crash and the checker.
    (Ending.CPU, 0, 9, 1_000_400, 1_100_000, 1024, False, "TLE"),
    (Ending.CPU, 0, 9, 999_900, 1_100_000, 1024, False, "TLE"),
    (Ending.WALL, 0, 9, 500_000, 4_000_100, 1024, False, "WTL"),
    (Ending.WALL, 0, 9, 1_000_001, 4_000_100, 1024, False, "TLE"),
    (Ending.MEMORY, 0, 9, 500_000, 600_000, 65536, False, "MLE"),
    (Ending.OUTPUT, 0, 9, 500_000, 600_000, 1024, False, "OLE"),
    (Ending.OUTPUT, 0, 25, 500_000, 600_000, 1024, False, "OLE"),
    (Ending.FORBIDDEN, 0, 31, 500_000, 600_000, 1024, False, "SV"),
    (SIGNALLED, 0, 11, 1_000_001, 1_100_000, 1024, False, "TLE"),
]


@pytest.mark.parametrize(
    ("ending", "code", "signal", "cpu", "wall", "memory", "refused", "verdict"), TABLE
)
def test_verdict_table(
    box: Box,
    ending: Ending,
    code: int,
    signal: int,
    cpu: int,
    wall: int,
    memory: int,
    refused: bool,
    verdict: str | None,
) -> None:
    outcome = Outcome(ending, code, signal, cpu, wall, memory, box)
    assert decide(outcome, LIMITS, refused) == verdict


def compiled(verdict: str = "OK") -> CompileResult:
    return CompileResult.model_validate(
        {"verdict": verdict, "cpu_ms": 1, "wall_ms": 1, "memory_kib": 1, "exit_code": 0}
    )


def results(*verdicts: str) -> list[TestResult]:
    return [
        TestResult(id=str(number), verdict=Verdict(verdict), cpu_ms=10 * number, memory_kib=number)
        for number, verdict in enumerate(verdicts, start=1)
    ]


@pytest.mark.parametrize(
    ("verdicts", "verdict", "first_failed"),
    [
        ((), "AC", None),
        (("AC", "AC"), "AC", None),
        (("AC", "WA", "TLE"), "WA", "2"),
        (("AC", "TLE", "SK"), "TLE", "2"),
        (("SK", "AC"), "AC", None),
        (("WA", "AC", "JE"), "JE", "3"),
    ],
)
def test_overall_table(verdicts: tuple[str, ...], verdict: str, first_failed: str | None) -> None:
    outcome = overall(compiled(), results(*verdicts))
    assert (outcome.verdict, outcome.first_failed) == (verdict, first_failed)


@pytest.mark.parametrize("verdict", ["CE", "CTL"])
def test_what_does_not_compile_has_no_test_that_failed(verdict: str) -> None:
    outcome = overall(compiled(verdict), results("SK", "SK"))
    assert (outcome.verdict, outcome.first_failed) == (verdict, None)


def test_summary_counts_what_was_run() -> None:
    summary = summarize(results("AC", "WA", "SK"))
    assert (summary.tests, summary.judged, summary.accepted) == (3, 2, 1)
    assert (summary.cpu_ms_max, summary.cpu_ms_sum, summary.memory_kib_max) == (30, 60, 3)


def test_times_are_rounded_up_so_that_one_over_the_limit_looks_like_it() -> None:
    assert [milliseconds(us) for us in (0, 1, 1000, 1_000_001)] == [0, 1, 1, 1001]
