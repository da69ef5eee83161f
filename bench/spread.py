"""How much the CPU time of one program differs from run to run, alone and beside a neighbour."""

import os
import signal
import statistics
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from bench import program
from bench.figures import Bar, Figures, Row
from bench.sampling import Sample, percentile, side_by_side
from executor.sandbox import Sandbox, Slot
from stack import RunFolder, Safeexec
from stack.process import wrapper

RUNS = 200

_WORK_MS = 100
_TRIAL_ROUNDS = 10_000
_ALLOWED_PERCENT = 5.0
_NOISY = "safeexec beside a neighbour"


def run() -> Figures:
    """The same program as a plain process tells what the machine itself does to CPU time."""
    with RunFolder() as folder, Safeexec(folder) as safeexec:
        work = program.build(folder, "work.c")
        with Sandbox(safeexec.socket).slot() as slot, _neighbour(work) as neighbour:
            rounds = _rounds(work)
            plain, ours = _plain(work, rounds), _sandboxed(slot, work, rounds)
            contestants = {
                "plain process": plain,
                "plain process beside a neighbour": _beside(neighbour, plain),
                "safeexec": ours,
                _NOISY: _beside(neighbour, ours),
            }
            samples = side_by_side(contestants, RUNS)
    rows = [_row(name, values) for name, values in samples.items()]
    bar = Bar(f"{_NOISY}: 99 % over median", _excess(samples[_NOISY]), _ALLOWED_PERCENT, "%")
    return Figures(f"CPU time of {_WORK_MS} ms of work", "ms", rows, samples, [bar])


def _rounds(work: Path) -> int:
    """How much the program must compute for _WORK_MS."""
    trial = _plain(work, _TRIAL_ROUNDS)
    return int(_TRIAL_ROUNDS * _WORK_MS / statistics.median(trial() for _ in range(20)))


def _plain(work: Path, rounds: int) -> Sample:
    def sample() -> float:
        child = subprocess.Popen([work, "rounds", str(rounds)])
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        if child.returncode:
            raise RuntimeError(f"{work} ended with {child.returncode}")
        return (usage.ru_utime + usage.ru_stime) * 1000

    return sample


def _sandboxed(slot: Slot, work: Path, rounds: int) -> Sample:
    def sample() -> float:
        outcome, _ = program.run(slot, work, "rounds", str(rounds))
        return program.succeed(outcome).cpu_us / 1000

    return sample


@contextmanager
def _neighbour(work: Path) -> Iterator[int]:
    """A process that fights for caches and memory; it stands still until it is told to go on."""
    process = subprocess.Popen([*wrapper(user=None), work, "disturb"])
    try:
        process.send_signal(signal.SIGSTOP)
        yield process.pid
    finally:
        process.kill()
        process.wait()


def _beside(neighbour: int, alone: Sample) -> Sample:
    def sample() -> float:
        os.kill(neighbour, signal.SIGCONT)
        try:
            return alone()
        finally:
            os.kill(neighbour, signal.SIGSTOP)

    return sample


def _excess(values: Sequence[float]) -> float:
    """How many percent the 99th percentile lies over the median."""
    return (percentile(values, 99) / statistics.median(values) - 1) * 100


def _row(name: str, values: Sequence[float]) -> Row:
    return {
        "name": name,
        "median": round(statistics.median(values), 3),
        "1 %": round(percentile(values, 1), 3),
        "99 %": round(percentile(values, 99), 3),
        "99 % over median": f"{_excess(values):.2f} %",
        "runs": len(values),
    }
