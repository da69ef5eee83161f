"""A submission and an interactor that talk with each other, each in a slot of its own.

Two pipes join them, with nobody in between. We hold both ends of each as well, so that the order in
which the programs leave is the order that is seen:

- a writer's end until the writer's run is over: nobody sees the end of a stream, and ends of that,
  before we know that the other one has left;
- a reader's end, from which we read when the reader has left: so nobody is ended by SIGPIPE for
  what it says to one that has left.

The price: a program that closes its output and goes on is not noticed before it ends.
"""

import contextlib
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from io import FileIO
from typing import Literal

from executor.contract import Verdict
from executor.judge.capture import Capture
from executor.judge.difference import CheckResult
from executor.judge.jury import MAX_MESSAGE_BYTES, Finding, Given, JuryProgram, ProgramUnusable
from executor.judge.run import NEVER_STARTED, Run, Task, task_spec
from executor.judge.verdict import decide
from executor.sandbox import NotExecutable, Outcome, Slot

_CHUNK_BYTES = 64 * 1024
INTERACTOR_MORE_MS = 2000
"""The interactor's wall time beyond the submission's: it has to see the other's end."""

Side = Literal["submission", "interactor"]


def interact(
    slots: tuple[Slot, Slot],
    task: Task,
    interactor: JuryProgram,
    given: Given,
    points: float,
) -> tuple[Run, Finding | None]:
    """Runs both to their ends. Raises ProgramUnusable, and as `Slot.run` does.

    The finding is None where the submission's own end decided: it broke a limit or crashed, and the
    interactor had found no fault before, nor gone wrong itself.
    """
    interactor = interactor.with_wall_ms(task.applied.limits.wall_ms + INTERACTOR_MORE_MS)
    with contextlib.ExitStack() as stack:
        talk = _Talk(task, interactor, given, points, _pipe(stack), _pipe(stack))
        with ThreadPoolExecutor(1, thread_name_prefix="interactor") as pool:
            interacting = pool.submit(talk.run_interactor, slots[1])
            outcome = talk.run_submission(slots[0])
            finding = interacting.result()
    verdict = decide(outcome, task.applied.limits, talk.stderr.found)
    nothing = Capture(0)
    was_first = talk.left[0] == "interactor" and not _is_accepted(finding)
    if verdict is not None and not was_first:
        return Run(outcome, verdict, None, nothing, talk.stderr), None
    if isinstance(finding, ProgramUnusable):
        raise finding
    check = finding.check
    return Run(outcome, Verdict(check.verdict), check, nothing, talk.stderr), finding


def _is_accepted(finding: Finding | ProgramUnusable) -> bool:
    return isinstance(finding, Finding) and not is_rejected(finding.check)


def is_rejected(check: CheckResult) -> bool:
    """Whether an interactor found a fault."""
    return check.verdict in ("WA", "PE")


@dataclass(frozen=True, slots=True)
class _Pipe:
    """reader, writer: the programs' ends. tap, plug: ours, another one of each."""

    reader: FileIO
    writer: FileIO
    tap: FileIO
    plug: FileIO

    def drain(self) -> None:
        """Reads until nobody can write any more; the program that read has ended.

        It may have left its end non-blocking, and ours is another descriptor of the same.
        """
        os.set_blocking(self.tap.fileno(), True)
        while self.tap.read(_CHUNK_BYTES):
            pass


@dataclass(slots=True)
class _Talk:
    """left: who has left, in order. stderr: the submission's."""

    task: Task
    interactor: JuryProgram
    given: Given
    points: float
    questions: _Pipe
    answers: _Pipe
    stderr: Capture = field(init=False)
    left: list[Side] = field(default_factory=list)

    def __post_init__(self) -> None:
        texts = self.task.program.language.out_of_memory
        self.stderr = Capture(self.task.keep_bytes, texts)

    def run_submission(self, slot: Slot) -> Outcome:
        """From its start until nobody speaks to it any more."""
        pipes = (self.questions.reader, self.answers.writer)
        with self._leaving("submission", says=self.answers, hears=self.questions):
            try:
                with slot.run_between(task_spec(self.task), *pipes, self.stderr.feed) as outcome:
                    self.left.append("submission")
                    return outcome
            except NotExecutable as error:
                self.stderr.feed(memoryview(f"{error}\n".encode()))
                return NEVER_STARTED

    def run_interactor(self, slot: Slot) -> Finding | ProgramUnusable:
        """The same; and what it found, or why it is unusable."""
        pipes = (self.answers.reader, self.questions.writer)
        said = Capture(MAX_MESSAGE_BYTES)
        with self._leaving("interactor", says=self.questions, hears=self.answers):
            try:
                spec = self.interactor.spec(self.given)
                with slot.run_between(spec, *pipes, said.feed) as outcome:
                    # Before its feedback is read, which takes time.
                    self.left.append("interactor")
                    return self.interactor.finding(outcome, said, self.points, self.task.folder)
            except NotExecutable as error:
                return ProgramUnusable(f"the interactor cannot be executed: {error}")
            except ProgramUnusable as unusable:
                return unusable

    @contextlib.contextmanager
    def _leaving(self, side: Side, *, says: _Pipe, hears: _Pipe) -> Iterator[None]:
        """However a run ends, the other side comes to know, and is not kept waiting for it."""
        try:
            yield
        finally:
            if side not in self.left:
                self.left.append(side)
            says.plug.close()
            hears.drain()


def _pipe(stack: contextlib.ExitStack) -> _Pipe:
    read_end, write_end = os.pipe2(os.O_CLOEXEC)
    reader, tap = (stack.enter_context(FileIO(end, "rb")) for end in (read_end, os.dup(read_end)))
    writer, plug = (
        stack.enter_context(FileIO(end, "wb")) for end in (write_end, os.dup(write_end))
    )
    return _Pipe(reader, writer, tap, plug)
