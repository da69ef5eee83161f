"""The test data of a package as they lie in their folders; nothing is decided here."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from executor.packages.errors import PackageError

MAX_DEPTH = 8
_ID = re.compile(r"[A-Za-z0-9._:/-]{1,128}")


@dataclass(frozen=True, slots=True)
class Case:
    """One test: `id` is its path below data/, without suffix; the others are files of the package.

    answer: None: there is none. config: the YAML file of its own.
    """

    id: str
    input: str
    answer: str | None
    config: str | None


@dataclass(frozen=True, slots=True)
class Folder:
    """A group of tests: `id` is its path below data/, `name` its path in the package."""

    id: str
    name: str
    cases: tuple[Case, ...]
    folders: tuple["Folder", ...]

    def all_cases(self) -> Iterator[Case]:
        """Its tests and those below, in the order of their names."""
        items: list[Case | Folder] = [*self.cases, *self.folders]
        for item in sorted(items, key=lambda item: item.id):
            if isinstance(item, Case):
                yield item
            else:
                yield from item.all_cases()

    def all_folders(self) -> Iterator["Folder"]:
        """Itself and those below."""
        yield self
        for folder in self.folders:
            yield from folder.all_folders()


def read_tree(root: Path, name: str, id: str) -> Folder:
    """A folder of tests, with all below it. Raises PackageError."""
    return _read(root, name, id, 0)


def _read(root: Path, name: str, id: str, depth: int) -> Folder:
    if depth > MAX_DEPTH:
        raise PackageError(f"{name}: nested deeper than {MAX_DEPTH} folders")
    names = {entry.name for entry in _entries(root, name)}
    stems = sorted(one.removesuffix(".in") for one in names if one.endswith(".in"))
    for one in sorted(names):
        stem, dot, suffix = one.rpartition(".")
        if suffix == "ans" and stem not in stems:
            raise PackageError(f"{name}/{one}: there is no {stem}.in")
        if dot and suffix == "files" and stem in stems:
            raise PackageError(
                f"{name}/{one}: files of one test cannot be given to a submission here"
            )
    folders = [one for one in sorted(names) if (root / name / one).is_dir()]
    for one in folders:
        if one in stems:
            raise PackageError(f"{name}/{one}: a test has the same name: {one}.in")
    return Folder(
        id=id,
        name=name,
        cases=tuple(_case(root, name, id, stem, names) for stem in stems),
        folders=tuple(_read(root, f"{name}/{one}", _below(id, one), depth + 1) for one in folders),
    )


def _entries(root: Path, name: str) -> list[Path]:
    try:
        return [path for path in (root / name).iterdir() if not path.name.startswith(".")]
    except OSError as error:
        raise PackageError(f"{name}: {(error.strerror or str(error)).lower()}") from None


def _case(root: Path, folder: str, folder_id: str, stem: str, names: set[str]) -> Case:
    id = _below(folder_id, stem)
    if not _ID.fullmatch(id):
        raise PackageError(
            f"{folder}/{stem}.in: a test's path is of letters, digits and . _ : - only, 128 at most"
        )
    config = f"{stem}.yaml"
    return Case(
        id=id,
        input=stored_at(root, f"{folder}/{stem}.in"),
        answer=stored_at(root, f"{folder}/{stem}.ans") if f"{stem}.ans" in names else None,
        config=f"{folder}/{config}" if config in names else None,
    )


def stored_at(root: Path, name: str) -> str:
    """Where a file of a package really lies in it: links of a package are followed by its reader,
    never by a worker. Raises PackageError."""
    path = (root / name).resolve()
    if not path.is_file():
        raise PackageError(f"{name}: no such file, or no regular one")
    if not path.is_relative_to(root.resolve()):
        raise PackageError(f"{name}: leads out of the package")
    return path.relative_to(root.resolve()).as_posix()


def _below(id: str, name: str) -> str:
    return f"{id}/{name}" if id else name
