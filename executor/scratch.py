"""Folders for a while, which are also cleared if we were killed in the meantime."""

import contextlib
import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path


@contextlib.contextmanager
def scratch(parent: Path, prefix: str) -> Iterator[Path]:
    """A fresh folder of ours, removed in the end; `clear` leaves it alone as long as we live."""
    path, lock = _locked(parent, prefix)
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)
        os.close(lock)


def clear(parent: Path, prefix: str) -> None:
    """Removes the folders of that prefix whose owners are dead."""
    for path in parent.glob(f"{prefix}*"):
        # Gone meanwhile, or somebody lives in it: either way it is not ours to remove.
        with contextlib.suppress(OSError), _opened(path) as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(path, ignore_errors=True)


def _locked(parent: Path, prefix: str) -> tuple[Path, int]:
    """Before it is locked, another's `clear` may take a folder for a dead one's."""
    while True:
        path = Path(tempfile.mkdtemp(prefix=prefix, dir=parent))
        with contextlib.suppress(FileNotFoundError, BlockingIOError):
            lock = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                if path.stat().st_ino == os.fstat(lock).st_ino:
                    return path, lock
            except BaseException:
                os.close(lock)
                raise
            os.close(lock)


@contextlib.contextmanager
def _opened(folder: Path) -> Iterator[int]:
    lock = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        yield lock
    finally:
        os.close(lock)
