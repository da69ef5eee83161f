"""`executor job`: submissions of packages through a broker, to a worker that has the packages."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from stack import PrivateBroker, RunFolder
from tests.broker.conftest import StartWorker
from tests.broker.test_command import executor
from tests.problem_packages import PROBLEMS

PACKAGES = {"EXECUTOR_PACKAGES_DIR": str(PROBLEMS)}


def job_of(
    folder: Path, problem: str, submission: str, *more: str
) -> "subprocess.CompletedProcess[str]":
    where = str(PROBLEMS / problem)
    return executor(folder, "job", where, f"submissions/{submission}", *more, **PACKAGES)


@pytest.mark.slow
def test_submissions_of_packages_are_judged_by_a_worker(
    broker: PrivateBroker, start: StartWorker, run_folder: RunFolder, tmp_path: Path
) -> None:
    """With a built-in checker, with a program, and with one that talks."""
    # The worker may not enter the clone.
    packages = run_folder.make("packages") / "all"
    shutil.copytree(PROBLEMS, packages)
    start(EXECUTOR_PACKAGES_DIR=str(packages))
    expected = {
        ("circle", "accepted/circle.py"): "AC",
        ("circle", "wrong_answer/three.py"): "WA",
        ("words", "partially_accepted/three.py"): "AC",
        ("guess", "accepted/halves.py"): "AC",
        ("guess", "wrong_answer/counts.py"): "WA",
    }
    results = {}
    for problem, submission in expected:
        made = job_of(tmp_path, problem, submission)
        assert made.returncode == 0, made.stderr
        (tmp_path / "job.json").write_text(made.stdout)
        args = ["submit", "--json", "--job", "job.json"]
        done = executor(tmp_path, *args, AMQP_URL=broker.url)
        results[problem, submission] = json.loads(done.stdout)
    assert {key: result["verdict"] for key, result in results.items()} == expected
    assert results["words", "partially_accepted/three.py"]["score"] == 6.0


def test_paths_start_from_the_folder_of_all_packages(tmp_path: Path) -> None:
    for folder, path in ((PROBLEMS, "circle/data"), (PROBLEMS / "circle", "data")):
        made = job_of(tmp_path, "circle", "accepted/circle.c", "--packages-dir", str(folder))
        first = json.loads(made.stdout)["tests"][0]
        assert first["input"] == {"path": f"{path}/sample/1.in"}
        assert first["answer"] == {"path": f"{path}/sample/1.ans"}


def test_limit_language_and_id_may_be_chosen(tmp_path: Path) -> None:
    more = ["--limit-cpu-ms", "300", "--language", "c11", "--id", "s-1"]
    job = json.loads(job_of(tmp_path, "circle", "accepted/circle.c", *more).stdout)
    assert (job["limits"]["cpu_ms"], job["language"], job["id"]) == (300, "c11", "s-1")


@pytest.mark.parametrize(
    ("args", "told"),
    [
        (["circle", "accepted"], "submissions/accepted: holds 2 submissions: name one"),
        (["circle", "accepted/none.c"], "submissions/accepted/none.c: no such file or folder"),
        (["stairs", "accepted/loop.cpp"], "stairs: has no time limit: give --limit-cpu-ms"),
        (["circle", "accepted/circle.c", "--packages-dir", "/usr"], "circle: does not lie in /usr"),
        (["circle", "accepted/circle.c", "--id", "a b"], "--id: should be 1-128 of"),
        (["circle", "accepted/circle.c", "--language", "x"], "--language: no language 'x'"),
        (["circle", "accepted/circle.c", "--language", "php"], "has no file that php compiles"),
        (["nowhere", "accepted/circle.c"], "nowhere: no such folder"),
    ],
)
def test_what_makes_no_job_is_told_in_one_line(tmp_path: Path, args: list[str], told: str) -> None:
    done = job_of(tmp_path, *args)
    assert (done.returncode, done.stdout) == (2, "")
    [line] = done.stderr.splitlines()
    assert line.startswith("executor: ")
    assert told in line


def test_the_folder_of_all_packages_has_to_be_told(tmp_path: Path) -> None:
    done = executor(tmp_path, "job", str(PROBLEMS / "circle"), "submissions/accepted/circle.c")
    assert done.returncode == 2
    assert "--packages-dir: is needed, or EXECUTOR_PACKAGES_DIR" in done.stderr
