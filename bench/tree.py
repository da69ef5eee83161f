"""A process and its descendants, as /proc shows them."""

import contextlib
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

_REST_S = 0.5
_REST_WITHIN_S = 20.0

Figure = TypeVar("Figure")


def pids(root: int) -> list[int]:
    """The process itself first."""
    children: dict[int, list[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(stat.read_text().rpartition(")")[2].split()[1])
        except (FileNotFoundError, ProcessLookupError):
            continue  # it ended while we looked
        children.setdefault(parent, []).append(int(stat.parent.name))
    tree = [root]
    for one in tree:
        tree += children.get(one, [])
    return tree


def at_rest(root: int, measure: Callable[[], Figure]) -> Figure:
    """What `measure` tells while no process comes or goes: some end only after an answer.

    Raises TimeoutError if that does not happen.
    """
    deadline = time.monotonic() + _REST_WITHIN_S
    while time.monotonic() < deadline:
        before = pids(root)
        time.sleep(_REST_S)
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            figure = measure()
            if pids(root) == before:
                return figure
    raise TimeoutError(f"the processes below {root} do not come to rest in {_REST_WITHIN_S:g} s")


def descriptors(pid: int) -> list[str]:
    """What each open descriptor of a process leads to."""
    return [os.readlink(link) for link in Path(f"/proc/{pid}/fd").iterdir()]


def memory_mib(root: int, kind: str) -> float:
    """Of the whole tree. `kind` is a line of /proc/PID/smaps_rollup, `Rss` or `Pss`."""
    return sum(_memory_kib(pid, kind) for pid in pids(root)) / 1024


def _memory_kib(pid: int, kind: str) -> int:
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith(f"{kind}:"):
            return int(line.split()[1])
    raise RuntimeError(f"/proc/{pid}/smaps_rollup has no {kind}")
