"""The job, `oj.job/1`: what a frontend publishes."""

from collections import Counter
from collections.abc import Iterator
from functools import cached_property
from graphlib import CycleError, TopologicalSorter
from typing import Annotated, Literal, Self

from pydantic import FailFast, Field, model_validator

from executor.contract.blob import Blob
from executor.contract.encoding import decode_base64, decode_percent
from executor.contract.fields import (
    Arguments,
    Attempt,
    FileName,
    JobId,
    Labels,
    Points,
    TestId,
)
from executor.contract.limits import Limits, TestLimits
from executor.contract.model import Model, Problem, refuse
from executor.contract.program import Program, Sources

Tolerance = Annotated[float, Field(ge=0)]


class Lines(Model):
    """Line by line; trailing white space and blank lines are ignored."""

    type: Literal["lines"]


class Tokens(Model):
    """Token by token.

    case_sensitive: whether `a` and `A` differ.
    space_sensitive: whether white space between tokens, before and after them, must be equal.
    float_abs, float_rel: a token that differs is right if both are decimal numbers, and either
        tolerance holds; with neither, tokens are only text.
    """

    type: Literal["tokens"]
    case_sensitive: bool = True
    space_sensitive: bool = False
    float_abs: Tolerance | None = None
    float_rel: Tolerance | None = None


class Exact(Model):
    """Byte by byte; PE where only white space differs."""

    type: Literal["exact"]


class Unordered(Model):
    """The lines as a multiset."""

    type: Literal["unordered"]


class Testlib(Model):
    """A program that is called `input output answer`; exit codes 0, 1, 2, 3 and 7."""

    type: Literal["testlib"]
    program: Program


class Kattis(Model):
    """A program called `input answer feedback_dir/`, the output on stdin; exit codes 42, 43."""

    type: Literal["kattis"]
    program: Program


class NoChecker(Model):
    """Every output is right."""

    type: Literal["none"]


Checker = Annotated[
    Lines | Tokens | Exact | Unordered | Testlib | Kattis | NoChecker,
    Field(discriminator="type"),
]


class Interactor(Model):
    """A program that talks with the submission, by the protocol of Kattis or testlib."""

    protocol: Literal["kattis", "testlib"]
    program: Program


class Test(Model):
    """One test.

    answer: required in mode `judge` unless the checker is `none`; not allowed in mode `run`.
    points: what the test is worth; None: see `Job.points_of`.
    limits: what differs from the job's limits.
    args: instead of the job's, if given.
    visible: its input, output and diff may leave the judge, whatever `policy.feedback` says.
    """

    id: TestId
    input: Blob
    answer: Blob | None = None
    group: TestId | None = None
    points: Points | None = None
    limits: TestLimits | None = None
    args: Arguments | None = None
    visible: bool = False


class Group(Model):
    """Tests that are scored together.

    points: what the group is worth.
    aggregate: how the scores of its tests become one.
    requires: ids of groups that must be accepted first.
    on_fail: whether its other tests run after one has failed.
    """

    id: TestId
    points: Points
    aggregate: Literal["min", "sum", "max"] = "min"
    requires: Annotated[tuple[TestId, ...], Field(max_length=1000), FailFast()] = ()
    on_fail: Literal["stop", "continue"] = "stop"


class Rerun(Model):
    """Near the time limit: run again.

    window_pct: how near, in percent of the limit, 0-100.
    max: how many times, 0-10; 0 is never.
    """

    window_pct: Annotated[int, Field(ge=0, le=100)] = 10
    max: Annotated[int, Field(ge=0, le=10)] = 2


class Policy(Model):
    """How to judge, and what may be told.

    stop_on_first_fail: tests after the first that is not accepted are SK.
    feedback: what of a hidden test may leave the judge.
    output_bytes: of each test and stream, 0-65536 bytes; None: see `Job.output_bytes`.
    """

    stop_on_first_fail: bool = False
    feedback: Literal["verdict", "diff", "full"] = "verdict"
    output_bytes: Annotated[int, Field(ge=0, le=65_536)] | None = None
    rerun: Rerun = Rerun()


