"""A job's blobs as files: those that are not in its message are got before anything is run."""

import contextlib
import fcntl
import mmap
import os
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from itertools import count
from pathlib import Path
from typing import BinaryIO, assert_never

import structlog

from executor.blobs.cache import Cache
from executor.blobs.crew import Crew
from executor.blobs.errors import Reason, Unavailable
from executor.blobs.fetch import CHUNK_BYTES, Fetcher, Session
from executor.blobs.patience import OutOfPatience, Patience
from executor.blobs.storing import Stored, storage_fault, store, too_large
from executor.blobs.url import Url
from executor.box import Box, NoFile
from executor.contract import Blob, ErrorCode, FieldProblem, Job, JobError
from executor.contract.blob import Cached, Digest, Inline, Packaged, Remote, Source
from executor.lookups import Lookups
from executor.sandbox import KillSwitch

log = structlog.get_logger()

JOB_S = 900
"""For all blobs of a job. RabbitMQ takes a job back that is not acked in half an hour."""

_PIECE_BYTES = 2 * 1024 * 1024

Content = bytes | mmap.mmap
"""What is in a file, without its being read as a whole."""


class TestDataError(Exception):
    """A blob could not be had; `error` says which, by its place in the message, and why."""

    __test__ = False

    def __init__(self, place: str, unavailable: Unavailable) -> None:
        text = f"{place}: {unavailable}" if place else str(unavailable)
        super().__init__(text)
        mismatch = unavailable.reason is Reason.HASH_MISMATCH
        code = ErrorCode.TESTDATA_HASH_MISMATCH if mismatch else ErrorCode.TESTDATA_UNAVAILABLE
        problem = FieldProblem(path=place, code=unavailable.reason, message=str(unavailable))
        self.error = JobError.of(code, text, [problem])


class Blobs:
    """The blobs of one job. Files stay as they are until the job ends, whatever is evicted.

    fetch_s: how long it took to get them.
    """

    def __init__(
        self, folder: Path, paths: Mapping[Source, Path] | None = None, fetch_s: float = 0.0
    ) -> None:
        self.fetch_s = fetch_s
        self._folder = folder
        self._paths = paths or {}
        self._numbers = count()

    def path(self, blob: Blob) -> Path:
        """A file with the blob's content; one of its own each time for a blob in the message.

        Raises TestDataError: the disk is full.
        """
        match blob.source:
            case Inline(data):
                path = self._folder / f"blob-{next(self._numbers)}"
                with _told(""):
                    path.write_bytes(data)
                return path
            case source:
                return self._paths[source]

    @contextlib.contextmanager
    def file(self, blob: Blob) -> Iterator[Path]:
        """A file with the blob's content, for the time of the block; nobody can change it.

        One in the message stays in memory: to make a file on a disk takes as long as a short run.
        Raises TestDataError.
        """
        match blob.source:
            case Inline(data):
                with _told(""):
                    file = _sealed(data)
                with file:
                    yield Path(f"/proc/self/fd/{file.fileno()}")
            case source:
                yield self._paths[source]

    def content(self, blob: Blob) -> Content:
        """What is in the blob: of a large one nothing is read before it is looked at."""
        match blob.source:
            case Inline(data):
                return data
            case source:
                return map_file(self._paths[source])


def _independent(sources: Iterable[Source]) -> Iterator[list[Source]]:
    """Cuts them where one may find in the cache what another before it has fetched."""
    group: list[Source] = []
    digests: set[Digest] = set()
    for source in sources:
        digest = source.digest if isinstance(source, Cached | Remote) else None
        among_fetched = bool(group) and isinstance(source, Cached) is not isinstance(
            group[-1], Cached
        )
        if digest in digests or among_fetched:
            yield group
            group, digests = [], set()
        group.append(source)
        if digest is not None:
            digests.add(digest)
    yield group


