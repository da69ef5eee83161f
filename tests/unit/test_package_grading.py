"""Problem packages: what groups their grading becomes."""

from collections.abc import Mapping
from typing import Any

import pytest

from tests.unit.package_files import (
    CURRENT_SCORING,
    GROUPED,
    SCORING,
    Files,
    Read,
    groups_of,
    job_of,
    some_tests,
    the_error,
)

TOP = "on_reject: continue\nrange: 0 100\ngrader_flags: ignore_sample\n"
LENIENT = "on_reject: continue\ngrader_flags: accept_if_any_accepted\n"
A = "on_reject: break\naccept_score: 30\ngrader_flags: min\n"
B = "on_reject: continue\naccept_score: 10\ngrader_flags: sum accept_if_any_accepted\n"
TWO_GROUPS: Files = {
    **SCORING,
    **some_tests("sample/1", "secret/a/1", "secret/a/2", "secret/b/1", "secret/b/2"),
    "data/testdata.yaml": TOP,
    "data/secret/testdata.yaml": LENIENT,
    "data/secret/a/testdata.yaml": A,
    "data/secret/b/testdata.yaml": B,
}
SAMPLE = ("sample", 0, "min", "continue", ())
FLAT = {"data/testdata.yaml": "on_reject: continue\naccept_score: 5\n"}

LEGACY_GRADING: list[tuple[str, Mapping[str, str | None], list[tuple[Any, ...]]]] = [
    ("strict by default: all or nothing", {**SCORING, **some_tests("secret/2")},
     [("secret", 2, "min", "stop", ())]),
    ("strict, with points", {**SCORING, **some_tests("secret/2"), **FLAT},
     [("secret", 10, "min", "continue", ())]),
    ("strict max", {**SCORING, **some_tests("secret/2"),
                    "data/testdata.yaml": "accept_score: 5\ngrader_flags: max\n"},
     [("secret", 5, "min", "stop", ())]),
    ("lenient sum", {**SCORING, **some_tests("secret/2"), "data/testdata.yaml": f"{LENIENT}"},
     [("secret", 2, "sum", "continue", ())]),
    ("lenient average", {**SCORING, **some_tests("secret/2"),
                         "data/testdata.yaml": "on_reject: continue\naccept_score: 7\n"
                                               "grader_flags: avg always_accept\n"},
     [("secret", 7, "sum", "continue", ())]),
    ("the last mode counts", {**SCORING, **some_tests("secret/2"),
                              "data/testdata.yaml": "grader_flags: sum max always_accept\n"},
     [("secret", 1, "max", "stop", ())]),
    ("a sample that counts", {**SCORING, **some_tests("sample/1"), "data/testdata.yaml": LENIENT},
     [("sample", 1, "sum", "continue", ()), ("secret", 1, "sum", "continue", ())]),
    ("all of it strict, a sample too", {**SCORING, **some_tests("sample/1")},
     [("data", 2, "min", "stop", ())]),
    ("groups", {**TWO_GROUPS, "data/secret/1.in": None, "data/secret/1.ans": None},
     [SAMPLE, ("secret/a", 30, "min", "stop", ()), ("secret/b", 20, "sum", "continue", ())]),
    ("groups, one after another",
     {**TWO_GROUPS, "data/secret/1.in": None, "data/secret/1.ans": None,
      "data/secret/testdata.yaml": LENIENT.replace("continue", "break"),
      "data/secret/b/testdata.yaml": A},
     [SAMPLE, ("secret/a", 30, "min", "stop", ()),
      ("secret/b", 30, "min", "stop", ("secret/a",))]),
    ("a lenient sample that does not count",
     {**SCORING, **some_tests("sample/1"),
      "data/testdata.yaml": "on_reject: continue\ngrader_flags: ignore_sample always_accept\n"},
     [SAMPLE, ("secret", 1, "sum", "continue", ())]),
    ("a folder without tests", {**SCORING, "data/testdata.yaml": LENIENT, "data/secret/x/y": ""},
     [("secret", 1, "sum", "continue", ())]),
    ("strict min, beside a folder without tests",
     {**SCORING, "data/testdata.yaml": "grader_flags: min\n", "data/secret/x/y": ""},
     [("secret", 1, "min", "stop", ())]),
    ("a sample that has to be passed",
     {**SCORING, **some_tests("sample/1"), "data/testdata.yaml": "grader_flags: ignore_sample\n"},
     [("sample", 0, "min", "stop", ()), ("secret", 1, "min", "stop", ("sample",))]),
]  # fmt: skip


@pytest.mark.parametrize(("files", "groups"), [x[1:] for x in LEGACY_GRADING],
                         ids=[x[0] for x in LEGACY_GRADING])  # fmt: skip
def test_legacy_grading_becomes_groups(
    read: Read, files: Mapping[str, str | None], groups: list[tuple[Any, ...]]
) -> None:
    package = read(files)
    assert groups_of(package) == groups
    assert job_of(package).groups == package.plan.groups


