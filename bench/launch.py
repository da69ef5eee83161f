"""Milliseconds to launch and reap a program that does nothing: what the sandbox costs per test."""

import os
import shutil
import statistics
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

from bench import program
from bench.figures import Bar, Figures, compare
from bench.launcher import Launcher
from bench.sampling import side_by_side
from stack import RunFolder, Safeexec
from stack.paths import SAFEEXEC

RUNS = 300

_PLAIN = "static true: vfork, exec, wait"
_SERVE = "static true: safeexec --serve"
_HOST_TRUE = "/usr/bin/true"
_OTHERS = (
    "bwrap --unshare-all --ro-bind /usr /usr --ro-bind {true} /true"
    " --proc /proc --dev /dev --tmpfs /tmp /true",
    "nsjail --mode o --really_quiet --bindmount_ro /usr --bindmount_ro {true}:/true"
    " --bindmount /dev/null --tmpfsmount /tmp -- /true",
    # The program lies below /tmp, so that stays the host's.
    "firejail --quiet --noprofile --net=none --ipc-namespace --private-dev"
    " --caps.drop=all --seccomp -- {true}",
)
_AT_MOST_TIMES_PLAIN = 2.5
_AT_LEAST_TIMES_FASTER = 5.0


def run() -> Figures:
    """All in one shuffled run; between two runs of its own each contestant has time to recover."""
    with RunFolder() as folder, ExitStack() as open_:
        true, launch = program.build(folder, "true.c"), program.build(folder, "launch.c")
        safeexec = open_.enter_context(Safeexec(folder, slots=2))
        commands: dict[str, list[str | Path]] = {
            _PLAIN: ["spawn", true],
            _SERVE: ["box", safeexec.socket, true],
            f"{_HOST_TRUE}: vfork, exec, wait": ["spawn", _HOST_TRUE],
            f"{_HOST_TRUE}: safeexec --serve": ["root", safeexec.socket, _HOST_TRUE],
            "static true: safeexec, one shot": _one_shot(true),
        }
        others = _others(true)
        commands |= {name: ["spawn", *argv] for name, argv in others.items()}
        log = folder.path / "launch.log"
        contestants = {
            name: open_.enter_context(Launcher([launch, *argv], log)).sample
            for name, argv in commands.items()
        }
        samples = side_by_side(contestants, RUNS)
    return compare("launch and reap", "ms", samples, _bars(samples, others))


def _bars(samples: Mapping[str, Sequence[float]], others: Iterable[str]) -> list[Bar]:
    medians = {name: statistics.median(values) for name, values in samples.items()}
    ours = medians[_SERVE]
    bars = [
        Bar("safeexec --serve, beside vfork", ours / medians[_PLAIN], _AT_MOST_TIMES_PLAIN, "times")
    ]
    for other in others:
        faster = medians[other] / ours
        bars.append(
            Bar(
                f"safeexec --serve, faster than {other.rpartition(' ')[2]}",
                faster,
                _AT_LEAST_TIMES_FASTER,
                "times",
                True,
            )
        )
    return bars


def _one_shot(true: Path) -> list[str | Path]:
    return ["spawn", SAFEEXEC, "--usage", os.devnull, "--exec", true]


def _others(true: Path) -> dict[str, list[str]]:
    """The other sandboxes that are installed, each with the program, /proc, /dev and an empty /tmp.

    None of them has a cgroup here, reports usage or, but for firejail, filters calls.
    """
    return {
        f"static true: {command.split()[0]}": [word.format(true=true) for word in command.split()]
        for command in _OTHERS
        if shutil.which(command.split()[0])
    }
