"""The cache of test data: shared by workers, bounded, and mended where it was damaged."""

import json
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from executor.blobs.cache import BLOCK_BYTES
from executor.contract import JobError
from executor.contract.fields import MIB
from executor.judge.testdata import TestData, TestDataError
from stack import wait_until
from tests.judge.blobs import (
    BODY,
    OK,
    PROJECT,
    PYTHONPATH,
    SOON_S,
    Worker,
    got,
    hashed,
    jobs,
    make_testdata,
    opened,
    reason,
    refusal,
    stored,
)
from tests.web import (
    Request,
    Web,
    content,
    hang,
    one_after_another,
)


@pytest.mark.slow
def test_workers_that_want_the_same_at_once_fetch_it_once(web: Web, cache: Path) -> None:
    all_are_there = threading.Event()

    def late(request: Request) -> None:
        all_are_there.wait(SOON_S)
        content(BODY)(request)

    web.replies["/x"] = late
    blob = {"url": web.url("/x"), **hashed(BODY)}
    with Worker(cache, blob) as first, Worker(cache, blob) as second, Worker(cache, blob) as third:
        wait_until(lambda: jobs(cache) == 3, SOON_S, "all of them want it")
        all_are_there.set()
        assert [worker.told() for worker in (first, second, third)] == [{"size": len(BODY)}] * 3
    assert web.requests["/x"] == 1


def test_a_worker_goes_on_where_another_was_killed(web: Web, cache: Path) -> None:
    web.replies["/x"] = one_after_another(hang(), content(BODY))
    blob = {"url": web.url("/x"), **hashed(BODY)}
    with Worker(cache, blob):
        wait_until(lambda: web.requests["/x"] == 1, SOON_S, "the first one fetches")
    assert got(make_testdata(cache), blob) == BODY


def test_a_killed_worker_leaves_nothing_behind(web: Web, cache: Path) -> None:
    web.replies["/x"] = hang(OK + b"\r\n" + BODY * 200)

    def partly() -> bool:
        return any(path.stat().st_size for path in (cache / "jobs").glob("*/*"))

    with Worker(cache, {"url": web.url("/x"), **hashed(BODY)}):
        wait_until(partly, SOON_S, "a part of it is on disk")
        make_testdata(cache)
        assert jobs(cache) == 1
    make_testdata(cache)
    assert jobs(cache) == 0
    assert stored(cache) == []


def test_what_was_used_last_stays(web: Web, cache: Path) -> None:
    bodies = [bytes([number]) * BLOCK_BYTES for number in range(11)]
    web.replies |= {f"/{number}": content(body) for number, body in enumerate(bodies)}
    testdata = make_testdata(cache, cache_bytes=10 * BLOCK_BYTES)
    for number, body in enumerate(bodies[:10]):
        got(testdata, {"url": web.url(f"/{number}"), **hashed(body)})
    with opened(testdata, hashed(bodies[0])):
        pass  # Without reading it, of which the file system might keep the time itself.
    got(testdata, {"url": web.url("/10"), **hashed(bodies[10])})
    kept = [number for number, body in enumerate(bodies) if is_cached(testdata, body)]
    assert kept == [0, 3, 4, 5, 6, 7, 8, 9, 10]
    assert len(stored(cache)) == 2 * len(kept)


def is_cached(testdata: TestData, body: bytes) -> bool:
    try:
        return got(testdata, hashed(body, "sha256")) == body
    except TestDataError:
        return False


def test_the_cache_never_holds_more_than_its_bound(web: Web, cache: Path) -> None:
    testdata = make_testdata(cache, cache_bytes=20 * BLOCK_BYTES)
    for number in range(60):
        body = str(number).encode() * (number * 97)
        web.replies[f"/{number}"] = content(body)
        got(testdata, {"url": web.url(f"/{number}"), **hashed(body)})
        sizes = {path.stat().st_ino: path.stat().st_blocks * 512 for path in stored(cache)}
        assert sum(sizes.values()) <= 20 * BLOCK_BYTES
    assert is_cached(testdata, body)


def test_what_is_evicted_stays_readable_while_a_job_uses_it(web: Web, cache: Path) -> None:
    web.replies |= {"/x": content(BODY), "/y": content(b"y" * BLOCK_BYTES)}
    testdata = make_testdata(cache, cache_bytes=BLOCK_BYTES)
    with opened(testdata, {"url": web.url("/x"), **hashed(BODY)}) as [path]:
        got(testdata, {"url": web.url("/y"), **hashed(b"y" * BLOCK_BYTES)})
        assert not is_cached(testdata, BODY)
        assert path.read_bytes() == BODY
    assert is_cached(testdata, b"y" * BLOCK_BYTES)


