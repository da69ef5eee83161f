"""Reading problem packages: tables of small folders, and what becomes of them."""

import base64
from collections.abc import Callable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from executor.contract import Interactor, Job, Kattis, Lines, NoChecker, Tokens, Verdict
from executor.languages import Languages
from executor.packages import Package, PackageError, job_for, read_package
from executor.packages.flags import tokens_checker
from executor.packages.metadata import CurrentProblem, LegacyProblem, TimeLimit
from executor.packages.pattern import matches
from executor.packages.program import family_of
from executor.packages.promise import EVERY, JUDGED_AS
from executor.settings import Settings

LANGUAGES = Languages.load(Settings().executor_languages_file)

Files = Mapping[str, str]
Read = Callable[..., Package]

LEGACY: Files = {
    "problem.yaml": "name: Sums\n",
    "data/secret/1.in": "1 2\n",
    "data/secret/1.ans": "3\n",
    "submissions/accepted/a.py": "print(3)\n",
}
CURRENT: Files = {**LEGACY, "problem.yaml": "problem_format_version: 2025-09\nname: Sums\n"}
SCORING: Files = {**LEGACY, "problem.yaml": "type: scoring\n"}
CURRENT_SCORING: Files = {
    **LEGACY,
    "problem.yaml": "problem_format_version: 2025-09\ntype: scoring\n",
}


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """Reads a package made of files, by their names; later ones replace earlier ones, and a file
    whose text is None is left out."""

    def read(*parts: Mapping[str, str | None]) -> Package:
        for name, text in {k: v for part in parts for k, v in part.items()}.items():
            if text is not None:
                path = tmp_path / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text)
        return read_package(tmp_path, LANGUAGES)

    return read


def the_error(read: Read, *parts: Mapping[str, str | None]) -> str:
    with pytest.raises(PackageError) as caught:
        read(*parts)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def job_of(package: Package, name: str | None = None, **options: Any) -> Job:
    [submission] = [one for one in package.submissions if name in (None, one.name)]
    return job_for(package, submission, cpu_ms=1000, **options)


def groups_of(package: Package) -> list[tuple[Any, ...]]:
    """(id, points, aggregate, on_fail, requires) of each group."""
    return [
        (one.id, one.points, one.aggregate, one.on_fail, one.requires)
        for one in package.plan.groups
    ]


def some_tests(*names: str) -> dict[str, str]:
    """Tests of these names below data/."""
    return {f"data/{name}.{suffix}": "1\n" for name in names for suffix in ("in", "ans")}


BAD_PROBLEM_YAML = [
    ("legacy", "limits: {memory: 0}", "limits.memory: input should be greater than or equal to 1"),
    ("legacy", "limits: {memory: lots}", "limits.memory: input should be a valid integer"),
    ("legacy", "limits: {memory: 8192}", "limits.memory: input should be less than or equal"),
    ("legacy", "limits: {time_limit: 61}", "limits.time_limit: input should be less than or equal"),
    ("legacy", "limits: {speed: 9}", "limits.speed: no such key"),
    ("legacy", "colour: red", "colour: no such key"),
    ("legacy", "name: a\nname: b", "line 2: the key 'name' stands twice"),
    ("legacy", "name: [a", "line 2: expected ',' or ']'"),
    ("legacy", "- a", "should be a map"),
    ("legacy", "type: interactive", "type: input should be 'pass-fail' or 'scoring'"),
    ("legacy", "validation: interactive", "validation: should be 'default', or 'custom'"),
    ("legacy", "validation: custom score", "validation: 'score' is for problems of type scoring"),
    ("legacy", "type: scoring\ngrading: {objective: min}", "grading.objective: min cannot be"),
    ("legacy", "limits: {validation_passes: 2}", "limits.validation_passes: is for multi-pass"),
    ("legacy", "validator_flags: fast", "validator_flags: the default output validator has no"),
    ("2024-01", "", "problem_format_version: should be legacy, 2023-07-draft or 2025-09"),
    ("2025-09", "validation: custom", "validation: no such key"),
    ("2025-09", "type: submit-answer", "type: submit-answer is not supported"),
    ("2025-09", "type: [pass-fail, scoring]", "pass-fail and scoring exclude each other"),
    ("2025-09", "limits: {validation_passes: 3}", "limits.validation_passes: is for multi-pass"),
    ("2025-09", "limits: {time_multipliers: {ac_to_time_limit: 0.5}}",
     "limits.time_multipliers.ac_to_time_limit: input should be greater"),
]  # fmt: skip


