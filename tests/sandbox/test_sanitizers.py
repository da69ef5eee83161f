"""The protocol's tests again, with all of safeexec under AddressSanitizer and UBSan.

Service, slots, zygote and stub run in such a build; the first finding ends the process it is in.
"""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.sandbox.client import Connection, pack
from tests.sandbox.service import ROOT, SUDO, Service
from tests.sandbox.test_protocol import (  # noqa: F401
    WHOLE,
    test_answer_carries_the_box_as_the_run_left_it,
    test_bad_request_is_refused_in_one_line_and_the_slot_goes_on,
    test_closed_connection_leaves_nothing_running,
    test_connection_waits_while_all_slots_are_taken,
    test_dead_zygote_costs_one_run_and_not_the_service,
    test_descriptor_that_is_no_file_is_refused_as_a_file,
    test_hello_tells_version_level_slot_and_how_many_there_are,
    test_kill_ends_the_run,
    test_kill_that_comes_too_late_is_ignored,
    test_many_quick_runs_do_not_get_in_each_others_way,
    test_pipe_ends_when_the_program_closes_it_and_not_with_the_run,
    test_program_that_is_not_there_is_a_fault_and_no_outcome,
    test_request_longer_than_a_packet_is_refused,
    test_stranger_gets_no_slot,
)

pytestmark = pytest.mark.slow

FINDINGS = ("ERROR: AddressSanitizer", "ERROR: LeakSanitizer", "runtime error:")
MOST_DESCRIPTORS = 243
"""Of a request: three streams and 240 files. The kernel passes ten more."""


@pytest.fixture(scope="module")
def sanitized(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A safeexec that ends itself at the first step out of bounds."""
    build = tmp_path_factory.mktemp("sanitized")
    flags = ["-DCMAKE_C_COMPILER=gcc", "-DSAFEEXEC_SANITIZE=address,undefined"]
    for command in (
        ["cmake", "-S", str(ROOT / "safeexec"), "-B", str(build), *flags],
        ["make", "-C", str(build), "-j2"],
    ):
        subprocess.run(command, check=True, capture_output=True)
    return build / "safeexec"


@pytest.fixture(scope="module")
def service(sanitized: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """In place of the session's: the imported tests take the one of their module."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("tests.sandbox.service.BINARY", sanitized)
        running = Service(tmp_path_factory.mktemp("service"))
    yield running
    status, log = running.stop(), running.log.read_text()
    assert [line for line in log.splitlines() if any(finding in line for finding in FINDINGS)] == []
    assert status == 0, log


def test_more_descriptors_than_the_most_are_refused(service: Service) -> None:
    """A fault once: the one after the most was taken, and written behind the list."""
    null = os.open("/dev/null", os.O_RDWR)
    with Connection(service.socket) as slot:
        slot.send(pack(*WHOLE), [null] * MOST_DESCRIPTORS)
        assert slot.receive()["error"] == f"{MOST_DESCRIPTORS} descriptors came, 3 are wanted"
        for count in (MOST_DESCRIPTORS + 1, MOST_DESCRIPTORS + 10):
            slot.send(pack(*WHOLE), [null] * count)
            assert f"more than {MOST_DESCRIPTORS} descriptors" in slot.receive()["error"]
        slot.send(pack(*WHOLE), [null] * 3)
        assert slot.receive()["outcome"] == "exited"
    os.close(null)


ONESHOTS = {
    "a program that ends well": ["--exec", "/usr/bin/true"],
    "one that does not": ["--nproc", "2", "--exec", "/bin/sh", "-c", "exit 3"],
    "one over its time": ["--clock", "1", "--exec", "/bin/sleep", "9"],
    "one in a root of its own": ["--chroot", "/", "--exec", "/usr/bin/true"],
    "one in another folder": ["--rundir", "/usr", "--exec", "/bin/ls"],
    "one without mounts": ["--level", "namespaces", "--exec", "/usr/bin/true"],
    "one in a user namespace": ["--level", "user", "--exec", "/usr/bin/true"],
    "one without namespaces": ["--level", "restricted", "--exec", "/usr/bin/true"],
    "none": ["--exec", "/no/such/program"],
    "a mistake": ["--cpu", "soon", "--exec", "/usr/bin/true"],
    "help": ["--help"],
    "the host's findings": ["--check", "--json"],
}


@pytest.mark.parametrize("words", ONESHOTS.values(), ids=ONESHOTS.keys())
def test_oneshot_runs(words: list[str], sanitized: Path) -> None:
    command = [*SUDO, str(sanitized), *words]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode in (0, 1)
    assert not any(finding in done.stderr for finding in FINDINGS), done.stderr


def test_sanitizers_are_at_work(sanitized: Path) -> None:
    """A build without them would find nothing either."""
    symbols = subprocess.run(["nm", str(sanitized)], check=True, capture_output=True, text=True)
    assert "__asan_report_load1" in symbols.stdout
    assert "__ubsan_handle_out_of_bounds" in symbols.stdout
