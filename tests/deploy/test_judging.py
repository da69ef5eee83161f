"""`executor judge` as a problem setter meets it: our own packages, judged with no broker."""

import json
import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from stack import RunFolder, Safeexec
from stack.paths import PYTHON, ROOT, SAFEEXEC
from tests.problem_packages import NAMES, PROBLEMS, package

LIMIT_S = 300
HELD_KIB = 128 * 1024
COMMAND = (str(ROOT / "script" / "executor"),)
# Who is not root is an ordinary user already.
ORDINARY = ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups"]
ORDINARY = [*ORDINARY, "--bounding-set=-all", "--"] if os.geteuid() == 0 else []

pytestmark = pytest.mark.slow


def judge(
    *args: str | Path, env: Mapping[str, str] | None = None, command: Sequence[str] = COMMAND
) -> "subprocess.CompletedProcess[str]":
    """Runs the command; no sandbox of the machine's own is used, unless `env` names one."""
    return subprocess.run(
        [*command, "judge", *map(str, args)],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        env=os.environ | {"SAFEEXEC_SOCKET": "/nowhere/safeexec.sock"} | (env or {}),
        cwd="/",
        check=False,
    )


def judged(*args: str | Path, **options: Any) -> dict[str, Any]:
    done = judge("--json", *args, **options)
    assert done.returncode in (0, 1), done.stderr
    report: dict[str, Any] = json.loads(done.stdout)
    assert report["kept"] is (done.returncode == 0)
    return report


def isolation_of(report: Mapping[str, Any]) -> set[str]:
    """The levels at which submissions were judged; one that nothing was run for has none."""
    return {one["result"]["worker"]["isolation"] for one in report["submissions"]}


def copy(source: Path, target: Path) -> None:
    """A file or a folder, for everybody to read."""
    target.parent.mkdir(parents=True, exist_ok=True)
    subprocess.run(["cp", "-r", source, target], check=True)
    subprocess.run(["chmod", "-R", "a+rX", target], check=True)


def copy_of(problem: str, tmp_path: Path) -> Path:
    return Path(shutil.copytree(PROBLEMS / problem, tmp_path / problem))


@pytest.mark.parametrize("problem", NAMES)
def test_every_submission_of_our_problems_is_as_promised(problem: str, tmp_path: Path) -> None:
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    done = judge(package(problem, tmp_path), env={"TMPDIR": str(temporary)})
    assert done.returncode == 0, done.stdout + done.stderr
    assert "NOT AS PROMISED" not in done.stdout
    assert list(temporary.iterdir()) == []


def test_an_output_of_200_mb_is_never_held(tmp_path: Path) -> None:
    """The judge may not have as much memory of its own; the sandbox beside it is not limited."""
    held = ["prlimit", f"--data={HELD_KIB * 1024}", "--", *COMMAND]
    with RunFolder() as folder, Safeexec(folder) as safeexec:
        env = {"SAFEEXEC_SOCKET": str(safeexec.socket)}
        report = judged(package("odometer", tmp_path), env=env, command=held)
    assert report["kept"], report


def test_an_ordinary_user_judges_at_level_user() -> None:
    """In a copy of the project: the clone may lie where others cannot enter."""
    with RunFolder() as folder:
        project = folder.snapshot()
        for part in (SAFEEXEC.relative_to(ROOT), Path("tests/problems/shout")):
            copy(ROOT / part, project / part)
        command = [*ORDINARY, str(PYTHON), "-m", "executor"]
        env = {"PYTHONPATH": str(project), "PYTHONDONTWRITEBYTECODE": "1"}
        report = judged(project / "tests/problems/shout", command=command, env=env)
    assert report["kept"], report
    assert isolation_of(report) == {"user"}


def test_a_running_safeexec_is_used() -> None:
    with RunFolder() as folder, Safeexec(folder, options=["--level", "restricted"]) as safeexec:
        env = {"SAFEEXEC_SOCKET": str(safeexec.socket)}
        report = judged(PROBLEMS / "plain", env=env)
    assert report["kept"], report
    assert isolation_of(report) == {"restricted"}


def test_a_submission_that_breaks_its_promise_is_told_with_the_first_difference(
    tmp_path: Path,
) -> None:
    problem = copy_of("plain", tmp_path)
    wrong = problem / "submissions" / "wrong_answer" / "subtract.py"
    wrong.rename(problem / "submissions" / "accepted" / "subtract.py")
    done = judge(problem)
    assert done.returncode == 1
    assert "NOT AS PROMISED: test 9 is WA, not AC" in done.stdout
    assert "test 9: WA: line 1, token 1 differs\n    expected  3\n    found     -1" in done.stdout
    assert "4 of 5 submissions as promised" in done.stdout


def test_what_the_compiler_said_is_shown(tmp_path: Path) -> None:
    source = tmp_path / "bad.c"
    source.write_text("int main(void) { return x; }\n")
    done = judge(PROBLEMS / "plain", source)
    assert done.returncode == 1
    assert "NOT AS PROMISED: does not compile" in done.stdout
    assert "error:" in done.stdout
    assert "return x;" in done.stdout