@pytest.mark.parametrize(("version", "text", "error"), BAD_PROBLEM_YAML)
def test_a_bad_problem_yaml_is_told_in_one_line(
    read: Read, version: str, text: str, error: str
) -> None:
    head = "" if version == "legacy" else f"problem_format_version: {version}\n"
    said = the_error(read, LEGACY, {"problem.yaml": f"{head}{text}\n"})
    assert said.startswith("problem.yaml: ")
    assert error in said


def test_limits_are_those_of_problem_yaml(read: Read) -> None:
    text = "limits: {memory: 64, output: 2, validation_time: 3, validation_memory: 512}\n"
    package = read(LEGACY, {"problem.yaml": text})
    limits = job_of(package).limits
    assert (limits.cpu_ms, limits.memory_kib, limits.output_kib) == (1000, 64 * 1024, 2 * 1024)
    assert package.metadata.validator_limits.cpu_ms == 3000
    assert package.metadata.validator_limits.memory_kib == 512 * 1024


def test_limits_of_compilers_are_noted_as_not_applied(read: Read) -> None:
    [note] = read(LEGACY, {"problem.yaml": "limits: {compilation_time: 60}\n"}).notes
    assert note.startswith("problem.yaml: limits.compilation_time: not applied")


TIME_LIMITS = [
    ("legacy", "limits: {time_limit: 1.5}", None, TimeLimit(1500, 5, 1000)),
    ("legacy", "", "3\n", TimeLimit(3000, 5, 1000)),
    ("legacy", "limits: {time_limit: 1}", "3\n", TimeLimit(1000, 5, 1000)),
    ("legacy", "limits: {time_multiplier: 4}", None, TimeLimit(None, 4, 1000)),
    ("2025-09", "limits: {time_resolution: 0.5}", None, TimeLimit(None, 2, 500)),
    ("2025-09", "limits: {time_multipliers: {ac_to_time_limit: 3}}", None,
     TimeLimit(None, 3, 1000)),
]  # fmt: skip


@pytest.mark.parametrize(("version", "text", "dot_file", "limit"), TIME_LIMITS)
def test_a_time_limit_is_given_or_to_be_inferred(
    read: Read, version: str, text: str, dot_file: str | None, limit: TimeLimit
) -> None:
    head = f"problem_format_version: {version}\n{text}\n"
    assert read(LEGACY, {"problem.yaml": head, ".timelimit": dot_file}).metadata.time_limit == limit


@pytest.mark.parametrize(
    ("slowest_ms", "inferred_ms"), [(0, 500), (1, 500), (250, 500), (251, 1000), (40_000, 60_000)]
)
def test_an_inferred_time_limit_is_a_multiple_of_the_resolution(
    slowest_ms: int, inferred_ms: int
) -> None:
    assert TimeLimit(None, 2.0, 500).inferred(slowest_ms) == inferred_ms


FLAGS = [
    ("", (False, False, None, None)),
    ("case_sensitive", (True, False, None, None)),
    ("space_change_sensitive case_sensitive", (True, True, None, None)),
    ("float_tolerance 1e-6", (False, False, 1e-6, 1e-6)),
    ("float_absolute_tolerance 0.5", (False, False, 0.5, None)),
    ("float_relative_tolerance 1E-3 float_absolute_tolerance 0", (False, False, 0.0, 1e-3)),
]


