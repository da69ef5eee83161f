"""Small problem packages as tables of files, and what a test wants to know of one that was read."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from executor.contract import Job
from executor.languages import Languages
from executor.packages import Package, PackageError, job_for
from executor.settings import Settings

LANGUAGES = Languages.load(Settings().executor_languages_file)

Files = Mapping[str, str]
Read = Callable[..., Package]

LEGACY: Files = {
    "problem.yaml": "name: Sums\n",
    "data/secret/1.in": "1 2\n",
    "data/secret/1.ans": "3\n",
    "submissions/accepted/a.py": "print(3)\n",
}
CURRENT: Files = {**LEGACY, "problem.yaml": "problem_format_version: 2025-09\nname: Sums\n"}
SCORING: Files = {**LEGACY, "problem.yaml": "type: scoring\n"}
CURRENT_SCORING: Files = {
    **LEGACY,
    "problem.yaml": "problem_format_version: 2025-09\ntype: scoring\n",
}


def some_tests(*names: str) -> dict[str, str]:
    """Tests of these names below data/."""
    return {f"data/{name}.{suffix}": "1\n" for name in names for suffix in ("in", "ans")}


GROUPED: Mapping[str, str | None] = {
    **CURRENT_SCORING,
    **some_tests("sample/1", "secret/a/1", "secret/b/1", "secret/b/x/2"),
    "data/secret/1.in": None,
    "data/secret/1.ans": None,
    "data/secret/a/test_group.yaml": "max_score: 40\nrequire_pass: sample\n",
    "data/secret/b/test_group.yaml": "max_score: 60\nscore_aggregation: sum\n",
}


def the_error(read: Read, *parts: Mapping[str, str | None]) -> str:
    with pytest.raises(PackageError) as caught:
        read(*parts)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def job_of(package: Package, name: str | None = None, **options: Any) -> Job:
    [submission] = [one for one in package.submissions if name in (None, one.name)]
    return job_for(package, submission, cpu_ms=1000, **options)


def groups_of(package: Package) -> list[tuple[Any, ...]]:
    """(id, points, aggregate, on_fail, requires) of each group."""
    return [
        (one.id, one.points, one.aggregate, one.on_fail, one.requires)
        for one in package.plan.groups
    ]
