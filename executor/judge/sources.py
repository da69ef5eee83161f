"""A program's files as they will stand in its box."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path, PurePosixPath

from executor.contract.errors import FieldProblem
from executor.contract.fields import MAX_COMPONENT_BYTES
from executor.contract.program import MAX_FILES_BYTES, Sources
from executor.judge.java_names import java_names
from executor.judge.testdata import Blobs
from executor.languages import Language
from executor.sandbox import BoxFile

MAX_NAME_BYTES = 32 * 1024
"""Of all names of a program's files together: they travel in one packet to safeexec."""


class BadSources(Exception):
    """The program cannot be laid out; `problem` says which field of the job is wrong."""

    def __init__(self, path: str, code: str, message: str) -> None:
        super().__init__(f"{path}: {message}")
        self.problem = FieldProblem(path=path, code=code, message=message)


@dataclass(frozen=True, slots=True)
class SourceTree:
    """A program before it is compiled.

    files: all of them. main: the one that leads; sources: those to compile, `main` first.
    entry: what is started: a file, or a class.
    """

    files: tuple[BoxFile, ...]
    main: str
    sources: tuple[str, ...]
    entry: str


def lay_out(
    program: Sources,
    language: Language,
    folder: Path,
    reserved: Mapping[str, str],
    blobs: Blobs,
) -> SourceTree:
    """Decides the names of a program's files in the box; its source is written into `folder`.

    On disk they have numbers for names: no name of a stranger becomes a path of ours.
    `reserved` are further names in the box, by the field that asks for them. Raises BadSources.
    """
    source = program.source_bytes()
    paths = {file.name: blobs.path(file.content) for file in program.files}
    if sum(path.stat().st_size for path in paths.values()) > MAX_FILES_BYTES:
        raise BadSources("files", "too_long", "files may have 4 MiB all together")
    if source is None:
        main = _leading_file(program, language, paths)
    else:
        main = program.source_name or _source_name(language, source, paths)
        _check_suffix(language, main)
    _check_names(language, paths, main if source is not None else None, reserved)
    if source is not None:
        path = folder / "source"
        path.write_bytes(source)
        paths = {main: path, **paths}
    files = tuple(BoxFile(name, path) for name, path in paths.items())
    others = (name for name in paths if name != main and language.is_source(name))
    entry = _entry(program.entry_point, language, main, paths)
    return SourceTree(files, main, (main, *others), entry)


def _source_name(language: Language, source: bytes, others: Collection[str]) -> str:
    """The name that the language wants; one that cannot be had is for its compiler to refuse."""
    if language.entry == "class":
        name = java_names(source.decode(errors="replace")).source_name
        if len(name.encode()) <= MAX_COMPONENT_BYTES and name not in others:
            return name
    return language.source_name


def _check_suffix(language: Language, name: str) -> None:
    if not language.is_source(name):
        message = f"a name in {language.name} ends in {' or '.join(language.suffixes)}"
        raise BadSources("source_name", "bad_name", message)


def _leading_file(program: Sources, language: Language, names: Collection[str]) -> str:
    """The main one of several files: the entry point, the language's usual name, the first."""
    sources = [name for name in names if language.is_source(name)]
    if not sources:
        raise BadSources("files", "missing", f"no file ends in {' or '.join(language.suffixes)}")
    wished = [] if program.entry_point is None else [*_meant(program.entry_point, language)]
    for name in (*wished, language.source_name):
        if name in sources:
            return name
    return sources[0]


def _entry(
    entry_point: str | None, language: Language, main: str, paths: Mapping[str, Path]
) -> str:
    if language.entry == "class":
        if entry_point is None:
            return java_names(paths[main].read_bytes().decode(errors="replace")).entry_point
        return entry_point.removesuffix(language.suffixes[0]).replace("/", ".")
    names = [main] if entry_point is None else _meant(entry_point, language)
    for name in names:
        if name in paths:
            return PurePosixPath(name).stem if language.entry == "stem" else name
    raise BadSources("entry_point", "unknown_file", "the program has no such file or module")


def _meant(entry_point: str, language: Language) -> Iterator[str]:
    """The files that an entry point may mean: its own name, or that of a module or class."""
    yield entry_point
    yield entry_point.replace(".", "/") + language.suffixes[0]


def _check_names(
    language: Language,
    file_names: Collection[str],
    source_name: str | None,
    reserved: Mapping[str, str],
) -> None:
    """Raises BadSources for two equal names, or too long ones; the contract knows no defaults."""
    names: dict[str, str] = {}
    if language.artefact is not None:
        names["language"] = language.artefact
    names |= {f"files.{index}.name": name for index, name in enumerate(file_names)}
    if source_name is not None:
        names["source_name"] = source_name
    names |= reserved
    for (_, earlier), (path, name) in combinations(names.items(), 2):
        if f"{name}/".startswith(f"{earlier}/") or earlier.startswith(f"{name}/"):
            raise BadSources(path, "name_clash", f"another file has the name '{earlier}'")
    if sum(len(name.encode()) for name in names.values()) > MAX_NAME_BYTES:
        message = f"the names of all files may have {MAX_NAME_BYTES} bytes together"
        raise BadSources("files", "too_long", message)