@pytest.mark.parametrize(("flags", "expected"), FLAGS)
def test_flags_of_the_default_validator_are_options_of_tokens(
    flags: str, expected: tuple[bool, bool, float | None, float | None]
) -> None:
    checker = tokens_checker(flags.split(), "here")
    found = (checker.case_sensitive, checker.space_sensitive, checker.float_abs, checker.float_rel)
    assert found == expected


@pytest.mark.parametrize(
    ("flags", "error"),
    [
        ("loud", "has no argument 'loud'"),
        ("float_tolerance", "needs a number"),
        ("float_tolerance x", "needs a number"),
        ("float_tolerance -1", "needs a number"),
        ("float_tolerance inf", "needs a number"),
        ("float_tolerance 1 float_tolerance 2", "given twice"),
        ("float_tolerance 1 float_absolute_tolerance 2", "stands for both"),
    ],
)
def test_flags_that_mean_nothing_are_told_with_their_place(flags: str, error: str) -> None:
    with pytest.raises(PackageError, match="here: ") as caught:
        tokens_checker(flags.split(), "here")
    assert error in str(caught.value)


def test_flags_stand_in_problem_yaml_and_in_testdata_yaml(read: Read) -> None:
    checker = read(
        LEGACY,
        {
            "problem.yaml": "validator_flags: case_sensitive\n",
            "data/testdata.yaml": "output_validator_flags: float_tolerance 1e-6\n",
        },
    ).checker
    assert isinstance(checker, Tokens)
    assert (checker.case_sensitive, checker.float_abs) == (True, 1e-6)


def test_flags_that_differ_among_tests_are_an_error_that_names_both(read: Read) -> None:
    said = the_error(
        read,
        LEGACY,
        some_tests("sample/1"),
        {"data/secret/testdata.yaml": "output_validator_flags: case_sensitive\n"},
    )
    assert said.startswith("data/secret/testdata.yaml: output_validator_flags: differs from")
    assert "data/testdata.yaml" in said


def test_arguments_of_a_test_come_from_the_nearest_file(read: Read) -> None:
    package = read(
        CURRENT,
        some_tests("secret/2", "sample/1"),
        {
            "data/test_group.yaml": 'output_validator_args: [float_tolerance, "1e-6"]\n',
            "data/secret/test_group.yaml": "args: [all]\n",
            "data/secret/2.yaml": "args: [two, too]\ndescription: another\n",
        },
    )
    assert isinstance(package.checker, Tokens)
    assert package.checker.float_rel == 1e-6
    assert [(test.id, test.args) for test in job_of(package).tests] == [
        ("sample/1", None),
        ("secret/1", ("all",)),
        ("secret/2", ("two", "too")),
    ]


def test_a_draft_of_2023_07_may_have_testdata_yaml(read: Read) -> None:
    package = read(
        CURRENT,
        {
            "problem.yaml": "problem_format_version: 2023-07-draft\n",
            "data/testdata.yaml": "output_validator_flags: case_sensitive\n",
        },
    )
    assert isinstance(package.checker, Tokens)
    assert package.checker.case_sensitive


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


GROUPED: Mapping[str, str | None] = {
    **CURRENT_SCORING,
    **some_tests("sample/1", "secret/a/1", "secret/b/1", "secret/b/x/2"),
    "data/secret/1.in": None,
    "data/secret/1.ans": None,
    "data/secret/a/test_group.yaml": "max_score: 40\nrequire_pass: sample\n",
    "data/secret/b/test_group.yaml": "max_score: 60\nscore_aggregation: sum\n",
}

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


VALIDATOR: Files = {
    "output_validators/check.py": "raise SystemExit(42)\n",
    "output_validator/check.cpp": "int main() { return 42; }\n",
    "output_validator/check.h": "",
}


