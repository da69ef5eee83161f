"""What the machine took from a run: CPU time stolen by its host, or withheld by a quota."""

import contextlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Self

_PROC_STAT = Path("/proc/stat")
_QUOTAS = (Path("/sys/fs/cgroup/cpu.stat"), Path("/sys/fs/cgroup/cpu/cpu.stat"))
"""Of our own cgroup as a container shows it: v2, v1."""
_STEAL_FIELD = 8
_MOST_BYTES = 4096
_NS_PER_MS = 1_000_000
_US_PER_MS = 1000


@dataclass(frozen=True, slots=True)
class Lost:
    """Milliseconds since the machine or the container was started, over all CPUs.

    stolen: what the hypervisor gave to other machines (proc_stat(5)). throttled: what a CPU quota
    of ours has held back (https://docs.kernel.org/admin-guide/cgroup-v2.html).
    """

    stolen_ms: int
    throttled_ms: int

    @classmethod
    def now(cls) -> Self:
        """Both as they are; 0 where the host does not tell."""
        return cls(_stolen_ms(), _throttled_ms())

    def since(self, before: "Lost") -> "Lost":
        """What was lost from `before` to now."""
        return Lost(self.stolen_ms - before.stolen_ms, self.throttled_ms - before.throttled_ms)


def note(runs: int, preemptions: int, lost: Lost) -> str:
    """For a reply: why it was run again, and what disturbed it."""
    found = [f"{preemptions} preemptions"] if preemptions else []
    found += [f"{lost.stolen_ms} ms stolen"] if lost.stolen_ms else []
    found += [f"{lost.throttled_ms} ms throttled"] if lost.throttled_ms else []
    return f"near the time limit: run {runs} times; {', '.join(found) or 'nothing'} disturbed it"


def _stolen_ms() -> int:
    with contextlib.suppress(OSError, ValueError, IndexError):
        ticks = int(_read(_PROC_STAT).split(b"\n", 1)[0].split()[_STEAL_FIELD])
        return ticks * 1000 // os.sysconf("SC_CLK_TCK")
    return 0


def _throttled_ms() -> int:
    for path in _QUOTAS:
        with contextlib.suppress(OSError, ValueError):
            fields = dict(line.split() for line in _read(path).splitlines())
            if b"throttled_usec" in fields:
                return int(fields[b"throttled_usec"]) // _US_PER_MS
            if b"throttled_time" in fields:
                return int(fields[b"throttled_time"]) // _NS_PER_MS
    return 0


def _read(path: Path) -> bytes:
    """A file of the kernel's: in half the time of read_text, which would add up over many tests."""
    with path.open("rb", buffering=0) as file:
        return file.read(_MOST_BYTES)
