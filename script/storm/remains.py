"""What a storm leaves behind: it is to be nothing."""

import ctypes
import os
import re
from pathlib import Path

from bench import tree
from stack import Node

_PR_SET_CHILD_SUBREAPER = 36
_OWN_GROUP = re.compile(r"/sys/fs/cgroup/(?:[^/]+/)?safeexec/[^/ ]+")


def adopt_orphans() -> None:
    """From now on whatever loses its parent below us becomes our child, so that we see it."""
    if ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_CHILD_SUBREAPER)")


def messages(node: Node, queue: str) -> tuple[int, int]:
    """How many messages of a quorum queue are ready, and how many are not acked.

    Raises ProcessEnded.
    """
    return node.messages(queue, "messages_ready"), node.messages(queue, "messages_checked_out")


def groups(safeexec: int) -> set[Path]:
    """The cgroups of a running safeexec, which it holds open."""
    found = set()
    for pid in tree.pids(safeexec):
        for link in _descriptors(pid):
            if own := _OWN_GROUP.match(link):  # `safeexec` itself is shared with other services
                found.add(Path(own[0]))
    return found


def processes() -> list[str]:
    """Our own children and theirs that still live, as `pid name`."""
    found = []
    for pid in tree.pids(os.getpid())[1:]:
        try:
            name, _, rest = Path(f"/proc/{pid}/stat").read_text().rpartition(")")
        except (FileNotFoundError, ProcessLookupError):
            continue
        if rest.split()[0] not in "ZX":
            found.append(f"{pid} {name.partition('(')[2]}")
    return found


def mounts(folder: Path) -> list[str]:
    """Those in or of a folder, in our own view of the host."""
    lines = Path("/proc/self/mountinfo").read_text().splitlines()
    return [line for line in lines if str(folder) in line]


def temporary_files(home: Path, temporary: Path) -> list[str]:
    """What a worker left in its work folder, caches and records aside, and in its TMPDIR."""
    work = home / "work"
    found = [
        *work.glob("job-*"),
        *(work / "compiled").glob("new-*"),
        *(work / "testdata" / "jobs").iterdir(),
        *temporary.iterdir(),
    ]
    return [str(path) for path in found]


def _descriptors(pid: int) -> list[str]:
    try:
        return tree.descriptors(pid)
    except (FileNotFoundError, ProcessLookupError):
        return []  # it, or the descriptor, is gone
