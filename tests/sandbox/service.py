"""A real safeexec service for these tests, and what it must not leave behind."""

import contextlib
import os
import shlex
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Self

ROOT = Path(__file__).resolve().parents[2]
BINARY = ROOT / "safeexec" / "safeexec"
LEVEL = os.environ.get("SAFEEXEC_LEVEL", "full")
"""The isolation level that this place is expected to have."""
OPTIONS = shlex.split(os.environ.get("SAFEEXEC_OPTIONS", ""))
"""More of the service's options."""
SUDO = [] if os.geteuid() == 0 or LEVEL == "user" else ["sudo", "-n"]
START_S = 20
STOP_S = 20


def wait_until(condition: Callable[[], bool], timeout_s: float, what: str) -> None:
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, f"waited {timeout_s} s in vain: {what}"
        time.sleep(0.01)


class Service:
    """`safeexec --serve` with its own socket; `pid` is the service's main process."""

    def __init__(self, folder: Path, slots: int = 1, options: Sequence[str] = ()) -> None:
        self.socket = folder / "safeexec.sock"
        self.log = folder / "safeexec.log"
        command = [
            *SUDO,
            str(BINARY),
            "--serve",
            str(self.socket),
            "--slots",
            str(slots),
            "--owner",
            str(os.getuid()),
            *OPTIONS,
            *options,
        ]
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(command, stderr=log, stdin=subprocess.DEVNULL)
        wait_until(self._started, START_S, "safeexec takes connections")

    def _started(self) -> bool:
        assert self.process.poll() is None, f"safeexec has ended: {self.log.read_text()}"
        return "ready" in self.log.read_text()

    def stop(self, number: int = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        return self.process.wait(STOP_S)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Whatever has become of the test, its service does not outlive it."""
        if self.process.poll() is None:
            self.stop()


def children_of(pid: int) -> list[int]:
    found: list[int] = []
    # It may end while we look.
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            found += [int(word) for word in (task / "children").read_text().split()]
    return found


def descendants_of(pid: int) -> list[int]:
    children = children_of(pid)
    return children + [deeper for child in children for deeper in descendants_of(child)]


def name_of(pid: int) -> str:
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        return Path(f"/proc/{pid}/comm").read_text().strip()
    return "gone"


def programs_of(pid: int) -> set[str]:
    """The programs that run in the service's slots: all but safeexec's own, which come and go."""
    family = {f"{name_of(member)} ({member})" for member in descendants_of(pid)}
    return {member for member in family if not member.startswith("safeexec")}


def is_running(pid: int) -> bool:
    """Neither gone nor a zombie that only waits for whoever adopted it."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return False
