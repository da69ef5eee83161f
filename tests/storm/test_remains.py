"""What is left behind is seen."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from stack import Frontend, PrivateBroker, Safeexec
from storm import remains
from tests.storm.test_storm import AS_ROOT

LEAVES_AN_ORPHAN = """
import subprocess, sys, time
from storm import remains
from stack import wait_until
remains.adopt_orphans()
before = remains.processes()
subprocess.run(["sh", "-c", "sleep 60 &"])
left = set(remains.processes()) - set(before)
print(*left)
(orphan,) = left
import os, signal
os.kill(int(orphan.split()[0]), signal.SIGKILL)
wait_until(lambda: set(remains.processes()) <= set(before), 10, "it is gone")
"""


def _python(program: str, *become: str) -> str:
    """What it prints, with the project's modules at hand."""
    root = Path(__file__).parents[2]
    done = subprocess.run(
        [*become, sys.executable, "-c", program],
        env={**os.environ, "PYTHONPATH": f"{root}:{root / 'script'}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_a_process_that_lost_its_parent_is_seen_until_it_is_gone() -> None:
    assert _python(LEAVES_AN_ORPHAN).endswith("sleep")


def test_the_files_of_a_job_are_seen_and_caches_are_not(tmp_path: Path) -> None:
    home, temporary = tmp_path / "home", tmp_path / "tmp"
    for folder in ("job-1", "compiled/new-1", "compiled/0f", "testdata/jobs/1", "testdata/0f"):
        (home / "work" / folder).mkdir(parents=True)
    temporary.mkdir()
    (temporary / "self-test-1").mkdir()
    found = [Path(name).name for name in remains.temporary_files(home, temporary)]
    assert found == ["job-1", "new-1", "1", "self-test-1"]


def test_the_groups_of_a_running_safeexec_are_known(safeexec: Safeexec) -> None:
    show = f"from storm import remains; print(*remains.groups({safeexec.pid}))"
    groups = _python(show, *AS_ROOT).split()
    assert groups
    assert all("/safeexec/" in group and Path(group).exists() for group in groups)


@pytest.mark.slow
def test_messages_are_counted_ready_and_unacked(broker: PrivateBroker, frontend: Frontend) -> None:
    arguments = {"x-queue-type": "quorum"}
    frontend.channel.queue_declare("verdicts", durable=True, arguments=arguments)
    frontend.channel.queue_purge("verdicts")
    for _ in range(2):
        frontend.publish(b"x", queue="verdicts")
    frontend.channel.basic_get("verdicts")
    assert remains.messages(broker, "verdicts") == (1, 1)
    frontend.channel.basic_nack(0, multiple=True, requeue=False)
    frontend.channel.queue_purge("verdicts")
