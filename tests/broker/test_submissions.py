"""Every program of tests/submissions gets the verdict of its folder, through a real broker."""

from collections.abc import Iterator

import pytest

from stack import ExecutorProcess, Frontend, PrivateBroker, RunFolder, Safeexec
from tests.submissions.catalogue import Submission, submissions


def is_slow(submission: Submission) -> bool:
    """Whether it takes a slow compiler, or a limit to be waited for; C shows every verdict."""
    if submission.language == "c":
        return submission.verdict == "CTL"
    compiled = submission.language not in ("python3", "javascript")
    return submission.verdict in ("TLE", "WTL") or (compiled and submission.verdict != "AC")


@pytest.fixture(scope="module")
def polyglot(
    broker: PrivateBroker, run_folder: RunFolder, safeexec: Safeexec
) -> Iterator[Frontend]:
    """A frontend of a worker that offers every language."""
    with (
        ExecutorProcess(
            run_folder, amqp_url=broker.url, socket=safeexec.socket, name="polyglot"
        ) as worker,
        Frontend(broker.url) as frontend,
    ):
        worker.wait_ready()
        yield frontend


@pytest.mark.parametrize(
    "submission",
    [
        pytest.param(each, id=each.name, marks=[pytest.mark.slow] * is_slow(each))
        for each in submissions()
    ],
)
def test_submission_gets_the_verdict_of_its_folder(
    submission: Submission, polyglot: Frontend
) -> None:
    result = polyglot.judge(submission.job())
    assert result["status"] == "done", result
    assert result["verdict"] == submission.verdict, result
