"""A plain folder of tests: `1.in` with its answer in `1.ans` or `1.out`."""

import re
from pathlib import Path

from executor.packages.errors import PackageError
from executor.packages.plan import Plan, PlannedTest
from executor.packages.tree import Case, stored_at

_ID = re.compile(r"[A-Za-z0-9._:-]{1,128}")
_NUMBERS = re.compile(r"(\d+)")


def plain_plan(root: Path) -> Plan:
    """The tests of a folder, 2 before 10. Raises PackageError."""
    inputs = sorted((path.stem for path in root.glob("*.in")), key=_natural)
    if not inputs:
        raise PackageError(f"{root}: has neither a problem.yaml nor tests called 1.in, 1.ans")
    return Plan(tests=tuple(PlannedTest(_case(root, stem), visible=True) for stem in inputs))


def _case(root: Path, stem: str) -> Case:
    if not _ID.fullmatch(stem):
        raise PackageError(f"{stem}.in: a test's name is of letters, digits and . _ : - only")
    for suffix in ("ans", "out"):
        if (root / f"{stem}.{suffix}").is_file():
            answer = stored_at(root, f"{stem}.{suffix}")
            return Case(stem, stored_at(root, f"{stem}.in"), answer, None)
    raise PackageError(f"{stem}.in: has no answer {stem}.ans")


def _natural(name: str) -> list[tuple[int, str]]:
    """`10a` as ((10, ""), (0, "a")): numbers by their size."""
    parts = [part for part in _NUMBERS.split(name) if part]
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in parts]
