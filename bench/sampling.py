"""Samples taken side by side."""

import random
import statistics
from collections.abc import Callable, Mapping, Sequence

Sample = Callable[[], float]
"""Measures once."""


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


def percentile(values: Sequence[float], percent: int) -> float:
    """The value that `percent` % of the values (1 to 99) do not exceed, interpolated."""
    if len(values) < 2:
        return values[0]
    return statistics.quantiles(values, n=100, method="inclusive")[percent - 1]
