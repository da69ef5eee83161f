"""One run of a program with one test."""

import dataclasses
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from executor.box import Box, NoFile
from executor.contract import Verdict
from executor.judge.capture import Capture
from executor.judge.checkers import Checker
from executor.judge.compile import Program
from executor.judge.difference import CheckResult
from executor.judge.verdict import decide
from executor.languages import Applied
from executor.sandbox import BoxFile, Ending, NotExecutable, Outcome, RunSpec, Slot

_CHUNK_BYTES = 256 * 1024
_SPOOL_BYTES = 1024 * 1024
"""Of output held in memory; more goes to a file."""

NEVER_STARTED = Outcome(Ending.EXITED, 126, 0, 0, 0, 0, Box(-1))
"""Of a program that cannot be executed; 126 is what a shell says of it."""


@dataclass(frozen=True, slots=True)
class Task:
    """What to run, with what.

    input: the file that is the standard input, or stands in the box as `input_file`.
    output_file: where the answer is taken from in the box; None: the standard output.
    keep_bytes: how much of each stream to keep. folder: where a large output is set aside.
    """

    program: Program
    applied: Applied
    args: Sequence[str]
    input: Path | None
    folder: Path
    input_file: str | None = None
    output_file: str | None = None
    keep_bytes: int = 0


@dataclass(frozen=True, slots=True)
class Run:
    """What came of a task. The outcome's box is closed."""

    outcome: Outcome
    verdict: Verdict
    check: CheckResult
    stdout: Capture
    stderr: Capture


def run_program(slot: Slot, task: Task, checker: Checker) -> Run:
    """Runs a task with a fresh checker, and judges it. Raises as `Slot.run` does.

    The output is set aside while it is produced and checked afterwards: a program that had to
    wait for its checker would pay for that with wall time.
    """
    stdout = Capture(task.keep_bytes)
    stderr = Capture(task.keep_bytes, task.program.language.out_of_memory)
    check = None
    with tempfile.SpooledTemporaryFile(_SPOOL_BYTES, dir=str(task.folder)) as output:

        def take_stdout(chunk: memoryview) -> None:
            stdout.feed(chunk)
            if task.output_file is None:
                output.write(chunk)

        stdin = task.input if task.input_file is None else None
        try:
            with slot.run(_spec(task), stdin, take_stdout, stderr.feed) as outcome:
                if task.output_file is not None:
                    outcome, check = _read_output(outcome, task, task.output_file, checker)
        except NotExecutable as error:
            # A submission may bring this about: by the name of its loader, for one.
            stderr.feed(memoryview(f"{error}\n".encode()))
            outcome = NEVER_STARTED
        output.seek(0)
        while chunk := output.read(_CHUNK_BYTES):
            checker.feed(memoryview(chunk))
    check = check or checker.finish()
    verdict = decide(outcome, task.applied.limits, stderr.found, check)
    return Run(outcome, verdict, check, stdout, stderr)


def _spec(task: Task) -> RunSpec:
    program = task.program
    files = program.files
    if task.input_file is not None and task.input is not None:
        files += (BoxFile(task.input_file, task.input),)
    return RunSpec(
        argv=program.language.run_argv(program.entry, task.args, task.applied),
        limits=task.applied.limits,
        env=program.language.environment,
        files=files,
    )


def _read_output(
    outcome: Outcome, task: Task, name: str, checker: Checker
) -> tuple[Outcome, CheckResult | None]:
    """Feeds the checker from a file in the box; a result if there is no such file."""
    try:
        if not _feed(outcome.box, name, checker, task.applied.limits.output_kib * 1024):
            return dataclasses.replace(outcome, ending=Ending.OUTPUT), None
    except NoFile as error:
        return outcome, CheckResult("WA", f"output file '{name}': {error}")
    return outcome, None


def _feed(box: Box, name: str, checker: Checker, limit: int) -> bool:
    """False if the file is longer than `limit` bytes."""
    with box.open(name) as file:
        buffer = memoryview(bytearray(_CHUNK_BYTES))
        left = limit
        while size := file.readinto(buffer):
            if size > left:
                return False
            left -= size
            checker.feed(buffer[:size])
    return True
