"""Every program of tests/submissions gets the verdict of its folder."""

import json

import pytest

from executor.contract import Job
from executor.judge import Judge
from tests.submissions.catalogue import PROGRAMS, Program


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.name)
def test_program_gets_the_verdict_of_its_folder(judge: Judge, program: Program) -> None:
    job = Job.model_validate_json(json.dumps(program.job("s-1")))
    result = judge.judge(job, queued_ms=None, redelivered=False)
    assert result.error is None
    assert result.verdict == program.verdict, result
