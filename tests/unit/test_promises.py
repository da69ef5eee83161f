"""What a submission's folder promises, and results that keep it or do not."""

from pathlib import Path

import pytest

from executor.contract import (
    AppliedLimits,
    CompileResult,
    GroupResult,
    Result,
    Summary,
    TestResult,
    Timing,
    Verdict,
    Worker,
)
from executor.packages.promise import Promise
from executor.packages.submissions import ALONE, list_submissions

TESTS = ("sample/1", "secret/1-easy", "secret/2-hard")


def result(verdicts: str, score: float = 0.0, groups: tuple[GroupResult, ...] = ()) -> Result:
    """A result whose tests have these verdicts, or that has one of a job that was never run."""
    compiling = verdicts if verdicts in ("CE", "CTL") else "OK"
    words = verdicts.split() if compiling == "OK" else []
    tests = tuple(
        TestResult(id=id, verdict=Verdict(word)) for id, word in zip(TESTS, words, strict=False)
    )
    failed = [test for test in tests if test.verdict not in (Verdict.AC, Verdict.SK)]
    zeros = {field: 0 for field in Summary.model_fields}
    return Result.model_validate(
        {
            "id": "j",
            "attempt": 1,
            "status": "done",
            "verdict": (failed or tests)[0].verdict if tests else Verdict(compiling),
            "score": score,
            "max_score": 100.0,
            "compile": CompileResult(
                verdict=compiling, cpu_ms=0, wall_ms=0, memory_kib=0, exit_code=0
            ),
            "summary": zeros,
            "groups": groups,
            "tests": tests,
            "limits": {field: 0 for field in AppliedLimits.model_fields},
            "timing": {field: 0 for field in Timing.model_fields},
            "worker": Worker(name="w", version="1"),
            "redelivered": False,
            "labels": {},
        }
    )


def promise_of(root: Path, folder: str, *, legacy: bool = False, rules: str = "") -> Promise:
    place = root / "submissions" / folder
    place.mkdir(parents=True, exist_ok=True)
    (place / "a.py").touch()
    if rules:
        (root / "submissions" / "submissions.yaml").write_text(rules)
    [listed], _ = list_submissions(root, legacy=legacy)
    return listed.promise


KEPT = [
    ("accepted", "any", "AC AC AC", True),
    ("accepted", "any", "AC WA AC", False),
    ("accepted", "any", "CE", False),
    ("wrong_answer", "any", "AC WA AC", True),
    ("wrong_answer", "any", "AC PE SK", True),
    ("wrong_answer", "any", "AC AC AC", False),
    ("wrong_answer", "any", "AC WA TLE", False),
    ("wrong_answer", "any", "AC WA RTE", False),
    ("time_limit_exceeded", "any", "AC TLE AC", True),
    ("time_limit_exceeded", "any", "AC WTL AC", True),
    ("time_limit_exceeded", "any", "AC AC AC", False),
    ("time_limit_exceeded", "any", "TLE RTE AC", False),
    ("time_limit_exceeded", "legacy", "WA TLE AC", True),
    ("time_limit_exceeded", "2025-09", "WA TLE AC", False),
    ("run_time_error", "any", "AC RTE AC", True),
    ("run_time_error", "any", "AC MLE AC", True),
    ("run_time_error", "any", "AC OLE SV", True),
    ("run_time_error", "any", "AC TLE AC", False),
    ("run_time_error", "legacy", "WA RTE TLE", True),
    ("run_time_error", "2025-09", "WA RTE TLE", False),
    ("rejected", "any", "AC AC TLE", True),
    ("rejected", "any", "AC AC AC", False),
    ("brute_force", "any", "AC TLE RTE", True),
    ("brute_force", "any", "AC WA TLE", False),
    ("mixed", "any", "AC WA RTE", True),
    ("mixed", "any", "CE", False),
    ("compiler_error", "any", "CE", True),
    ("compiler_error", "any", "AC AC AC", False),
    ("of_our_own", "any", "WA WA WA", True),
]