def test_one_submission_is_judged_by_the_promise_of_its_folder() -> None:
    report = judged(PROBLEMS / "circle", "submissions/wrong_answer/three.py")
    [one] = report["submissions"]
    assert (one["name"], one["expected"], one["kept"]) == ("wrong_answer/three.py", "WA", True)


def test_a_language_is_chosen_and_told_which_standard(tmp_path: Path) -> None:
    report = judged("--language", "c11", PROBLEMS / "circle")
    assert [one["name"] for one in report["submissions"]] == ["accepted/circle.c"]


def test_a_language_of_the_same_suffix_takes_its_place(tmp_path: Path) -> None:
    languages = tmp_path / "languages.toml"
    text = (ROOT / "config" / "languages.toml").read_text()
    start = text.index("[python]")
    python = text[start : text.index("\n[java]", start)]
    snake = python.replace("[python", "[snake").replace("python3 =", "snake3 =")
    snake = snake.replace('aliases = ["py', 'aliases = ["sn')
    languages.write_text(f"{text}\n{snake}")
    env = {"EXECUTOR_LANGUAGES_FILE": str(languages)}
    report = judged("--language", "snake3", PROBLEMS / "stairs", env=env)
    # The time limit is still that of the accepted one, in C++.
    assert "the slowest accepted submission" in report["time_limit"]
    assert [one["name"] for one in report["submissions"]] == [
        "mixed/forgets_the_modulus.py",
        "run_time_error/recursion.py",
        "wrong_answer/one_at_a_time.py",
    ]
    assert report["kept"], report


def test_only_some_tests_are_run() -> None:
    report = judged("--test", "secret/*", PROBLEMS / "circle", "submissions/accepted/circle.c")
    tests = report["submissions"][0]["result"]["tests"]
    assert [test["id"] for test in tests] == ["secret/01-zero", "secret/02-large"]


def test_a_limit_of_the_command_line_beats_the_packages() -> None:
    report = judged("--limit-cpu-ms", "300", PROBLEMS / "circle", "submissions/accepted/circle.c")
    assert report["submissions"][0]["result"]["limits"]["cpu_ms"] == 300


def test_a_missing_time_limit_is_taken_from_the_slowest_accepted_submission() -> None:
    report = judged(PROBLEMS / "plain", "submissions/wrong_answer/subtract.py")
    assert "the package has none; the slowest accepted submission takes" in report["time_limit"]
    assert report["submissions"][0]["result"]["limits"]["cpu_ms"] >= 1000


@pytest.mark.parametrize(
    ("args", "error"),
    [
        (["nowhere"], "executor: nowhere: no such folder"),
        ([PROBLEMS / "plain", "none.py"], "executor: none.py: no such file or folder"),
        (["--language", "Latin", PROBLEMS / "plain"], "executor: --language: no language 'Latin'"),
        (["--language", "java", PROBLEMS / "plain"], "there is no submission in java to judge"),
        (
            ["--language", "java", PROBLEMS / "plain", "submissions/accepted"],
            "executor: submissions/accepted/add.py: has no file that java compiles",
        ),
        (["--test", "7", PROBLEMS / "plain"], "executor: no test is called 7: 9 is"),
    ],
)
def test_what_cannot_be_judged_is_told_in_one_line(args: list[str | Path], error: str) -> None:
    done = judge(*args)
    assert done.returncode == 2
    assert done.stdout == ""
    [line] = [line for line in done.stderr.splitlines() if " of " not in line]
    assert error in line


def test_a_bad_package_is_told_with_file_and_key(tmp_path: Path) -> None:
    problem = copy_of("circle", tmp_path)
    text = (problem / "problem.yaml").read_text()
    (problem / "problem.yaml").write_text(text.replace("memory: 256", "memory: -1"))
    done = judge(problem)
    assert done.returncode == 2
    assert done.stderr.startswith("executor: problem.yaml: limits.memory: input should be greater")


def test_a_language_that_is_not_installed_is_told_and_the_others_are_judged(tmp_path: Path) -> None:
    file = tmp_path / "languages.toml"
    text = (ROOT / "config" / "languages.toml").read_text()
    file.write_text(text.replace('"/usr/bin/gcc"', '"/usr/bin/no-gcc"'))
    done = judge(PROBLEMS / "circle", env={"EXECUTOR_LANGUAGES_FILE": str(file)})
    assert done.returncode == 1
    assert "note: c23: is not used: not installed: there is no /usr/bin/no-gcc" in done.stdout
    assert "unsupported_language: no such language here" in done.stdout
    assert "6 of 7 submissions as promised" in done.stdout


def test_a_validator_that_does_not_work_is_told_and_blames_nobody(tmp_path: Path) -> None:
    problem = copy_of("factors", tmp_path)
    program = problem / "output_validators" / "product" / "product.cpp"
    program.write_text("int main() { return 0; }\n")
    done = judge(problem, "submissions/accepted")
    assert done.returncode == 1
    assert "NOT AS PROMISED: was not judged" in done.stdout
    assert "program_unusable: test sample/1: the checker ended with exit code 0" in done.stdout
