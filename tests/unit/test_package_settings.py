"""Problem packages: problem.yaml, limits, and the flags of the default validator."""

import pytest

from executor.contract import Tokens
from executor.packages import PackageError
from executor.packages.flags import tokens_checker
from executor.packages.metadata import TimeLimit
from tests.unit.package_files import CURRENT, LEGACY, Read, job_of, some_tests, the_error

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
