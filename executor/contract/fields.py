"""The types of single fields: identifiers, names of files, bounded numbers."""

import unicodedata
from typing import Annotated

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

KIB = 1024
MIB = 1024 * KIB

MAX_NAME_BYTES = 1024
MAX_COMPONENT_BYTES = 255


def _bad_name(what: str) -> PydanticCustomError:
    return PydanticCustomError("bad_name", f"a name may not {what}")


def _check_text(name: str) -> str:
    if not name:
        raise _bad_name("be empty")
    if len(name.encode()) > MAX_NAME_BYTES:
        raise _bad_name(f"be longer than {MAX_NAME_BYTES} bytes")
    if any(unicodedata.category(char) == "Cc" for char in name):
        raise _bad_name("hold control characters")
    return name


def _check_file_name(name: str) -> str:
    _check_text(name)
    if name.startswith("/"):
        raise _bad_name("start with '/'")
    for component in name.split("/"):
        if component in ("", ".", ".."):
            raise _bad_name("have an empty component, '.' or '..'")
        if len(component.encode()) > MAX_COMPONENT_BYTES:
            raise _bad_name(f"have a component longer than {MAX_COMPONENT_BYTES} bytes")
    return name


def _check_source_name(name: str) -> str:
    if "/" in _check_file_name(name):
        raise _bad_name("hold '/' here")
    return name


def _check_entry_point(name: str) -> str:
    # It becomes an argument of an interpreter, where a leading '-' would make it an option.
    if _check_file_name(name).startswith("-"):
        raise _bad_name("start with '-' here")
    return name


def _check_argument(text: str) -> str:
    if "\0" in text:
        raise PydanticCustomError("bad_argument", "an argument may not hold NUL")
    return text


def _check_arguments(args: tuple[str, ...]) -> tuple[str, ...]:
    if sum(len(arg.encode()) for arg in args) > 4 * KIB:
        raise PydanticCustomError("too_long", "arguments may have 4096 bytes all together")
    return args


JobId = Annotated[str, Field(min_length=1, max_length=128, pattern=r"^[A-Za-z0-9._:\-]+$")]
"""1-128 of `A-Za-z0-9._:-`."""

TestId = Annotated[str, Field(min_length=1, max_length=128, pattern=r"^[A-Za-z0-9._:/\-]+$")]
"""1-128 of `A-Za-z0-9._:/-`; groups have the same kind of id."""

Attempt = Annotated[int, Field(ge=1, le=1000)]
"""1-1000; a rejudge is attempt + 1."""

LanguageId = Annotated[str, Field(min_length=1, max_length=64)]
"""An id or alias of a language; the worker alone knows which exist."""

FileName = Annotated[str, AfterValidator(_check_file_name)]
"""A relative path below the program's folder: 1024 bytes, 255 each component, no `.` or `..`."""

SourceName = Annotated[str, AfterValidator(_check_source_name)]
"""A `FileName` of one component."""

EntryPoint = Annotated[str, AfterValidator(_check_entry_point)]
"""A main file, class or module: spelt like a `FileName`, with no leading `-`."""

Arguments = Annotated[
    tuple[Annotated[str, AfterValidator(_check_argument)], ...],
    Field(max_length=64),
    AfterValidator(_check_arguments),
]
"""Command line arguments: 64, 4 KiB all together, without NUL."""

LabelText = Annotated[str, Field(max_length=256)]
Labels = Annotated[dict[LabelText, LabelText], Field(max_length=16)]
"""16 pairs of strings of 256 characters: echoed, never read."""

Points = Annotated[float, Field(ge=0, le=1e9)]
"""What a test or a group is worth. The bound keeps a sum over 1000 tests finite."""

CpuMs = Annotated[int, Field(ge=1, le=60_000)]
WallMs = Annotated[int, Field(ge=1, le=180_000)]
MemoryKib = Annotated[int, Field(ge=1024, le=4_194_304)]
StackKib = Annotated[int, Field(ge=1, le=4_194_304)]
OutputKib = Annotated[int, Field(ge=1, le=1_048_576)]
Processes = Annotated[int, Field(ge=1, le=256)]