def _sealed(data: bytes) -> BinaryIO:
    """A file that is in no file system and that nobody can change, not even its owner."""
    flags = os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING
    with contextlib.ExitStack() as stack:
        file = stack.enter_context(open(os.memfd_create("blob", flags), "w+b"))
        file.write(data)
        file.flush()
        os.fchmod(file.fileno(), 0o444)
        seals = fcntl.F_SEAL_WRITE | fcntl.F_SEAL_GROW | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_SEAL
        fcntl.fcntl(file, fcntl.F_ADD_SEALS, seals)
        stack.pop_all()
        return file


def map_file(path: Path) -> Content:
    """The content of a file that nobody changes any more."""
    with path.open("rb") as file:
        if not os.fstat(file.fileno()).st_size:
            return b""  # which cannot be mapped
        # Nobody shortens one of our files, which would end us by a signal.
        return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)


def forget(content: Content, start: int, size: int) -> None:
    """Lets go of pages that were looked at: as long as we hold them they count as our memory."""
    if isinstance(content, mmap.mmap):
        # The kernel maps pages around those that are read, too, within such a piece.
        first = start - start % _PIECE_BYTES
        content.madvise(mmap.MADV_DONTNEED, first, min(start + size, len(content)) - first)


@dataclass(frozen=True, slots=True)
class TestDataLimits:
    """blob_bytes: of one blob. blob_s: for fetching one, with all attempts and waiting for
    another worker that fetches it. job_s: for all of a job."""

    __test__ = False

    blob_bytes: int
    blob_s: float
    job_s: float = JOB_S


