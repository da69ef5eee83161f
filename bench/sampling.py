"""Samples taken side by side, and what is told of them."""

import random
import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

Sample = Callable[[], float]
"""Measures once."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """The samples of each contestant, in one unit; ratios are to the first contestant's median."""

    title: str
    unit: str
    samples: Mapping[str, Sequence[float]]

    def rows(self) -> list[dict[str, float | str]]:
        """One row per contestant: name, median, low and high (deciles), ratio, runs."""
        medians = {name: statistics.median(values) for name, values in self.samples.items()}
        base = next(iter(medians.values()))
        rows: list[dict[str, float | str]] = []
        for name, values in self.samples.items():
            low, high = _deciles(values)
            rows.append(
                {
                    "name": name,
                    "median": round(medians[name], 3),
                    "low": round(low, 3),
                    "high": round(high, 3),
                    "ratio": round(medians[name] / base, 2) if base else 0.0,
                    "runs": len(values),
                }
            )
        return rows


def side_by_side(contestants: Mapping[str, Sample], runs: int) -> dict[str, list[float]]:
    """`runs` samples of each, after one unmeasured, in one shuffled order.

    So whatever else the machine does, and whatever warms up, falls on all of them alike.
    """
    for sample in contestants.values():
        sample()
    order = [name for name in contestants for _ in range(runs)]
    random.shuffle(order)
    samples: dict[str, list[float]] = {name: [] for name in contestants}
    for name in order:
        samples[name].append(contestants[name]())
    return samples


def _deciles(values: Sequence[float]) -> tuple[float, float]:
    if len(values) < 2:
        return values[0], values[0]
    cuts = statistics.quantiles(values, n=10, method="inclusive")
    return cuts[0], cuts[-1]
