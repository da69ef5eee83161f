"""Compiling, in the sandbox and under the compiler's own limits."""

import shutil
import zipfile
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
_ARTEFACT = "artefact"
"""Its name on disk, in the folder that a program is compiled into."""


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
        cached = self._cache.get(key, folder / _ARTEFACT)
        if cached is not None:
            return Compilation(cached.result, _program(language, tree, cached.artefact))
        compilation = compile_program(slot, language, tree, folder)
        if compilation.program is not None:
            artefact = folder / _ARTEFACT if language.artefact is not None else None
            self._cache.put(key, compilation.result, artefact)
        return compilation


def compile_program(slot: Slot, language: Language, tree: SourceTree, folder: Path) -> Compilation:
    """Compiles a program; what is needed of it goes into `folder`. Raises as `Slot.run` does.

    Warnings are no error. An exit code, a signal or no artefact is CE; a limit that the compiler
    ran into is CTL.
    """
    capture = Capture(MAX_OUTPUT_BYTES, language.compiler_limits)
    artefact, note = None, ""
    with slot.run(_spec(language, tree), None, capture.feed, capture.feed) as outcome:
        verdict = _verdict(outcome, capture.found)
        if verdict == "OK" and language.artefact is not None:
            try:
                artefact = _take_artefact(language, outcome.box, folder)
            except NoFile as error:
                verdict, note = "CE", f"the compiler left no usable {language.artefact}: {error}"
    result = _result(outcome, verdict, capture, note)
    return Compilation(result, _program(language, tree, artefact) if verdict == "OK" else None)


def _spec(language: Language, tree: SourceTree) -> RunSpec:
    return RunSpec(
        argv=language.compile_argv(tree.main, tree.sources),
        limits=language.compile_limits.run_limits(),
        env=language.environment,
        files=tree.files,
        profile="compile",
    )


def _program(language: Language, tree: SourceTree, artefact: Path | None) -> Program:
    files = tree.files
    if artefact is not None and language.artefact is not None:
        mode: Literal["r", "x"] = "r" if language.classes is not None else "x"
        files += (BoxFile(language.artefact, artefact, mode),)
    return Program(language, files, tree.entry)


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


def _take_artefact(language: Language, box: Box, folder: Path) -> Path:
    """Takes what the compiler left out of the box. Raises NoFile."""
    assert language.artefact is not None
    path = folder / _ARTEFACT
    if language.classes is not None:
        _pack(box, language.classes, path)
        return path
    with box.open(language.artefact) as source, path.open("wb") as target:
        shutil.copyfileobj(source, target)
    return path


def _pack(box: Box, suffix: str, path: Path) -> None:
    """Every file of a suffix, in one archive that need not be unpacked to be read."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for name, file in box.files(suffix, MAX_CLASS_DEPTH, MAX_CLASSES):
            # No time of today, so that compiling twice gives the same bytes.
            archive.writestr(zipfile.ZipInfo(name), file.read())
        if not archive.infolist():
            raise NoFile("nothing was compiled")
