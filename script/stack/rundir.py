"""A folder for one run, readable by the services' users, and the removal of dead runs' folders."""

import compileall
import contextlib
import fcntl
import os
import shutil
import signal
import tempfile
from pathlib import Path
from typing import Self

from stack.paths import ROOT

_PREFIX = f"oj-executor-{os.geteuid()}-"
_LONGEST_BASE = 60  # a socket's path may have 107 bytes in all


class RunFolder:
    """A fresh folder under $TMPDIR or /tmp, removed on close; a lock file in it says that we live.

    `path` may be entered by every user; what lies in it decides for itself who may read it.
    """

    def __init__(self) -> None:
        base = _base()
        _sweep(base)
        # Born under another name and renamed once it is locked: another run's sweep never sees it
        # without its lock.
        newborn = Path(tempfile.mkdtemp(prefix=f".{_PREFIX}", dir=base))
        self._lock = _lock(newborn)
        self.path = base / newborn.name.removeprefix(".")
        newborn.chmod(0o755)
        newborn.rename(self.path)

    def make(self, name: str, owner: str | None = None) -> Path:
        """Make a folder of that name; with `owner` (as root) it belongs to that user alone."""
        folder = self.path / name
        folder.mkdir(parents=True)
        if owner is not None:
            shutil.chown(folder, owner, owner)
            folder.chmod(0o750)
        return folder

    def snapshot(self) -> Path:
        """A copy of what the executor runs from, for the clone may lie where its user cannot enter.

        Made once; later calls return the same folder.
        """
        copy = self.path / "project"
        if not copy.exists():
            for part in ("executor", "config"):
                shutil.copytree(
                    ROOT / part, copy / part, ignore=shutil.ignore_patterns("__pycache__")
                )
            compileall.compile_dir(copy, quiet=2)
            for entry in copy.rglob("*"):
                entry.chmod(0o755 if entry.is_dir() else 0o644)
        return copy

    def record(self, pid: int) -> None:
        """Note a process of this run, so that the next run can end it if we cannot."""
        with (self.path / "processes").open("a") as file:
            file.write(f"{pid} {_start_time(pid)}\n")

    def close(self) -> None:
        """Remove the folder. A second call does nothing."""
        shutil.rmtree(self.path, ignore_errors=True)
        self._lock.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class _Lock:
    """An exclusive lock on a run's folder, held until closed or until this process is gone."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def close(self) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


def _lock(folder: Path) -> _Lock:
    """Raise BlockingIOError if a living process holds it."""
    descriptor = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BaseException:
        os.close(descriptor)
        raise
    return _Lock(descriptor)


def _base() -> Path:
    """$TMPDIR where it serves: enterable by the services' users, and short enough for a socket."""
    base = Path(tempfile.gettempdir()).resolve()
    enterable = all(folder.stat().st_mode & 0o001 for folder in (base, *base.parents))
    if len(str(base)) > _LONGEST_BASE or (os.geteuid() == 0 and not enterable):
        return Path("/tmp")
    return base


def _sweep(base: Path) -> None:
    """Remove the folders of dead runs, and end what they left running."""
    for folder in base.glob(f"{_PREFIX}*"):
        # Not ours, in use, or being removed by another run at this moment: leave it.
        with contextlib.suppress(OSError):
            if folder.is_symlink() or folder.stat().st_uid != os.geteuid():
                continue
            lock = _lock(folder)
            _end_recorded(folder)
            shutil.rmtree(folder, ignore_errors=True)
            lock.close()


def _end_recorded(folder: Path) -> None:
    with contextlib.suppress(FileNotFoundError):
        for line in (folder / "processes").read_text().splitlines():
            pid, _, started = line.partition(" ")
            # A pid is used again; together with the start time it is one process only.
            if started and _start_time(int(pid)) == started:
                os.kill(int(pid), signal.SIGKILL)


def _start_time(pid: int) -> str:
    """Clock ticks from boot to the start of the process; "" if there is no such process."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return ""
    # The second field is the program's name in brackets, which may hold anything.
    return stat.rpartition(")")[2].split()[19]
