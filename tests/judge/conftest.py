"""A judge on a real sandbox, without a broker."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from stack import Safeexec

from executor.contract import Job, Result
from executor.judge import Judge
from executor.languages import Languages
from executor.sandbox import Sandbox

LANGUAGES_FILE = Path(__file__).parents[2] / "config" / "languages.toml"


@pytest.fixture(scope="session")
def sandbox(safeexec: Safeexec) -> Sandbox:
    return Sandbox(safeexec.socket)


@pytest.fixture(scope="session")
def languages(sandbox: Sandbox) -> Languages:
    languages = Languages.load(LANGUAGES_FILE)
    languages.self_test(sandbox)
    assert not languages.withdrawn
    return languages


@pytest.fixture
def judge(sandbox: Sandbox, languages: Languages, tmp_path: Path) -> Iterator[Judge]:
    """Its work folder is empty after each test, whatever happened in it."""
    work_dir = tmp_path / "work"
    yield Judge(sandbox, languages, worker="test", work_dir=work_dir)
    assert list(work_dir.iterdir()) == []


@pytest.fixture
def judged(judge: Judge) -> Callable[..., Result]:
    """Judges the job with these fields; what is left out is a C program with one test."""

    def judge_job(**fields: Any) -> Result:
        job = Job.model_validate_json(encode(fields))
        return judge.judge(job, queued_ms=None, redelivered=False)

    return judge_job
