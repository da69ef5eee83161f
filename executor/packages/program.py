"""The programs of a package: submissions, and the program that judges their output."""

import base64
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from pydantic import ValidationError

from executor.contract import Program, ProgramLimits
from executor.contract.program import MAX_FILES_BYTES
from executor.languages import Languages
from executor.packages.errors import PackageError

MAX_FILES = 100
_NO_PROGRAM = re.compile(r"\..*|__pycache__|README.*|.*\.(?:md|txt|class|o|pyc)", re.IGNORECASE)
_CONSTANT = re.compile(rb"\{\{([A-Za-z_][A-Za-z0-9_]*)\}\}")

_OF_THE_FORMAT: Mapping[str, str] = MappingProxyType({".pl": "prolog"})
"""The format's own choice, where several languages have a suffix."""


@dataclass(frozen=True, slots=True)
class Sources:
    """A program as files. language: the family's name. single: one source with no file beside it.

    entry_point: None: the language's own.
    """

    language: str
    files: Mapping[str, bytes]
    single: bool
    entry_point: str | None = None

    @property
    def size_bytes(self) -> int:
        return sum(map(len, self.files.values()))

    def fields(self) -> dict[str, Any]:
        """The fields of a job, or of a checker, that hold the program."""
        fields: dict[str, Any] = {"language": self.language}
        if self.entry_point is not None:
            fields["entry_point"] = self.entry_point
        if self.single:
            [content] = self.files.values()
            try:
                return {**fields, "source": content.decode()}
            except UnicodeDecodeError:
                pass
        files = [
            {"name": name, "base64": base64.b64encode(content).decode()}
            for name, content in self.files.items()
        ]
        return {**fields, "files": files}


def is_program(path: Path) -> bool:
    """Whether it may be a program: no hidden file, no README, nothing that was compiled."""
    return not _NO_PROGRAM.fullmatch(path.name)


def family_of(name: str, languages: Languages) -> str | None:
    """The language whose sources are called so; of several the format's own, else the first."""
    families = [one.family for one in languages.known.values() if one.is_source(name)]
    preferred = _OF_THE_FORMAT.get(Path(name).suffix)
    return preferred if preferred in families else next(iter(families), None)


def read_sources(
    path: Path,
    name: str,
    languages: Languages,
    constants: Mapping[str, str],
    language: str | None = None,
) -> Sources:
    """The program at `path`, a file or a folder. `name` is for errors.

    language: None: told by the files' suffixes. Raises PackageError.
    """
    files = {
        relative: _with_constants(_content(file, f"{name}/{relative}"), constants)
        for relative, file in _files(path, name)
    }
    if len(files) > MAX_FILES or sum(map(len, files.values())) > MAX_FILES_BYTES:
        raise PackageError(f"{name}: a program may have {MAX_FILES} files, 4 MiB all together")
    for script in ("build", "run"):
        if path.is_dir() and script in files:
            raise PackageError(f"{name}/{script}: scripts are not run: give sources in a language")
    if language is not None:
        return Sources(language, files, single=path.is_file())
    families = {family for file in files if (family := family_of(file, languages))}
    if not families:
        raise NoLanguage(f"{name}: in no language that is known here, by its suffix")
    if len(families) > 1:
        raise PackageError(f"{name}: is in several languages: {', '.join(sorted(families))}")
    return Sources(families.pop(), files, single=path.is_file())


class NoLanguage(PackageError):
    """A program is in a language that is not known here."""


def read_validator(
    root: Path,
    *,
    legacy: bool,
    languages: Languages,
    constants: Mapping[str, str],
    flags: tuple[str, ...],
    limits: ProgramLimits,
) -> Program:
    """The program of a package that judges outputs. Raises PackageError."""
    folder = "output_validators" if legacy else "output_validator"
    other = "output_validator" if legacy else "output_validators"
    path = root / folder
    if not path.is_dir():
        hint = f" ({other} is of another version of the format)" if (root / other).exists() else ""
        raise PackageError(f"{folder}: is missing, and the problem needs one{hint}")
    if legacy:
        found = sorted(entry for entry in path.iterdir() if is_program(entry))
        if len(found) != 1:
            raise PackageError(f"{folder}: should hold one program, and holds {len(found)}")
        [path] = found
    name = path.relative_to(root).as_posix()
    sources = read_sources(path, name, languages, constants)
    entry = "__main__.py" if "__main__.py" in sources.files else None
    fields = Sources(sources.language, sources.files, sources.single, entry).fields()
    more = {"args": flags, "limits": limits, "files": tuple(fields.get("files", ()))}
    try:
        return Program.model_validate({**fields, **more})
    except ValidationError as error:
        raise PackageError(f"{name}: {first_problem(error)}") from None


def first_problem(error: ValidationError) -> str:
    """Of a job or a program: the first field that is wrong, and how."""
    first = error.errors(include_url=False)[0]
    return f"{'.'.join(map(str, first['loc']))}: {first['msg'].lower()}"


def read_include(
    root: Path, names: Collection[str], constants: Mapping[str, str]
) -> dict[str, bytes]:
    """The files that a package puts beside submissions in the language called `names`.

    Raises PackageError.
    """
    files: dict[str, bytes] = {}
    for folder in ("default", *names):
        path, name = root / "include" / folder, f"include/{folder}"
        if path.is_dir():
            files |= {
                relative: _with_constants(_content(file, f"{name}/{relative}"), constants)
                for relative, file in _files(path, name)
            }
    return files


def _files(path: Path, name: str) -> Iterator[tuple[str, Path]]:
    """The files of a program with their names in it."""
    if path.is_file():
        yield path.name, path
        return
    found = sorted(path.rglob("*"))
    if len(found) > 10 * MAX_FILES:
        raise PackageError(f"{name}: a program may have {MAX_FILES} files")
    for file in found:
        inside = file.relative_to(path)
        folders = all(is_program(Path(part)) for part in inside.parts[:-1])
        compiled = file.name.startswith(".") or file.name.endswith((".class", ".pyc", ".o"))
        if file.is_file() and folders and not compiled:
            yield inside.as_posix(), file


def _content(file: Path, name: str) -> bytes:
    try:
        with file.open("rb") as opened:
            content = opened.read(MAX_FILES_BYTES + 1)
    except OSError as error:
        raise PackageError(f"{name}: {(error.strerror or str(error)).lower()}") from None
    if len(content) > MAX_FILES_BYTES:
        raise PackageError(f"{name}: a program may have 4 MiB")
    return content


def _with_constants(content: bytes, constants: Mapping[str, str]) -> bytes:
    if not constants:
        return content
    values = {name.encode(): value.encode() for name, value in constants.items()}
    return _CONSTANT.sub(lambda match: values.get(match[1], match[0]), content)
