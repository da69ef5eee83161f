"""Our own problem packages: each has every kind of submission."""

import re

import pytest

from tests.problem_packages import NAMES, PROBLEMS

KINDS = ("accepted", "wrong_answer", "time_limit_exceeded", "run_time_error")


@pytest.mark.parametrize("problem", NAMES)
def test_a_package_has_right_wrong_slow_and_crashing_submissions(problem: str) -> None:
    submissions = PROBLEMS / problem / "submissions"
    assert [kind for kind in KINDS if not list(submissions.glob(f"{kind}/*"))] == []


def test_the_page_for_problem_setters_shows_what_there_is() -> None:
    root = PROBLEMS.parents[1]
    page = (root / "docs" / "problems.md").read_text()
    links = [root / "docs" / link for link in re.findall(r"\]\((\.\./[^)#]*)", page)]
    assert links
    assert [link for link in links if not link.exists()] == []
    for source in (PROBLEMS / "relay" / "submissions").glob("*/*"):
        assert f"{source.parent.name}/{source.name} " in page