def test_a_legacy_validator_is_a_kattis_checker_with_its_flags(read: Read) -> None:
    problem = "validation: custom\nvalidator_flags: a b\n"
    flags = "output_validator_flags: c\n"
    checker = read(
        LEGACY,
        {
            "problem.yaml": problem,
            "data/testdata.yaml": flags,
            "output_validators/check.py": VALIDATOR["output_validators/check.py"],
        },
    ).checker
    assert isinstance(checker, Kattis)
    assert checker.program.language == "python"
    assert checker.program.args == ("a", "b", "c")
    assert checker.program.source == VALIDATOR["output_validators/check.py"]


def test_a_validator_of_2025_is_all_files_of_its_folder(read: Read) -> None:
    files = {k: v for k, v in VALIDATOR.items() if k.startswith("output_validator/")}
    checker = read(CURRENT, files).checker
    assert isinstance(checker, Kattis)
    assert checker.program.language == "cpp"
    assert sorted(file.name for file in checker.program.files) == ["check.cpp", "check.h"]


@pytest.mark.parametrize(
    "base",
    [
        {**LEGACY, "problem.yaml": "validation: custom interactive\n"},
        {**LEGACY, "problem.yaml": "problem_format_version: 2025-09\ntype: interactive\n"},
    ],
)
def test_an_interactive_problem_has_an_interactor_and_needs_no_answers(
    read: Read, base: Files
) -> None:
    folder = "output_validator" if "2025" in base["problem.yaml"] else "output_validators"
    package = read(base, {f"{folder}/talk.py": "", "data/secret/1.ans": None})
    job = job_of(package)
    assert isinstance(job.interactor, Interactor)
    assert job.interactor.protocol == "kattis"
    assert isinstance(job.checker, NoChecker)
    assert job.tests[0].answer is None


@pytest.mark.parametrize(
    ("problem", "folder", "passes"),
    [
        ("validation: custom multi-pass", "output_validators", 2),
        ("validation: custom multipass\nlimits: {validation_passes: 5}", "output_validators", 5),
        ("problem_format_version: 2025-09\ntype: multi-pass", "output_validator", 2),
        (
            "problem_format_version: 2025-09\ntype: [multi-pass, interactive]\n"
            "limits: {validation_passes: 7}",
            "output_validator",
            7,
        ),
    ],
)
def test_a_multi_pass_problem_has_passes(
    read: Read, problem: str, folder: str, passes: int
) -> None:
    package = read(LEGACY, {"problem.yaml": f"{problem}\n", f"{folder}/check.py": ""})
    assert job_of(package).passes == passes


@pytest.mark.parametrize(
    ("files", "error"),
    [
        ({}, "output_validators: is missing, and the problem needs one"),
        ({"output_validator/a.py": ""}, "(output_validator is of another version of the format)"),
        ({"output_validators/a.py": "", "output_validators/b.py": ""}, "should hold one program"),
        ({"output_validators/a/build": "", "output_validators/a/a.py": ""}, "a/build: scripts"),
        ({"output_validators/a.zz": ""}, "output_validators/a.zz: in no language that is known"),
        (
            {"output_validators/a/a.py": "", "output_validators/a/a.cpp": ""},
            "output_validators/a: is in several languages: cpp, python",
        ),
    ],
)
def test_a_validator_that_cannot_be_used_is_told(read: Read, files: Files, error: str) -> None:
    assert error in the_error(read, LEGACY, {"problem.yaml": "validation: custom\n"}, files)


def test_a_folder_is_a_submission_of_all_its_files(read: Read) -> None:
    package = read(
        LEGACY,
        {
            "submissions/accepted/a.py": None,
            "submissions/accepted/two/main.py": "import lib.sum\n",
            "submissions/accepted/two/lib/sum.py": "print(3)\n",
            "submissions/accepted/two/__pycache__/main.pyc": "",
            "submissions/accepted/README.md": "About them",
        },
    )
    job = job_of(package)
    assert job.id == "accepted.two"
    assert job.language == "python"
    assert sorted(file.name for file in job.files) == ["lib/sum.py", "main.py"]


