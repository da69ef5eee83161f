"""A judge on a real sandbox, without a broker."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from executor.blobs.cache import Cache
from executor.blobs.fetch import Fetcher
from executor.blobs.hosts import Hosts
from executor.contract import Job, Result
from executor.contract.fields import MIB
from executor.judge import Judge
from executor.judge.testdata import TestData, TestDataLimits
from executor.languages import STANDARD, Languages
from executor.sandbox import Sandbox
from stack import Safeexec
from tests.web import Web

LANGUAGES_FILE = Path(__file__).parents[2] / "config" / "languages.toml"

ECHO = "import sys; sys.stdout.write(sys.stdin.read())"

Judged = Callable[..., Result]
"""Takes the fields of a job. What is left out is a Python program that prints its input, and
one hidden test that it passes."""


def make_job(**fields: Any) -> Job:
    """A job with these fields, and what else a job needs."""
    job: dict[str, Any] = {"schema": "oj.job/1", "id": "j", "language": "python3", "source": ECHO}
    if fields.get("mode") != "compile":
        job["tests"] = [{"id": "1", "input": {"text": "hi\n"}, "answer": {"text": "hi\n"}}]
    return Job.model_validate_json(json.dumps({**job, **fields}))


@pytest.fixture(scope="session")
def sandbox(safeexec: Safeexec) -> Sandbox:
    return Sandbox(safeexec.socket)


@pytest.fixture(scope="session")
def languages(sandbox: Sandbox) -> Languages:
    """Those that every machine has; tests/judge/test_languages.py is about all of them."""
    languages = Languages.load(LANGUAGES_FILE, [STANDARD])
    languages.self_test(sandbox)
    assert not languages.withdrawn
    return languages


@pytest.fixture
def testdata(tmp_path: Path) -> Iterator[TestData]:
    """It fetches from this machine only. No job leaves a file of its own in the cache."""
    folder = tmp_path / "testdata"
    cache = Cache(folder, 64 * MIB)
    cache.prepare()
    limits = TestDataLimits(blob_bytes=16 * MIB, blob_s=30)
    yield TestData(cache, Fetcher(Hosts(["127.0.0.1"])), tmp_path / "packages", limits)
    assert list((folder / "jobs").iterdir()) == []
    assert list((folder / "locks").iterdir()) == []


JudgeIn = Callable[..., Judge]
"""Makes a judge that uses a sandbox, with more of Judge's own keywords."""


@pytest.fixture
def judge_in(languages: Languages, testdata: TestData, tmp_path: Path) -> Iterator[JudgeIn]:
    """The work folder of all of them is empty after each test, whatever happened in it."""
    work_dir = tmp_path / "work"

    def make(sandbox: Sandbox, **more: Any) -> Judge:
        usual = {"cache": None, "worker": "test", "work_dir": work_dir}
        return Judge(sandbox, languages, testdata, **{**usual, **more})

    yield make
    assert list(work_dir.iterdir()) == []


@pytest.fixture
def judge(sandbox: Sandbox, judge_in: JudgeIn) -> Judge:
    return judge_in(sandbox)


@pytest.fixture
def judged(judge: Judge) -> Judged:
    def judge_job(**fields: Any) -> Result:
        return judge.judge(make_job(**fields), queued_ms=7, redelivered=False)

    return judge_job


@pytest.fixture
def make_languages(sandbox: Sandbox, tmp_path: Path) -> Callable[[dict[str, str]], Languages]:
    """The self-tested languages of the file after some replacements in its text."""

    def make(replacements: dict[str, str]) -> Languages:
        text = LANGUAGES_FILE.read_text()
        for old, new in replacements.items():
            assert old in text
            text = text.replace(old, new)
        path = tmp_path / "languages.toml"
        path.write_text(text)
        languages = Languages.load(path, [STANDARD])
        languages.self_test(sandbox)
        return languages

    return make


@pytest.fixture
def web() -> Iterator[Web]:
    with Web() as web:
        yield web


@pytest.fixture
def cache(tmp_path: Path) -> Iterator[Path]:
    """A cache's folder, in which no job has left anything of its own after the test."""
    folder = tmp_path / "cache"
    yield folder
    assert list((folder / "jobs").iterdir()) == []
    assert list((folder / "locks").iterdir()) == []
