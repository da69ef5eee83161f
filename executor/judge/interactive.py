"""A submission and an interactor that talk with each other, each in a slot of its own.

Two pipes join them, with nobody in between. We hold a reader's end of both, and read from it only
when the reader has ended: so neither is ended by SIGPIPE for what it says to one that has left.
"""

import contextlib
import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from io import FileIO

from executor.contract import Verdict
from executor.judge.capture import Capture
from executor.judge.difference import CheckResult
from executor.judge.jury import MAX_MESSAGE_BYTES, Finding, Given, JuryProgram, ProgramUnusable
from executor.judge.run import NEVER_STARTED, Run, Task, task_spec
from executor.judge.verdict import decide
from executor.sandbox import NotExecutable, Outcome, RunSpec, Slot

_CHUNK_BYTES = 64 * 1024
INTERACTOR_MORE_MS = 2000
"""The interactor's wall time beyond the submission's: it has to see the other's end."""


@dataclass(frozen=True, slots=True)
class Talk:
    """How both ended. `finding` is what the interactor found, or why it is unusable.

    rejected_first: it had found a fault before the submission ended.
    """

    outcome: Outcome
    stderr: Capture
    finding: Finding | ProgramUnusable
    rejected_first: bool


def interact(
    slots: tuple[Slot, Slot],
    task: Task,
    interactor: JuryProgram,
    given: Given,
    points: float,
) -> tuple[Run, Finding | None]:
    """Runs both to their ends. Raises ProgramUnusable, and as `Slot.run` does.

    The finding is None where the submission's own end decided.
    """
    talk = _talk(slots, task, interactor, given, points)
    verdict = decide(talk.outcome, task.applied.limits, talk.stderr.found)
    nothing = Capture(0)
    if verdict is not None and not talk.rejected_first:
        return Run(talk.outcome, verdict, None, nothing, talk.stderr), None
    if isinstance(talk.finding, ProgramUnusable):
        raise talk.finding
    check = talk.finding.check
    return Run(talk.outcome, Verdict(check.verdict), check, nothing, talk.stderr), talk.finding


def is_rejected(check: CheckResult) -> bool:
    """Whether an interactor found a fault."""
    return check.verdict in ("WA", "PE")


def _talk(
    slots: tuple[Slot, Slot],
    task: Task,
    interactor: JuryProgram,
    given: Given,
    points: float,
) -> Talk:
    ours, theirs = slots
    stderr = Capture(task.keep_bytes, task.program.language.out_of_memory)
    with contextlib.ExitStack() as stack:
        questions, to_submission, spare_questions = _joint(stack)
        answers, to_interactor, spare_answers = _joint(stack)
        spec = interactor.with_wall_ms(task.applied.limits.wall_ms + INTERACTOR_MORE_MS).spec(given)
        with ThreadPoolExecutor(1, thread_name_prefix="interactor") as pool:
            interacting = pool.submit(
                _interact,
                theirs,
                spec,
                (answers, to_submission, spare_answers),
                interactor,
                task,
                points,
            )
            try:
                outcome = _run(ours, task_spec(task), questions, to_interactor, stderr)
            except BaseException:
                to_interactor.close()
                questions.close()
                raise
            # What the interactor says from now on nobody reads; it shall not wait for ever.
            _drain(spare_questions)
            finding, ended_ns = interacting.result()
    rejected_first = (
        isinstance(finding, Finding) and is_rejected(finding.check) and ended_ns <= outcome.ended_ns
    )
    return Talk(outcome, stderr, finding, rejected_first)


def _run(slot: Slot, spec: RunSpec, stdin: FileIO, stdout: FileIO, stderr: Capture) -> Outcome:
    try:
        with slot.run_between(spec, stdin, stdout, stderr.feed) as outcome:
            return outcome
    except NotExecutable as error:
        stderr.feed(memoryview(f"{error}\n".encode()))
        return NEVER_STARTED


def _interact(
    slot: Slot,
    spec: RunSpec,
    ends: tuple[FileIO, FileIO, FileIO],
    interactor: JuryProgram,
    task: Task,
    points: float,
) -> tuple[Finding | ProgramUnusable, int]:
    """What the interactor found, and when it ended."""
    answers, to_submission, spare_answers = ends
    said = Capture(MAX_MESSAGE_BYTES)
    try:
        with slot.run_between(spec, answers, to_submission, said.feed) as outcome:
            finding: Finding | ProgramUnusable
            try:
                finding = interactor.finding(outcome, said, points, task.folder)
            except ProgramUnusable as unusable:
                finding = unusable
            return finding, outcome.ended_ns
    except NotExecutable as error:
        return ProgramUnusable(f"the interactor cannot be executed: {error}"), 0
    finally:
        _drain(spare_answers)


def _joint(stack: contextlib.ExitStack) -> tuple[FileIO, FileIO, FileIO]:
    """A pipe: its reader's end, its writer's end, and another reader's end."""
    read_end, write_end = os.pipe2(os.O_CLOEXEC)
    spare_end = os.dup(read_end)
    os.set_inheritable(spare_end, False)
    reader = stack.enter_context(FileIO(read_end, "rb"))
    writer = stack.enter_context(FileIO(write_end, "wb"))
    spare = stack.enter_context(FileIO(spare_end, "rb"))
    return reader, writer, spare


def _drain(pipe: FileIO) -> None:
    """Reads until nobody can write any more."""
    while pipe.read(_CHUNK_BYTES):
        pass
