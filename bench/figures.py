"""What a benchmark found: rows to be read, the samples behind them, the bars they are held to."""

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bench.sampling import percentile

Row = Mapping[str, float | str]
"""One line of a table: heading -> figure. The first is the name of what was measured."""


@dataclass(frozen=True, slots=True)
class Bar:
    """What a figure is to be: at most `limit`, or at least. It is told, and fails nothing."""

    what: str
    value: float
    limit: float
    unit: str
    at_least: bool = False

    @property
    def met(self) -> bool:
        return self.margin >= 0

    @property
    def margin(self) -> float:
        """How far the figure is on the right side of the limit; negative on the wrong one."""
        return self.value - self.limit if self.at_least else self.limit - self.value


@dataclass(frozen=True, slots=True)
class Figures:
    """The result of one benchmark. All rows have the same headings."""

    title: str
    unit: str
    rows: Sequence[Row]
    samples: Mapping[str, Sequence[float]]
    bars: Sequence[Bar] = ()


def compare(
    title: str, unit: str, samples: Mapping[str, Sequence[float]], bars: Sequence[Bar] = ()
) -> Figures:
    """Contestants side by side; the ratio is to the first one's median."""
    medians = {name: statistics.median(values) for name, values in samples.items()}
    base = next(iter(medians.values()))
    rows: list[Row] = [
        {
            "name": name,
            "median": round(medians[name], 3),
            "10 %": round(percentile(values, 10), 3),
            "90 %": round(percentile(values, 90), 3),
            "ratio": round(medians[name] / base, 2) if base else 0.0,
            "runs": len(values),
        }
        for name, values in samples.items()
    ]
    return Figures(title, unit, rows, samples, bars)
