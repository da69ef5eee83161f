"""What a client may say to `safeexec --serve`, and what it is told when it says anything else."""

import contextlib
import os
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.sandbox.client import Connection, pack
from tests.sandbox.service import LEVEL, Service, children_of, programs_of, wait_until

FOLDER = Path(__file__).parent

NUMBERS = (
    "cpu_ms=1000",
    "wall_ms=1000",
    "memory_kib=65536",
    "stack_kib=8192",
    "output_kib=64",
    "processes=1",
)
WHOLE = ("run", *NUMBERS, "arg=/usr/bin/true")

BAD_REQUESTS = {
    "an unknown verb": pack("walk", *NUMBERS, "arg=/bin/true"),
    "no terminating NUL": pack(*WHOLE)[:-1],
    "a word without a value": pack(*WHOLE, "cpu_ms"),
    "an unknown key": pack(*WHOLE, "color=red"),
    "a negative number": pack(*WHOLE, "cpu_ms=-1"),
    "a number with a sign": pack(*WHOLE, "cpu_ms=+1"),
    "a number out of 64 bits": pack(*WHOLE, "cpu_ms=99999999999999999999999"),
    "an empty number": pack(*WHOLE, "cpu_ms="),
    "no time limit": pack("run", *NUMBERS[1:], "arg=/bin/true"),
    "no program": pack("run", *NUMBERS),
    "a relative program": pack("run", *NUMBERS, "arg=true"),
    "too many arguments": pack(*WHOLE, *["arg=x"] * 256),
    "a file above the box": pack(*WHOLE, "file=r:../up"),
    "a file that climbs out later": pack(*WHOLE, "file=r:a/../../up"),
    "an absolute file": pack(*WHOLE, "file=r:/etc/passwd"),
    "a file with an empty component": pack(*WHOLE, "file=r:a//b"),
    "a file with a trailing slash": pack(*WHOLE, "file=r:a/"),
    "a file of an unknown mode": pack(*WHOLE, "file=w:a"),
    "a file with an endless name": pack(*WHOLE, "file=r:" + "a" * 256),
    "a limit that stands twice": pack(*WHOLE, "wall_ms=60000"),
    "a profile that stands twice": pack(*WHOLE, "profile=run", "profile=compile"),
    "an unknown profile": pack(*WHOLE, "profile=root"),
    "a file without a descriptor": pack(*WHOLE, "file=r:a"),
}


THREE_NULLS = [os.open("/dev/null", os.O_RDWR)] * 3


@pytest.mark.parametrize("packet", BAD_REQUESTS.values(), ids=BAD_REQUESTS.keys())
def test_bad_request_is_refused_in_one_line_and_the_slot_goes_on(
    packet: bytes, service: Service
) -> None:
    with Connection(service.socket) as slot:
        slot.send(packet, THREE_NULLS)
        answer = slot.receive()
        assert answer["fault"] == "request"
        assert answer["error"]
        slot.send(pack(*WHOLE), THREE_NULLS)
        assert slot.receive()["outcome"] == "exited"


def test_request_longer_than_a_packet_is_refused(service: Service) -> None:
    with Connection(service.socket) as slot:
        slot.send(pack(*WHOLE, *["arg=" + "x" * 4000] * 20), THREE_NULLS)
        assert slot.receive()["fault"] == "request"


def test_descriptor_that_is_no_file_is_refused_as_a_file(service: Service) -> None:
    with Connection(service.socket) as slot:
        slot.send(pack(*WHOLE, "file=r:a"), [*THREE_NULLS, THREE_NULLS[0]])
        assert slot.receive()["fault"] == "request"


def test_program_that_is_not_there_is_a_fault_and_no_outcome(service: Service) -> None:
    with Connection(service.socket) as slot:
        answer = slot.run(["./nothing"])
        assert "outcome" not in answer
        assert answer["fault"] == "program"
        assert "No such file" in answer["error"]
        assert slot.run(["/usr/bin/true"])["outcome"] == "exited"


