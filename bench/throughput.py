"""Launches per second without a pause: with what a slot must tidy up after a run."""

from contextlib import ExitStack
from pathlib import Path

from bench import program
from bench.figures import Figures, compare
from bench.launcher import Launcher
from bench.sampling import side_by_side
from stack import RunFolder, Safeexec

RUNS = 30

_BURST = 100
_HOST_TRUE = "/usr/bin/true"


def run() -> Figures:
    """Bursts of one slot, in turn with bursts of plain launches."""
    with RunFolder() as folder, ExitStack() as open_:
        true, launch = program.build(folder, "true.c"), program.build(folder, "launch.c")
        safeexec = open_.enter_context(Safeexec(folder, slots=2))
        commands: dict[str, list[str | Path]] = {
            "static true: vfork, exec, wait": ["spawn", true],
            "static true: safeexec --serve": ["box", safeexec.socket, true],
            f"{_HOST_TRUE}: vfork, exec, wait": ["spawn", _HOST_TRUE],
            f"{_HOST_TRUE}: safeexec --serve": ["root", safeexec.socket, _HOST_TRUE],
        }
        log = folder.path / "launch.log"
        contestants = {
            name: open_.enter_context(Launcher([launch, *argv], log)).rate(_BURST)
            for name, argv in commands.items()
        }
        samples = side_by_side(contestants, RUNS)
    return compare(f"back to back, in bursts of {_BURST}", "launches per second", samples)
