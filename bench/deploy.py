"""The image on a Docker engine: what it weighs, how soon it works, what it holds, what an update
loses. Builds two images, which takes minutes the first time, and makes a swarm for a while."""

import os
import statistics
from collections.abc import Mapping, Sequence
from contextlib import ExitStack

from bench.figures import Bar, Figures, Row
from bench.image import Weight, built, weigh
from bench.rollout import RATE, REPLICAS, Rollout, rolled_out
from bench.start import starts

OURS_MB = 80.0
_START_S = 5.0
_MEMORY_MB = 100.0
_TAG = f"oj-executor-bench-{os.getpid()}"


def run() -> Figures:
    """What belongs to which part of the image is told by bench.image."""
    with ExitStack() as images:
        without = images.enter_context(built(f"{_TAG}-bare", ""))
        standard = images.enter_context(built(f"{_TAG}-standard", "standard"))
        weights = {"without toolchains": weigh(without), "standard set": weigh(standard)}
        started_s = starts(standard)
        rollout = rolled_out(standard)
    held_mb = [held / 1e6 for held in rollout.memory_bytes]
    rows = [*_weight_rows(weights), *_start_rows(started_s), *_rollout_rows(rollout, held_mb)]
    bars = [
        Bar("the part of the image that is ours", weights["standard set"].ours, OURS_MB, "MB"),
        *(
            Bar(f"start, {volume} volume", statistics.median(found), _START_S, "s")
            for volume, found in started_s.items()
        ),
        Bar("an idle replica: memory", max(held_mb), _MEMORY_MB, "MB"),
        Bar("rolling update: lost or wrong", len(rollout.broken), 0, "jobs"),
        Bar("rolling update: duplicates", rollout.duplicates, 0, "jobs"),
    ]
    samples = {f"start, {volume} volume": found for volume, found in started_s.items()}
    samples["memory of idle replicas"] = held_mb
    return Figures("the image, deployed", "as told", rows, samples, bars)


def _weight_rows(weights: Mapping[str, Weight]) -> list[Row]:
    rows = []
    for name, weight in weights.items():
        parts = {
            f"image, {name}": weight.total,
            "  Debian's base": weight.base,
            "  Debian's packages for Python and supervisord": weight.packages,
            "  toolchains": weight.languages,
            "  ours": weight.ours,
        }
        rows += [_row(part, found, "MB") for part, found in parts.items()]
    return rows


def _start_rows(started_s: Mapping[str, Sequence[float]]) -> list[Row]:
    rows = []
    for volume, found in started_s.items():
        what = f"start to the first job, {volume} volume"
        rows.append(_row(f"{what}, median of {len(found)}", statistics.median(found), "s"))
        rows.append(_row("  the slowest", max(found), "s"))
    return rows


def _rollout_rows(rollout: Rollout, held_mb: Sequence[float]) -> list[Row]:
    return [
        _row(f"memory of an idle replica, the most of {REPLICAS}", max(held_mb), "MB"),
        _row(f"rolling update of {REPLICAS} replicas, {RATE:g} jobs/s", rollout.took_s, "s"),
        _row("  jobs meanwhile", rollout.jobs, "jobs"),
        _row("  lost or wrong", len(rollout.broken), "jobs"),
        _row("  duplicates", rollout.duplicates, "jobs"),
    ]


def _row(name: str, found: float, unit: str) -> Row:
    return {"name": name, "found": found, "unit": unit}
