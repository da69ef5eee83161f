"""Milliseconds to launch and reap a static `true`: what the sandbox costs per test."""

import shutil
import subprocess
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from bench.sampling import Comparison, Sample, side_by_side
from stack import RunFolder, Safeexec
from stack.paths import ROOT, SAFEEXEC

RUNS = 300

# Namespaces alone: no cgroup, no seccomp filter, no limits, no usage report.
_BWRAP = [
    "bwrap",
    "--unshare-all",
    "--ro-bind",
    "/usr",
    "/usr",
    "--proc",
    "/proc",
    "--dev",
    "/dev",
    "--tmpfs",
    "/tmp",
]


def run() -> Comparison:
    with ExitStack() as open_, RunFolder() as folder:
        true, launch = _compile(folder)
        safeexec = open_.enter_context(Safeexec(folder))

        def contestant(*argv: str | Path) -> Sample:
            return open_.enter_context(_Launcher([launch, *argv])).sample

        contestants = {
            "vfork, exec, wait": contestant("spawn", true),
            "safeexec --serve": contestant("serve", safeexec.socket, true),
            "safeexec, one shot": contestant(
                "spawn", SAFEEXEC, "--usage", "/dev/null", "--exec", true
            ),
        }
        if shutil.which("bwrap"):
            contestants["bwrap, namespaces only"] = contestant(
                "spawn", *_BWRAP, "--ro-bind", true, "/true", "/true"
            )
        samples = side_by_side(contestants, RUNS)
    return Comparison("launch and reap a static true", "ms", samples)


class _Launcher:
    """A running bench/launch.c, which answers each byte with the nanoseconds of one launch."""

    def __init__(self, argv: Sequence[str | Path]) -> None:
        self._process = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def sample(self) -> float:
        """Milliseconds of one launch. Raises RuntimeError if it failed; stderr says why."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(b".")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"{self._process.args!r} failed")
        return int(line) / 1e6

    def __enter__(self) -> "_Launcher":
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate()


def _compile(folder: RunFolder) -> tuple[Path, Path]:
    """A static `true`, and the launcher."""
    build = folder.make("bench")
    source = build / "true.c"
    source.write_text("int main(void) { return 0; }\n")
    for name, file in (("true", source), ("launch", ROOT / "bench" / "launch.c")):
        subprocess.run(["gcc", "-O2", "-s", "-static", "-o", build / name, file], check=True)
    return build / "true", build / "launch"
