"""Compiling, in the sandbox and under the compiler's own limits."""

import shutil
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from executor.box import Box, NoFile
from executor.contract import CompileResult
from executor.judge.capture import Capture
from executor.judge.sources import SourceTree
from executor.judge.units import milliseconds
from executor.languages import Language
from executor.sandbox import BoxFile, Ending, Outcome, RunSpec, Slot

MAX_OUTPUT_BYTES = 64 * 1024
MAX_CLASSES = 2000
MAX_CLASS_DEPTH = 16


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


def compile_program(slot: Slot, language: Language, tree: SourceTree, folder: Path) -> Compilation:
    """Compiles a program; what is needed of it goes into `folder`. Raises as `Slot.run` does.

    Warnings are no error. An exit code, a signal or no artefact is CE; a limit that the compiler
    ran into is CTL.
    """
    capture = Capture(MAX_OUTPUT_BYTES, language.compiler_limits)
    spec = RunSpec(
        argv=language.compile_argv(tree.main, tree.sources),
        limits=language.compile_limits.run_limits(),
        env=language.environment,
        files=tree.files,
        profile="compile",
    )
    with slot.run(spec, None, capture.feed, capture.feed) as outcome:
        verdict = _verdict(outcome, capture.found)
        files, note = tree.files, ""
        if verdict == "OK" and language.artefact is not None:
            try:
                files += (_artefact(language, outcome.box, folder),)
            except NoFile as error:
                verdict, note = "CE", f"the compiler left no usable {language.artefact}: {error}"
    result = _result(outcome, verdict, capture, note)
    program = Program(language, files, tree.entry) if verdict == "OK" else None
    return Compilation(result, program)


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


def _artefact(language: Language, box: Box, folder: Path) -> BoxFile:
    """Takes what the compiler left out of the box. Raises NoFile."""
    assert language.artefact is not None
    path = folder / "artefact"
    if language.classes is not None:
        _pack(box, language.classes, path)
        return BoxFile(language.artefact, path)
    with box.open(language.artefact) as source, path.open("wb") as target:
        shutil.copyfileobj(source, target)
    return BoxFile(language.artefact, path, executable=True)


def _pack(box: Box, suffix: str, path: Path) -> None:
    """Every file of a suffix, in one archive that need not be unpacked to be read."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for name, file in box.files(suffix, MAX_CLASS_DEPTH, MAX_CLASSES):
            # No time of today, so that compiling twice gives the same bytes.
            archive.writestr(zipfile.ZipInfo(name), file.read())
        if not archive.infolist():
            raise NoFile("nothing was compiled")
