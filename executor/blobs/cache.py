"""Blobs on disk under their hashes, shared by the workers of a host.

```
sha512/ab/cdef...   the content; never written again, removed when it is the longest unused
sha256/12/3456...   another name of the same file
jobs/x1y2z3/        what one job uses: downloads, and further names of cached files, which so
                    outlive their eviction. Its lock tells that the job's worker lives
locks/              one for each blob being fetched
total               bytes of all content; who changes it, or makes or clears folders, locks it
```

There is no index that could be wrong: the folder is the truth, and its total is counted again
each time something has to go. The access time is set by us, and tells when a file was last used.
"""

import contextlib
import fcntl
import hashlib
import os
import re
import shutil
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import structlog

from executor.blobs.patience import Patience
from executor.blobs.storing import ALGORITHMS, Stored
from executor.contract.blob import Digest

log = structlog.get_logger()

BLOCK_BYTES = 4096
"""What a file takes at least, and the steps in which it takes more."""

KEEP = 0.9
"""Of the bound, after something had to go: so it does not happen with every blob."""

LOCK_POLL_S = 0.02
MAX_VERIFIED = 100_000


class Cache:
    """Of one worker; all that share `folder` are of one user. `max_bytes` bounds the content,
    rounded up to blocks; what running jobs use may come on top.
    """

    def __init__(self, folder: Path, max_bytes: int) -> None:
        self._folder = folder
        self.max_bytes = max_bytes
        self._verified: set[tuple[Digest, int, int, int]] = set()

    def prepare(self) -> None:
        """Makes the folders, and clears what dead workers left. Raises OSError."""
        self._make_folders()
        with self._total() as total:
            total.write(self._evict(self.max_bytes))
            for folder in (self._folder / "jobs").iterdir():
                _clear(folder)
            for lock in (self._folder / "locks").iterdir():
                _clear(lock)

    @contextlib.contextmanager
    def job_folder(self) -> Iterator[Path]:
        """A folder for one job's files, on the same file system as the content."""
        # Whoever is short of room may empty a cache at any time.
        self._make_folders()
        with contextlib.ExitStack() as stack:
            with self._total():  # or a worker that starts would clear it before it is locked
                path = Path(tempfile.mkdtemp(dir=self._folder / "jobs"))
                lock = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
                stack.callback(os.close, lock)
                stack.callback(shutil.rmtree, path, ignore_errors=True)
                fcntl.flock(lock, fcntl.LOCK_EX)
            yield path

    def link(self, digest: Digest, path: Path) -> int | None:
        """Makes `path`, in a job's folder, a name of the content; its size, or None if not cached.

        What this worker did not store itself is hashed at its first use: it may be from before a
        crash of the machine, or someone may have touched it.
        """
        name = self._name(digest)
        try:
            os.link(name, path)
        except FileNotFoundError:
            return None
        found = path.stat()
        identity = (digest, found.st_ino, found.st_size, found.st_mtime_ns)
        if identity not in self._verified:
            if _digest(path, digest) != digest:
                log.error("cached_blob_corrupt", digest=f"{digest.algorithm}:{digest.hex}")
                path.unlink()
                with self._total():
                    name.unlink(missing_ok=True)
                return None
            self._remember(identity)
        os.utime(path, ns=(time.time_ns(), found.st_mtime_ns))
        return found.st_size

    def store(self, path: Path, stored: Stored) -> None:
        """Takes a job's file, whose content is verified, into the cache; the job keeps its own.

        What is larger than the whole cache is left out.
        """
        if _blocks(stored.size) > self.max_bytes:
            return
        with self._total() as total:
            size = total.read()
            if size is None or size + _blocks(stored.size) > self.max_bytes:
                room = int(self.max_bytes * KEEP) - _blocks(stored.size)
                size = self._evict(room)
            # Counted before it is there: a crash in between makes the total too high, never low.
            total.write(size + _blocks(stored.size))
            for digest in stored.digests:
                name = self._name(digest)
                name.parent.mkdir(exist_ok=True)
                newborn = path.with_name(f"{path.name}.{digest.algorithm}")
                os.link(path, newborn)
                newborn.rename(name)
        found = path.stat()
        for digest in stored.digests:
            self._remember((digest, found.st_ino, found.st_size, found.st_mtime_ns))

    @contextlib.contextmanager
    def locked(self, digest: Digest, patience: Patience) -> Iterator[None]:
        """For the only worker that fetches a blob. Raises Killed, OutOfPatience."""
        path = self._folder / "locks" / f"{digest.algorithm}-{digest.hex}"
        while True:
            lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                while not _try_lock(lock):
                    patience.wait(LOCK_POLL_S)
                if _is_still(path, lock):
                    try:
                        yield
                    finally:
                        # While it is ours: who waits for it finds out that the name is gone.
                        path.unlink(missing_ok=True)
                    return
            finally:
                os.close(lock)

    def _make_folders(self) -> None:
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        for name in (*ALGORITHMS, "jobs", "locks"):
            (self._folder / name).mkdir(exist_ok=True)

    def _name(self, digest: Digest) -> Path:
        return self._folder / digest.algorithm / digest.hex[:2] / digest.hex[2:]

    def _remember(self, identity: tuple[Digest, int, int, int]) -> None:
        if len(self._verified) >= MAX_VERIFIED:
            self._verified.clear()
        self._verified.add(identity)

    @contextlib.contextmanager
    def _total(self) -> Iterator["_Total"]:
        descriptor = os.open(self._folder / "total", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield _Total(descriptor)
        finally:
            os.close(descriptor)

    def _evict(self, room: int) -> int:
        """Removes the longest unused until the rest takes `room` bytes at most; gives its size."""
        contents = self._contents()
        total = sum(content.size for content in contents)
        evicted = 0
        for content in sorted(contents, key=lambda content: content.used_ns):
            if total <= room:
                break
            for name in content.names:
                name.unlink(missing_ok=True)
            total -= content.size
            evicted += 1
        if evicted:
            log.info("blobs_evicted", count=evicted, left_bytes=total)
        return total

    def _contents(self) -> list["_Content"]:
        found: dict[int, _Content] = {}
        for algorithm in ALGORITHMS:
            for folder in os.scandir(self._folder / algorithm):
                for entry in os.scandir(folder):
                    about = entry.stat(follow_symlinks=False)
                    content = found.setdefault(
                        about.st_ino, _Content(_blocks(about.st_size), about.st_atime_ns)
                    )
                    content.names.append(Path(entry.path))
        return list(found.values())


@dataclass(slots=True)
class _Content:
    """One file with all its names in the cache."""

    size: int
    used_ns: int
    names: list[Path] = field(default_factory=list)


class _Total:
    """The number in the file `total`, which is locked: always of the same length, so that it is
    never truncated, for which some file systems wait for the disk."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def read(self) -> int | None:
        """None if it was never written, or not whole."""
        text = os.pread(self._descriptor, 32, 0)
        return int(text) if re.fullmatch(rb"[0-9]{20}\n", text) else None

    def write(self, number: int) -> None:
        os.pwrite(self._descriptor, b"%020d\n" % number, 0)


def _blocks(size: int) -> int:
    return max(1, -(-size // BLOCK_BYTES)) * BLOCK_BYTES


def _digest(path: Path, like: Digest) -> Digest:
    with path.open("rb") as file:
        return Digest(like.algorithm, hashlib.file_digest(file, like.algorithm).hexdigest())


def _try_lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _is_still(path: Path, descriptor: int) -> bool:
    """Whether the name still means this file."""
    try:
        return path.stat().st_ino == os.fstat(descriptor).st_ino
    except FileNotFoundError:
        return False


def _clear(path: Path) -> None:
    """Removes a folder or a file that nobody has locked."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return
    try:
        if _try_lock(descriptor) and _is_still(path, descriptor):
            if path.is_dir():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink(missing_ok=True)
    finally:
        os.close(descriptor)
