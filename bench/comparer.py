"""Compares one output as a worker does, in a process of its own.

    python -m bench.comparer CHECKER ANSWER OUTPUT

Prints the seconds of comparing, the verdict, and the KiB by which the peak of memory has grown.
"""

import sys
import time
from pathlib import Path

from pydantic import TypeAdapter

from executor.contract import Checker
from executor.judge.checkers import compare
from executor.judge.testdata import map_file

_OPTIONS: TypeAdapter[Checker] = TypeAdapter(Checker)


def main(checker: str, answer: str, output: str) -> None:
    options = _OPTIONS.validate_python({"type": checker})
    before = _peak_kib()
    start = time.perf_counter()
    with Path(output).open("rb") as file:
        result = compare(options, map_file(Path(answer)), file)
    elapsed = time.perf_counter() - start
    print(elapsed, result.verdict, _peak_kib() - before)


def _peak_kib() -> int:
    """Of this program: getrusage(2) would tell that of whoever has started it, if that is more."""
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0])


if __name__ == "__main__":
    main(*sys.argv[1:])