class Job(Sources):
    """A submission and how to judge it.

    id: 1-128 of `A-Za-z0-9._:-`; with `attempt` (1-1000) it names the judging.
    mode: `judge`; `run` gives output back and compares nothing; `compile` runs nothing.
    input_file, output_file: instead of stdin and stdout.
    passes: 1-100, of a multi-pass problem.
    tests: 1-1000; none in mode `compile`.
    labels: 16 pairs of strings of 256 characters; echoed, never read.
    """

    schema_: Literal["oj.job/1"] = Field(alias="schema")
    id: JobId
    attempt: Attempt = 1
    mode: Literal["judge", "run", "compile"] = "judge"
    source_encoding: Literal["plain", "base64", "percent"] = "plain"
    input_file: FileName | None = None
    output_file: FileName | None = None
    limits: Limits = Limits()
    use_language_factors: bool = True
    checker: Checker = Lines(type="lines")
    interactor: Interactor | None = None
    passes: Annotated[int, Field(ge=1, le=100)] = 1
    tests: Annotated[tuple[Test, ...], Field(max_length=1000)] = ()
    groups: Annotated[tuple[Group, ...], Field(max_length=1000)] = ()
    policy: Policy = Policy()
    events: Literal["none", "phase", "test"] = "none"
    labels: Labels = Field(default_factory=dict)

    def source_bytes(self) -> bytes | None:
        """The source, decoded; None where the program is made of files only."""
        match self.source, self.source_encoding:
            case None, _:
                return None
            case source, "base64":
                return decode_base64(source)
            case source, "percent":
                return decode_percent(source)
            case source, _:
                return source.encode()

    def limits_of(self, test: Test) -> Limits:
        """The job's limits with what the test changes in them."""
        return self.limits if test.limits is None else test.limits.over(self.limits)

    def points_of(self, test: Test) -> float:
        """What a test is worth: its points, or 1 if no test beside it has any, else 0.

        Beside it are those of its group. Alone, beside groups, a test is worth nothing: a sample.
        """
        if test.points is not None:
            return test.points
        if test.group is None and self.groups:
            return 0.0
        return 0.0 if test.group in self._groups_with_points else 1.0

    @cached_property
    def _groups_with_points(self) -> frozenset[str | None]:
        """The groups, None for no group, in which a test has points of its own."""
        return frozenset(test.group for test in self.tests if test.points is not None)

    def is_visible(self, test: Test) -> bool:
        """Whether all of a test may leave the judge; in mode `run` it may."""
        return self.mode == "run" or test.visible

    def output_bytes(self, test: Test) -> int:
        """How many bytes of each stream of a test to keep; by default 4096 if visible, else 0."""
        if self.policy.output_bytes is not None:
            return self.policy.output_bytes
        return 4096 if self.is_visible(test) else 0

    def blobs(self) -> Iterator[tuple[str, Blob]]:
        """Every blob of the job and of its checker and interactor: `tests.0.input`, ..."""
        yield from super().blobs()
        if isinstance(self.checker, Testlib | Kattis):
            yield from _below("checker.program", self.checker.program.blobs())
        if self.interactor is not None:
            yield from _below("interactor.program", self.interactor.program.blobs())
        for index, test in enumerate(self.tests):
            yield f"tests.{index}.input", test.input
            if test.answer is not None:
                yield f"tests.{index}.answer", test.answer

    @model_validator(mode="after")
    def _check_job(self) -> Self:
        refuse("Job", self._job_problems())
        return self

    def _names(self) -> Iterator[tuple[tuple[str | int, ...], str]]:
        yield from super()._names()
        if self.input_file is not None:
            yield ("input_file",), self.input_file
        if self.output_file is not None:
            yield ("output_file",), self.output_file

    def _job_problems(self) -> Iterator[Problem]:
        yield from self._mode_problems()
        yield from _duplicates("tests", [test.id for test in self.tests])
        yield from _duplicates("groups", [group.id for group in self.groups])
        yield from self._group_problems()

    def _mode_problems(self) -> Iterator[Problem]:
        if self.mode == "compile":
            if self.tests:
                yield Problem(("tests",), "unexpected", "mode compile takes no tests")
            return
        if not self.tests:
            yield Problem(("tests",), "missing", f"mode {self.mode} needs a test")
        needs_answer = self.mode == "judge" and self.checker.type != "none"
        for index, test in enumerate(self.tests):
            if test.answer is None and needs_answer:
                yield Problem(("tests", index, "answer"), "missing", "field required")
            if test.answer is not None and self.mode == "run":
                message = "mode run takes no answers"
                yield Problem(("tests", index, "answer"), "unexpected", message)

    def _group_problems(self) -> Iterator[Problem]:
        known = {group.id: index for index, group in enumerate(self.groups)}
        with_tests = {test.group for test in self.tests}
        for index, group in enumerate(self.groups):
            if self.mode != "compile" and group.id not in with_tests:
                yield Problem(("groups", index), "missing", "no test is of this group")
        for index, test in enumerate(self.tests):
            if test.group is not None and test.group not in known:
                yield Problem(("tests", index, "group"), "unknown_group", "no such group")
        for index, group in enumerate(self.groups):
            for place, required in enumerate(group.requires):
                if required not in known:
                    loc = ("groups", index, "requires", place)
                    yield Problem(loc, "unknown_group", "no such group")
        try:
            TopologicalSorter({group.id: group.requires for group in self.groups}).prepare()
        except CycleError as error:
            place_in_circle = ("groups", known[error.args[1][0]], "requires")
            yield Problem(place_in_circle, "cyclic", "groups require one another in a circle")


def _below(place: str, blobs: Iterator[tuple[str, Blob]]) -> Iterator[tuple[str, Blob]]:
    return ((f"{place}.{path}", blob) for path, blob in blobs)


def _duplicates(field: str, ids: list[str]) -> Iterator[Problem]:
    seen: Counter[str] = Counter()
    for index, identifier in enumerate(ids):
        if seen[identifier]:
            yield Problem((field, index, "id"), "duplicate_id", "an earlier one has this id")
        seen[identifier] += 1
