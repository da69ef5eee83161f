"""A program's files as they will stand in its box."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path, PurePosixPath

from executor.contract.errors import FieldProblem
from executor.contract.fields import MAX_COMPONENT_BYTES
from executor.contract.program import Sources
from executor.judge.java_names import java_names
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
    program: Sources, language: Language, folder: Path, reserved: Mapping[str, str]
) -> SourceTree:
    """Writes a program's files into `folder` and decides their names in the box.

    On disk they have numbers for names: no name of a stranger becomes a path of ours.
    `reserved` are further names in the box, by the field that asks for them. Raises BadSources.
    """
    source = program.source_bytes()
    contents = {file.name: file.data() for file in program.files}
    if source is None:
        main = _leading_file(program, language, contents)
    else:
        main = program.source_name or _source_name(language, source, contents)
        _check_suffix(language, main)
    _check_names(language, contents, main if source is not None else None, reserved)
    if source is not None:
        contents = {main: source, **contents}
    files = []
    for number, (name, data) in enumerate(contents.items()):
        path = folder / str(number)
        path.write_bytes(data)
        files.append(BoxFile(name, path))
    others = (name for name in contents if name != main and language.is_source(name))
    entry = _entry(program.entry_point, language, main, contents)
    return SourceTree(tuple(files), main, (main, *others), entry)


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


def _leading_file(program: Sources, language: Language, contents: Mapping[str, bytes]) -> str:
    """The main one of several files: the entry point, the language's usual name, the first."""
    sources = [name for name in contents if language.is_source(name)]
    if not sources:
        raise BadSources("files", "missing", f"no file ends in {' or '.join(language.suffixes)}")
    wished = [] if program.entry_point is None else [*_meant(program.entry_point, language)]
    for name in (*wished, language.source_name):
        if name in sources:
            return name
    return sources[0]


def _entry(
    entry_point: str | None, language: Language, main: str, contents: Mapping[str, bytes]
) -> str:
    if language.entry == "class":
        if entry_point is None:
            return java_names(contents[main].decode(errors="replace")).entry_point
        return entry_point.removesuffix(language.suffixes[0]).replace("/", ".")
    names = [main] if entry_point is None else _meant(entry_point, language)
    for name in names:
        if name in contents:
            return PurePosixPath(name).stem if language.entry == "stem" else name
    raise BadSources("entry_point", "unknown_file", "the program has no such file or module")


def _meant(entry_point: str, language: Language) -> Iterator[str]:
    """The files that an entry point may mean: its own name, or that of a module or class."""
    yield entry_point
    yield entry_point.replace(".", "/") + language.suffixes[0]


def _check_names(
    language: Language,
    contents: Mapping[str, bytes],
    source_name: str | None,
    reserved: Mapping[str, str],
) -> None:
    """Raises BadSources for two equal names, or too long ones; the contract knows no defaults."""
    names: dict[str, str] = {}
    if language.artefact is not None:
        names["language"] = language.artefact
    names |= {f"files.{index}.name": name for index, name in enumerate(contents)}
    if source_name is not None:
        names["source_name"] = source_name
    names |= reserved
    for (_, earlier), (path, name) in combinations(names.items(), 2):
        if f"{name}/".startswith(f"{earlier}/") or earlier.startswith(f"{name}/"):
            raise BadSources(path, "name_clash", f"another file has the name '{earlier}'")
    if sum(len(name.encode()) for name in names.values()) > MAX_NAME_BYTES:
        message = f"the names of all files may have {MAX_NAME_BYTES} bytes together"
        raise BadSources("files", "too_long", message)
