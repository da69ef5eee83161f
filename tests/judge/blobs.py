"""What the tests of test data share: blobs, a worker's test data, and what became of a blob."""

import contextlib
import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Self

import pytest

from executor.blobs.cache import Cache
from executor.blobs.fetch import Fetcher, FetchLimits
from executor.blobs.hosts import Address, Hosts
from executor.blobs.patience import Patience
from executor.contract import JobError
from executor.contract.fields import MIB
from executor.judge.testdata import TestData, TestDataError, TestDataLimits
from executor.sandbox import KillSwitch
from tests.judge.conftest import make_job

PROJECT = Path(__file__).parents[2]
BODY = b"1 2\n" * 1000
EAGER = FetchLimits(attempts=3, wait_s=0.01)
IMPATIENT = FetchLimits(idle_s=0.2, attempts=3, wait_s=0.01)
PATIENT = FetchLimits(connect_s=600, idle_s=600, attempts=9, wait_s=600)
SOON_S = 30
OK = b"HTTP/1.1 200 OK\r\n"
PYTHONPATH = f"{PROJECT}:{PROJECT / 'script'}"


def hashed(body: bytes, algorithm: str = "sha512") -> dict[str, str]:
    return {algorithm: hashlib.new(algorithm, body).hexdigest()}


def make_testdata(
    folder: Path,
    *,
    cache_bytes: int = 16 * MIB,
    hosts: str = "127.0.0.1",
    packages: Path | None = None,
    limits: FetchLimits = EAGER,
    blob_bytes: int = MIB,
    blob_s: float = 30,
    resolve: Callable[[str, int, Patience], list[Address]] | None = None,
) -> TestData:
    """As another worker with the same cache would have it."""
    cache = Cache(folder, cache_bytes)
    cache.prepare()
    more = {} if resolve is None else {"resolve": resolve}
    fetcher = Fetcher(Hosts(hosts.split(", ")), limits, **more)
    return TestData(cache, fetcher, packages, TestDataLimits(blob_bytes, blob_s))


@contextlib.contextmanager
def opened(
    testdata: TestData, *inputs: dict[str, str], switch: KillSwitch | None = None
) -> Iterator[list[Path]]:
    """The files of a job's inputs, while the job lasts."""
    tests = [{"id": str(number), "input": blob} for number, blob in enumerate(inputs)]
    job = make_job(mode="run", tests=tests)
    with testdata.of(job, Path(os.devnull), switch or KillSwitch()) as blobs:
        yield [blobs.path(test.input) for test in job.tests]


def got(testdata: TestData, blob: dict[str, str]) -> bytes:
    with opened(testdata, blob) as [path]:
        return path.read_bytes()


def refusal(testdata: TestData, blob: dict[str, str]) -> JobError:
    with pytest.raises(TestDataError) as caught, opened(testdata, blob):
        pass
    return caught.value.error


def reason(error: JobError) -> str:
    assert error.fields is not None
    assert error.fields[0].path == "tests.0.input"
    assert error.message == f"tests.0.input: {error.fields[0].message}"
    assert "\n" not in error.message
    return error.fields[0].code


def stored(folder: Path) -> list[Path]:
    """Every name of a content in a cache."""
    return [path for name in ("sha512", "sha256") for path in (folder / name).glob("*/*")]


class Worker:
    """A worker of its own with the same cache, as far as it matters here. A context manager."""

    def __init__(self, cache: Path, blob: dict[str, str]) -> None:
        script = PROJECT / "tests" / "judge" / "blob_process.py"
        self._process = subprocess.Popen(
            [sys.executable, script, cache, str(64 * MIB), json.dumps(blob)],
            # It may be killed, and then removes nothing of its own.
            env={**os.environ, "PYTHONPATH": PYTHONPATH, "TMPDIR": str(cache.parent)},
            stdout=subprocess.PIPE,
            text=True,
        )

    def told(self) -> dict[str, Any]:
        """What it has said of the blob once it has ended."""
        output, _ = self._process.communicate(timeout=SOON_S)
        found: dict[str, Any] = json.loads(output.splitlines()[-1])
        return found

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.communicate()


def jobs(cache: Path) -> int:
    """How many jobs use a cache."""
    return len(list((cache / "jobs").glob("*")))