@pytest.mark.parametrize(("folder", "version", "verdicts", "kept"), KEPT)
def test_a_folder_promises_what_its_version_of_the_format_says(
    tmp_path: Path, folder: str, version: str, verdicts: str, kept: bool
) -> None:
    for legacy in {"any": (True, False), "legacy": (True,), "2025-09": (False,)}[version]:
        broken = promise_of(tmp_path, folder, legacy=legacy).broken(result(verdicts))
        assert (broken == []) is kept, broken


@pytest.mark.parametrize(
    ("score", "best", "kept"),
    [(0.0, None, False), (40.0, None, True), (100.0, None, False), (40.0, 40.0, False)],
)
def test_partly_accepted_is_more_than_nothing_and_less_than_all(
    tmp_path: Path, score: float, best: float | None, kept: bool
) -> None:
    promise = promise_of(tmp_path, "partially_accepted", legacy=True)
    assert (promise.broken(result("AC WA AC", score), best) == []) is kept


RULES = [
    ("wrong_answer: {permitted: [AC, WA, TLE]}", "AC WA TLE", True),
    ("wrong_answer: {permitted: [AC, WA, TLE]}", "AC AC TLE", False),
    ("wrong_answer/*: {permitted: [AC, WA, TLE]}", "AC WA TLE", False),
    ("wrong_answer/a.py: {required: [TLE]}", "AC WA AC", False),
    ("wrong_answer/b.py: {required: [TLE]}", "AC WA AC", True),
    ("wrong_answer/a.py: {sample: {permitted: [AC]}}", "AC WA AC", True),
    ("wrong_answer/a.py: {sample: {permitted: [AC]}}", "WA AC AC", False),
    ("wrong_answer/a.py: {secret/*-hard: {required: [WA]}}", "AC AC WA", True),
    ("wrong_answer/a.py: {secret/*-hard: {required: [WA]}}", "AC WA AC", False),
    ('"wrong_answer/{a,b}.py": {score: [10, 30]}', "AC WA AC", True),
    ("wrong_answer/a.py: {score: 21}", "AC WA AC", False),
    ("wrong_answer/a.py: {secret/g: {score: 15}}", "AC WA AC", True),
    ("wrong_answer/a.py: {secret/g: {score: 16}}", "AC WA AC", False),
    ("wrong_answer/a.py: {secret/h: {score: 16}}", "AC WA AC", False),
]


@pytest.mark.parametrize(("rules", "verdicts", "kept"), RULES)
def test_submissions_yaml_asks_for_more_or_replaces_what_a_folder_promises(
    tmp_path: Path, rules: str, verdicts: str, kept: bool
) -> None:
    promise = promise_of(tmp_path, "wrong_answer", rules=rules)
    group = GroupResult(id="secret/g", verdict=Verdict.AC, score=15, max_score=20)
    broken = promise.broken(result(verdicts, 20.0, (group,)))
    assert (broken == []) is kept, broken


def test_of_some_tests_only_is_asked_what_each_may_be(tmp_path: Path) -> None:
    promise = promise_of(tmp_path, "wrong_answer")
    assert promise.broken(result("AC"), partial=True) == []
    assert promise.broken(result("TLE"), partial=True) == ["test sample/1 is TLE, not AC or WA"]


def test_a_judging_error_keeps_no_promise(tmp_path: Path) -> None:
    assert promise_of(tmp_path, "mixed").broken(result("JE AC AC")) == ["was not judged"]


def test_a_submission_alone_has_to_be_accepted() -> None:
    assert ALONE.broken(result("AC AC AC")) == []
    assert ALONE.broken(result("AC RTE AC")) == ["test secret/1-easy is RTE, not AC"]


@pytest.mark.parametrize(
    ("folder", "rules", "label"),
    [
        ("accepted", "", "AC"),
        ("rejected", "", "not AC"),
        ("mixed", "", "any"),
        ("mixed", "mixed/a.py: {required: [WA, TLE]}", "TLE WA"),
        ("new", "new: {permitted: [AC, TLE]}", "AC TLE"),
    ],
)
def test_a_promise_is_shown_in_a_word_or_two(
    tmp_path: Path, folder: str, rules: str, label: str
) -> None:
    assert promise_of(tmp_path, folder, rules=rules).label == label