def test_hello_tells_version_level_slot_and_how_many_there_are(service: Service) -> None:
    with Connection(service.socket) as slot:
        assert slot.hello["isolation"] == LEVEL
        assert (slot.hello["slot"], slot.hello["slots"]) == ("0", "1")


def test_answer_carries_the_box_as_the_run_left_it(service: Service) -> None:
    with Connection(service.socket) as slot:
        slot.start(["/bin/sh", "-c", "echo text > made"])
        _, descriptors, _, _ = socket.recv_fds(slot.socket, 4096, 4)
        (folder,) = descriptors
        made = os.open("made", os.O_RDONLY | os.O_NOFOLLOW, dir_fd=folder)
        assert os.read(made, 100) == b"text\n"
        os.close(made)
        os.close(folder)


def test_kill_ends_the_run(service: Service) -> None:
    with Connection(service.socket) as slot:
        slot.start(["/bin/sleep", "60"], limits={"wall_ms": 60000})
        slot.send(pack("kill"), [])
        assert slot.receive()["outcome"] == "killed"


def test_kill_that_comes_too_late_is_ignored(service: Service) -> None:
    with Connection(service.socket) as slot:
        slot.run(["/usr/bin/true"])
        slot.send(pack("kill"), [])
        assert slot.run(["/usr/bin/true"])["outcome"] == "exited"


def test_closed_connection_leaves_nothing_running(service: Service) -> None:
    with Connection(service.socket) as slot:
        slot.start(["/bin/sleep", "60"], limits={"wall_ms": 60000})
        wait_until(lambda: bool(programs_of(service.process.pid)), 5, "the run has begun")
    wait_until(lambda: not programs_of(service.process.pid), 5, "the run has ended")


def test_connection_waits_while_all_slots_are_taken(service: Service) -> None:
    with Connection(service.socket):
        waiting = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        waiting.settimeout(0.3)
        waiting.connect(str(service.socket))
        with pytest.raises(TimeoutError):
            waiting.recv(100)
    waiting.settimeout(5)
    assert b"slot=0" in waiting.recv(100)
    waiting.close()


def test_pipe_ends_when_the_program_closes_it_and_not_with_the_run(service: Service) -> None:
    reader, writer = os.pipe()
    with Connection(service.socket) as slot:
        slot.start(
            ["/bin/sh", "-c", "exec >&-; read never < /dev/null; while :; do :; done"],
            stdout=writer,
        )
        os.close(writer)
        os.set_blocking(reader, False)
        wait_until(lambda: is_at_end(reader), 5, "the reader sees the end")
        slot.send(pack("kill"), [])
        assert slot.receive()["outcome"] == "killed"
    os.close(reader)


def is_at_end(reader: int) -> bool:
    try:
        return os.read(reader, 1) == b""
    except BlockingIOError:
        return False


def test_dead_zygote_costs_one_run_and_not_the_service(service: Service) -> None:
    with Connection(service.socket) as slot:
        slot.start(["/bin/sleep", "60"], limits={"wall_ms": 60000})
        (slot_pid,) = children_of(service.process.pid)
        (zygote,) = children_of(slot_pid)
        wait_until(lambda: bool(programs_of(service.process.pid)), 5, "the program runs")
        os.kill(zygote, 9)
        assert slot.receive()["fault"] == "sandbox"
    with Connection(service.socket) as slot:
        assert slot.run(["/usr/bin/true"])["outcome"] == "exited"


def test_many_quick_runs_do_not_get_in_each_others_way(service: Service, honest: Path) -> None:
    """A fault once: the last run's pid 1 was still counted when the next one forked."""
    with Connection(service.socket) as slot:
        answers = [slot.run(["./honest"], files={"honest": honest}) for _ in range(300)]
    assert [answer for answer in answers if answer.get("outcome") != "exited"] == []


