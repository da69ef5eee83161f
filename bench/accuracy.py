"""Milliseconds between the CPU time that safeexec reports and the program's own clock."""

import statistics
from pathlib import Path

from bench import program
from bench.figures import Bar, Figures, Row
from bench.sampling import Sample, side_by_side
from executor.sandbox import Sandbox, Slot
from stack import RunFolder, Safeexec

RUNS = 20

_WORKS_MS = (1, 10, 100, 1000)
_ALLOWED_MS = 1.0
_ALLOWED_SHARE = 0.01


def run() -> Figures:
    """The program computes for so long, and prints CLOCK_PROCESS_CPUTIME_ID at its end."""
    with RunFolder() as folder, Safeexec(folder) as safeexec:
        work = program.build(folder, "work.c")
        with Sandbox(safeexec.socket).slot() as slot:
            contestants = {f"{ms} ms": _difference(slot, work, ms) for ms in _WORKS_MS}
            samples = side_by_side(contestants, RUNS)
    bars = [
        Bar(f"CPU time of {name}, off by", max(map(abs, values)), _allowed(ms), "ms")
        for (name, values), ms in zip(samples.items(), _WORKS_MS, strict=True)
    ]
    rows = [_row(name, values) for name, values in samples.items()]
    return Figures("reported CPU time less the program's own", "ms", rows, samples, bars)


def _difference(slot: Slot, work: Path, ms: int) -> Sample:
    def sample() -> float:
        outcome, printed = program.run(slot, work, "time", str(ms))
        program.succeed(outcome)
        return outcome.cpu_us / 1e3 - int(printed) / 1e6

    return sample


def _allowed(ms: int) -> float:
    return max(_ALLOWED_MS, _ALLOWED_SHARE * ms)


def _row(name: str, values: list[float]) -> Row:
    return {
        "name": name,
        "median": round(statistics.median(values), 3),
        "least": round(min(values), 3),
        "most": round(max(values), 3),
        "runs": len(values),
    }
