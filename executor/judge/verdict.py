"""From facts to opinions: what a run is worth, and what all of a job's tests are."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import assert_never

from executor.contract import CompileResult, Summary, TestResult, Verdict
from executor.sandbox import Ending, Outcome, RunLimits

_NOT_FAILED = (Verdict.AC, Verdict.SK)


def decide(outcome: Outcome, limits: RunLimits, refused_memory: bool) -> Verdict | None:
    """The verdict that a run has by its end alone; None if it ended well.

    A limit beats a crash, a crash beats whatever a checker would say:

    | the run                                             | verdict          |
    |-----------------------------------------------------|------------------|
    | was ended for a forbidden call                      | SV               |
    | was ended for memory, output                        | MLE, OLE         |
    | was ended for CPU time, or used more than its limit | TLE              |
    | was ended for wall time, CPU within                 | WTL              |
    | used more memory than its limit                     | MLE              |
    | crashed after its runtime was refused memory        | MLE              |
    | crashed: a signal, or an exit code other than 0     | RTE              |
    | ended well                                          | the checker's    |

    `refused_memory`: its runtime said so. A limit is kept by a run that uses all of it.
    """
    match outcome.ending:
        case Ending.FORBIDDEN:
            return Verdict.SV
        case Ending.MEMORY:
            return Verdict.MLE
        case Ending.OUTPUT:
            return Verdict.OLE
        case Ending.CPU:
            return Verdict.TLE
        case _ if outcome.cpu_us > limits.cpu_ms * 1000:
            return Verdict.TLE
        case Ending.WALL:
            return Verdict.WTL
        case _ if outcome.memory_kib > limits.memory_kib:
            return Verdict.MLE
        case Ending.EXITED | Ending.SIGNALLED:
            if outcome.exit_code == 0 and outcome.signal == 0:
                return None
            return Verdict.MLE if refused_memory else Verdict.RTE
        case _:
            assert_never(outcome.ending)


@dataclass(frozen=True, slots=True)
class Overall:
    """What all tests of a job come to; `first_failed` is the test that decided, if one did."""

    verdict: Verdict
    first_failed: str | None


def overall(compiled: CompileResult, tests: Sequence[TestResult]) -> Overall:
    """CE or CTL; else JE if any test is; else the first, in order, neither AC nor SK; else AC."""
    if compiled.verdict != "OK":
        return Overall(Verdict(compiled.verdict), None)
    failed = [test for test in tests if test.verdict not in _NOT_FAILED]
    broken = [test for test in failed if test.verdict is Verdict.JE]
    for test in (*broken, *failed):
        return Overall(test.verdict, test.id)
    return Overall(Verdict.AC, None)


def summarize(tests: Sequence[TestResult]) -> Summary:
    """The tests in figures; what was skipped used nothing."""
    return Summary(
        tests=len(tests),
        judged=sum(test.verdict is not Verdict.SK for test in tests),
        accepted=sum(test.verdict is Verdict.AC for test in tests),
        cpu_ms_max=max((test.cpu_ms for test in tests), default=0),
        cpu_ms_sum=sum(test.cpu_ms for test in tests),
        wall_ms_max=max((test.wall_ms for test in tests), default=0),
        memory_kib_max=max((test.memory_kib for test in tests), default=0),
    )
