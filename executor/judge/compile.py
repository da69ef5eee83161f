"""Compiling, in the sandbox and under the compiler's own limits."""

import shutil
import zipfile
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from executor.box import Box, NoFile
from executor.contract import CompileResult
from executor.judge.cache import CompileCache, compile_key
from executor.judge.capture import Capture
from executor.judge.sources import SourceTree
from executor.judge.units import milliseconds
from executor.languages import Language, Languages
from executor.sandbox import BoxFile, Ending, Outcome, RunSpec, Slot

MAX_OUTPUT_BYTES = 64 * 1024
MAX_CLASSES = 2000
MAX_CLASS_DEPTH = 16
MAX_UNPACKED = 200
"""Of files that are kept one by one: a run takes 240."""
MAX_UNPACKED_BYTES = 16 * 1024
"""Of their names together: they travel in one packet to safeexec."""
_MAX_NAME_BYTES = 1024


@dataclass(frozen=True, slots=True)
class Program:
    """What can be run: its files in the box, and what to start."""

    language: Language
    files: tuple[BoxFile, ...]
    entry: str


@dataclass(frozen=True, slots=True)
class Compilation:
    """How compiling went; `program` is None unless the verdict is OK."""

    result: CompileResult
    program: Program | None


class Compiler:
    """Compiles programs, and none twice if it has a cache."""

    def __init__(self, languages: Languages, cache: CompileCache | None) -> None:
        self._languages = languages
        self._cache = cache

    def compile(
        self, slot: Slot, language: Language, tree: SourceTree, folder: Path
    ) -> Compilation:
        """As `compile_program`. What did not compile is compiled again when it comes again."""
        if self._cache is None:
            return compile_program(slot, language, tree, folder)
        key = compile_key(language, self._languages.runtime(language), _spec(language, tree))
        cached = self._cache.get(key, folder)
        if cached is not None:
            files = tree.files + cached.artefacts
            return Compilation(cached.result, Program(language, files, tree.entry))
        compilation = compile_program(slot, language, tree, folder)
        if compilation.program is not None:
            artefacts = compilation.program.files[len(tree.files) :]
            self._cache.put(key, compilation.result, artefacts)
        return compilation


def compile_program(slot: Slot, language: Language, tree: SourceTree, folder: Path) -> Compilation:
    """Compiles a program; what is needed of it goes into `folder`. Raises as `Slot.run` does.

    Warnings are no error. An exit code, a signal or no artefact is CE; a limit that the compiler
    ran into is CTL.
    """
    capture = Capture(MAX_OUTPUT_BYTES, language.compiler_limits)
    files, note = tree.files, ""
    with slot.run(_spec(language, tree), None, capture.feed, capture.feed) as outcome:
        verdict = _verdict(outcome, capture.found)
        if verdict == "OK":
            try:
                files += tuple(_artefacts(language, tree, outcome.box, folder))
            except NoFile as error:
                what = language.artefact or f"*{language.classes}"
                verdict, note = "CE", f"the compiler left no usable {what}: {error}"
    result = _result(outcome, verdict, capture, note)
    program = Program(language, files, tree.entry) if verdict == "OK" else None
    return Compilation(result, program)


def _spec(language: Language, tree: SourceTree) -> RunSpec:
    return RunSpec(
        argv=language.compile_argv(tree.main, tree.sources),
        limits=language.compile_limits.run_limits(),
        env=language.environment,
        files=tree.files,
        profile="compile",
    )


def _verdict(outcome: Outcome, said_limit: bool) -> Literal["OK", "CE", "CTL"]:
    match outcome.ending:
        case Ending.EXITED if outcome.exit_code == 0:
            return "OK"
        case Ending.EXITED | Ending.SIGNALLED | Ending.FORBIDDEN:
            return "CTL" if said_limit else "CE"
        case Ending.CPU | Ending.WALL | Ending.MEMORY | Ending.OUTPUT:
            return "CTL"


def _result(
    outcome: Outcome, verdict: Literal["OK", "CE", "CTL"], capture: Capture, note: str
) -> CompileResult:
    if verdict == "CTL":
        note = "the compiler ran out of its own limits"
    output = capture.text()
    if note:
        output = f"{output.rstrip()}\n{note}\n".lstrip()
    return CompileResult(
        verdict=verdict,
        cpu_ms=milliseconds(outcome.cpu_us),
        wall_ms=milliseconds(outcome.wall_us),
        memory_kib=outcome.memory_kib,
        exit_code=None if outcome.signal else outcome.exit_code,
        signal=outcome.signal or None,
        output=output,
        output_truncated=capture.truncated,
    )


def _artefacts(language: Language, tree: SourceTree, box: Box, folder: Path) -> Iterator[BoxFile]:
    """Takes what the compiler left out of the box. Raises NoFile."""
    path = folder / "artefact"
    if language.artefact is None:
        if language.classes is not None:
            given = {file.name for file in tree.files}
            yield from _classes(box, language.classes, given, path)
    elif language.classes is None:
        with box.open(language.artefact) as source, path.open("wb") as target:
            shutil.copyfileobj(source, target)
        yield BoxFile(language.artefact, path, "x")
    else:
        _pack(box, language.classes, path)
        yield BoxFile(language.artefact, path)


def _classes(box: Box, suffix: str, given: Collection[str], folder: Path) -> Iterator[BoxFile]:
    """Every file of a suffix that was not there before, as it is."""
    folder.mkdir(exist_ok=True)
    names = 0
    for number, (name, file) in enumerate(box.files(suffix, MAX_CLASS_DEPTH, MAX_UNPACKED)):
        if name not in given:
            names += _name_bytes(name)
            if names > MAX_UNPACKED_BYTES:
                raise NoFile(f"their names have more than {MAX_UNPACKED_BYTES} bytes together")
            path = folder / str(number)
            with path.open("wb") as target:
                shutil.copyfileobj(file, target)
            yield BoxFile(name, path)


def _name_bytes(name: str) -> int:
    """Raises NoFile for a name that safeexec would not take."""
    try:
        size = len(name.encode())
    except UnicodeEncodeError:
        raise NoFile("a name that is no text") from None
    if size > _MAX_NAME_BYTES:
        raise NoFile("a name that is too long")
    return size


def _pack(box: Box, suffix: str, path: Path) -> None:
    """Every file of a suffix, in one archive that need not be unpacked to be read."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for name, file in box.files(suffix, MAX_CLASS_DEPTH, MAX_CLASSES):
            # No time of today, so that compiling twice gives the same bytes.
            archive.writestr(zipfile.ZipInfo(name), file.read())
        if not archive.infolist():
            raise NoFile("nothing was compiled")
