"""Writes 1,000 tests into data/: the square of each number."""

from pathlib import Path

FOLDER = Path(__file__).parents[1] / "data" / "secret"

FOLDER.mkdir(parents=True, exist_ok=True)
for number in range(1, 1001):
    path = FOLDER / f"{number:04}.in"
    path.write_text(f"{number}\n")
    path.with_suffix(".ans").write_text(f"{number**2}\n")
