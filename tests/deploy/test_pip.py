"""`pip install .` brings all that the command needs but the sandbox."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from stack import RunFolder, Safeexec
from stack.paths import ROOT, SAFEEXEC

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def command() -> Iterator[Path]:
    """The `executor` of a fresh environment, far from the clone."""
    with RunFolder() as folder:
        project, venv = folder.make("project"), folder.make("venv")
        # What is in git: an installation leaves folders beside it.
        copy = 'git ls-files -z | xargs -0 cp --no-dereference --parents --target-directory="$0"'
        subprocess.run(["bash", "-ec", copy, project], cwd=ROOT, check=True)
        subprocess.run([sys.executable, "-m", "venv", venv], check=True)
        subprocess.run([venv / "bin" / "pip", "install", "--quiet", "."], cwd=project, check=True)
        yield venv / "bin" / "executor"


def run(command: Path, *args: str | Path, **settings: str) -> str:
    """The stdout of the command, far from the clone but for its safeexec."""
    done = subprocess.run(
        [command, *args],
        cwd="/",
        env={"PATH": f"{SAFEEXEC.parent}:/usr/bin:/bin"} | settings,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_it_knows_the_languages(command: Path) -> None:
    with RunFolder() as folder, Safeexec(folder) as safeexec:
        settings = {"SAFEEXEC_SOCKET": str(safeexec.socket), "EXECUTOR_LANGUAGES": "python3"}
        (language,) = json.loads(run(command, "languages", "--json", **settings))
    assert (language["id"], language["state"]) == ("python3", "working"), language


def test_it_judges_a_problem(command: Path) -> None:
    plain = ROOT / "tests" / "problems" / "plain"
    assert "as promised" in run(command, "judge", plain, SAFEEXEC_SOCKET="/nowhere/safeexec.sock")
