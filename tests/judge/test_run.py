"""Runs that go on too long, say too much, or lose their sandbox."""

import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from executor.judge import Judge, Killed
from executor.sandbox import (
    Ending,
    KillSwitch,
    RequestRefused,
    RunLimits,
    RunSpec,
    Sandbox,
    SandboxUnavailable,
    Slot,
)
from stack import RunFolder, Safeexec
from tests.judge.conftest import Judged, JudgeIn, make_job

LIMITS = RunLimits(
    cpu_ms=5000,
    wall_ms=10_000,
    memory_kib=262_144,
    stack_kib=8192,
    output_kib=1024,
    processes=1,
)
FLOOD_MIB = 200


def ignore(chunk: memoryview) -> None:
    pass


def python(program: str) -> RunSpec:
    return RunSpec(("/usr/bin/python3", "-c", program), LIMITS)


def resident_kib() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGESIZE") // 1024


def test_output_is_never_held_whole(judged: Judged) -> None:
    source = f"import os\nblock = b'x' * 2**20\nfor _ in range({FLOOD_MIB}): os.write(1, block)"
    limits = {"cpu_ms": 20_000, "output_kib": 1024 * FLOOD_MIB}
    judged()
    before = resident_kib()
    peaks = []
    done = threading.Event()

    def watch() -> None:
        while not done.is_set():
            peaks.append(resident_kib())
            done.wait(0.005)

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        for checker in ("lines", "tokens", "exact", "unordered"):
            result = judged(source=source, limits=limits, checker={"type": checker})
            assert result.verdict == "WA"
    finally:
        done.set()
        watcher.join()
    assert max(peaks) - before < 16 * 1024


def write_bytes(stream: int, size: int) -> RunSpec:
    program = f"import os\nleft = {size}\n"
    return python(program + f"while left: left -= os.write({stream}, b'x' * min(left, 9999))")


def test_stdout_may_have_its_limit_and_no_byte_more(sandbox: Sandbox) -> None:
    size = LIMITS.output_kib * 1024
    for extra, ending in ((0, Ending.EXITED), (1, Ending.OUTPUT)):
        seen = 0

        def count(chunk: memoryview) -> None:
            nonlocal seen
            seen += len(chunk)

        spec = write_bytes(1, size + extra)
        with sandbox.slot() as slot, slot.run(spec, None, count, ignore) as outcome:
            assert outcome.ending is ending
            assert seen == size


def test_complaints_on_stderr_are_no_output(sandbox: Sandbox) -> None:
    spec = write_bytes(2, 3 * LIMITS.output_kib * 1024)
    with sandbox.slot() as slot, slot.run(spec, None, ignore, ignore) as outcome:
        assert (outcome.ending, outcome.exit_code) == (Ending.EXITED, 0)


def test_a_nul_never_reaches_the_request(sandbox: Sandbox) -> None:
    """A fault once: a class name with a NUL in it went on as fields of its own."""
    spec = RunSpec(("/usr/bin/java", "pk.M\0wall_ms=60000\0profile=compile"), LIMITS)
    with sandbox.slot() as slot, pytest.raises(RequestRefused):
        slot.run(spec, None, ignore, ignore)


def test_a_slow_check_costs_the_program_no_wall_time(judged: Judged) -> None:
    """A fault once: the pipe was full while lines were compared, and the program waited."""
    limits = {"cpu_ms": 2000, "wall_ms": 3000, "output_kib": 65_536}
    # Lines of one letter are what a comparison needs most time for, in which a program needs least.
    source = "import os\nfor _ in range(40): os.write(1, b' x\\n' * 300_000)"
    result = judged(source=source, limits=limits, checker={"type": "unordered"})
    assert result.verdict == "WA"


def test_blank_lines_in_millions_are_ignored(judged: Judged) -> None:
    source = "import os\nfor _ in range(60): os.write(1, b'\\n' * 2**20)\nprint('hi')"
    result = judged(source=source)
    assert result.verdict == "AC"


def test_a_program_may_close_its_streams_early(sandbox: Sandbox) -> None:
    program = "import os; os.close(1); os.close(2); sum(range(10**6))"
    with sandbox.slot() as slot, slot.run(python(program), None, ignore, ignore) as outcome:
        assert (outcome.ending, outcome.exit_code) == (Ending.EXITED, 0)


def test_a_bad_request_leaves_the_slot_usable(sandbox: Sandbox) -> None:
    with sandbox.slot() as slot:
        with pytest.raises(RequestRefused):
            slot.run(RunSpec(("x" * 70_000,), LIMITS), None, ignore, ignore)
        with pytest.raises(RequestRefused):
            slot.run(RunSpec(("no-absolute-path",), LIMITS), None, ignore, ignore)
        with slot.run(python("pass"), None, ignore, ignore) as outcome:
            assert outcome.exit_code == 0


