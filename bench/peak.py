"""MiB between the peak that safeexec reports and what the program touched."""

import statistics
from pathlib import Path

from bench import program
from bench.figures import Bar, Figures, Row
from bench.sampling import Sample, side_by_side
from executor.sandbox import Sandbox, Slot
from stack import RunFolder, Safeexec

RUNS = 10

_TOUCHED_MIB = (1, 16, 64, 256, 1024)
_LIMIT_KIB = 2 * 1024 * 1024
_ALLOWED_MIB = 1.0


def run() -> Figures:
    with RunFolder() as folder, Safeexec(folder) as safeexec:
        work = program.build(folder, "work.c")
        with Sandbox(safeexec.socket).slot() as slot:
            contestants = {f"{mib} MiB": _difference(slot, work, mib) for mib in _TOUCHED_MIB}
            samples = side_by_side(contestants, RUNS)
    bars = [
        Bar(f"peak of {name}, off by", max(map(abs, values)), _ALLOWED_MIB, "MiB")
        for name, values in samples.items()
    ]
    rows = [_row(name, values) for name, values in samples.items()]
    return Figures("reported peak less the memory touched", "MiB", rows, samples, bars)


def _difference(slot: Slot, work: Path, mib: int) -> Sample:
    def sample() -> float:
        outcome, _ = program.run(slot, work, "touch", str(mib), memory_kib=_LIMIT_KIB)
        return program.succeed(outcome).memory_kib / 1024 - mib

    return sample


def _row(name: str, values: list[float]) -> Row:
    return {
        "name": name,
        "median": round(statistics.median(values), 3),
        "least": round(min(values), 3),
        "most": round(max(values), 3),
        "runs": len(values),
    }
