"""The parsers of outside text under libFuzzer, ASan and UBSan: half a minute finds nothing in them.

What the fuzz targets claim is in safeexec/fuzz/*.c; that a wrong parser breaks these claims is
tested as well.
"""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.sandbox.service import ROOT

SAFEEXEC = ROOT / "safeexec"
TARGETS = sorted(path.name for path in (SAFEEXEC / "fuzz" / "corpus").iterdir())
SECONDS = 30
LEAST_RUNS = 10_000
"""A hundredth of what one core makes of them."""


@pytest.mark.slow
@pytest.mark.parametrize("target", TARGETS)
def test_fuzzing_finds_nothing(target: str) -> None:
    command = [str(ROOT / "script" / "fuzz"), "--seconds", str(SECONDS), target]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    runs = re.search(r"^#(\d+)\s+DONE", done.stderr, re.MULTILINE)
    assert runs, done.stderr
    assert int(runs[1]) >= LEAST_RUNS


# For each target a parser that is wrong in one place: the file, what stands there, what is planted.
MISTAKES = {
    "request": ("request.c", "part[1] == '.'", "part[1] == 'x'"),
    "options": ("options.c", "o->min_uid == 0 || ", ""),
    "cgroup": ("cgroup_tree.c", "item_length == length && ", ""),
}


@pytest.fixture(scope="module")
def mistaken(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """As much of the project as script/fuzz needs, with these mistakes in its parsers."""
    copy = tmp_path_factory.mktemp("mistaken")
    for pattern in ("script/[cfls]*", "requirements*.txt", "config/languages.toml"):
        copy_files(pattern, copy)
    for pattern in ("script/stack/toolchains.py", "executor/__init__.py", "executor/toolchain.py"):
        copy_files(pattern, copy)
    for pattern in ("safeexec/fuzz/**/*", "safeexec/*.[ch]", "safeexec/CMakeLists.txt"):
        copy_files(pattern, copy)
    for file, right, wrong in MISTAKES.values():
        path = copy / "safeexec" / file
        text = path.read_text()
        assert text.count(right) == 1, f"{file} has changed: where does the mistake go now?"
        path.write_text(text.replace(right, wrong))
    return copy


def copy_files(pattern: str, target: Path) -> None:
    for source in ROOT.glob(pattern):
        if source.is_file():
            copy = target / source.relative_to(ROOT)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, copy)


@pytest.mark.slow
@pytest.mark.parametrize("target", TARGETS)
def test_mistake_is_found_from_the_kept_corpus_and_can_be_seen_again(
    target: str, mistaken: Path, tmp_path: Path
) -> None:
    command = [str(mistaken / "script" / "fuzz"), "--seconds", "5", target]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1, done.stderr
    assert re.search(r"Assertion `.*' failed", done.stderr), done.stderr
    reproducer = done.stdout
    subprocess.run(["bash", "-c", reproducer], check=True, cwd=tmp_path)
    again = [str(mistaken / "build" / "fuzz" / target), "input"]
    seen = subprocess.run(again, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert re.search(r"Assertion `.*' failed", seen.stderr), seen.stderr
