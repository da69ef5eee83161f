"""Groups of tests, judged for real."""

from typing import Any

from tests.judge.conftest import Judged

SQUARE = "n = int(input()); print(n * n if n < 3 else 0)"


def a_test(id: str, number: int, group: str | None) -> dict[str, Any]:
    answer = {"text": f"{number * number}\n"}
    return {"id": id, "input": {"text": f"{number}\n"}, "answer": answer, "group": group}


def test_groups_are_scored_and_what_they_require_is_minded(judged: Judged) -> None:
    result = judged(
        source=SQUARE,
        tests=[
            a_test("sample", 1, None),
            a_test("small/1", 1, "small"),
            a_test("small/2", 2, "small"),
            a_test("large/1", 3, "large"),
            a_test("large/2", 2, "large"),
            a_test("huge/1", 1, "huge"),
        ],
        groups=[
            {"id": "small", "points": 30},
            {"id": "large", "points": 50, "requires": ["small"]},
            {"id": "huge", "points": 20, "requires": ["large"]},
        ],
    )
    assert (result.verdict, result.first_failed) == ("WA", "large/1")
    assert (result.score, result.max_score) == (30.0, 100.0)
    assert result.tests is not None
    assert [str(one.verdict) for one in result.tests] == ["AC", "AC", "AC", "WA", "SK", "SK"]
    assert [one.group for one in result.tests][:2] == [None, "small"]
    assert result.groups is not None
    groups = [(group.id, str(group.verdict), group.score) for group in result.groups]
    assert groups == [("small", "AC", 30.0), ("large", "WA", 0.0), ("huge", "SK", 0.0)]


def test_what_does_not_compile_scores_nothing_in_any_group(judged: Judged) -> None:
    result = judged(source="(", tests=[a_test("1", 1, "g")], groups=[{"id": "g", "points": 5}])
    assert (result.verdict, result.score, result.max_score) == ("CE", 0.0, 5.0)
    assert result.groups is not None
    assert [(group.id, str(group.verdict)) for group in result.groups] == [("g", "SK")]
