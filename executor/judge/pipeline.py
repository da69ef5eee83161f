"""The judge: takes a job through compiling and all of its tests, to its result."""

import math
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import nullcontext
from dataclasses import asdict
from pathlib import Path

import structlog

from executor import __version__
from executor.contract import (
    AppliedLimits,
    ErrorCode,
    FieldProblem,
    Job,
    JobError,
    NoChecker,
    Result,
    Test,
    TestResult,
    Timing,
    Verdict,
    Worker,
    failed,
    rejected,
    with_digest,
)
from executor.contract.unjudged import Known
from executor.judge import progress
from executor.judge.bench import Bench
from executor.judge.checkers import make_checker
from executor.judge.compile import Compilation, Program, compile_program
from executor.judge.feedback import kept_bytes, skipped, test_result
from executor.judge.progress import Step, Tell
from executor.judge.run import Task, run_program
from executor.judge.sources import BadSources, lay_out
from executor.judge.verdict import overall, summarize
from executor.languages import Applied, Language, Languages
from executor.sandbox import Killed, KillSwitch, Sandbox, SandboxFault, SandboxUnavailable

log = structlog.get_logger()


class Judge:
    """Judges one job at a time, in folders of its own below `work_dir`."""

    def __init__(
        self, sandbox: Sandbox, languages: Languages, *, worker: str, work_dir: Path
    ) -> None:
        self._sandbox = sandbox
        self._languages = languages
        self._worker = worker
        self._work_dir = work_dir
        work_dir.mkdir(parents=True, exist_ok=True)

    def judge(
        self,
        job: Job,
        *,
        queued_ms: int | None,
        redelivered: bool,
        switch: KillSwitch | None = None,
        tell: Tell = progress.untold,
    ) -> Result:
        """Blocks until the verdict is known; `tell` hears of each step in between.

        Raises Killed if `switch` was pulled, and nothing else. A job that cannot be judged is
        answered too: rejected if it is the job's fault, failed if it is ours.
        """
        language = self._languages.find(job.language)
        if language is None:
            return rejected(self._unsupported(job), id=job.id, **self._known(job, redelivered))
        try:
            with (
                KillSwitch() if switch is None else nullcontext(switch) as stop,
                tempfile.TemporaryDirectory(prefix="job-", dir=self._work_dir) as folder,
                Bench(self._sandbox, stop) as bench,
            ):
                judging = _Judging(job, language, bench, Path(folder), tell)
                worker = self._about(language, bench)
                return judging.result(worker, queued_ms=queued_ms, redelivered=redelivered)
        except Killed:
            raise
        except BadSources as bad:
            error = JobError.of(ErrorCode.SCHEMA_INVALID, "1 problem", [bad.problem])
            return rejected(error, id=job.id, **self._known(job, redelivered))
        except (SandboxUnavailable, SandboxFault) as fault:
            log.error("sandbox_failed", error=str(fault))
            error = JobError.of(ErrorCode.SANDBOX_UNAVAILABLE, str(fault))
            return failed(error, id=job.id, **self._known(job, redelivered))
        except Exception:
            log.exception("job_crashed")
            error = JobError.of(ErrorCode.INTERNAL, "a fault of the worker, which has logged it")
            return failed(error, id=job.id, **self._known(job, redelivered))

    def _about(self, language: Language, bench: Bench) -> Worker:
        about = {
            "name": self._worker,
            "version": __version__,
            "runtime": self._languages.runtime(language),
            "isolation": bench.slot.isolation,
        }
        return Worker.model_validate(about)

    def _unsupported(self, job: Job) -> JobError:
        working = ", ".join(self._languages.working) or "none"
        message = f"no such language here; those that work: {working}"
        problem = FieldProblem(path="language", code="unsupported_language", message=message)
        return JobError.of(ErrorCode.UNSUPPORTED_LANGUAGE, message, [problem])

    def _known(self, job: Job, redelivered: bool) -> Known:
        """What stands in the result of a job that was not judged."""
        return {
            "attempt": job.attempt,
            "labels": job.labels,
            "redelivered": redelivered,
            "worker": Worker(name=self._worker, version=__version__),
        }


