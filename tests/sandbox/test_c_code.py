"""What compilers can tell about the C code without running it."""

import subprocess
from pathlib import Path

import pytest

from tests.sandbox.service import ROOT

SAFEEXEC = ROOT / "safeexec"


@pytest.mark.slow
def test_gcc_analyzer_finds_nothing(tmp_path: Path) -> None:
    """With the flags that safeexec is built with: warnings are errors there."""
    flags = ["-DCMAKE_C_COMPILER=gcc", "-DCMAKE_C_FLAGS=-fanalyzer"]
    subprocess.run(
        ["cmake", "-S", str(SAFEEXEC), "-B", str(tmp_path), *flags],
        check=True,
        capture_output=True,
    )
    made = subprocess.run(
        ["make", "--keep-going", "-j2", "-C", str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert made.returncode == 0, made.stderr
    compiled = {path.name.removesuffix(".o") for path in tmp_path.rglob("*.c.o")}
    assert compiled == {path.name for path in SAFEEXEC.glob("*.c")}
