"""A running bench/launch.c, which times launches without an interpreter's own time."""

import subprocess
from collections.abc import Sequence
from pathlib import Path

from bench.sampling import Sample

_TAIL_LINES = 10


class Launcher:
    """Launches one program, again and again. A context manager.

    argv: of bench/launch.c, its executable first. What it says on stderr is added to `log`.
    """

    def __init__(self, argv: Sequence[str | Path], log: Path) -> None:
        self._log = log
        with log.open("ab") as stderr:
            self._process = subprocess.Popen(
                argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=stderr
            )

    def launch(self, count: int = 1) -> float:
        """Milliseconds of `count` launches one after another. Raises RuntimeError if one failed."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{count}\n".encode())
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"{self._process.args!r} failed: {self._said()}")
        return int(line) / 1e6

    def sample(self) -> float:
        """Milliseconds of one launch."""
        return self.launch()

    def rate(self, count: int) -> Sample:
        """A sample of the launches per second when `count` of them follow without a pause."""
        return lambda: count * 1000 / self.launch(count)

    def __enter__(self) -> "Launcher":
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate()

    def _said(self) -> str:
        self._process.wait()
        return "\n".join(self._log.read_text(errors="replace").splitlines()[-_TAIL_LINES:])
