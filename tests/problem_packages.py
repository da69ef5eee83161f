"""Our own problem packages, as they are judged: large test data is made, not kept."""

import shutil
import subprocess
import sys
from pathlib import Path

PROBLEMS = Path(__file__).parent / "problems"
NAMES = sorted(path.name for path in PROBLEMS.iterdir() if path.is_dir())


def package(name: str, folder: Path) -> Path:
    """The package; a copy below `folder` of one whose generators have to make its tests first."""
    original = PROBLEMS / name
    generators = sorted((original / "generators").glob("*.py"))
    if not generators:
        return original
    copy = Path(shutil.copytree(original, folder / name))
    for generator in generators:
        subprocess.run([sys.executable, copy / "generators" / generator.name], check=True)
    return copy
