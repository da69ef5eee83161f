"""Reading problem packages: tables of small folders, and what becomes of them."""

from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from executor.contract import Lines, Verdict
from executor.packages import PackageError, read_package
from executor.packages.metadata import CurrentProblem, LegacyProblem
from executor.packages.pattern import matches
from executor.packages.promise import EVERY, JUDGED_AS
from tests.unit.package_files import (
    CURRENT,
    CURRENT_SCORING,
    GROUPED,
    LANGUAGES,
    LEGACY,
    SCORING,
    Files,
    Read,
    job_of,
    some_tests,
    the_error,
)

BAD_DATA: list[tuple[Files, Mapping[str, str | None], str]] = [
    (LEGACY, {"data/secret/1.ans": None}, "data/secret/1.in: has no answer secret/1.ans"),
    (LEGACY, {"data/secret/2.ans": "x"}, "data/secret/2.ans: there is no 2.in"),
    (LEGACY, {"data/secret/1.in": None, "data/secret/1.ans": None, "data/secret/x": ""},
     "data: holds no test"),
    (LEGACY, some_tests("secret/a b"), "data/secret/a b.in: a test's path is of letters"),
    (LEGACY, {"data/secret/1/testdata.yaml": ""}, "data/secret/1: a test has the same name"),
    (LEGACY, {"data/secret/1.files/a": ""}, "data/secret/1.files: files of one test"),
    (LEGACY, {"data/testdata.yaml": "grading: custom\n"}, "data/testdata.yaml: grading: graders"),
    (LEGACY, {"data/testdata.yaml": "on_reject: stop\n"}, "data/testdata.yaml: on_reject: input"),
    (LEGACY, {"data/testdata.yaml": "grader_flags: best\n"}, "grader_flags: the default grader"),
    (LEGACY, {"data/testdata.yaml": "accept_score: 2\n"}, "are for scoring problems only"),
    (LEGACY, {"data/testdata.yaml": "grader_flags: always_accept\n"}, "cannot be expressed for a"),
    (LEGACY, {"data/secret/testdata.yaml": "grader_flags: ignore_sample\n"},
     "data/secret/testdata.yaml: grader_flags: ignore_sample belongs"),
    (SCORING, {"data/testdata.yaml": "range: 100 0\n"}, "data/testdata.yaml: range: should be two"),
    (SCORING, {"data/testdata.yaml": "accept_score: -1\n"}, "accept_score: input should be"),
    (SCORING, {"data/testdata.yaml": "accept_score: 9\nrange: 0 5\n"}, "range: its tests can be"),
    (SCORING, {"data/testdata.yaml": "reject_score: 1\ngrader_flags: always_accept\n"},
     "reject_score: points for a rejected test"),
    (CURRENT, {"data/secret/test_group.yaml": "max_score: 5\n"},
     "data/secret/test_group.yaml: max_score: is for scoring problems only"),
    (CURRENT, {"data/secret/test_group.yaml": "static_validation_score: 5\n"},
     "data/secret/test_group.yaml: static_validation_score: is not supported"),
    (CURRENT, {"static_validator/a.py": ""}, "static_validator: "),
    (CURRENT, some_tests("secret/g/1"), "data/secret: has either tests or groups"),
    (CURRENT, some_tests("sample/g/1"), "data/sample/g: data/sample has no groups"),
    (CURRENT, {"data/secret/1.yaml": "argss: [a]\n"}, "data/secret/1.yaml: argss: no such key"),
]  # fmt: skip


@pytest.mark.parametrize(("base", "more", "error"), BAD_DATA)
def test_what_is_wrong_with_test_data_is_told_with_file_and_key(
    read: Read, base: Files, more: Mapping[str, str | None], error: str
) -> None:
    assert error in the_error(read, base, more)


def test_tests_are_blobs_by_path_in_the_order_of_their_names(read: Read) -> None:
    package = read(LEGACY, some_tests("sample/9", "secret/1-x", "secret/0/5"))
    job = job_of(package)
    assert [test.id for test in job.tests] == ["sample/9", "secret/0/5", "secret/1", "secret/1-x"]
    assert [test.visible for test in job.tests] == [True, False, False, False]
    assert job.tests[2].input.path == "data/secret/1.in"
    assert job.tests[2].answer is not None
    assert job.tests[2].answer.path == "data/secret/1.ans"


def test_links_within_a_package_are_followed_by_the_reader(read: Read, tmp_path: Path) -> None:
    (tmp_path / "data/secret").mkdir(parents=True)
    for suffix in ("in", "ans"):
        (tmp_path / f"data/secret/2.{suffix}").symlink_to(f"1.{suffix}")
    assert job_of(read(LEGACY)).tests[1].input.path == "data/secret/1.in"


def test_links_out_of_a_package_are_refused(read: Read, tmp_path: Path) -> None:
    (tmp_path / "data/secret").mkdir(parents=True)
    (tmp_path / "data/secret/2.in").symlink_to("/etc/passwd")
    assert the_error(read, LEGACY) == "data/secret/2.in: leads out of the package"


@pytest.mark.parametrize(
    ("files", "stops"),
    [
        ({}, True),
        ({"data/testdata.yaml": "on_reject: continue\n"}, False),
        ({"data/testdata.yaml": "on_reject: continue\ngrader_flags: first_error\n"}, False),
        ({"data/secret/testdata.yaml": "on_reject: continue\n"}, False),
    ],
)
def test_a_legacy_pass_fail_problem_stops_unless_told_to_go_on(
    read: Read, files: Files, stops: bool
) -> None:
    assert job_of(read(LEGACY, files)).policy.stop_on_first_fail is stops


