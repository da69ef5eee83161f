"""script/bench [NAME...] [--json FILE]: runs benchmarks and prints their figures and bars."""

import argparse
import json
import os
import platform
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bench import (
    accuracy,
    comparing,
    contest,
    deploy,
    dmoj,
    endurance,
    failover,
    idle,
    interaction,
    languages,
    launch,
    memory,
    overhead,
    pace,
    peak,
    roundtrip,
    seed,
    soak,
    spread,
    submission,
    throughput,
)
from bench.figures import Bar, Figures, Row
from stack.interrupt import Interrupted, raise_interrupted
from stack.process import ProcessEnded

BENCHMARKS: dict[str, Callable[[], Figures]] = {
    "launch": launch.run,
    "throughput": throughput.run,
    "accuracy": accuracy.run,
    "spread": spread.run,
    "peak": peak.run,
    "submission": submission.run,
    "contest": contest.run,
    "overhead": overhead.run,
    "interaction": interaction.run,
    "comparing": comparing.run,
    "roundtrip": roundtrip.run,
    "memory": memory.run,
    "endurance": endurance.run,
    "pace": pace.run,
    "failover": failover.run,
    "idle": idle.run,
    "soak": soak.run,
    "languages": languages.run,
}

ON_DEMAND: dict[str, Callable[[], Figures]] = {
    "seed": seed.run,
    "dmoj": dmoj.run,
    "deploy": deploy.run,
}
"""Run where they are named: one takes minutes, one builds a judge that it gets from PyPI, one wants
a Docker engine."""

_WIDTH = 100  # also where the output is no terminal, of which nothing is known


def main() -> int:
    options = _parse()
    raise_interrupted()
    console = Console(highlight=False, width=_WIDTH)
    console.print(f"{_machine()}; {_now()}")
    results: dict[str, Figures] = {}
    known = BENCHMARKS | ON_DEMAND
    try:
        for name in options.names or BENCHMARKS:
            results[name] = known[name]()
            _tell(console, results[name])
    except Interrupted:
        return 130
    except (ProcessEnded, TimeoutError, RuntimeError) as error:
        print(f"bench: {error}", file=sys.stderr)
        return 1
    if options.json is not None:
        options.json.write_text(json.dumps(_document(results), indent=1) + "\n")
    return 0


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="script/bench", description="Run benchmarks.")
    parser.add_argument(
        "names",
        nargs="*",
        metavar="NAME",
        help=f"one of {', '.join(BENCHMARKS)} (all), or of {', '.join(ON_DEMAND)}",
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there too")
    options = parser.parse_args()
    known = BENCHMARKS | ON_DEMAND
    for name in options.names:
        if name not in known:
            parser.error(f"no benchmark {name!r}; there are {', '.join(known)}")
    return options


def _tell(console: Console, figures: Figures) -> None:
    console.print(f"{figures.title} ({figures.unit})", style="bold")
    console.print(_rows(figures.rows))
    if figures.bars:
        console.print(_bars(figures.bars))
    console.print()


def _rows(rows: Sequence[Row]) -> Table:
    table = Table(box=None)
    for heading in rows[0]:
        name = heading == "name"
        table.add_column("" if name else heading, justify="left" if name else "right", no_wrap=True)
    for row in rows:
        table.add_row(*map(_cell, row.values()))
    return table


def _bars(bars: Sequence[Bar]) -> Table:
    table = Table(box=None)
    for heading in ("", "found", "bar", ""):
        table.add_column(heading, justify="right" if heading else "left", no_wrap=True)
    for bar in bars:
        limit = f"at {'least' if bar.at_least else 'most'} {bar.limit:g} {bar.unit}"
        verdict = f"{'met' if bar.met else 'MISSED'} by {abs(bar.margin):.2f}"
        table.add_row(bar.what, f"{bar.value:z.2f}", limit, verdict)
    return table


def _cell(figure: float | str) -> str:
    return f"{figure:z.2f}" if isinstance(figure, float) else str(figure)


def _document(results: dict[str, Figures]) -> dict[str, object]:
    return {
        "machine": _machine(),
        "date": _now(),
        "benchmarks": {
            name: {
                "title": one.title,
                "unit": one.unit,
                "rows": [dict(row) for row in one.rows],
                "bars": [asdict(bar) | {"met": bar.met} for bar in one.bars],
                "samples": {who: list(values) for who, values in one.samples.items()},
            }
            for name, one in results.items()
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
