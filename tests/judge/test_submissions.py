"""Every program of tests/submissions gets the verdict of its folder."""

import json

import pytest

from executor.contract import Job
from executor.judge import Judge
from tests.submissions.catalogue import Submission, submissions


@pytest.mark.parametrize("submission", submissions(), ids=lambda submission: submission.name)
def test_submission_gets_the_verdict_of_its_folder(judge: Judge, submission: Submission) -> None:
    job = Job.model_validate_json(json.dumps(submission.job()))
    result = judge.judge(job, queued_ms=None, redelivered=False)
    assert result.error is None
    assert result.verdict == submission.verdict, result