class TestData:
    """Gets the blobs of one job after another. packages: the folder for `path`, if there is one.

    lookups: how often a blob that may be cached was.
    """

    __test__ = False

    def __init__(
        self, cache: Cache, fetcher: Fetcher, packages: Path | None, limits: TestDataLimits
    ) -> None:
        self.lookups = Lookups()
        self._cache = cache
        self._fetcher = fetcher
        self._packages = packages
        self._limits = limits

    @contextlib.contextmanager
    def of(self, job: Job, folder: Path, switch: KillSwitch) -> Iterator[Blobs]:
        """The blobs of a job, for the time of the block; `folder` takes those in its message.

        Raises TestDataError; Killed.
        """
        wanted: dict[Source, str] = {}
        for place, blob in job.blobs():
            if not blob.is_inline:
                wanted.setdefault(blob.source, place)
        if not wanted:
            yield Blobs(folder)
            return
        started = time.monotonic()
        with contextlib.ExitStack() as stack:
            with _told(next(iter(wanted.values()))):
                own = stack.enter_context(self._cache.job_folder())
            paths = self._got(wanted, own, switch)
            elapsed_s = time.monotonic() - started
            log.info("testdata_ready", blobs=len(paths), elapsed_ms=round(elapsed_s * 1000))
            yield Blobs(folder, paths, elapsed_s)

    def _got(
        self, wanted: Mapping[Source, str], folder: Path, switch: KillSwitch
    ) -> dict[Source, Path]:
        paths = {source: folder / str(number) for number, source in enumerate(wanted)}
        left = self._cache.max_bytes

        def charge(size: int) -> None:
            nonlocal left
            left -= size
            if left < 0:
                raise too_large("the test data of a job together", self._cache.max_bytes)

        missing = []
        for source, place in wanted.items():
            with _told(place):
                size = self._linked(source, paths[source])
                if size is None:
                    missing.append(source)
                else:
                    charge(size)
        if not missing:
            return paths
        with KillSwitch() as enough, Crew(self._fetcher, enough) as crew:
            patience = Patience(self._limits.job_s, switch, enough)

            def get(session: Session, source: Source) -> int:
                return self._get(
                    source, paths[source], session, patience.at_most(self._limits.blob_s)
                )

            for sources in _independent(missing):
                sizes = crew.results(get, sources)
                for source in sources:
                    with _told(wanted[source]):
                        charge(next(sizes))
        return paths

    def _linked(self, source: Source, path: Path) -> int | None:
        """Makes the file `path` if it is in the cache, which needs no other thread; its size."""
        if not isinstance(source, Cached | Remote) or source.digest is None:
            return None
        size = self._cache.link(source.digest, path)
        if size is not None:
            self.lookups.count(hit=True)
        return size

    def _get(self, source: Source, path: Path, session: Session, patience: Patience) -> int:
        """Makes the file `path`; its size."""
        match source:
            case Remote(url, Digest() as digest):
                return self._fetch_once(url, digest, path, session, patience)
            case Remote(url):
                return self._fetch(url, path, session, patience).size
            case Cached(digest):
                size = self._cache.link(digest, path)
                self.lookups.count(hit=size is not None)
                if size is None:
                    name = f"{digest.algorithm} {digest.hex}"
                    raise Unavailable(
                        Reason.NOT_CACHED, f"{name}: not in this worker's cache, and has no url"
                    )
                return size
            case Packaged(name):
                return self._copy(name, path)
            case Inline():
                raise ValueError("an inline blob is in the message")
            case _:
                assert_never(source)

    def _fetch_once(
        self, url: str, digest: Digest, path: Path, session: Session, patience: Patience
    ) -> int:
        """From the cache; what is not there is fetched by one worker while the others wait."""
        size = self._cache.link(digest, path)
        if size is not None:
            self.lookups.count(hit=True)
            return size
        with self._cache.locked(digest, patience):
            size = self._cache.link(digest, path)
            self.lookups.count(hit=size is not None)
            if size is not None:
                return size
            stored = self._fetch(url, path, session, patience)
            found = stored.digest(digest.algorithm)
            if found != digest:
                raise Unavailable(
                    Reason.HASH_MISMATCH,
                    f"{Url.parse(url)}: has {digest.algorithm} {found.hex},"
                    f" and should have {digest.hex}",
                )
            self._cache.store(path, stored)
            return stored.size

    def _fetch(self, url: str, path: Path, session: Session, patience: Patience) -> Stored:
        most, shown = self._limits.blob_bytes, str(Url.parse(url))

        def save(pieces: Iterator[bytes]) -> Stored:
            return store(path, pieces, shown, most)

        try:
            return session.fetch(url, most, patience, save)
        except OutOfPatience:
            blob_s, job_s = self._limits.blob_s, self._limits.job_s
            message = f"{shown}: not fetched in {blob_s:g} s, or all of the job's in {job_s:g} s"
            raise Unavailable(Reason.TIMEOUT, message) from None

    def _copy(self, name: str, path: Path) -> int:
        """A copy, for an operator may change a package while a job is judged with it."""
        if self._packages is None:
            raise Unavailable(
                Reason.NO_PACKAGES, "this worker has no packages: EXECUTOR_PACKAGES_DIR is not set"
            )
        flags = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
        try:
            with Box(os.open(self._packages, flags)) as folder, folder.open(name) as file:
                pieces = iter(partial(file.read, CHUNK_BYTES), b"")
                return store(path, pieces, name, self._limits.blob_bytes).size
        except NoFile as error:
            raise Unavailable(
                Reason.NO_FILE, f"{name}: {error}, in EXECUTOR_PACKAGES_DIR"
            ) from None
        except OSError as error:
            log.error("package_unreadable", folder=str(self._packages), error=str(error))
            raise Unavailable(Reason.NO_FILE, f"{name}: its package cannot be read") from error


@contextlib.contextmanager
def _told(place: str) -> Iterator[None]:
    """Says which blob it was."""
    try:
        yield
    except Unavailable as unavailable:
        raise TestDataError(place, unavailable) from unavailable
    except OutOfPatience:
        late = Unavailable(Reason.TIMEOUT, "another worker is still fetching it")
        raise TestDataError(place, late) from None
    except OSError as error:
        log.error("testdata_unstorable", error=str(error))
        raise TestDataError(place, storage_fault(error)) from error
