"""Groups: which tests are run, in which order, and what they come to."""

import json
from itertools import pairwise
from typing import Any

import pytest

from executor.contract import Job, TestResult, Verdict, decode_job
from executor.judge.groups import Schedule, group_results, max_total, total
from tests.bad_messages import good_job, good_test


def make_job(tests: str, groups: dict[str, dict[str, Any]], **fields: Any) -> Job:
    """`tests`: the group of each, `-` for none; its id is its place, from 1."""
    listed = [
        good_test(id=str(number), **({} if group == "-" else {"group": group}))
        for number, group in enumerate(tests.split(), start=1)
    ]
    described = [{"id": id, "points": 10, **group} for id, group in groups.items()]
    return decode_job(json.dumps(good_job(tests=listed, groups=described, **fields)).encode())


def run(job: Job, verdicts: str) -> str:
    """The tests in the order they are run, with what comes of each: `1AC 3WA 2SK`."""
    would_be = dict(zip((test.id for test in job.tests), verdicts.split(), strict=True))
    schedule = Schedule(job)
    told = []
    for test in schedule.order():
        verdict = Verdict(would_be[test.id]) if schedule.is_run(test) else Verdict.SK
        schedule.record(test, verdict)
        told.append(f"{test.id}{verdict}")
    return " ".join(told)


STOP, GO_ON = {"on_fail": "stop"}, {"on_fail": "continue"}
AFTER_A, AFTER_B = {"requires": ["a"]}, {"requires": ["b"]}
ALL_STOP = {"policy": {"stop_on_first_fail": True}}

SCHEDULES = [
    # the tests' groups, the groups, policy, what each test would be, what comes of it
    ("- - -", {}, {}, "AC WA AC", "1AC 2WA 3AC"),
    ("- - -", {}, ALL_STOP, "AC WA AC", "1AC 2WA 3SK"),
    ("- - -", {}, ALL_STOP, "AC PC AC", "1AC 2PC 3AC"),
    # A failure ends its own group, if the group says so.
    ("a a b", {"a": STOP, "b": STOP}, {}, "WA AC AC", "1WA 2SK 3AC"),
    ("a a b", {"a": GO_ON, "b": STOP}, {}, "WA AC AC", "1WA 2AC 3AC"),
    ("a a", {"a": STOP}, {}, "PC AC", "1PC 2AC"),
    # A group is run if all that it requires was accepted.
    ("a b", {"a": STOP, "b": AFTER_A}, {}, "AC AC", "1AC 2AC"),
    ("a b", {"a": STOP, "b": AFTER_A}, {}, "WA AC", "1WA 2SK"),
    ("a b", {"a": STOP, "b": AFTER_A}, {}, "PC AC", "1PC 2SK"),
    ("a b c", {"a": {}, "b": AFTER_A, "c": AFTER_B}, {}, "WA AC AC", "1WA 2SK 3SK"),
    # What it requires is run first, wherever it is listed; the rest stays in order.
    ("b a b", {"a": {}, "b": AFTER_A}, {}, "AC AC AC", "2AC 1AC 3AC"),
    ("c b a", {"a": {}, "b": AFTER_A, "c": AFTER_B}, {}, "AC AC AC", "3AC 2AC 1AC"),
    ("b a - b", {"a": {}, "b": {}}, {}, "AC AC AC AC", "1AC 2AC 3AC 4AC"),
    ("a b", {"a": STOP, "b": STOP}, ALL_STOP, "WA AC", "1WA 2SK"),
]


@pytest.mark.parametrize(("tests", "groups", "fields", "verdicts", "told"), SCHEDULES)
def test_schedule_table(
    tests: str, groups: dict[str, Any], fields: dict[str, Any], verdicts: str, told: str
) -> None:
    assert run(make_job(tests, groups, **fields), verdicts) == told


def results(job: Job, *outcomes: tuple[str, float]) -> list[TestResult]:
    """Verdict and score of each test."""
    return [
        TestResult(id=test.id, group=test.group, verdict=Verdict(verdict), score=score)
        for test, (verdict, score) in zip(job.tests, outcomes, strict=True)
    ]


RIGHT, WRONG, HALF, SKIPPED = ("AC", 1.0), ("WA", 0.0), ("PC", 0.5), ("SK", 0.0)

SCORES = [
    # aggregate, what its three tests are, the group's verdict and score of 10
    ("min", (RIGHT, RIGHT, RIGHT), "AC", 10.0),
    ("min", (RIGHT, HALF, RIGHT), "PC", 5.0),
    ("min", (RIGHT, WRONG, SKIPPED), "WA", 0.0),
    ("max", (RIGHT, WRONG, WRONG), "WA", 10.0),
    ("max", (HALF, WRONG, WRONG), "PC", 5.0),
    ("sum", (RIGHT, RIGHT, WRONG), "WA", 6.666666667),
    ("sum", (RIGHT, HALF, HALF), "PC", 6.666666667),
    ("min", (SKIPPED, SKIPPED, SKIPPED), "SK", 0.0),
    ("sum", (RIGHT, SKIPPED, SKIPPED), "SK", 3.333333333),
]


@pytest.mark.parametrize(("aggregate", "outcomes", "verdict", "score"), SCORES)
def test_score_table(
    aggregate: str, outcomes: tuple[tuple[str, float], ...], verdict: str, score: float
) -> None:
    job = make_job("a a a", {"a": {"aggregate": aggregate}})
    (group,) = group_results(job, results(job, *outcomes))
    assert (group.verdict, group.score, group.max_score) == (verdict, score, 10.0)


def test_group_of_points_counts_its_tests_by_theirs() -> None:
    tests = [good_test(id="1", group="a", points=3), good_test(id="2", group="a", points=1)]
    groups = [{"id": "a", "points": 100, "aggregate": "sum"}]
    job = decode_job(json.dumps(good_job(tests=tests, groups=groups)).encode())
    (group,) = group_results(job, results(job, ("AC", 3.0), ("WA", 0.0)))
    assert group.score == 75.0


def test_total_is_of_the_groups_and_of_the_tests_in_none() -> None:
    job = make_job("- a b", {"a": {"points": 30}, "b": {"points": 70}})
    outcomes = results(job, ("AC", 0.0), ("AC", 1.0), ("WA", 0.0))
    assert total(outcomes, group_results(job, outcomes)) == 30.0
    assert max_total(job) == 100.0


def test_chain_of_a_thousand_groups_is_no_harm() -> None:
    ids = [f"g{number}" for number in range(1000)]
    groups = {id: {"requires": [before]} for before, id in pairwise(ids)}
    job = make_job(" ".join(reversed(ids)), {ids[0]: {}, **groups})
    assert [test.group for test in Schedule(job).order()] == ids
