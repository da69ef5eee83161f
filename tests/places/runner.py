"""Runs the tests of the sandbox in places.

Places on one kernel take turns: each test looks for what is left of its programs by their user and
their cgroup, and two services would find each other's. Those in machines of their own go beside.
"""

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from stack.paths import ROOT, SAFEEXEC
from tests.places.hosts import LIMIT_S
from tests.places.places import Place, Run
from tests.sandbox.conftest import HONEST
from tests.sandbox.programs import programs
from tests.sandbox.service import descendants_of

# What a place is handed beside the binary, which is static.
_STAGED = ("tests/sandbox", "tests/places", "setup.cfg")
_COMPILED = "compiled"


class Runner:
    """Begins with all places at once, as far as they do not disturb each other.

    `progress` gets each line that one of them prints.
    """

    def __init__(
        self, places: Iterable[Place], progress: Callable[[Place, str], None] = lambda *_: None
    ) -> None:
        self._progress = progress
        self._running: dict[int, Place] = {}
        self._stage = tempfile.TemporaryDirectory(prefix="places-")
        fill(Path(self._stage.name))
        self._lanes: dict[str, ThreadPoolExecutor] = {}
        self._runs: dict[str, Future[Run]] = {}
        for place in places:
            lane = self._lanes.setdefault(place.host.lane, ThreadPoolExecutor(1))
            self._runs[place.name] = lane.submit(self._run, place)

    def __enter__(self) -> "Runner":
        return self

    def run_of(self, place: Place) -> Run:
        """Waits until it has ended. Raises PlaceMissing if it could not be brought up."""
        return self._runs[place.name].result()

    def __exit__(self, *_: object) -> None:
        """Whatever still runs is ended."""
        for run in self._runs.values():
            run.cancel()
        for child, place in list(self._running.items()):
            place.host.down()
            for pid in (*descendants_of(child), child):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGTERM)
        for lane in self._lanes.values():
            lane.shutdown()
        self._stage.cleanup()

    def _run(self, place: Place) -> Run:
        place.host.up()
        stage = Path(self._stage.name)
        env = {
            "SAFEEXEC_LEVEL": place.level,
            "SAFEEXEC_OPTIONS": place.options,
            "SAFEEXEC_WITHOUT": ",".join(place.without),
            "SAFEEXEC_COMPILED": _COMPILED,
            "SAFEEXEC_RUNS": str(place.runs),
            "SAFEEXEC_PATIENCE": str(place.host.patience),
        }
        argv = ("-q", "--color=no", "--tb=short", "--durations=5", *place.tests)
        begin = time.monotonic()
        try:
            status, output = self._follow(place, place.host.command(stage, env, argv))
        finally:
            place.host.down()
        return Run(place, status, output, time.monotonic() - begin)

    def _follow(self, place: Place, command: list[str]) -> tuple[int, str]:
        """Runs it to its end, which comes soon enough; returns its status and both its outputs."""
        lines: list[str] = []
        with subprocess.Popen(
            ["timeout", "--kill-after=30", str(LIMIT_S + 60), *command],
            cwd=self._stage.name,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        ) as process:
            self._running[process.pid] = place
            assert process.stdout
            for line in process.stdout:
                lines.append(line)
                self._progress(place, line.rstrip("\n"))
        del self._running[process.pid]
        return process.returncode, "".join(lines)


def fill(stage: Path) -> None:
    """Lays out what every place is handed. Some run as an ordinary user: everybody may read it."""
    for name in _STAGED:
        source, target = ROOT / name, stage / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, target)
    target = stage / SAFEEXEC.relative_to(ROOT)
    target.parent.mkdir()
    shutil.copy(SAFEEXEC, target)
    compile_programs(stage / _COMPILED)
    subprocess.run(["chmod", "-R", "a+rX", stage], check=True)


def compile_programs(folder: Path) -> None:
    """Once for all, statically: a compiler in an emulated machine takes twenty times as long."""
    folder.mkdir()
    sources = [program.source for program in programs() if program.header.profile == "run"]
    for source in (*sources, *(ROOT / "tests/sandbox").glob("*.c")):
        if source.suffix == ".c":
            _compile(source, folder / source.stem)
    with tempfile.NamedTemporaryFile("w", suffix=".c") as honest:
        honest.write(HONEST)
        honest.flush()
        _compile(Path(honest.name), folder / "honest")


def _compile(source: Path, program: Path) -> None:
    subprocess.run(["gcc", "-O1", "-w", "-static", "-o", str(program), str(source)], check=True)