def test_a_job_may_not_have_more_than_the_cache(web: Web, cache: Path) -> None:
    web.replies |= {"/x": content(BODY), "/y": content(BODY)}
    testdata = make_testdata(cache, cache_bytes=len(BODY) + 1)
    assert got(testdata, {"url": web.url("/x")}) == BODY
    with (
        pytest.raises(TestDataError, match=r"tests.1.input: the test data of a job together"),
        opened(testdata, {"url": web.url("/x")}, {"url": web.url("/y")}),
    ):
        pass


@pytest.mark.parametrize("damage", [b"", BODY[:-1], b"X" + BODY[1:]])
def test_a_cached_file_that_was_damaged_is_fetched_again(
    web: Web, cache: Path, damage: bytes
) -> None:
    web.replies["/x"] = content(BODY)
    blob = {"url": web.url("/x"), **hashed(BODY)}
    testdata = make_testdata(cache)
    got(testdata, blob)
    for path in (cache / "sha512").glob("*/*"):
        path.chmod(0o600)
        path.write_bytes(damage)
    assert got(testdata, blob) == BODY
    assert got(make_testdata(cache), blob) == BODY
    assert web.requests["/x"] == 2


def test_cached_files_are_read_only_in_a_folder_of_their_owner(web: Web, cache: Path) -> None:
    web.replies["/x"] = content(BODY)
    with opened(make_testdata(cache), {"url": web.url("/x"), **hashed(BODY)}) as [path]:
        assert {file.stat().st_mode & 0o777 for file in (path, *stored(cache))} == {0o444}
    assert cache.stat().st_mode & 0o777 == 0o700


def test_a_cache_that_was_emptied_fills_again(web: Web, cache: Path) -> None:
    web.replies["/x"] = content(BODY)
    blob = {"url": web.url("/x"), **hashed(BODY)}
    testdata = make_testdata(cache)
    got(testdata, blob)
    subprocess.run(["rm", "-rf", cache], check=True)
    assert got(testdata, blob) == BODY
    assert is_cached(testdata, BODY)


def test_a_total_that_is_no_number_is_counted_again(web: Web, cache: Path) -> None:
    web.replies["/x"] = content(BODY)
    testdata = make_testdata(cache)
    (cache / "total").write_text("garbage")
    got(testdata, {"url": web.url("/x"), **hashed(BODY)})
    assert int((cache / "total").read_text()) == BLOCK_BYTES


FULL_DISK = """
    disk=$1 python=$2 script=$3
    mount -t tmpfs -o size=1m none "$disk"
    shift 3
    for blob; do "$python" "$script" "$disk/cache" 67108864 "$blob"; done
    find "$disk/cache" -type f -size +1
"""
"""Gets blobs on a file system of 1 MiB, and tells what is left there."""


@pytest.mark.slow
def test_a_full_disk_is_told_and_nothing_half_is_kept(web: Web, tmp_path: Path) -> None:
    large = b"x" * (2 * MIB)
    web.replies |= {"/large": content(large), "/small": content(BODY)}
    blobs = [
        {"url": web.url("/large")},
        {"url": web.url("/large"), **hashed(large)},
        {"url": web.url("/small"), **hashed(BODY)},
    ]
    done = subprocess.run(
        [
            *("unshare", "--map-root-user", "--mount", "sh", "-euc", FULL_DISK, "sh"),
            *(tmp_path, sys.executable, PROJECT / "tests" / "judge" / "blob_process.py"),
            *map(json.dumps, blobs),
        ],
        env={**os.environ, "PYTHONPATH": PYTHONPATH},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    first, second, third, *left = [line for line in done.stdout.splitlines() if line[0] in "{/"]
    for line in (first, second):
        error = JobError.model_validate_json(line)
        assert (error.code, reason(error)) == ("testdata_unavailable", "storage")
        assert "the worker's disk is full" in error.message
    assert json.loads(third) == {"size": len(BODY)}
    assert sorted(Path(name).parts[-3] for name in left) == ["sha256", "sha512"]


def test_a_cache_that_cannot_be_written_is_told(web: Web, tmp_path: Path) -> None:
    web.replies["/x"] = content(BODY)
    testdata = make_testdata(tmp_path / "cache")
    subprocess.run(["rm", "-rf", tmp_path / "cache"], check=True)
    (tmp_path / "cache").write_text("no folder")
    error = refusal(testdata, {"url": web.url("/x")})
    assert reason(error) == "storage"
    assert str(tmp_path) not in error.message
