"""Scores, and which tests are run: groups, what they require, and where one failure ends them."""

import math
from collections.abc import Iterable, Mapping, Sequence
from graphlib import TopologicalSorter
from typing import assert_never

from executor.contract import Group, GroupResult, Job, Test, TestResult, Verdict

_NO_FAILURE = (Verdict.AC, Verdict.PC)
"""A partly correct test lowers its group's score, and does not end the group."""


class Schedule:
    """Decides test by test what is still run. Takes each result by `record`."""

    def __init__(self, job: Job) -> None:
        self._job = job
        self._groups = {group.id: group for group in job.groups}
        self._verdicts: dict[str, list[Verdict]] = {group.id: [] for group in job.groups}
        self._over = False

    def order(self) -> list[Test]:
        """The tests as the job lists them, but those of a group after those it requires."""
        requires = {group.id: group.requires for group in self._job.groups}
        depth: dict[str | None, int] = {None: 0}
        for group in TopologicalSorter(requires).static_order():
            depth[group] = max((depth[required] + 1 for required in requires[group]), default=0)
        return sorted(self._job.tests, key=lambda test: depth[test.group])

    def is_run(self, test: Test) -> bool:
        """Whether it is worth running after what has been recorded."""
        if self._over:
            return False
        if test.group is None:
            return True
        group = self._groups[test.group]
        if group.on_fail == "stop" and any(map(_failed, self._verdicts[group.id])):
            return False
        return all(
            verdict is Verdict.AC
            for required in group.requires
            for verdict in self._verdicts[required]
        )

    def record(self, test: Test, verdict: Verdict) -> None:
        """Takes the verdict of a test, also SK."""
        if test.group is not None:
            self._verdicts[test.group].append(verdict)
        if self._job.policy.stop_on_first_fail and _failed(verdict):
            self._over = True


def group_results(job: Job, tests: Sequence[TestResult]) -> tuple[GroupResult, ...]:
    """What each group came to, in the job's order; `tests` are in the job's order too."""
    results = {test.id: test for test in tests}
    members = _members(job)
    return tuple(
        _group_result(job, group, members[group.id], results)
        for group in job.groups
        if members[group.id]  # all have some, but in mode compile
    )


def total(tests: Sequence[TestResult], groups: Sequence[GroupResult]) -> float:
    """The job's score: that of its groups, and of the tests that are in none."""
    return points(
        [group.score for group in groups] + [test.score for test in tests if test.group is None]
    )


def max_total(job: Job) -> float:
    """The most that `total` can be."""
    alone = [job.points_of(test) for test in job.tests if test.group is None]
    return points([group.points for group in job.groups] + alone)


def points(scores: Iterable[float]) -> float:
    """Their sum, as people add: 0.1 and 0.2 are 0.3."""
    return round(math.fsum(scores), 9)


def _group_result(
    job: Job, group: Group, members: Sequence[Test], results: Mapping[str, TestResult]
) -> GroupResult:
    verdicts = [results[test.id].verdict for test in members]
    return GroupResult(
        id=group.id,
        verdict=_verdict(verdicts),
        score=points([group.points * _share(job, group, members, results)]),
        max_score=group.points,
    )


def _verdict(verdicts: Sequence[Verdict]) -> Verdict:
    """JE if any is; else the first that is neither AC nor SK; SK if any was not run; else AC."""
    if Verdict.JE in verdicts:
        return Verdict.JE
    for verdict in verdicts:
        if verdict not in (Verdict.AC, Verdict.SK):
            return verdict
    return Verdict.SK if Verdict.SK in verdicts else Verdict.AC


def _share(
    job: Job, group: Group, members: Sequence[Test], results: Mapping[str, TestResult]
) -> float:
    """How much of the group's points its tests have earned, 0-1."""
    worth = [job.points_of(test) for test in members]
    earned = [results[test.id].score for test in members]
    match group.aggregate:
        case "min":
            return min(map(_fraction, earned, worth))
        case "max":
            return max(map(_fraction, earned, worth))
        case "sum":
            return _fraction(math.fsum(earned), math.fsum(worth))
        case _:
            assert_never(group.aggregate)


def _fraction(earned: float, worth: float) -> float:
    return earned / worth if worth else 0.0


def _failed(verdict: Verdict) -> bool:
    return verdict not in _NO_FAILURE


def _members(job: Job) -> dict[str, list[Test]]:
    members: dict[str, list[Test]] = {group.id: [] for group in job.groups}
    for test in job.tests:
        if test.group is not None:
            members[test.group].append(test)
    return members