class _Judging:
    """One job on its way."""

    def __init__(
        self, job: Job, language: Language, bench: Bench, folder: Path, tell: Tell
    ) -> None:
        self._job = job
        self._language = language
        self._bench = bench
        self._folder = folder
        self._tell = tell

    def result(self, worker: Worker, *, queued_ms: int | None, redelivered: bool) -> Result:
        job = self._job
        started = time.monotonic()
        self._tell(Step("compiling"))
        compilation = self._compile()
        self._tell(progress.compiled(compilation.result))
        compiled = time.monotonic()
        tests = tuple(self._tests(compilation.program))
        ended = time.monotonic()
        outcome = overall(compilation.result, tests)
        limits = self._language.apply(job.limits, job.use_language_factors).limits
        return with_digest(
            Result(
                schema="oj.result/1",
                id=job.id,
                attempt=job.attempt,
                status="done",
                verdict=outcome.verdict,
                score=_points(test.score for test in tests),
                max_score=_points(job.points_of(test) for test in job.tests),
                first_failed=outcome.first_failed,
                compile=compilation.result,
                summary=summarize(tests),
                groups=(),
                tests=tests,
                limits=AppliedLimits(**asdict(limits)),
                timing=Timing(
                    queued_ms=queued_ms,
                    fetch_ms=0,
                    compile_ms=_ms(compiled - started),
                    judge_ms=_ms(ended - compiled),
                    total_ms=_ms(ended - started),
                ),
                worker=worker,
                redelivered=redelivered,
                labels=job.labels,
            )
        )

    def _compile(self) -> Compilation:
        job, folder = self._job, self._folder / "program"
        folder.mkdir()
        names = {"input_file": job.input_file, "output_file": job.output_file}
        reserved = {field: name for field, name in names.items() if name is not None}
        tree = lay_out(job, self._language, folder, reserved)
        return self._bench.attempt(lambda slot: compile_program(slot, self._language, tree, folder))

    def _tests(self, program: Program | None) -> Iterator[TestResult]:
        """The result of each test, in order: skipped ones too."""
        going_on = program is not None
        for done, test in enumerate(self._job.tests, 1):
            if program is None or not going_on:
                yield skipped(test)
                continue
            result = self._test(program, test)
            self._tell(progress.judged(result, done, of=len(self._job.tests)))
            yield result
            if self._job.policy.stop_on_first_fail:
                going_on = result.verdict is Verdict.AC

    def _test(self, program: Program, test: Test) -> TestResult:
        job = self._job
        applied = self._language.apply(job.limits_of(test), job.use_language_factors)
        input_path = self._folder / "input"
        input_path.write_bytes(test.input.data())
        task = self._task(program, test, applied, input_path)
        checker = NoChecker(type="none") if job.mode == "run" else job.checker
        answer = b"" if test.answer is None else test.answer.data()
        run = self._bench.attempt(
            lambda slot: run_program(slot, task, make_checker(checker, answer))
        )
        return test_result(job, test, run, applied.limits)

    def _task(self, program: Program, test: Test, applied: Applied, input_path: Path) -> Task:
        job = self._job
        return Task(
            program=program,
            applied=applied,
            args=job.args if test.args is None else test.args,
            input=input_path,
            folder=self._folder,
            input_file=job.input_file,
            output_file=job.output_file,
            keep_bytes=kept_bytes(job, test),
        )


def _points(scores: Iterable[float]) -> float:
    """Their sum, as people add: 0.1 and 0.2 are 0.3."""
    return round(math.fsum(scores), 9)


def _ms(seconds: float) -> int:
    return round(seconds * 1000)