def test_cpu_time_is_the_programs_own(service: Service) -> None:
    """Against the program's own clock; the margin is the interpreter's start and end."""
    script = "import time\nwhile time.process_time() < 0.5: pass"
    with Connection(service.socket) as slot:
        nothing = int(slot.run(["/usr/bin/python3", "-c", ""])["cpu_us"])
        answer = slot.run(["/usr/bin/python3", "-c", script])
    assert 500_000 <= int(answer["cpu_us"]) <= 600_000 + 3 * nothing


def test_page_cache_of_earlier_runs_is_nobodys_memory(service: Service) -> None:
    """A fault once: the cache that one run had left was taken off what the next ones used."""
    touch = ["/usr/bin/python3", "-c", "x = bytearray(30 << 20)"]
    with Connection(service.socket) as slot:
        for _ in range(5):
            assert 30 << 10 < int(slot.run(touch)["memory_kib"]) < 45 << 10


def test_memory_that_a_run_left_is_no_room_for_the_next(
    service: Service, compiled: Callable[[Path], Path]
) -> None:
    """A fault once: the box, which its client had freed, was taken for a part of what was left."""
    files = {"leave": compiled(FOLDER / "leave_memory.c")}
    touch = ["/usr/bin/python3", "-c", "bytearray(85 << 20)"]
    with Connection(service.socket) as slot:
        for _ in range(2):
            limits = {"memory_kib": 65536, "output_kib": 131072}
            left = slot.run(["./leave", "60000", "30"], files=files, limits=limits)
            assert left["outcome"] == "exited"
            assert slot.run(touch, limits={"memory_kib": 65536})["outcome"] == "memory"


def test_sparse_file_is_charged_by_what_was_written(service: Service) -> None:
    """A fault once: each byte of it was charged as 2 MiB."""
    script = "f = open('x', 'wb')\nfor i in range(30): f.seek(i << 21), f.write(b'x')"
    with Connection(service.socket) as slot:
        answer = slot.run(["/usr/bin/python3", "-c", script], limits={"output_kib": 65536})
    assert answer["outcome"] == "exited"
    assert int(answer["written_kib"]) <= 256


def test_failure_after_small_files_is_no_output_limit(service: Service) -> None:
    """A fault once: each file counted as the page it takes."""
    script = "for i in range(16): open(str(i), 'w').write('x')\nexit(1)"
    with Connection(service.socket) as slot:
        answer = slot.run(["/usr/bin/python3", "-c", script], limits={"output_kib": 64})
    assert (answer["outcome"], answer["exit_code"], answer["limit"]) == ("exited", "1", "none")


def test_program_whose_loader_is_none_is_no_fault_of_the_sandbox(
    service: Service, compiled: Callable[[Path], Path]
) -> None:
    files = {"program": compiled(FOLDER / "loader_too_short.c")}
    with Connection(service.socket) as slot:
        for _ in range(2):
            assert slot.run(["./program"], files=files)["fault"] == "program"
        assert slot.run(["/usr/bin/true"])["outcome"] == "exited"


def test_client_that_takes_no_answers_does_not_keep_the_slot(
    serve: Callable[..., Service],
) -> None:
    service = serve()
    with Connection(service.socket) as silent:
        with contextlib.suppress(OSError):
            silent.socket.settimeout(1)
            while True:
                silent.send(pack("walk"), [])
        with Connection(service.socket) as slot:
            assert slot.run(["/usr/bin/true"])["outcome"] == "exited"
    assert service.stop() == 0


def test_file_given_to_be_written_is_written_and_others_are_not(service: Service) -> None:
    words = ("arg=/bin/sh", "arg=-c", "arg=echo more >> notes; echo more >> input")
    with Connection(service.socket) as slot, tempfile.TemporaryFile() as given:
        given.write(b"given\n")
        given.flush()
        null = os.open("/dev/null", os.O_RDWR)
        request = pack("run", *NUMBERS, *words, "file=w:notes", "file=r:input")
        slot.send(request, [null, null, null, given.fileno(), given.fileno()])
        os.close(null)
        answer, (box,) = slot.receive_with_box()
        assert answer["outcome"] == "exited", answer
        read = {name: read_in(box, name) for name in ("notes", "input")}
        os.close(box)
    assert read == {"notes": "given\nmore\n", "input": "given\n"}