def test_many_runs_leave_no_descriptor_behind(sandbox: Sandbox) -> None:
    def descriptors() -> int:
        return len(os.listdir("/proc/self/fd"))

    with sandbox.slot() as slot:
        before = descriptors()
        for _ in range(20):
            with slot.run(python("print(1)"), None, ignore, ignore):
                pass
        assert descriptors() == before


def test_kill_ends_the_running_job_at_once(judge: Judge) -> None:
    started = time.monotonic()
    job = make_job(source="while True: pass", limits={"cpu_ms": 60_000})
    with KillSwitch() as switch:
        threading.Timer(0.5, switch.pull).start()
        with pytest.raises(Killed):
            judge.judge(job, queued_ms=None, redelivered=False, switch=switch)
    assert time.monotonic() - started < 5
    assert judge.judge(make_job(), queued_ms=None, redelivered=False).verdict == "AC"


def test_kill_ends_a_compiler_too(judge: Judge) -> None:
    bomb = """
        template <int d, int p> struct T {
            static constexpr int v = T<d - 1, 2 * p>::v + T<d - 1, 2 * p + 1>::v;
        };
        template <int p> struct T<0, p> { static constexpr int v = p; };
        int main() { return T<30, 0>::v; }
    """
    job = make_job(language="cpp17", source=bomb)
    with KillSwitch() as switch:
        threading.Timer(0.5, switch.pull).start()
        with pytest.raises(Killed):
            judge.judge(job, queued_ms=None, redelivered=False, switch=switch)


def test_a_sandbox_that_is_not_there_is_no_fault_of_the_submission(
    judge_in: JudgeIn, tmp_path: Path
) -> None:
    sandbox = Sandbox(tmp_path / "nowhere", connect_timeout_s=0.2)
    judge = judge_in(sandbox)
    result = judge.judge(make_job(), queued_ms=None, redelivered=False)
    assert (result.status, result.verdict) == ("failed", "JE")
    assert result.error is not None
    assert (result.error.code, result.error.retryable) == ("sandbox_unavailable", True)
    assert "No such file" in result.error.message


def test_no_free_slot_is_told_in_time() -> None:
    with RunFolder() as folder, Safeexec(folder, 1) as safeexec:
        sandbox = Sandbox(safeexec.socket, connect_timeout_s=0.3)
        with sandbox.slot(), pytest.raises(SandboxUnavailable, match="no slot became free"):
            sandbox.slot()


def test_a_sandbox_that_dies_in_mid_run_is_no_fault_of_the_submission(judge_in: JudgeIn) -> None:
    with RunFolder() as folder, Safeexec(folder, 1) as safeexec:
        sandbox = Sandbox(safeexec.socket, connect_timeout_s=0.5)
        judge = judge_in(sandbox)
        threading.Timer(0.7, safeexec.close).start()
        job = make_job(source="while True: pass", limits={"cpu_ms": 60_000})
        result = judge.judge(job, queued_ms=None, redelivered=False)
    assert (result.status, result.verdict) == ("failed", "JE")
    assert result.error is not None
    assert result.error.code == "sandbox_unavailable"


class WatchedSandbox(Sandbox):
    """Tells when a slot was asked for in vain."""

    def __init__(self, socket_path: Path) -> None:
        super().__init__(socket_path)
        self.missed = threading.Event()

    def slot(self, switch: KillSwitch | None = None) -> Slot:
        try:
            return super().slot(switch)
        except SandboxUnavailable:
            self.missed.set()
            raise


def test_a_job_waits_for_a_sandbox_that_starts_again(judge_in: JudgeIn) -> None:
    with (
        RunFolder() as folder,
        Safeexec(folder, 1) as safeexec,
        ThreadPoolExecutor() as elsewhere,
    ):
        sandbox = WatchedSandbox(safeexec.socket)
        judge = judge_in(sandbox, await_sandbox_s=30)
        safeexec.close()
        judging = elsewhere.submit(judge.judge, make_job(), queued_ms=None, redelivered=False)
        assert sandbox.missed.wait(10)
        safeexec.start()
        assert judging.result().verdict == "AC"


def test_a_job_that_waits_for_its_sandbox_can_be_killed(judge_in: JudgeIn, tmp_path: Path) -> None:
    judge = judge_in(Sandbox(tmp_path / "nowhere"), await_sandbox_s=30)
    with KillSwitch() as switch:
        threading.Timer(0.3, switch.pull).start()
        with pytest.raises(Killed):
            judge.judge(make_job(), queued_ms=None, redelivered=False, switch=switch)
