"""One program's way through one test: its passes, and whoever judges them."""

import dataclasses
import shutil
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO

from executor.contract import Job, NoChecker, Test, Verdict
from executor.judge.bench import Bench
from executor.judge.checkers import compare
from executor.judge.compile import Program
from executor.judge.difference import CheckResult
from executor.judge.disturbance import Lost, note
from executor.judge.feedback import kept_bytes
from executor.judge.interactive import interact
from executor.judge.jury import Finding, Given, JuryProgram, ProgramUnusable
from executor.judge.run import Check, Run, Task, run_program
from executor.judge.testdata import Blobs
from executor.languages import Applied
from executor.sandbox import Ending, Slot


@dataclass(frozen=True, slots=True)
class Jury:
    """The programs that judge a job's tests, if it has any."""

    checker: JuryProgram | None
    interactor: JuryProgram | None


@dataclass(frozen=True, slots=True)
class Attempts:
    """The run that counts, of so many; `note` tells why there were more than one."""

    run: Run
    runs: int
    note: str | None


@dataclass(frozen=True, slots=True)
class Trial:
    """A program, a test, and all that it takes to bring them together."""

    job: Job
    test: Test
    program: Program
    applied: Applied
    jury: Jury
    blobs: Blobs
    bench: Bench
    folder: Path

    def run(self) -> Attempts:
        """Runs it, and again while it is over its time limit by little, as the job allows.

        Raises ProgramUnusable, and as `Bench.attempt` does.
        """
        before = Lost.now()
        runs = [self._run_once()]
        while len(runs) <= self.job.policy.rerun.max and self._is_over_by_little(runs[-1]):
            runs.append(self._run_once())
        text = None
        if len(runs) > 1:
            preemptions = sum(run.outcome.preemptions for run in runs)
            text = note(len(runs), preemptions, Lost.now().since(before))
        # Only if every run was over the limit is the last one.
        return Attempts(runs[-1], len(runs), text)

    def _is_over_by_little(self, run: Run) -> bool:
        """A program that goes on for ever is ended after the grace: that is no little."""
        ended_itself = run.outcome.ending is not Ending.CPU
        return run.verdict is Verdict.TLE and ended_itself

    @property
    def _grace_ms(self) -> int:
        rerun = self.job.policy.rerun
        return self.applied.limits.cpu_ms * rerun.window_pct // 100 if rerun.max else 0

    def _run_once(self) -> Run:
        """All of its passes."""
        with self.blobs.file(self.test.input) as given, self._answer() as answer:
            return self._passes(Given(given, answer, {"judgemessage.txt": self._nothing()}))

    def _passes(self, given: Given) -> Run:
        runs = []
        for _ in range(self.job.passes):
            run, finding = self.bench.attempt(partial(self._pass, given))
            runs.append(run)
            if self.job.passes == 1 or finding is None or finding.next_input is None:
                return _combined(runs)
            given = Given(finding.next_input, given.answer, finding.feedback)
        raise ProgramUnusable(f"{self.job.passes} passes were not enough for it")

    def _pass(self, given: Given, slot: Slot) -> tuple[Run, Finding | None]:
        if self.jury.interactor is not None:
            return self._interactive_pass(self.jury.interactor, given, slot)
        task = self._task(given.input)
        if self.jury.checker is None:
            return run_program(slot, task, self._comparison()), None
        findings: list[Finding] = []
        check = partial(self._ask, self.jury.checker, given, findings)
        run = run_program(slot, task, check)
        return run, findings[0] if findings else None

    def _interactive_pass(
        self, interactor: JuryProgram, given: Given, slot: Slot
    ) -> tuple[Run, Finding | None]:
        task = dataclasses.replace(self._task(None), input_file=None, output_file=None)
        slots = (slot, self.bench.second)
        run, finding = interact(slots, task, interactor, given, self._points)
        is_checked = "checker" in self.job.model_fields_set and interactor.protocol == "testlib"
        if finding is None or finding.check.verdict != "AC" or not is_checked:
            return run, finding
        with (finding.output or self._nothing()).open("rb") as output:
            if self.jury.checker is None:
                check = self._comparison()(output)
            else:
                check = self._ask(self.jury.checker, given, [], output)
        return dataclasses.replace(run, verdict=Verdict(check.verdict), check=check), finding

    def _comparison(self) -> Check:
        checker = NoChecker(type="none") if self.job.mode == "run" else self.job.checker
        answer = b"" if self.test.answer is None else self.blobs.content(self.test.answer)
        return partial(compare, checker, answer)

    def _ask(
        self,
        checker: JuryProgram,
        given: Given,
        findings: list[Finding],
        output: IO[bytes],
    ) -> CheckResult:
        """Has a checker program look at an output; appends what it found."""
        path = self.folder / "output"
        with path.open("wb") as file:
            shutil.copyfileobj(output, file)
        finding = self.bench.attempt(
            lambda slot: checker.check(slot, given, path, self._points, self.folder)
        )
        findings.append(finding)
        return finding.check

    def _answer(self) -> AbstractContextManager[Path]:
        """For programs of the jury; a built-in checker reads it otherwise."""
        answer = self.test.answer
        if answer is None or self.jury == Jury(None, None):
            return nullcontext(self._nothing())
        return self.blobs.file(answer)

    def _nothing(self) -> Path:
        """An empty file."""
        path = self.folder / "nothing"
        path.touch()
        return path

    @property
    def _points(self) -> float:
        return self.job.points_of(self.test)

    def _task(self, input_path: Path | None) -> Task:
        job, test = self.job, self.test
        return Task(
            program=self.program,
            applied=self.applied,
            args=job.args if test.args is None else test.args,
            input=input_path,
            folder=self.folder,
            input_file=job.input_file,
            output_file=job.output_file,
            keep_bytes=kept_bytes(job, test),
            grace_ms=self._grace_ms,
        )


def _combined(runs: Sequence[Run]) -> Run:
    """The last pass, with the most that any of them used."""
    *_, last = runs
    outcomes = [run.outcome for run in runs]
    outcome = dataclasses.replace(
        last.outcome,
        cpu_us=max(outcome.cpu_us for outcome in outcomes),
        wall_us=max(outcome.wall_us for outcome in outcomes),
        memory_kib=max(outcome.memory_kib for outcome in outcomes),
    )
    return dataclasses.replace(last, outcome=outcome)
