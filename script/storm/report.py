"""What a storm came to, for a person."""

from rich.console import Console
from rich.table import Table

from storm.storm import Outcome, Weather

_WIDTH = 100  # where the output is no terminal, of which nothing is known


def report(console: Console, weather: Weather, outcome: Outcome) -> None:
    """The counts of each fault, then of what came back."""
    faults = Table(box=None, pad_edge=False)
    faults.add_column("fault", no_wrap=True)
    faults.add_column("times", justify="right")
    for kind, times in sorted(outcome.inflicted.items()):
        faults.add_row(kind, str(times))
    faults.add_row("all", str(sum(outcome.inflicted.values())))
    console.print(faults)
    console.print()
    totals = outcome.totals
    books = Table(box=None, pad_edge=False, show_header=False)
    books.add_column(no_wrap=True)
    books.add_column(justify="right", no_wrap=True)
    rows = {
        "jobs confirmed": totals.confirmed,
        "results": totals.results,
        "of them duplicates": totals.duplicates,
        "of them by way of the queue verdicts": totals.elsewhere,
        **{f"of them failed: {code}": count for code, count in totals.excuses.items()},
        "attempts sent again for that": totals.sent_again,
        "services started again": sum(outcome.restarts.values()),
        "broker nodes that hung, and were started again": outcome.hung,
        "wait for the first result, median": f"{totals.wait_median_s:.2f} s",
        "wait, 95 %": f"{totals.wait_95_s:.2f} s",
        "it all took": f"{outcome.took_s:.0f} s",
    }
    for name, value in rows.items():
        books.add_row(name, str(value))
    console.print(books)
    console.print(
        f"seed {weather.seed}, {weather.workers} workers, {weather.nodes} broker node(s): "
        f"{len(outcome.broken)} promises broken"
    )
    for line in outcome.broken:
        console.print(line, style="red", markup=False, soft_wrap=True)


def console() -> Console:
    """One on stdout, of a fixed width where that is no terminal."""
    found = Console(highlight=False)
    return found if found.is_terminal else Console(highlight=False, width=_WIDTH)