NOT_EXPRESSIBLE: list[tuple[Mapping[str, str | None], str]] = [
    ({"data/testdata.yaml": "grader_flags: ignore_sample always_accept\n"},
     "data/testdata.yaml: grader_flags: accepted in part, within data/sample"),
    ({"data/secret/testdata.yaml": "grader_flags: max accept_if_any_accepted\n"},
     "data/secret/testdata.yaml: grader_flags: max over folders cannot be expressed"),
    ({"data/secret/testdata.yaml": "on_reject: continue\ngrader_flags: sum\n"},
     "data/secret/b/testdata.yaml: grader_flags: accepted in part, within data/secret"),
    ({"data/secret/testdata.yaml": LENIENT.replace("continue", "break"),
      "data/secret/a/testdata.yaml": B},
     "data/secret/testdata.yaml: on_reject: break cannot be expressed after secret/a"),
    ({"data/secret/b/testdata.yaml": "on_reject: break\ngrader_flags: avg always_accept\n"},
     "data/secret/b/testdata.yaml: on_reject: break: an average"),
]  # fmt: skip


@pytest.mark.parametrize(("files", "error"), NOT_EXPRESSIBLE)
def test_legacy_grading_that_groups_cannot_express_is_an_error(
    read: Read, files: Mapping[str, str | None], error: str
) -> None:
    base = {**TWO_GROUPS, "data/secret/1.in": None, "data/secret/1.ans": None}
    assert the_error(read, base, files).startswith(error)


CURRENT_SCORES: list[tuple[str, Mapping[str, str | None], list[tuple[Any, ...]]]] = [
    ("tests alone", {**CURRENT_SCORING, **some_tests("secret/2")},
     [("secret", 100, "sum", "continue", ())]),
    ("tests alone, pass-fail",
     {**CURRENT_SCORING, "data/secret/test_group.yaml": "score_aggregation: pass-fail\n"},
     [("secret", 100, "min", "continue", ())]),
    ("unbounded",
     {**CURRENT_SCORING, **some_tests("secret/2"),
      "data/secret/test_group.yaml": "max_score: unbounded\n"},
     [("secret", 2, "sum", "continue", ())]),
    ("groups", GROUPED,
     [SAMPLE, ("secret/a", 40, "min", "continue", ("sample",)),
      ("secret/b", 60, "sum", "continue", ())]),
    ("groups that require one another",
     {**GROUPED,
      "data/secret/b/test_group.yaml": "max_score: 60\nrequire_pass: [sample, secret/a]\n"},
     [SAMPLE, ("secret/a", 40, "min", "continue", ("sample",)),
      ("secret/b", 60, "min", "continue", ("sample", "secret/a"))]),
    ("all groups as one",
     {**GROUPED, "data/secret/a/test_group.yaml": None, "data/secret/b/test_group.yaml": None,
      "data/secret/test_group.yaml":
          "score_aggregation: pass-fail\nmax_score: 7\nrequire_pass: sample\n"},
     [SAMPLE, ("secret", 7, "min", "continue", ("sample",))]),
]  # fmt: skip


@pytest.mark.parametrize(("files", "groups"), [x[1:] for x in CURRENT_SCORES],
                         ids=[x[0] for x in CURRENT_SCORES])  # fmt: skip
def test_scoring_of_2025_becomes_groups(
    read: Read, files: Mapping[str, str | None], groups: list[tuple[Any, ...]]
) -> None:
    package = read(files)
    assert groups_of(package) == groups
    assert job_of(package).groups == package.plan.groups


BAD_SCORES: list[tuple[Mapping[str, str | None], str]] = [
    ({"data/secret/a/test_group.yaml": ""}, "data/secret/a/test_group.yaml: max_score: is needed"),
    ({"data/secret/a/test_group.yaml": "max_score: 41\n"},
     "data/secret/test_group.yaml: max_score: its groups have 101 points"),
    ({"data/secret/a/test_group.yaml": "max_score: -1\n"}, "max_score: should be 0 to 1000000"),
    ({"data/secret/a/test_group.yaml": "max_score: 1\nrequire_pass: secret/b\n"},
     "data/secret/a/test_group.yaml: require_pass: secret/b: should be sample, or an earlier"),
    ({"data/secret/test_group.yaml": "score_aggregation: min\n"},
     "data/secret/test_group.yaml: score_aggregation: min over groups"),
    ({"data/secret/test_group.yaml": "score_aggregation: pass-fail\n",
      "data/secret/a/test_group.yaml": "max_score: 40\n"},
     "data/secret/b/test_group.yaml: score_aggregation: should be pass-fail"),
    ({"data/sample/test_group.yaml": "max_score: 1\n"}, "data/sample/test_group.yaml: max_score"),
    ({"data/secret/b/x/test_group.yaml": ""}, "data/secret/b/x/test_group.yaml: groups within"),
]  # fmt: skip


@pytest.mark.parametrize(("files", "error"), BAD_SCORES)
def test_scoring_of_2025_that_is_wrong_or_not_expressible_is_an_error(
    read: Read, files: Mapping[str, str | None], error: str
) -> None:
    assert error in the_error(read, GROUPED, files)


def test_a_test_is_worth_its_share_of_a_sum(read: Read) -> None:
    points = {test.id: test.points for test in job_of(read(GROUPED)).tests}
    assert points == {"sample/1": 0, "secret/a/1": 40, "secret/b/1": 30, "secret/b/x/2": 30}
