"""How a job is getting on, told while it is judged."""

from collections.abc import Callable
from dataclasses import dataclass

from executor.contract import CompileResult, Phase, TestResult, Verdict


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that happened to a job; what does not belong to its phase is None.

    done, of: tests judged, and tests of the job. cpu_ms, memory_kib: of the test or the compiler.
    """

    phase: Phase
    test: str | None = None
    verdict: Verdict | None = None
    done: int | None = None
    of: int | None = None
    cpu_ms: int | None = None
    memory_kib: int | None = None


Tell = Callable[[Step], None]
"""Takes a step; returns at once, whatever becomes of it."""


def untold(_step: Step) -> None:
    """For jobs in which nobody is interested."""


def compiled(result: CompileResult) -> Step:
    """The compiler has ended; with a verdict only if there is no program."""
    verdict = None if result.verdict == "OK" else Verdict(result.verdict)
    return Step("compiled", verdict=verdict, cpu_ms=result.cpu_ms, memory_kib=result.memory_kib)


def judged(result: TestResult, done: int, of: int) -> Step:
    """A test was judged. All of it stands in the result too, so it tells no more of a hidden
    test than feedback.py lets out."""
    return Step(
        "test",
        test=result.id,
        verdict=result.verdict,
        done=done,
        of=of,
        cpu_ms=result.cpu_ms,
        memory_kib=result.memory_kib,
    )
