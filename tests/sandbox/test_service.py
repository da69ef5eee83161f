"""Start, stop and death of the service: whatever happens, nothing stays behind."""

import os
import signal
import subprocess
from collections.abc import Callable

import pytest

from tests.sandbox.client import Connection
from tests.sandbox.remains import groups_of
from tests.sandbox.service import (
    BINARY,
    SUDO,
    Service,
    descendants_of,
    is_running,
    programs_of,
    wait_until,
)


def begin_a_long_run(service: Service) -> Connection:
    slot = Connection(service.socket)
    slot.start(["/bin/sleep", "60"], limits={"wall_ms": 60000})
    wait_until(lambda: bool(programs_of(service.process.pid)), 5, "the run has begun")
    return slot


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_stop_in_mid_run_leaves_nothing(
    serve: Callable[..., Service], number: signal.Signals
) -> None:
    service = serve(slots=2)
    with begin_a_long_run(service):
        family, groups = descendants_of(service.process.pid), groups_of(service.process.pid)
        assert service.stop(number) == 0
    assert not any(is_running(pid) for pid in family)
    assert not any(group.exists() for group in groups)
    assert not service.socket.exists()


def test_killed_service_leaves_no_process_and_the_next_start_clears_its_cgroups(
    serve: Callable[..., Service],
) -> None:
    service = serve(slots=2)
    with begin_a_long_run(service):
        family, groups = descendants_of(service.process.pid), groups_of(service.process.pid)
        service.stop(signal.SIGKILL)
        wait_until(
            lambda: not any(is_running(pid) for pid in family),
            5,
            "slots, zygotes and runs have died",
        )
    assert any(group.exists() for group in groups)
    following = serve()
    with Connection(following.socket) as slot:
        assert slot.run(["/usr/bin/true"])["outcome"] == "exited"
    assert following.stop() == 0
    assert not any(group.exists() for group in groups)


def test_killed_slot_is_replaced(serve: Callable[..., Service]) -> None:
    service = serve()
    with begin_a_long_run(service) as slot:
        family = descendants_of(service.process.pid)
        os.kill(family[0], signal.SIGKILL)
        assert slot.socket.recv(100) == b""
    with Connection(service.socket) as slot:
        assert slot.run(["/usr/bin/true"])["outcome"] == "exited"
    wait_until(
        lambda: not any(is_running(pid) for pid in family), 5, "the slot's zygote and run have died"
    )
    assert service.stop() == 0


def test_two_services_live_side_by_side(serve: Callable[..., Service]) -> None:
    services = [serve(), serve()]
    groups = {group for service in services for group in groups_of(service.process.pid)}
    for service in services:
        with Connection(service.socket) as slot:
            assert slot.run(["/usr/bin/true"])["outcome"] == "exited"
    assert services[0].stop() == 0
    with Connection(services[1].socket) as slot:
        assert slot.run(["/usr/bin/true"])["outcome"] == "exited"
    assert services[1].stop() == 0
    assert not any(group.exists() for group in groups)


def test_second_service_on_one_socket_is_refused_in_one_line(service: Service) -> None:
    command = [*SUDO, str(BINARY), "--serve", str(service.socket)]
    second = subprocess.run(command, capture_output=True, text=True, check=False)
    assert second.returncode == 1
    assert second.stderr.count("\n") == 1
    assert "another safeexec serves it" in second.stderr


def test_program_killed_for_want_of_memory_around_it_is_no_fault_of_its(
    serve: Callable[..., Service],
) -> None:
    """A fault once: it was told to have broken its own limit."""
    service = serve()
    limits = [
        file
        for group in groups_of(service.process.pid)
        for file in (group / "memory.max", group / "memory.limit_in_bytes")
        if group.parent.name == "safeexec" and file.exists()
    ]
    (around,) = limits
    around.write_text(str(64 << 20))
    with Connection(service.socket) as slot:
        told = slot.run(
            ["/usr/bin/python3", "-c", "bytearray(128 << 20)"],
            limits={"memory_kib": 256 << 10, "cpu_ms": 20_000, "wall_ms": 60_000},
        )
        assert told["fault"] == "sandbox"
        assert "memory ran out around the program" in told["error"]
    with Connection(service.socket) as slot:
        told = slot.run(
            ["/usr/bin/python3", "-c", "bytearray(128 << 20)"], limits={"memory_kib": 32 << 10}
        )
        assert told["outcome"] == "memory"
    assert service.stop() == 0


def test_two_slots_run_at_the_same_time(serve: Callable[..., Service]) -> None:
    service = serve(slots=2)
    with Connection(service.socket) as first, Connection(service.socket) as second:
        assert {first.hello["slot"], second.hello["slot"]} == {"0", "1"}
        first.start(["/bin/sleep", "60"], limits={"wall_ms": 60000})
        assert second.run(["/usr/bin/true"])["outcome"] == "exited"
    assert service.stop() == 0
