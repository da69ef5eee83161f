"""What was compiled before, on disk, shared by the workers of a host.

```
<key>/          entry.json, and each artefact under its number; never written again
new-x1y2z3/     being made by a worker, or left by a dead one
```

A key is a hash of all that the compiler sees, so an entry is as trusted as its making: a submission
could only spoil what the same submission, in every byte, will get again. What a disk has spoiled is
no program of anybody's: an artefact without its digest is as one that was never there.
"""

import contextlib
import hashlib
import json
import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import structlog
from pydantic import BaseModel, ValidationError

from executor.contract import CompileResult
from executor.languages import Language
from executor.lookups import Lookups
from executor.sandbox import BoxFile, RunSpec
from executor.scratch import clear, scratch

log = structlog.get_logger()

_NEW = "new-"
_KEEP = 0.9
"""Of the bound, after something had to go: so it does not happen with every entry."""
_BLOCK_BYTES = 512  # of st_blocks, stat(2)
_LOOK_EACH = 100
"""Entries of our own, after which we look what the other workers have added."""


class _Artefact(BaseModel):
    name: str
    mode: Literal["r", "x", "w"]
    sha256: str


class _Entry(BaseModel):
    result: CompileResult
    artefacts: tuple[_Artefact, ...]


@dataclass(frozen=True, slots=True)
class Cached:
    """How compiling went, and what the compiler left."""

    result: CompileResult
    artefacts: tuple[BoxFile, ...]


class _Spoiled(Exception):
    """An entry is not as it was made."""


class CompileCache:
    """Of one worker; all that share `folder` are of one user. `max_bytes` bounds what it takes.

    lookups: how often a program was there already.
    """

    def __init__(self, folder: Path, max_bytes: int) -> None:
        self.lookups = Lookups()
        self._folder = folder
        self._max_bytes = max_bytes
        self._taken_bytes = 0
        self._puts = 0

    def prepare(self) -> None:
        """Makes the folder, and clears what dead workers left. Raises OSError."""
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        clear(self._folder, _NEW)

    def get(self, key: str, folder: Path) -> Cached | None:
        """The entry, its artefacts named in `folder` too, where they outlive its eviction."""
        found = self._find(key, folder)
        self.lookups.count(hit=found is not None)
        return found

    def _find(self, key: str, folder: Path) -> Cached | None:
        place = self._folder / key
        try:
            entry = _Entry.model_validate_json((place / "entry.json").read_bytes())
            artefacts = []
            for number, artefact in enumerate(entry.artefacts):
                path = folder / f"cached-{number}"
                _name_too(place / str(number), path)
                if _sha256(path) != artefact.sha256:
                    raise _Spoiled(artefact.name)
                artefacts.append(BoxFile(artefact.name, path, artefact.mode))
            os.utime(place)
        except (OSError, ValidationError, _Spoiled):
            if place.exists():
                log.warning("compile_cache_spoiled", entry=key)
                self._remove(place)
            return None
        return Cached(entry.result.model_copy(update={"cached": True}), tuple(artefacts))

    def put(self, key: str, result: CompileResult, artefacts: Sequence[BoxFile]) -> None:
        """Keeps an entry. A full disk or the like is logged, and no fault of the job's."""
        try:
            with scratch(self._folder, _NEW) as new:
                kept = []
                for number, file in enumerate(artefacts):
                    copy = new / str(number)
                    shutil.copyfile(file.path, copy)
                    copy.chmod(0o400)
                    kept.append(_Artefact(name=file.name, mode=file.mode, sha256=_sha256(copy)))
                entry = _Entry(result=result, artefacts=tuple(kept))
                (new / "entry.json").write_text(entry.model_dump_json())
                size = _taken_bytes(new)
                try:
                    new.rename(self._folder / key)
                except OSError:
                    if not (self._folder / key).exists():  # else another worker was faster
                        raise
            self._make_room(size)
        except OSError as error:
            log.warning("compile_cache_failed", error=error.strerror)

    def _make_room(self, added_bytes: int) -> None:
        """To look at all that is there takes as long as a compilation, if there is much."""
        self._taken_bytes += added_bytes
        if self._taken_bytes > self._max_bytes or self._puts % _LOOK_EACH == 0:
            self._taken_bytes = self._evict()
        self._puts += 1

    def _evict(self) -> int:
        """What was unused the longest goes, if all is more than the bound; what all takes then."""
        entries = []
        for entry in self._folder.iterdir():
            if entry.name.startswith(_NEW):
                continue  # somebody's who is making it
            with contextlib.suppress(FileNotFoundError):
                entries.append((entry.stat().st_mtime, _taken_bytes(entry), entry))
        total = sum(size for _, size, _ in entries)
        if total <= self._max_bytes:
            return total
        for _, size, entry in sorted(entries):
            if total <= self._max_bytes * _KEEP:
                break
            self._remove(entry)
            total -= size
        return total

    def _remove(self, entry: Path) -> None:
        """By another name first: nobody sees half an entry."""
        with contextlib.suppress(OSError), scratch(self._folder, _NEW) as gone:
            entry.rename(gone / "gone")


def compile_key(language: Language, runtime: str, spec: RunSpec) -> str:
    """A hash of all that decides what the compiler makes: its files, its words, itself."""
    identity = os.stat(spec.argv[0])
    seen = {
        "language": language.id,
        "artefact": [language.artefact, language.classes],
        "runtime": runtime,
        "compiler": [identity.st_size, identity.st_mtime_ns],
        "argv": spec.argv,
        "env": dict(spec.env),
        "limits": repr(spec.limits),
        "files": _hashes(spec.files),
    }
    return hashlib.sha256(json.dumps(seen, sort_keys=True).encode()).hexdigest()


def _hashes(files: Sequence[BoxFile]) -> list[tuple[str, str]]:
    return sorted((file.name, _sha256(file.path)) for file in files)


def _sha256(path: Path) -> str:
    with path.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def _taken_bytes(folder: Path) -> int:
    """On the disk, by a folder and the files in it."""
    return sum(path.stat().st_blocks * _BLOCK_BYTES for path in (folder, *folder.iterdir()))


def _name_too(file: Path, name: Path) -> None:
    """Gives a file a further name, or a copy on another file system. Raises FileNotFoundError."""
    name.unlink(missing_ok=True)
    try:
        os.link(file, name)
    except FileNotFoundError:
        raise
    except OSError:
        shutil.copyfile(file, name)
