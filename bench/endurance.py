"""What one slot has more of after 20,000 runs than before: nothing, if it tidies up."""

import itertools
import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from bench import program, tree
from bench.figures import Bar, Figures, Row
from executor.sandbox import Ending, Sandbox, Slot
from stack import RunFolder, Safeexec

RUNS = 20_000

_WARM_UP_RUNS = 500
_ALLOWED_RSS_MIB = 1.0
_OWN_GROUP = re.compile(r"/sys/fs/cgroup/(?:[^/]+/)?safeexec/[^/ ]+")
# Of so many runs one ends badly, each time in another way.
_BAD_IN = 20


class _Bad(NamedTuple):
    arguments: tuple[str, ...]
    ending: Ending
    cpu_ms: int = 10_000
    processes: int = 1


_BAD = (
    _Bad(("abort",), Ending.SIGNALLED),
    _Bad(("touch", "100"), Ending.MEMORY),
    _Bad(("time", "1000"), Ending.CPU, cpu_ms=5),
    _Bad(("flood",), Ending.OUTPUT),
    _Bad(("forbidden",), Ending.FORBIDDEN),
    _Bad(("orphan",), Ending.EXITED, processes=2),
)


def run() -> Figures:
    """Counts all processes of the service, what they hold, and the host's mounts."""
    if os.geteuid() != 0:
        raise RuntimeError("endurance looks into /proc at root's processes: run it as root")
    with RunFolder() as folder, Safeexec(folder) as safeexec:
        true, work = program.build(folder, "true.c"), program.build(folder, "work.c")
        with Sandbox(safeexec.socket).slot() as slot:
            bad = itertools.cycle(_BAD)
            _runs(slot, true, work, bad, _WARM_UP_RUNS)
            before = tree.at_rest(safeexec.pid, lambda: _counts(safeexec.pid))
            _runs(slot, true, work, bad, RUNS)
            after = tree.at_rest(safeexec.pid, lambda: _counts(safeexec.pid))
    rows: list[Row] = [
        {"name": name, "before": before[name], "after": after[name]} for name in before
    ]
    bars = [_bar(name, after[name] - before[name]) for name in before]
    samples = {name: [before[name], after[name]] for name in before}
    return Figures(f"before and after {RUNS} runs", "count; RSS: MiB", rows, samples, bars)


def _bar(name: str, growth: float) -> Bar:
    limit, unit = (_ALLOWED_RSS_MIB, "MiB") if name == "RSS" else (0, "")
    return Bar(f"{name}: growth", growth, limit, unit)


def _runs(slot: Slot, true: Path, work: Path, bad: Iterator[_Bad], count: int) -> None:
    for number in range(count):
        if number % _BAD_IN == 0:
            _run_badly(slot, work, next(bad))
        else:
            program.succeed(program.run(slot, true)[0])


def _run_badly(slot: Slot, work: Path, bad: _Bad) -> None:
    outcome, _ = program.run(slot, work, *bad.arguments, cpu_ms=bad.cpu_ms, processes=bad.processes)
    if outcome.ending != bad.ending:
        raise RuntimeError(f"{bad.arguments} was to end as {bad.ending}: {outcome}")


def _counts(service: int) -> dict[str, float]:
    processes = tree.pids(service)
    descriptors = [link for pid in processes for link in tree.descriptors(pid)]
    return {
        "descriptors": len(descriptors),
        "mounts": sum(_mounts(pid) for pid in (os.getpid(), *processes)),
        "cgroups": _cgroups(descriptors),
        "processes": len(processes),
        "RSS": round(tree.memory_mib(service, "Rss"), 2),
    }


def _mounts(pid: int) -> int:
    return len(Path(f"/proc/{pid}/mountinfo").read_text().splitlines())


def _cgroups(descriptors: Iterable[str]) -> int:
    """The service holds its own groups open; there may be others of the same name beside them."""
    own = {match[0] for link in descriptors if (match := _OWN_GROUP.match(link))}
    return sum(1 for group in own for _ in Path(group).glob("**"))
