"""MB of output compared in a second, by the built-in checkers and by what one would use instead."""

import random
import statistics
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from bench.figures import Bar, Figures, compare
from bench.sampling import Sample, side_by_side
from stack import RunFolder
from stack.paths import ROOT

RUNS = 3
LARGE_MB = 200
SMALL_MB = 20
TESTLIB_MB = 120
"""testlib refuses larger files."""

_EQUAL_MB_S = 1000.0
_TOKENS_MB_S = 200.0
_GROWN_KIB = 4096
"""By which a comparison of ten times as much may have more memory at its peak."""
_NUMBERS_A_LINE = 10
_TESTLIB = Path(sys.prefix) / "share" / "testlib.h"
_WCMP = """
#include "testlib.h"
int main(int argc, char* argv[]) {
    registerTestlibCmd(argc, argv);
    while (!ans.seekEof() && !ouf.seekEof())
        if (ans.readWord() != ouf.readWord()) quitf(_wa, "a word differs");
    if (!ans.seekEof() || !ouf.seekEof()) quitf(_wa, "one is longer");
    quitf(_ok, "equal");
}
"""


def run() -> Figures:
    """Of random numbers, ten in a line.

    "a blank": the output has one too many in its first line; "CRLF": in each line it has a carriage
    return too many.

    The executor's figures are without the start of its process, the others' with theirs.
    """
    with RunFolder() as folder:
        small = _Files(folder.make("small"), SMALL_MB)
        large = _Files(folder.make("large"), LARGE_MB)
        most = _Files(folder.make("most"), TESTLIB_MB)
        wcmp = _wcmp(folder.make("wcmp"))
        peaks: dict[str, list[int]] = {}
        ours = {
            "exact, equal": ("exact", large.equal),
            "lines, equal": ("lines", large.equal),
            "tokens, equal": ("tokens", large.equal),
            "lines, a blank": ("lines", large.blank),
            "tokens, a blank": ("tokens", large.blank),
            "lines, CRLF": ("lines", large.crlf),
            "tokens, CRLF": ("tokens", large.crlf),
        }
        contestants = {
            name: _compared(checker, large.answer, output, peaks.setdefault(name, []))
            for name, (checker, output) in ours.items()
        }
        contestants |= {
            "cmp, equal": _other(["cmp", large.answer, large.equal]),
            "diff -ZB, equal": _other(["diff", "-ZB", large.answer, large.equal]),
            "diff -ZB, a blank": _other(["diff", "-ZB", large.answer, large.blank]),
            "testlib's wcmp, a blank": _other(
                [wcmp, "/dev/null", most.blank, most.answer], TESTLIB_MB
            ),
        }
        samples = side_by_side(contestants, RUNS)
        grown = {name: max(peaks[name]) - _small_peak(small, *ours[name]) for name in ours}
    title = f"comparing {LARGE_MB} MB of output"
    return compare(title, "MB a second", samples, [*_bars(samples), *_memory_bars(grown)])


class _Files:
    """An answer, and outputs for it."""

    def __init__(self, folder: Path, size_mb: int) -> None:
        self.answer, self.equal, self.blank, self.crlf = (
            folder / name for name in ("answer", "equal", "blank", "crlf")
        )
        numbers = random.Random(1)
        piece = "".join(
            " ".join(str(numbers.getrandbits(20)) for _ in range(_NUMBERS_A_LINE)) + "\n"
            for _ in range(15_000)
        ).encode()
        content = (piece * (size_mb * 10**6 // len(piece) + 1))[: size_mb * 10**6]
        self.answer.write_bytes(content)
        self.equal.write_bytes(content)
        self.blank.write_bytes(content.replace(b"\n", b" \n", 1))
        self.crlf.write_bytes(content.replace(b"\n", b"\r\n"))


def _compared(checker: str, answer: Path, output: Path, peaks: list[int]) -> Sample:
    def sample() -> float:
        elapsed, grown_kib = _compare(checker, answer, output)
        peaks.append(grown_kib)
        return answer.stat().st_size / 1e6 / elapsed

    return sample


def _compare(checker: str, answer: Path, output: Path) -> tuple[float, int]:
    """Seconds, and KiB of memory."""
    command = [sys.executable, "-m", "bench.comparer", checker, str(answer), str(output)]
    told = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout
    elapsed, verdict, grown_kib = told.split()
    if verdict != "AC":
        raise RuntimeError(f"{checker} finds {verdict}")
    return float(elapsed), int(grown_kib)


def _small_peak(files: _Files, checker: str, output: Path) -> int:
    return max(_compare(checker, files.answer, files.answer.parent / output.name)[1] for _ in "12")


def _other(command: Sequence[str | Path], size_mb: int = LARGE_MB) -> Sample:
    def sample() -> float:
        start = time.perf_counter()
        subprocess.run(command, check=True, stderr=subprocess.DEVNULL)
        return size_mb / (time.perf_counter() - start)

    return sample


def _wcmp(folder: Path) -> Path:
    """What testlib's checker of that name does, with the real testlib.h."""
    (folder / "wcmp.cpp").write_text(_WCMP)
    command = ["g++", "-O2", f"-I{_TESTLIB.parent}", "-o", "wcmp", "wcmp.cpp"]
    subprocess.run(command, cwd=folder, check=True)
    return folder / "wcmp"


def _bars(samples: Mapping[str, Sequence[float]]) -> list[Bar]:
    least = {
        "exact, equal": _EQUAL_MB_S,
        "lines, equal": _EQUAL_MB_S,
        "tokens, equal": _TOKENS_MB_S,
        "tokens, a blank": _TOKENS_MB_S,
        "tokens, CRLF": _TOKENS_MB_S,
    }
    return [
        Bar(name, statistics.median(samples[name]), limit, "MB/s", True)
        for name, limit in least.items()
    ]


def _memory_bars(grown: Mapping[str, int]) -> list[Bar]:
    return [
        Bar(f"{name}: peak beyond that of {SMALL_MB} MB", kib / 1024, _GROWN_KIB / 1024, "MiB")
        for name, kib in grown.items()
    ]
