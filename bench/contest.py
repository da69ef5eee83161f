"""Milliseconds for a C++ submission with 50 tests, against compiling and running it by hand."""

import itertools
import statistics
from collections.abc import Mapping

from bench import sorting
from bench.figures import Bar, Figures, compare
from bench.sampling import side_by_side
from stack import Frontend, RunFolder, Stack

RUNS = 15

_BY_HAND = "g++ and a shell loop"
_LOOP = "the shell loop alone"
_EXECUTOR = "executor"
_AGAIN = "executor, the same again"
_RUN_ALL = f"for i in $(seq {sorting.TESTS}); do ./program <$i.in >output; done"
_AT_MOST_OF_BY_HAND = 0.35
_MORE_MS_PER_TEST = 2.0
_MORE_MS = 20.0


def run() -> Figures:
    """The executor's figures are from publishing to the verdict, all outputs compared."""
    with (
        RunFolder() as folder,
        Stack(languages=[sorting.LANGUAGE]) as stack,
        Frontend(stack.amqp_url) as frontend,
    ):
        place = folder.make("by-hand")
        sorting.lay_out(place)
        numbered = sorting.comments()
        contestants = {
            _BY_HAND: sorting.shell(place, f"{sorting.COMPILE} && {_RUN_ALL}"),
            _LOOP: sorting.shell(place, _RUN_ALL),
            _EXECUTOR: sorting.judged(frontend, numbered),
            _AGAIN: sorting.judged(frontend, itertools.repeat("")),
        }
        contestants[_BY_HAND]()
        samples = side_by_side(contestants, RUNS)
    title = f"C++ with <bits/stdc++.h> and {sorting.TESTS} tests"
    return compare(title, "ms", samples, _bars(samples))


def _bars(samples: Mapping[str, list[float]]) -> list[Bar]:
    medians = {name: statistics.median(values) for name, values in samples.items()}
    again_at_most = medians[_LOOP] + sorting.TESTS * _MORE_MS_PER_TEST + _MORE_MS
    part = medians[_EXECUTOR] / medians[_BY_HAND]
    return [
        Bar(f"{_EXECUTOR}, beside {_BY_HAND}", part, _AT_MOST_OF_BY_HAND, "times"),
        Bar(_AGAIN, medians[_AGAIN], round(again_at_most, 1), "ms"),
    ]
