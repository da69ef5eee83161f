"""A result in the seed's form: the way out for frontends of OJ_CodeExecutor."""

import signal
from collections.abc import Iterator
from typing import Literal

from executor.contract.execute import in_own_names
from executor.contract.model import Model
from executor.contract.result import Count, Result, TestResult, Verdict

INTERNAL_ERROR = "Internal Error"
OUT_OF_LIMITS = "the compiler ran out of its limits"

_WORDS = {
    Verdict.AC: "AC",
    Verdict.WA: "WA",
    Verdict.PE: "WA",
    Verdict.TLE: "TLE",
    Verdict.WTL: "RTLE",
    Verdict.MLE: "MLE",
    Verdict.OLE: "OLE",
    Verdict.SV: "Invalid Function",
}


class RunStatus(Model):
    """How a test went, in the words and units of the seed's sandbox.

    run_status: AC, WA, TLE, RTLE (by the clock), MLE, OLE, `NZEC(n)`, `Command terminated by
        signal (n: NAME)`, `Invalid Function`, `Internal Error`.
    elapsed_time: whole seconds by the clock. memory_taken: kB. cpu_time: seconds.
    """

    run_status: str
    elapsed_time: Count
    memory_taken: Count
    cpu_time: float


class JudgedTest(Model):
    """A test: `code` 0 if its output was compared, 2 if the program did not end well."""

    code: Literal[0, 2]
    status: RunStatus


class CompileError(Model):
    """Stands alone in the list if the program did not compile; `message`: what was said."""

    code: Literal[1]
    message: str


class Legacy(Model):
    """What the seed kept of a submission.

    status: of each test in order. Of a job that was not judged there is one `Internal Error`: a
        frontend that counts must not find all of no tests accepted.
    AC_no, WA_no: how many are AC, WA. job_id: the result's `id`.
    """

    status: tuple[JudgedTest | CompileError, ...]
    AC_no: Count
    WA_no: Count
    compile_error: bool
    job_id: str | None


class LegacyResult(Result):
    """An `oj.result/1` with the seed's form of it beside."""

    legacy: Legacy


def with_legacy(result: Result) -> LegacyResult:
    """The answer to a message of the seed: its form added, and errors in its names."""
    known = {name: getattr(result, name) for name in Result.model_fields if name != "schema_"}
    if result.error is not None:
        known["error"] = in_own_names(result.error)
    return LegacyResult(**known, legacy=legacy_of(result))


def legacy_of(result: Result) -> Legacy:
    """The result in the seed's form."""
    status = tuple(_status(result))
    words = [entry.status.run_status for entry in status if isinstance(entry, JudgedTest)]
    return Legacy(
        status=status,
        AC_no=words.count("AC"),
        WA_no=words.count("WA"),
        compile_error=any(isinstance(entry, CompileError) for entry in status),
        job_id=result.id,
    )


def _status(result: Result) -> Iterator[JudgedTest | CompileError]:
    compiled = result.compile
    if result.status != "done" or result.tests is None:
        yield _judged(INTERNAL_ERROR)
    elif compiled is not None and compiled.verdict != "OK":
        yield CompileError(code=1, message=compiled.output or OUT_OF_LIMITS)
    else:
        for test in result.tests:
            yield _judged(run_status(test), test)


def run_status(test: TestResult) -> str:
    """A verdict in the seed's words; what it has no word for is an internal error."""
    if test.verdict is not Verdict.RTE:
        return _WORDS.get(test.verdict, INTERNAL_ERROR)
    if test.signal is None:
        return f"NZEC({test.exit_code})"
    return f"Command terminated by signal ({test.signal}: SIG{_abbreviation(test.signal)})"


def _judged(words: str, test: TestResult | None = None) -> JudgedTest:
    return JudgedTest(
        code=0 if words in ("AC", "WA") else 2,
        status=RunStatus(
            run_status=words,
            elapsed_time=0 if test is None else test.wall_ms // 1000,
            memory_taken=0 if test is None else test.memory_kib,
            cpu_time=0.0 if test is None else test.cpu_ms / 1000,
        ),
    )


def _abbreviation(number: int) -> str:
    """As safeexec has it from the C library, which names no real-time signals."""
    if number == signal.SIGPOLL:
        return "POLL"
    if number >= signal.SIGRTMIN:
        return "?"
    try:
        return signal.Signals(number).name.removeprefix("SIG")
    except ValueError:
        return "?"
