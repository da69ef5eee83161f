"""Bytes to a file of ours."""

import errno
import hashlib
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from executor.blobs.errors import Reason, Unavailable
from executor.contract.blob import Algorithm, Digest

ALGORITHMS: tuple[Algorithm, ...] = ("sha512", "sha256")
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


@dataclass(frozen=True, slots=True)
class Stored:
    """What a file holds: how many bytes, and what they hash to."""

    size: int
    digests: tuple[Digest, ...]

    def matches(self, digest: Digest) -> bool:
        return digest in self.digests

    def digest(self, algorithm: Algorithm) -> Digest:
        return next(digest for digest in self.digests if digest.algorithm == algorithm)


def store(path: Path, pieces: Iterable[bytes], what: str, max_bytes: int) -> Stored:
    """Writes a file, read-only, and hashes it. `what` is its name in an error.

    A file of that name is replaced. Raises Unavailable, and what `pieces` raises.
    """
    hashes = {algorithm: hashlib.new(algorithm) for algorithm in ALGORITHMS}
    size = 0
    with _Target(path) as target:
        for piece in pieces:
            size += len(piece)
            if size > max_bytes:
                raise too_large(what, max_bytes)
            target.write(piece)
            for hash in hashes.values():
                hash.update(piece)
    digests = (Digest(algorithm, hash.hexdigest()) for algorithm, hash in hashes.items())
    return Stored(size, tuple(digests))


def too_large(what: str, max_bytes: int) -> Unavailable:
    return Unavailable(Reason.TOO_LARGE, f"{what}: longer than {max_bytes} bytes")


def storage_fault(error: OSError) -> Unavailable:
    """In a frontend's words; where our folders are does not concern it."""
    if error.errno in _FULL:
        message = "the worker's disk is full: no room for test data"
    else:
        message = f"the worker cannot store test data: {(error.strerror or str(error)).lower()}"
    return Unavailable(Reason.STORAGE, message)


class _Target:
    """A new file. Its own errors are Unavailable, so that they differ from those of a source."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor = -1

    def __enter__(self) -> "_Target":
        try:
            self._path.unlink(missing_ok=True)
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
            self._descriptor = os.open(self._path, flags, 0o400)
            # For all who have it open already: programs open /dev/stdin again.
            os.fchmod(self._descriptor, 0o444)
        except OSError as error:
            raise storage_fault(error) from error
        return self

    def write(self, piece: bytes) -> None:
        rest = memoryview(piece)
        try:
            while rest:
                rest = rest[os.write(self._descriptor, rest) :]
        except OSError as error:
            raise storage_fault(error) from error

    def __exit__(self, *_: object) -> None:
        try:
            # Network file systems tell here that there was no room.
            os.close(self._descriptor)
        except OSError as error:
            raise storage_fault(error) from error