def test_a_2025_problem_runs_every_test_for_submissions_yaml_speaks_of_each(read: Read) -> None:
    assert not job_of(read(CURRENT)).policy.stop_on_first_fail


def test_a_plain_folder_is_compared_by_lines_in_the_order_of_numbers(read: Read) -> None:
    names = ("10", "2", "a1")
    files = {f"{name}.{suffix}": "" for name in names for suffix in ("in", "ans")}
    package = read({**files, "2.ans": None, "2.out": "", "submissions/accepted/a.py": ""})
    assert package.checker == Lines(type="lines")
    job = job_of(package)
    assert [test.id for test in job.tests] == ["a1", "2", "10"]
    assert job.tests[1].answer is not None
    assert job.tests[1].answer.path == "2.out"


@pytest.mark.parametrize(
    ("files", "error"),
    [
        ({"a.txt": ""}, "has neither a problem.yaml nor tests called 1.in, 1.ans"),
        ({"1.in": ""}, "1.in: has no answer 1.ans"),
        ({"ä.in": "", "ä.ans": ""}, "ä.in: a test's name is of letters"),
    ],
)
def test_a_plain_folder_without_tests_is_told(read: Read, files: Files, error: str) -> None:
    assert error in the_error(read, files)


def test_only_the_tests_that_are_wished_for_are_run_and_nothing_is_scored(read: Read) -> None:
    job = job_of(read(GROUPED), tests=["secret/b/*"])
    assert [test.id for test in job.tests] == ["secret/b/1", "secret/b/x/2"]
    assert job.groups == ()


def test_a_test_that_there_is_not_is_told_with_one_that_there_is(read: Read) -> None:
    with pytest.raises(PackageError, match="no test is called x: sample/1 is"):
        job_of(read(GROUPED), tests=["x"])


PATTERNS = [
    ("accepted", "accepted/a.py", True),
    ("accepted/*", "accepted/a.py", True),
    ("*/a.py", "accepted/a.py", True),
    ("accepted/*.py", "accepted/a.cpp", False),
    ("accepted/{a,b}.{py,cpp}", "accepted/b.cpp", True),
    ("accepted/{a,b}.py", "accepted/c.py", False),
    ("*", "accepted/a.py", True),
    ("acc", "accepted/a.py", False),
    ("secret/*-large", "secret/01-large", True),
    ("secret/*-large", "secret/g/01-large", False),
    ("secret/[ab]", "secret/a", False),
    ("accepted/a.py/x", "accepted/a.py", False),
]


@pytest.mark.parametrize(("pattern", "path", "expected"), PATTERNS)
def test_a_pattern_is_of_a_path_or_of_a_folder_above_it(
    pattern: str, path: str, expected: bool
) -> None:
    assert matches(pattern, path) is expected


def test_a_pattern_that_explodes_is_refused() -> None:
    with pytest.raises(PackageError, match="more than 100"):
        matches("{a,b}" * 20, "a")


def test_every_verdict_of_a_run_is_one_of_the_formats_four() -> None:
    not_of_a_run = {"CE", "CTL", "JE", "SE", "SK", "CN"}
    assert {verdict.value for verdict in Verdict} - not_of_a_run == {v.value for v in JUDGED_AS}
    assert set(JUDGED_AS.values()) == EVERY


KEYS = [
    *LegacyProblem.model_fields,
    *CurrentProblem.model_fields,
    *("memory", "time_limit", "time_multipliers", "grading", "grader_flags", "accept_score"),
    *("range", "output_validator_flags", "output_validator_args", "args", "max_score"),
    *("score_aggregation", "require_pass", "accepted", "permitted", "required", "score"),
]
WORDS = ["legacy", "2025-09", "scoring", "custom interactive", "sum avg always_accept", "sample"]
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.sampled_from(WORDS) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(KEYS), inner),
    max_leaves=6,
)
NAMES = [
    *("problem.yaml", "data/testdata.yaml", "data/test_group.yaml", "data/secret/1.yaml"),
    *("data/secret/testdata.yaml", "data/secret/test_group.yaml"),
    "submissions/submissions.yaml",
]


@given(
    base=st.sampled_from([LEGACY, CURRENT, SCORING, CURRENT_SCORING]),
    name=st.sampled_from(NAMES),
    value=st.dictionaries(st.sampled_from(KEYS), VALUES, max_size=4) | VALUES,
)
def test_whatever_stands_in_a_yaml_file_is_read_or_told_in_one_line(
    base: Files, name: str, value: Any
) -> None:
    with TemporaryDirectory() as folder:
        root = Path(folder)
        for path, text in {**base, name: yaml.safe_dump(value)}.items():
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_text(text)
        said = ""
        try:
            job_of(read_package(root, LANGUAGES))
        except PackageError as error:
            said = str(error)
        assert "\n" not in said


@pytest.mark.parametrize(
    ("text", "error"),
    [
        (b"name: \xff", "problem.yaml: "),
        (b"a: &a [*a]\nlimits: *a\n", "problem.yaml: "),
        (b"[" * 5000, "problem.yaml: "),
        (b"name: " + b"a" * 1024 * 1024, "problem.yaml: longer than 1024 KiB"),
        (b"name: !!python/object:os.system {}\n", "problem.yaml: line 1: could not determine"),
    ],
)
def test_hostile_yaml_is_refused(tmp_path: Path, text: bytes, error: str) -> None:
    (tmp_path / "problem.yaml").write_bytes(text)
    with pytest.raises(PackageError) as caught:
        read_package(tmp_path, LANGUAGES)
    assert str(caught.value).startswith(error)
