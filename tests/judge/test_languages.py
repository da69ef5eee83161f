"""Every language whose toolchain is installed: it says hello, and its programs of tests/submissions
get the verdicts of their folders. Those of the standard set are judged through a broker instead:
tests/broker/test_submissions.py."""

import json
from pathlib import Path

import pytest

from executor.contract import Job
from executor.judge import Judge
from executor.judge.self_test import examine
from executor.judge.testdata import TestData
from executor.languages import Language
from executor.sandbox import Sandbox
from tests.submissions.catalogue import LANGUAGES, Submission, submissions

INSTALLED = [language for language in LANGUAGES.known.values() if language.absent is None]


@pytest.mark.parametrize(
    "language",
    [
        pytest.param(each, id=each.id, marks=[pytest.mark.slow] * (not each.standard))
        for each in INSTALLED
    ],
)
def test_it_says_hello_and_tells_its_version(language: Language, sandbox: Sandbox) -> None:
    with sandbox.slot() as slot:
        health = examine(slot, language)
    assert health.fault is None
    assert health.runtime.startswith(language.runtime)
    assert health.runtime != language.runtime, "no version was found"


@pytest.mark.slow
@pytest.mark.parametrize("submission", submissions(standard=False), ids=lambda each: each.name)
def test_a_program_gets_the_verdict_of_its_folder(
    submission: Submission, sandbox: Sandbox, testdata: TestData, tmp_path: Path
) -> None:
    judge = Judge(sandbox, LANGUAGES, testdata, cache=None, worker="test", work_dir=tmp_path)
    job = Job.model_validate_json(json.dumps(submission.job()))
    result = judge.judge(job, queued_ms=None, redelivered=False)
    assert result.verdict == submission.verdict, result


@pytest.mark.parametrize("family", sorted({each.family for each in INSTALLED}))
def test_a_right_program_a_crash_and_what_does_not_compile_are_in_the_catalogue(
    family: str,
) -> None:
    everything = submissions(standard=True) + submissions(standard=False)
    own = [each for each in everything if each.known_as.family == family]
    assert own
    checked = own[0].known_as.compile != ("/usr/bin/true",)
    assert {each.verdict for each in own} >= {"AC", "RTE", *(["CE"] if checked else [])}
