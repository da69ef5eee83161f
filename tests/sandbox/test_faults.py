"""What becomes of a run, its slot and the next run when one of safeexec's own processes dies."""

import os
import signal
import subprocess
import sys
import uuid
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.sandbox.client import Connection
from tests.sandbox.service import (
    ROOT,
    Service,
    descendants_of,
    name_of,
    programs_of,
    wait_until,
)

FREEZER = Path("/sys/fs/cgroup/freezer")
"""Of cgroup v1: what it holds cannot even be killed, as if it hung in the kernel."""


def own(service: Service, name: str) -> int:
    return next(pid for pid in descendants_of(service.process.pid) if name_of(pid) == name)


def start_to_sleep(service: Service) -> Connection:
    slot = Connection(service.socket)
    slot.start(["/bin/sleep", "60"], limits={"wall_ms": 60000})
    wait_until(lambda: bool(programs_of(service.process.pid)), 5, "the program runs")
    return slot


def assert_next_run_is_fine(service: Service) -> None:
    with Connection(service.socket) as slot:
        assert slot.run(["/usr/bin/true"])["outcome"] == "exited"


@pytest.mark.parametrize("name", ["safeexec-zygote", "safeexec-stub"])
def test_death_in_a_run_costs_that_run(serve: Callable[..., Service], name: str) -> None:
    service = serve()
    with start_to_sleep(service) as slot:
        os.kill(own(service, name), signal.SIGKILL)
        assert slot.receive()["fault"] == "sandbox"
        wait_until(lambda: not programs_of(service.process.pid), 5, "the program has ended")
    assert_next_run_is_fine(service)
    assert service.stop() == 0


@pytest.mark.parametrize("name", ["safeexec-zygote", "safeexec-stub"])
def test_death_between_runs_costs_one_run_at_most(serve: Callable[..., Service], name: str) -> None:
    service = serve()
    with Connection(service.socket) as slot:
        os.kill(own(service, name), signal.SIGKILL)
        first = slot.run(["/usr/bin/true"])
        assert first.get("fault") == "sandbox" or first["outcome"] == "exited"
    assert_next_run_is_fine(service)
    assert service.stop() == 0


CLIENT = """
import signal, sys
from pathlib import Path
from tests.sandbox.client import Connection
slot = Connection(Path(sys.argv[1]))
slot.start(["/bin/sleep", "60"], limits={"wall_ms": 60000})
signal.pause()
"""


def test_died_client_leaves_nothing_running(serve: Callable[..., Service]) -> None:
    service = serve()
    command = [sys.executable, "-c", CLIENT, str(service.socket)]
    with subprocess.Popen(command, cwd=ROOT) as client:
        try:
            wait_until(lambda: bool(programs_of(service.process.pid)), 10, "the program runs")
        finally:
            client.kill()
    wait_until(lambda: not programs_of(service.process.pid), 5, "the program has ended")
    assert service.stop() == 0


@pytest.mark.slow
def test_unkillable_program_puts_its_slot_in_quarantine_and_another_takes_its_place(
    serve: Callable[..., Service], user_of: Callable[[Connection], int]
) -> None:
    service = serve()
    frozen = FREEZER / f"safeexec-test-{uuid.uuid4().hex}"
    frozen.mkdir()
    try:
        with Connection(service.socket) as slot:
            first_user = user_of(slot)
        with start_to_sleep(service) as slot:
            (frozen / "cgroup.procs").write_text(str(own(service, "sleep")))
            (frozen / "freezer.state").write_text("FROZEN")
            slot.send(b"kill\0", [])
            answer = slot.receive()
            assert answer["fault"] == "sandbox"
            assert "cannot be killed" in answer["error"]
        with Connection(service.socket) as slot:
            assert user_of(slot) != first_user
        assert "quarantine" in service.log.read_text()
    finally:
        (frozen / "freezer.state").write_text("THAWED")
        wait_until(lambda: not (frozen / "cgroup.procs").read_text(), 5, "the program has died")
        frozen.rmdir()
    assert service.stop() == 0
