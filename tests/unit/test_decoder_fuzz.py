"""The decoder of messages under atheris: from the kept corpus it finds nothing in 15 s.

What is claimed stands in tests/fuzz/decoder.py; that a wrong decoder breaks it is tested as well.
"""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SECONDS = 15
LEAST_RUNS = 10_000
"""A tenth of what one core makes of them."""

MISTAKES = {
    "a file name may climb": (
        "fields.py",
        'if component in ("", ".", ".."):',
        'if component == "":',
    ),
    "an id may hold anything": ("fields.py", r"[A-Za-z0-9._:\-]+$", r".+"),
    "what is no JSON is not caught": ("decode.py", "except ValueError as", "except KeyError as"),
}
"""Where a wrong decoder differs from ours: a file, what stands there, what is planted."""


def fuzz(project: Path, found: Path) -> subprocess.CompletedProcess[str]:
    """Fuzzes the decoder of a project; what is new goes to a folder, not to the kept corpus."""
    found.mkdir()
    target = ROOT / "tests" / "fuzz"
    options = [f"-max_total_time={SECONDS}", "-max_len=4096", f"-artifact_prefix={found}/"]
    return subprocess.run(
        [
            *(sys.executable, "-P", target / "decoder.py", *options),
            *(f"-dict={target / 'decoder.dict'}", found, target / "corpus" / "decoder"),
        ],
        env={"PYTHONPATH": str(project), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.slow
def test_fuzzing_the_decoder_finds_nothing(tmp_path: Path) -> None:
    done = fuzz(ROOT, tmp_path / "found")
    assert done.returncode == 0, done.stderr
    runs = re.search(r"^#(\d+)\s+DONE", done.stderr, re.MULTILINE)
    assert runs, done.stderr
    assert int(runs[1]) >= LEAST_RUNS


@pytest.mark.slow
@pytest.mark.parametrize("mistake", MISTAKES.values(), ids=MISTAKES.keys())
def test_a_wrong_decoder_is_found_from_the_kept_corpus(
    mistake: tuple[str, str, str], tmp_path: Path
) -> None:
    file, right, wrong = mistake
    shutil.copytree(ROOT / "executor", tmp_path / "executor")
    path = tmp_path / "executor" / "contract" / file
    text = path.read_text()
    assert text.count(right) == 1, f"{file} has changed: where does the mistake go now?"
    path.write_text(text.replace(right, wrong))
    done = fuzz(tmp_path, tmp_path / "found")
    assert done.returncode != 0, done.stderr
    assert "Uncaught Python exception" in done.stdout + done.stderr