def read_in(folder: int, name: str) -> str:
    with open(name, opener=lambda path, flags: os.open(path, flags, dir_fd=folder)) as file:
        return file.read()


def test_end_of_a_run_is_told_by_the_clock_of_all(service: Service) -> None:
    with Connection(service.socket) as slot:
        before = time.monotonic_ns()
        ended = int(slot.run(["/bin/sleep", "0.01"])["ended_ns"])
        assert before + 10_000_000 <= ended <= time.monotonic_ns()


def test_peak_memory_is_what_was_touched(service: Service) -> None:
    script = "x = bytearray({} << 20)"
    with Connection(service.socket) as slot:
        limits = {"memory_kib": 300000}
        peaks = [
            int(
                slot.run(["/usr/bin/python3", "-c", script.format(size)], limits=limits)[
                    "memory_kib"
                ]
            )
            for size in (1, 65, 129)
        ]
    differences = [peaks[1] - peaks[0], peaks[2] - peaks[1]]
    assert all(abs(difference - 65536) < 1024 for difference in differences), peaks


STRANGER = """
import socket, sys
client = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
client.settimeout(5)
client.connect(sys.argv[1])
print(client.recv(100))
"""


def test_stranger_gets_no_slot(service: Service) -> None:
    """The socket's own mode keeps strangers out; were it opened, the peer's user would."""
    service.socket.parent.chmod(0o711)
    told = connect_as_stranger(service)
    assert "Permission denied" in told.stderr
    service.socket.chmod(0o666)
    told = connect_as_stranger(service)
    service.socket.chmod(0o600)
    assert told.stdout == "b''\n", told.stderr


def connect_as_stranger(service: Service) -> subprocess.CompletedProcess[str]:
    """What the service says to somebody who is neither root nor its owner.

    From the socket's own folder: those above need not let strangers pass.
    """
    return subprocess.run(
        ["/usr/bin/python3", "-c", STRANGER, service.socket.name],
        cwd=service.socket.parent,
        user=65534,
        group=65534,
        extra_groups=[],
        capture_output=True,
        text=True,
        check=False,
    )


def test_wall_time_is_measured_from_exec(service: Service) -> None:
    with Connection(service.socket) as slot:
        began = time.monotonic()
        answer = slot.run(["/bin/sleep", "0.3"])
        took_us = (time.monotonic() - began) * 1e6
    assert 300_000 <= int(answer["wall_us"]) <= took_us


def test_standard_streams_can_be_opened_by_name(service: Service) -> None:
    reader, writer = os.pipe()
    with Connection(service.socket) as slot:
        slot.start(["/bin/sh", "-c", "echo told > /dev/stdout"], stdout=writer)
        os.close(writer)
        assert slot.receive()["exit_code"] == "0"
    assert os.read(reader, 100) == b"told\n"
    os.close(reader)


def test_stream_may_be_a_file_without_a_name(service: Service) -> None:
    memory = os.memfd_create("output")
    with Connection(service.socket) as slot:
        slot.start(["/bin/sh", "-c", "echo told"], stdout=memory)
        assert slot.receive()["exit_code"] == "0"
    assert os.pread(memory, 100, 0) == b"told\n"
    os.close(memory)


def test_more_descriptors_than_a_request_may_have_are_refused(service: Service) -> None:
    with Connection(service.socket) as slot:
        slot.send(pack(*WHOLE), THREE_NULLS * 81 + THREE_NULLS[:1])
        assert "more than 243 descriptors" in slot.receive()["error"]
        assert slot.run(["/usr/bin/true"])["outcome"] == "exited"
