"""One run of a program with one test."""

import dataclasses
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from executor.box import Box, NoFile
from executor.contract import Verdict
from executor.judge.capture import Capture
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

Check = Callable[[IO[bytes]], CheckResult]
"""Tells what an output is worth; called once, with a file at its beginning."""


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
    """What came of a task. The outcome's box is closed.

    check: what the checker found; None if it was not asked, for the run had not ended well.
    """

    outcome: Outcome
    verdict: Verdict
    check: CheckResult | None
    stdout: Capture
    stderr: Capture


def run_program(slot: Slot, task: Task, check: Check) -> Run:
    """Runs a task, and has its output checked if it ended well. Raises as `Slot.run` does.

    The output is set aside while it is produced and checked afterwards: a program that had to
    wait for its checker would pay for that with wall time.
    """
    stdout = Capture(task.keep_bytes)
    stderr = Capture(task.keep_bytes, task.program.language.out_of_memory)
    missing = None
    with tempfile.SpooledTemporaryFile(_SPOOL_BYTES, dir=str(task.folder)) as output:

        def take_stdout(chunk: memoryview) -> None:
            stdout.feed(chunk)
            if task.output_file is None:
                output.write(chunk)

        stdin = task.input if task.input_file is None else None
        try:
            with slot.run(task_spec(task), stdin, take_stdout, stderr.feed) as outcome:
                if task.output_file is not None:
                    outcome, missing = _take_file(outcome, task, task.output_file, output)
        except NotExecutable as error:
            # A submission may bring this about: by the name of its loader, for one.
            stderr.feed(memoryview(f"{error}\n".encode()))
            outcome = NEVER_STARTED
        verdict = decide(outcome, task.applied.limits, stderr.found)
        if verdict is not None:
            return Run(outcome, verdict, None, stdout, stderr)
        output.seek(0)
        found = missing or check(output)
    return Run(outcome, Verdict(found.verdict), found, stdout, stderr)


def task_spec(task: Task) -> RunSpec:
    """The run of a task."""
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


def _take_file(
    outcome: Outcome, task: Task, name: str, output: IO[bytes]
) -> tuple[Outcome, CheckResult | None]:
    """Takes the output from a file in the box; a result if there is no such file."""
    try:
        with outcome.box.open(name) as file:
            left = task.applied.limits.output_kib * 1024
            while chunk := file.read(_CHUNK_BYTES):
                left -= len(chunk)
                if left < 0:
                    return dataclasses.replace(outcome, ending=Ending.OUTPUT), None
                output.write(chunk)
    except NoFile as error:
        return outcome, CheckResult("WA", f"output file '{name}': {error}")
    return outcome, None
