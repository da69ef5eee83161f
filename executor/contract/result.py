"""The result, `oj.result/1`: what a frontend gets back."""

import hashlib
import json
from collections.abc import Iterator
from enum import StrEnum
from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from executor.contract.errors import JobError
from executor.contract.fields import Attempt, JobId, Labels, TestId
from executor.contract.model import Model, Problem, refuse

Count = Annotated[int, Field(ge=0)]
Isolation = Literal["full", "namespaces", "user", "restricted"]
Status = Literal["done", "rejected", "failed", "cancelled", "expired"]


class Verdict(StrEnum):
    """What is said about a submission or a test: the judgement types of CLICS, and PC, SK, CN.

    AC: right. WA: wrong. PE: only the white space is wrong.
    TLE: CPU time over the limit. WTL: wall time over it, CPU time within.
    MLE: the memory limit was hit. OLE: the output limit.
    RTE: a non-zero exit or a signal. SV: a forbidden system call.
    CE: the compiler refused. CTL: the compiler ran out of its own limits.
    JE: judging error, our fault. SE: submission error, the job itself is bad.
    PC: partly correct. SK: test not run. CN: cancelled, or expired.
    """

    AC = "AC"
    WA = "WA"
    PE = "PE"
    TLE = "TLE"
    WTL = "WTL"
    MLE = "MLE"
    OLE = "OLE"
    RTE = "RTE"
    SV = "SV"
    CE = "CE"
    CTL = "CTL"
    JE = "JE"
    SE = "SE"
    PC = "PC"
    SK = "SK"
    CN = "CN"


class CompileResult(Model):
    """How compiling went.

    output: what the compiler said, cut to its first part if `output_truncated`.
    exit_code: null if a signal ended the compiler. cached: the artefact was there already.
    """

    verdict: Literal["OK", "CE", "CTL", "JE"]
    cpu_ms: Count
    wall_ms: Count
    memory_kib: Count
    exit_code: int | None
    signal: int | None = None
    cached: bool = False
    output: str = ""
    output_truncated: bool = False


class Summary(Model):
    """The tests in figures: how many there are, were judged, are AC; and the most they used."""

    tests: Count
    judged: Count
    accepted: Count
    cpu_ms_max: Count
    cpu_ms_sum: Count
    wall_ms_max: Count
    memory_kib_max: Count


class GroupResult(Model):
    """What a group of tests came to."""

    id: TestId
    verdict: Verdict
    score: float
    max_score: float


class Diff(Model):
    """Where an output is wrong first: line and token count from 1; null is not known, not told."""

    line: Annotated[int, Field(ge=1)] | None
    token: Annotated[int, Field(ge=1)] | None = None
    expected: str | None = None
    found: str | None = None


class TestResult(Model):
    """How one test went.

    exit_code, signal: the one that ended the program; null: the other did, or it never ran.
    message, diff, stdout, stderr: null where they are not known, or may not leave the judge.
    runs: how often it was run; 0 for SK. near_limit: its time was close to the limit.
    """

    id: TestId
    group: TestId | None = None
    verdict: Verdict
    cpu_ms: Count = 0
    wall_ms: Count = 0
    memory_kib: Count = 0
    exit_code: int | None = None
    signal: int | None = None
    score: float = 0.0
    message: str | None = None
    diff: Diff | None = None
    stdout: str | None = None
    stdout_truncated: bool = False
    stderr: str | None = None
    stderr_truncated: bool = False
    runs: Count = 1
    near_limit: bool = False


class AppliedLimits(Model):
    """The limits that held, language factors included."""

    cpu_ms: Count
    wall_ms: Count
    memory_kib: Count
    stack_kib: Count
    output_kib: Count
    processes: Count


class Timing(Model):
    """Where the time went; `queued_ms` is null if the message had no `timestamp`."""

    queued_ms: Count | None
    fetch_ms: Count
    compile_ms: Count
    judge_ms: Count
    total_ms: Count


class Worker(Model):
    """Who judged; `runtime` (the compiler or interpreter) and `isolation` null if not known."""

    name: str
    version: str
    runtime: str | None = None
    isolation: Isolation | None = None


class Result(Model):
    """The answer to a job.

    With status `done` it has every field but `error`; `compile` and `first_failed` may be null.
    With every other status it has an `error`, and of the rest what is known. `id` is null if the
    message told none.
    """

    schema_: Literal["oj.result/1"] = Field(default="oj.result/1", alias="schema")
    id: JobId | None
    attempt: Attempt | None = None
    status: Status
    verdict: Verdict
    score: float | None = None
    max_score: float | None = None
    first_failed: TestId | None = None
    compile: CompileResult | None = None
    summary: Summary | None = None
    groups: tuple[GroupResult, ...] | None = None
    tests: tuple[TestResult, ...] | None = None
    limits: AppliedLimits | None = None
    timing: Timing | None = None
    worker: Worker | None = None
    redelivered: bool | None = None
    labels: Labels | None = None
    digest: str | None = None
    error: JobError | None = None

    def encode(self) -> bytes:
        """The message's body: compact JSON in UTF-8."""
        left_out: dict[str, Any] = {name: True for name in self._left_out()}
        if self.error is not None and self.error.fields is None:
            left_out["error"] = {"fields"}
        return self.model_dump_json(by_alias=True, exclude=left_out).encode()

    def _left_out(self) -> Iterator[str]:
        """The fields that do not stand in the message: `error` of a done job, all that another
        status knows nothing of."""
        if self.status == "done":
            yield "error"
        else:
            for name in type(self).model_fields:
                if name != "id" and getattr(self, name) is None:
                    yield name

    @model_validator(mode="after")
    def _check_shape(self) -> Self:
        refuse("Result", self._shape_problems())
        return self

    def _shape_problems(self) -> Iterator[Problem]:
        if self.status != "done":
            if self.error is None:
                yield Problem(("error",), "missing", f"a result that is {self.status} says why")
            return
        if self.error is not None:
            yield Problem(("error",), "unexpected", "a result that is done has no error")
        for name in _OF_EVERY_DONE_JOB:
            if getattr(self, name) is None:
                yield Problem((name,), "missing", "a result that is done has this field")


_OF_EVERY_DONE_JOB = (
    "id",
    "attempt",
    "score",
    "max_score",
    "summary",
    "groups",
    "tests",
    "limits",
    "timing",
    "worker",
    "redelivered",
    "labels",
)  # `digest` too, which with_digest() takes of the finished result


def digest(result: Result) -> str:
    """`sha256:` and hex, over what two judgings of one job have in common: verdicts, scores,
    groups, limits; not times, output or worker."""
    kept = {
        "verdict": result.verdict,
        "score": result.score,
        "tests": [[test.id, test.verdict, test.score] for test in result.tests or ()],
        "groups": [group.model_dump(mode="json") for group in result.groups or ()],
        "limits": None if result.limits is None else result.limits.model_dump(),
    }
    canonical = json.dumps(kept, sort_keys=True, separators=(",", ":"))
    return "sha256:" + hashlib.sha256(canonical.encode()).hexdigest()


def with_digest(result: Result) -> Result:
    """The result with its digest."""
    return result.model_copy(update={"digest": digest(result)})
