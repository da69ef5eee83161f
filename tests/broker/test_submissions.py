"""Each program of tests/submissions in a language of the standard set gets the verdict of its
folder, through a real broker. The others: tests/judge/test_languages.py."""

from collections.abc import Iterator

import pytest

from executor.languages import STANDARD
from stack import ExecutorProcess, Frontend, PrivateBroker, RunFolder, Safeexec
from tests.submissions.catalogue import Submission, submissions


def is_slow(submission: Submission) -> bool:
    """Whether it takes a slow compiler, or a limit to be waited for; C shows every verdict."""
    if submission.language == "c":
        return submission.verdict == "CTL"
    compiled = submission.known_as.artefact is not None
    return submission.verdict in ("TLE", "WTL") or (compiled and submission.verdict != "AC")


@pytest.fixture(scope="module")
def polyglot(
    broker: PrivateBroker, run_folder: RunFolder, safeexec: Safeexec
) -> Iterator[Frontend]:
    """A frontend of a worker that offers every language of the standard set."""
    with (
        ExecutorProcess(
            run_folder,
            amqp_url=broker.url,
            socket=safeexec.socket,
            name="polyglot",
            languages=[STANDARD],
        ) as worker,
        Frontend(broker.url) as frontend,
    ):
        worker.wait_ready()
        yield frontend


@pytest.mark.parametrize(
    "submission",
    [
        pytest.param(each, id=each.name, marks=[pytest.mark.slow] * is_slow(each))
        for each in submissions(standard=True)
    ],
)
def test_submission_gets_the_verdict_of_its_folder(
    submission: Submission, polyglot: Frontend
) -> None:
    result = polyglot.judge(submission.job())
    assert result["status"] == "done", result
    assert result["verdict"] == submission.verdict, result
