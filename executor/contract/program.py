"""A program to be compiled and run: the submission, a checker, an interactor."""

from collections.abc import Iterator
from typing import Annotated, Any, Self

from pydantic import ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from executor.contract.blob import Blob, File
from executor.contract.fields import KIB, MIB, Arguments, EntryPoint, LanguageId, SourceName
from executor.contract.limits import ProgramLimits
from executor.contract.model import Model, Problem, refuse

MAX_SOURCE_BYTES = 256 * KIB
MAX_FILES_BYTES = 4 * MIB


def _source_or_files(schema: dict[str, Any]) -> None:
    schema["anyOf"] = [
        {"required": ["source"], "properties": {"source": {"type": "string"}}},
        {"required": ["files"], "properties": {"files": {"minItems": 1}}},
    ]


class Sources(Model):
    """What a program is made of.

    language: an id or alias that the worker advertises, 1-64 characters.
    source: 256 KiB decoded; required unless there are files.
    source_name: its name on disk; None: the language's.
    files: 100, 4 MiB decoded; no two of all names may be equal, or one the other's folder.
    entry_point: main file, class or module; None: the language's.
    args: 64, 4 KiB all together.
    """

    model_config = ConfigDict(json_schema_extra=_source_or_files)

    language: LanguageId
    source: str | None = None
    source_name: SourceName | None = None
    files: Annotated[tuple[File, ...], Field(max_length=100)] = ()
    entry_point: EntryPoint | None = None
    args: Arguments = ()

    def source_bytes(self) -> bytes | None:
        """The source as it is to stand on disk; None where the program is made of files only."""
        return None if self.source is None else self.source.encode()

    def blobs(self) -> Iterator[tuple[str, Blob]]:
        """Every blob, with its place in the message: `files.0`."""
        for index, file in enumerate(self.files):
            yield f"files.{index}", file.content

    @model_validator(mode="after")
    def _check_sources(self) -> Self:
        refuse(type(self).__name__, self._source_problems())
        return self

    def _source_problems(self) -> Iterator[Problem]:
        yield from self._size_problems()
        yield from _name_clashes(self._names())

    def _size_problems(self) -> Iterator[Problem]:
        if self.source is None and not self.files:
            yield Problem(("source",), "missing", "a source or files are required")
        # No encoding makes a string more than three times shorter: do not decode a huge one.
        if self.source is not None and len(self.source) > 3 * MAX_SOURCE_BYTES:
            yield _source_too_long()
        else:
            try:
                if len(self.source_bytes() or b"") > MAX_SOURCE_BYTES:
                    yield _source_too_long()
            except PydanticCustomError as error:
                yield Problem(("source",), error.type, error.message())
        if sum(len(file.data()) for file in self.files if file.is_inline) > MAX_FILES_BYTES:
            yield Problem(("files",), "too_long", "files may have 4 MiB all together")

    def _names(self) -> Iterator[tuple[tuple[str | int, ...], str]]:
        """Every name that will stand in the program's folder, with its place in the message."""
        for index, file in enumerate(self.files):
            yield ("files", index, "name"), file.name
        if self.source is not None and self.source_name is not None:
            yield ("source_name",), self.source_name


class Program(Sources):
    """A checker or interactor: as in a job; limits default to 10 s CPU and 512 MiB."""

    limits: ProgramLimits = ProgramLimits()


def _source_too_long() -> Problem:
    return Problem(("source",), "too_long", "a source may have 256 KiB, decoded")


def _name_clashes(names: Iterator[tuple[tuple[str | int, ...], str]]) -> Iterator[Problem]:
    """The names that an earlier one is equal to, or a folder of, or a file in."""
    files: set[str] = set()
    folders: set[str] = set()
    for loc, name in names:
        parts = name.split("/")
        parents = {"/".join(parts[:depth]) for depth in range(1, len(parts))}
        if name in files:
            yield Problem(loc, "name_clash", "another file has this name")
        elif name in folders or parents & files:
            yield Problem(loc, "name_clash", "one name is both a file and a folder")
        files.add(name)
        folders |= parents
