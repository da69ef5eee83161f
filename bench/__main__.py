"""script/bench [NAME...] [--json FILE]: runs benchmarks and prints their medians and ratios."""

import argparse
import json
import os
import platform
import sys
import time
from collections.abc import Callable
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bench import launch, memory, roundtrip, submission
from bench.sampling import Comparison
from stack.interrupt import Interrupted, raise_interrupted
from stack.process import ProcessEnded

BENCHMARKS: dict[str, Callable[[], Comparison]] = {
    "launch": launch.run,
    "submission": submission.run,
    "roundtrip": roundtrip.run,
    "memory": memory.run,
}


def main() -> int:
    options = _parse()
    raise_interrupted()
    console = Console(highlight=False)
    console.print(f"{_machine()}; {_now()}")
    comparisons = {}
    try:
        for name in options.names or BENCHMARKS:
            comparisons[name] = BENCHMARKS[name]()
            console.print(_table(comparisons[name]))
    except Interrupted:
        return 130
    except (ProcessEnded, TimeoutError, RuntimeError) as error:
        print(f"bench: {error}", file=sys.stderr)
        return 1
    if options.json is not None:
        options.json.write_text(json.dumps(_document(comparisons), indent=1) + "\n")
    return 0


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="script/bench", description="Run benchmarks.")
    parser.add_argument(
        "names", nargs="*", metavar="NAME", help=f"one of {', '.join(BENCHMARKS)} (all)"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there too")
    options = parser.parse_args()
    for name in options.names:
        if name not in BENCHMARKS:
            parser.error(f"no benchmark {name!r}; there are {', '.join(BENCHMARKS)}")
    return options


def _table(comparison: Comparison) -> Table:
    table = Table(title=f"{comparison.title} ({comparison.unit})", box=None, title_justify="left")
    table.add_column("")
    for heading in ("median", "10 %", "90 %", "ratio", "runs"):
        table.add_column(heading, justify="right")
    for row in comparison.rows():
        figures = [f"{row[key]:.2f}" for key in ("median", "low", "high", "ratio")]
        table.add_row(str(row["name"]), *figures, str(row["runs"]))
    return table


def _document(comparisons: dict[str, Comparison]) -> dict[str, object]:
    return {
        "machine": _machine(),
        "date": _now(),
        "benchmarks": {
            name: {
                "title": one.title,
                "unit": one.unit,
                "rows": one.rows(),
                "samples": {who: list(values) for who, values in one.samples.items()},
            }
            for name, one in comparisons.items()
        },
    }


def _machine() -> str:
    model = "unknown CPU"
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            model = line.partition(":")[2].strip()
            break
    memory_gib = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return (
        f"{os.cpu_count()} x {model}, {memory_gib:.0f} GiB, Linux {platform.release()}, "
        f"load {os.getloadavg()[0]:.1f}"
    )


def _now() -> str:
    return time.strftime("%Y-%m-%d %H:%M %Z")


if __name__ == "__main__":
    sys.exit(main())
