"""script/places: the sandbox on every kind of host, and the page that tells what holds there."""

import argparse
import sys

from rich.console import Console
from rich.table import Table

from stack.interrupt import Interrupted, raise_interrupted
from tests.places import page
from tests.places.hosts import PlaceMissing, engine
from tests.places.places import PLACES, Place, Run
from tests.places.runner import Runner

_PLAIN_WIDTH = 120


def main() -> int:
    """0 if all is as it should be in each place, 1 if not, 130 if interrupted."""
    options = _parse()
    console = Console(highlight=False)
    if not console.is_terminal:
        console = Console(highlight=False, width=_PLAIN_WIDTH)
    if options.list:
        console.print(_list())
        return 0
    places = [place for place in PLACES if place.name in options.names or not options.names]
    raise_interrupted()
    try:
        with engine([place.host for place in places]):
            runs = _run(places, console)
    except (Interrupted, PlaceMissing) as error:
        print(f"places: {str(error) or 'interrupted'}", file=sys.stderr)
        return 130 if isinstance(error, Interrupted) else 1
    console.print(_report(runs))
    if any(one.faults for one in runs):
        return 1
    if options.write:
        page.PAGE.write_text(page.render(runs))
    return 0


def _parse() -> argparse.Namespace:
    names = [place.name for place in PLACES]
    parser = argparse.ArgumentParser(
        prog="script/places",
        description="Runs the tests of the sandbox on every kind of host, or on those named. "
        "$PLACES_ENGINE and $PLACES_MACHINE bring up a container engine and a virtual machine.",
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(names))
    parser.add_argument("--list", action="store_true", help="only list the places")
    parser.add_argument("--write", action="store_true", help="write docs/security.md (all places)")
    options = parser.parse_args()
    if unknown := set(options.names) - set(names):
        parser.error(f"no such place: {', '.join(sorted(unknown))}")
    if options.write and options.names:
        parser.error("--write is for a run of all places")
    return options


def _list() -> Table:
    table = _table("place", "level", "host")
    for place in PLACES:
        table.add_row(place.name, place.level, place.what)
    return table


def _run(places: list[Place], console: Console) -> list[Run]:
    runs = []
    with (
        console.status("compiles the programs") as status,
        Runner(places, lambda place, line: status.update(f"{place.name}: {line[:90]}")) as runner,
    ):
        for place in places:
            runs.append(run := runner.run_of(place))
            console.print(f"{place.name}: {'; '.join(run.faults) or 'well'} ({run.seconds:.0f} s)")
            if run.faults:
                console.print(run.tail, markup=False)
    return runs


def _report(runs: list[Run]) -> Table:
    table = _table("place", "level", "kernel")
    for heading in ("programs", "stopped", "seconds"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("faults")
    for one in runs:
        stopped = sum(result["stopped"] for result in one.results)
        table.add_row(
            one.place.name,
            one.place.level,
            one.kernel,
            str(len(one.results)),
            str(stopped),
            f"{one.seconds:.0f}",
            "; ".join(one.faults),
            style="bold red" if one.faults else None,
        )
    return table


def _table(*headings: str) -> Table:
    table = Table(box=None, pad_edge=False)
    for heading in headings:
        table.add_column(heading)
    return table


if __name__ == "__main__":
    sys.exit(main())
