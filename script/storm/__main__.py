"""script/chaos --seed S --jobs N --workers W [--nodes 1|3]"""

import argparse
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from stack.interrupt import Interrupted, raise_interrupted
from stack.paths import ROOT
from stack.process import ProcessEnded
from storm import storm
from storm.report import console, report
from storm.storm import Storm, Weather

_LOGS = ROOT / "build" / "storm"


def main() -> int:
    """0 if every promise was kept, 1 if not, 2 if it cannot be done here, 130 if stopped."""
    weather = _parse()
    if os.geteuid() != 0:
        print("chaos: it kills safeexec, which is root's: run it as root", file=sys.stderr)
        return 2
    raise_interrupted()
    out = console()
    logs = _LOGS / f"seed-{weather.seed}"
    try:
        with _bar(out, weather) as progress:
            outcome = Storm(weather, progress).run(lambda found: _keep(found, logs))
    except Interrupted:
        print(f"chaos: interrupted; everything is stopped; logs: {logs}", file=sys.stderr)
        return 130
    except (ProcessEnded, TimeoutError) as error:
        print(f"chaos: {error}\nchaos: logs: {logs}", file=sys.stderr)
        return 1
    report(out, weather, outcome)
    if outcome.broken:
        out.print(f"logs: {logs}", markup=False, soft_wrap=True)
    return 1 if outcome.broken else 0


def _parse() -> Weather:
    parser = argparse.ArgumentParser(
        prog="script/chaos",
        description="Judge jobs while brokers, workers, the sandbox and connections break, and "
        "keep the books. The same seed is the same jobs and the same faults.",
    )
    parser.add_argument("--seed", type=int, default=1, help="what the storm follows from (1)")
    parser.add_argument("--jobs", type=_number(30, 1_000_000), default=300, help="(300)")
    parser.add_argument("--workers", type=_number(1, 64), default=3, help="(3)")
    parser.add_argument("--nodes", type=int, choices=(1, 3), default=1, help="of the broker (1)")
    parser.add_argument(
        "--rate", type=float, default=10.0, help="jobs published a second, at most (10)"
    )
    return Weather(**vars(parser.parse_args()))


def _number(least: int, most: int) -> Callable[[str], int]:
    def parse(text: str) -> int:
        if not (text.isdecimal() and least <= int(text) <= most):
            raise argparse.ArgumentTypeError(f"{text!r} is not a number from {least} to {most}")
        return int(text)

    return parse


@contextmanager
def _bar(out: Console, weather: Weather) -> Iterator[storm.Progress]:
    """A bar on a terminal, nothing elsewhere."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("next: {task.fields[next]}"),
    )
    with Progress(*columns, console=out, transient=True, disable=not out.is_terminal) as bar:
        sent = bar.add_task("confirmed", total=weather.jobs, next="")
        back = bar.add_task("results", total=weather.jobs, next="")

        def tell(confirmed: int, results: int, coming: str) -> None:
            bar.update(sent, completed=confirmed, next=coming)
            bar.update(back, completed=results)

        yield tell


def _keep(found: list[Path], folder: Path) -> None:
    """Copies the logs to where they outlive the run."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for log in found:
        shutil.copy(log, folder)


if __name__ == "__main__":
    sys.exit(main())
