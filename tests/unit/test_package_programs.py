"""Problem packages: validators, interactors and submissions."""

import base64
from pathlib import Path

import pytest

from executor.contract import Interactor, Kattis, NoChecker
from executor.packages.program import family_of
from tests.unit.package_files import (
    CURRENT,
    LANGUAGES,
    LEGACY,
    Files,
    Read,
    job_of,
    the_error,
)

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