def test_a_submission_may_be_no_text(read: Read, tmp_path: Path) -> None:
    package_files = {**LEGACY, "submissions/accepted/a.py": None}
    (tmp_path / "submissions/accepted").mkdir(parents=True)
    source = b"# coding: latin-1\nprint('\xe9')\n"
    (tmp_path / "submissions/accepted/b.py").write_bytes(source)
    [file] = job_of(read(package_files)).files
    assert base64.b64decode(file.base64 or "") == source


def test_constants_stand_in_programs_for_their_values(read: Read) -> None:
    problem = "problem_format_version: 2025-09\nconstants: {n: 5, word: hi}\n"
    package = read(
        CURRENT,
        {
            "problem.yaml": problem,
            "submissions/accepted/a.py": "print({{n}}, '{{word}}', '{{other}}')\n",
        },
    )
    assert job_of(package).source == "print(5, 'hi', '{{other}}')\n"


def test_included_files_stand_beside_a_submission_in_their_language(read: Read) -> None:
    package = read(
        CURRENT,
        {
            "include/default/data.txt": "1",
            "include/python3/grader.py": "",
            "include/cpp/grader.h": "",
        },
    )
    names = [file.name for file in job_of(package).files]
    assert sorted(names) == ["a.py", "data.txt", "grader.py"]


@pytest.mark.parametrize(
    ("name", "family"),
    [
        ("a.py", "python"),
        ("a.c++", "cpp"),
        ("a.kt", "kotlin"),
        ("a.lua", "lua"),
        ("a.pl", "prolog"),
        ("a.zz", None),
        ("py", None),
    ],
)
def test_a_suffix_tells_the_language(name: str, family: str | None) -> None:
    assert family_of(name, LANGUAGES) == family


def test_submissions_yaml_tells_language_and_entry_point(read: Read) -> None:
    rules = "accepted/*: {language: cpp17, entrypoint: start}\n"
    job = job_of(read(CURRENT, {"submissions/submissions.yaml": rules}))
    assert (job.language, job.entry_point) == ("cpp17", "start")


def test_a_submission_in_an_unknown_language_is_kept_with_the_reason(read: Read) -> None:
    package = read(LEGACY, {"submissions/accepted/b.zz": ""})
    [submission] = [one for one in package.submissions if one.name == "accepted/b.zz"]
    assert submission.sources is None
    assert submission.why.startswith("submissions/accepted/b.zz: in no language")


@pytest.mark.parametrize(
    ("files", "error"),
    [
        ({"submissions/a.py": ""}, "submissions/a.py: belongs into a folder of submissions"),
        ({"problem.yaml": "limits: {code: 1}\n", "submissions/accepted/a.py": "#" * 2000},
         "submissions/accepted/a.py: larger than the 1 KiB of limits.code"),
        ({"problem.yaml": "problem_format_version: 2025-09\nlanguages: [java, cpp]\n"},
         "submissions/accepted/a.py: in python, which problem.yaml: languages does not have"),
        ({"submissions/submissions.yaml": "a: 1\n"}, "submissions/submissions.yaml: a: should be"),
        ({"submissions/submissions.yaml": "a: {permitted: [OK]}\n"}, "a: permitted.0: input"),
        ({"submissions/submissions.yaml": "a: {secret: {language: c}}\n"}, "language: no such key"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_submissions_is_told(read: Read, files: Files, error: str) -> None:
    assert error in the_error(read, LEGACY, files)


def test_a_folder_that_promises_nothing_is_noted(read: Read) -> None:
    package = read(LEGACY, {"submissions/slow/b.py": ""})
    assert package.notes == ("submissions/slow: promises nothing that the format knows",)


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
