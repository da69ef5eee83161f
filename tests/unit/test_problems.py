"""Our own problem packages: each has every kind of submission."""

import pytest

from tests.problem_packages import NAMES, PROBLEMS

KINDS = ("accepted", "wrong_answer", "time_limit_exceeded", "run_time_error")


@pytest.mark.parametrize("problem", NAMES)
def test_a_package_has_right_wrong_slow_and_crashing_submissions(problem: str) -> None:
    submissions = PROBLEMS / problem / "submissions"
    assert [kind for kind in KINDS if not list(submissions.glob(f"{kind}/*"))] == []
