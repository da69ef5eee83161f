"""Self-tests that were passed, remembered until something changes that they depend on.

A worker tests every language before it takes a job. With forty of them that takes a minute, which
only the first start on a machine is to pay, and workers that start together are to share.
"""

import contextlib
import fcntl
import hashlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Self

from pydantic import BaseModel, ConfigDict, ValidationError

from executor import __version__
from executor.languages import Language
from executor.sandbox import Slot

_PACKAGES = "/var/lib/dpkg/status"
"""Changes whenever a Debian package is installed, upgraded or removed."""


class Health(BaseModel):
    """`fault` is None if the language works, else says in one line why it does not.

    runtime: compiler or interpreter, with its version: `g++ 12.2.0`.
    cpu_ms, memory_kib: what the self-test took to run; None if it did not come to that.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    fault: str | None
    runtime: str
    cpu_ms: int | None = None
    memory_kib: int | None = None


class _Passed(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    fingerprint: str
    health: Health


class HealthRecord:
    """A folder with the last passed self-test of each language. Several workers may share it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @classmethod
    def below(cls, work_dir: Path) -> Self:
        """The one that workers with this work folder share."""
        return cls(work_dir / "self-tests")

    def look_up(self, slot: Slot, language: Language, test: Callable[[], Health]) -> Health:
        """The remembered health; else does the test, and remembers it if it was passed.

        Of those who ask at the same time for one language only one tests it. A folder that cannot
        be written is none: then each of them tests.
        """
        with contextlib.ExitStack() as stack:
            try:
                file = stack.enter_context(self._locked(language))
            except OSError:
                return test()
            fingerprint = _fingerprint(slot, language)
            with contextlib.suppress(ValidationError):
                passed = _Passed.model_validate_json(file.read())
                if passed.fingerprint == fingerprint:
                    return passed.health
            file.truncate(0)
            health = test()
            if health.fault is None:
                file.write(_Passed(fingerprint=fingerprint, health=health).model_dump_json())
            return health

    @contextlib.contextmanager
    def _locked(self, language: Language) -> Iterator[IO[str]]:
        """Its file, for us alone. What is appended to it is all that is in it once truncated."""
        self._folder.mkdir(parents=True, exist_ok=True)
        with (self._folder / f"{language.id}.json").open("a+") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            file.seek(0)
            yield file


def _fingerprint(slot: Slot, language: Language) -> str:
    """Changes with what a self-test depends on: the language's data, its files, packages, us."""
    files = (os.path.realpath(name) for name in (*language.files, _PACKAGES))
    parts = (
        __version__,
        slot.version,
        slot.isolation,
        os.uname().release,
        language.model_dump_json(),
        *(f"{name} {_identity(name)}" for name in files),
    )
    return hashlib.sha256("\n".join(map(str, parts)).encode()).hexdigest()


def _identity(path: str) -> str:
    try:
        status = os.stat(path)
    except OSError as error:
        return str(error.errno)
    return f"{status.st_dev} {status.st_ino} {status.st_size} {status.st_mtime_ns}"
