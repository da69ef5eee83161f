"""The worker's disk is full: the submission is not blamed, and the next job is judged."""

import base64
import os
from collections.abc import Iterator
from typing import Any

import pytest

from stack import ExecutorProcess, Frontend, PrivateBroker, RunFolder, Safeexec
from tests.broker.books import settle
from tests.broker.conftest import job
from tests.web import Web, content

SOON_S = 60
DISK_BYTES = 2 * 1024 * 1024
TOO_MUCH = b"x" * (2 * DISK_BYTES)

# A mount that only the worker sees, and that ends with it.
MOUNT = 'mount -t tmpfs -o "size=$1,mode=777" none "$0" && shift && exec "$@"'
UNSHARE = ["unshare", "--mount"] if os.geteuid() == 0 else ["unshare", "--mount", "--map-root-user"]


@pytest.fixture
def worker(
    broker: PrivateBroker, frontend: Frontend, safeexec: Safeexec
) -> Iterator[ExecutorProcess]:
    """One whose work folder, with all that it caches, is on a small disk."""
    with RunFolder() as folder:
        disk = folder.make("disk")
        with ExecutorProcess(
            folder,
            amqp_url=broker.url,
            socket=safeexec.socket,
            languages=["python3"],
            env={"EXECUTOR_WORK_DIR": str(disk / "work"), "EXECUTOR_TESTDATA_HOSTS": "127.0.0.1"},
            entrance=[*UNSHARE, "sh", "-c", MOUNT, str(disk), str(DISK_BYTES)],
        ) as worker:
            yield worker.wait_ready()


def by_file(_web: Web) -> dict[str, Any]:
    """A job with a file of its own that has no room."""
    file = {"name": "data", "base64": base64.b64encode(TOO_MUCH).decode()}
    return job() | {"files": [file]}


def by_url(web: Web) -> dict[str, Any]:
    """A job whose test data has no room."""
    web.replies["/1.in"] = content(TOO_MUCH)
    tests = [{"id": "1", "input": {"url": web.url("/1.in")}, "answer": {"text": "1\n"}}]
    return job() | {"tests": tests}


@pytest.mark.parametrize("large", [by_file, by_url])
def test_a_job_that_has_no_room_fails_and_the_next_is_judged(
    broker: PrivateBroker, frontend: Frontend, worker: ExecutorProcess, large: Any
) -> None:
    with Web() as web:
        reply = frontend.judge(large(web), SOON_S)
    assert (reply["status"], reply["verdict"]) == ("failed", "JE")
    assert reply["error"]["retryable"]
    next = frontend.publish(job("next"))
    settle(broker, frontend, [next], [worker], SOON_S)
