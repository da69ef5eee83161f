"""The judge: takes a job through compiling and all of its tests, to its result."""

import time
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict
from pathlib import Path

import structlog

from executor import __version__
from executor.contract import (
    AppliedLimits,
    ErrorCode,
    FieldProblem,
    Interactor,
    Job,
    JobError,
    Kattis,
    Result,
    Test,
    Testlib,
    TestResult,
    Timing,
    Verdict,
    Worker,
    failed,
    rejected,
    with_digest,
)
from executor.contract import Program as Sources
from executor.contract.blob import Remote
from executor.contract.unjudged import Known
from executor.judge import progress
from executor.judge.bench import Bench
from executor.judge.cache import CompileCache
from executor.judge.compile import Compilation, Compiler, Program
from executor.judge.feedback import skipped, tells_messages, test_result
from executor.judge.groups import Schedule, group_results, max_total, total
from executor.judge.jury import (
    JuryProgram,
    ProgramUnusable,
    Protocol,
    Role,
    UnknownLanguage,
    prepare,
)
from executor.judge.progress import Step, Tell
from executor.judge.sources import BadSources, lay_out
from executor.judge.testdata import Blobs, TestData, TestDataError
from executor.judge.trial import Jury, Trial
from executor.judge.verdict import overall, summarize
from executor.languages import Language, Languages
from executor.sandbox import Killed, KillSwitch, Sandbox, SandboxFault, SandboxUnavailable
from executor.scratch import clear, scratch

log = structlog.get_logger()

_FOLDER = "job-"


class Judge:
    """Judges one job at a time, in folders of its own below `work_dir`.

    cache: of what was compiled; None: all is compiled again. await_sandbox_s: how long a job waits
    for a safeexec that is not there; it may be starting again.
    """

    def __init__(
        self,
        sandbox: Sandbox,
        languages: Languages,
        testdata: TestData,
        *,
        cache: CompileCache | None,
        worker: str,
        work_dir: Path,
        await_sandbox_s: float = 0,
    ) -> None:
        self._sandbox = sandbox
        self._languages = languages
        self._testdata = testdata
        self._compiler = Compiler(languages, cache)
        self._worker = worker
        self._work_dir = work_dir
        self._await_sandbox_s = await_sandbox_s
        work_dir.mkdir(parents=True, exist_ok=True)
        clear(work_dir, _FOLDER)

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
            error = self._unsupported("language")
            return rejected(error, id=job.id, **self._known(job, redelivered))
        try:
            with (
                KillSwitch() if switch is None else nullcontext(switch) as stop,
                scratch(self._work_dir, _FOLDER) as folder,
                self._fetched(job, folder, stop, tell) as blobs,
                Bench(self._sandbox, stop, self._await_sandbox_s) as bench,
            ):
                judging = _Judging(
                    job, language, self._languages, self._compiler, bench, folder, blobs, tell
                )
                worker = self._about(language, bench)
                return judging.result(worker, queued_ms=queued_ms, redelivered=redelivered)
        except Killed:
            raise
        except BadSources as bad:
            error = JobError.of(ErrorCode.SCHEMA_INVALID, "1 problem", [bad.problem])
            return rejected(error, id=job.id, **self._known(job, redelivered))
        except UnknownLanguage as unknown:
            error = self._unsupported(unknown.path)
            return rejected(error, id=job.id, **self._known(job, redelivered))
        except ProgramUnusable as unusable:
            error = JobError.of(ErrorCode.PROGRAM_UNUSABLE, str(unusable))
            return failed(error, id=job.id, **self._known(job, redelivered))
        except TestDataError as bad:
            return failed(bad.error, id=job.id, **self._known(job, redelivered))
        except (SandboxUnavailable, SandboxFault) as fault:
            log.error("sandbox_failed", error=str(fault))
            error = JobError.of(ErrorCode.SANDBOX_UNAVAILABLE, str(fault))
            return failed(error, id=job.id, **self._known(job, redelivered))
        except Exception:
            log.exception("job_crashed")
            error = JobError.of(ErrorCode.INTERNAL, "a fault of the worker, which has logged it")
            return failed(error, id=job.id, **self._known(job, redelivered))

    def _fetched(
        self, job: Job, folder: Path, stop: KillSwitch, tell: Tell
    ) -> AbstractContextManager[Blobs]:
        if any(isinstance(blob.source, Remote) for _, blob in job.blobs()):
            tell(Step("fetching"))
        return self._testdata.of(job, folder, stop)

    def _about(self, language: Language, bench: Bench) -> Worker:
        about = {
            "name": self._worker,
            "version": __version__,
            "runtime": self._languages.runtime(language),
            "isolation": bench.slot.isolation,
        }
        return Worker.model_validate(about)

    def _unsupported(self, path: str) -> JobError:
        working = ", ".join(self._languages.working) or "none"
        message = f"no such language here; those that work: {working}"
        problem = FieldProblem(path=path, code="unsupported_language", message=message)
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
        self,
        job: Job,
        language: Language,
        languages: Languages,
        compiler: Compiler,
        bench: Bench,
        folder: Path,
        blobs: Blobs,
        tell: Tell,
    ) -> None:
        self._job = job
        self._language = language
        self._languages = languages
        self._compiler = compiler
        self._bench = bench
        self._folder = folder
        self._blobs = blobs
        self._tell = tell

    def result(self, worker: Worker, *, queued_ms: int | None, redelivered: bool) -> Result:
        job = self._job
        started = time.monotonic()
        self._tell(Step("compiling"))
        compilation = self._compile()
        self._tell(progress.compiled(compilation.result))
        jury = self._jury() if compilation.program else Jury(None, None)
        compiled = time.monotonic()
        tests = self._tests(compilation.program, jury)
        ended = time.monotonic()
        outcome = overall(compilation.result, tests)
        groups = group_results(job, tests)
        limits = self._language.apply(job.limits, job.use_language_factors).limits
        return with_digest(
            Result(
                schema="oj.result/1",
                id=job.id,
                attempt=job.attempt,
                status="done",
                verdict=outcome.verdict,
                score=total(tests, groups),
                max_score=max_total(job),
                first_failed=outcome.first_failed,
                compile=compilation.result,
                summary=summarize(tests),
                groups=groups,
                tests=tests,
                limits=AppliedLimits(**asdict(limits)),
                timing=Timing(
                    queued_ms=queued_ms,
                    fetch_ms=_ms(self._blobs.fetch_s),
                    compile_ms=_ms(compiled - started),
                    judge_ms=_ms(ended - compiled),
                    total_ms=_ms(self._blobs.fetch_s + ended - started),
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
        tree = lay_out(job, self._language, folder, reserved, self._blobs)
        compiler, language = self._compiler, self._language
        return self._bench.attempt(lambda slot: compiler.compile(slot, language, tree, folder))

    def _jury(self) -> Jury:
        """The job's checker and interactor, where they are programs."""
        checker, interactor = None, None
        match self._job.checker:
            case Testlib(type=protocol, program=sources) | Kattis(type=protocol, program=sources):
                checker = self._prepare("checker", protocol, sources)
        match self._job.interactor:
            case Interactor(protocol=protocol, program=sources):
                interactor = self._prepare("interactor", protocol, sources)
        return Jury(checker, interactor)

    def _prepare(self, role: Role, protocol: Protocol, sources: Sources) -> JuryProgram:
        folder = self._folder / role
        folder.mkdir()
        return self._bench.attempt(
            lambda slot: prepare(
                slot, self._compiler, self._languages, role, protocol, sources, folder, self._blobs
            )
        )

    def _tests(self, program: Program | None, jury: Jury) -> tuple[TestResult, ...]:
        """The result of each test, in the job's order: skipped ones too."""
        schedule = Schedule(self._job)
        results: dict[str, TestResult] = {}
        for test in schedule.order():
            if program is not None and schedule.is_run(test):
                result = self._test(program, jury, test)
            else:
                result = skipped(test)
            schedule.record(test, result.verdict)
            results[test.id] = result
            if result.verdict is not Verdict.SK:
                self._tell(progress.judged(result, len(results), of=len(self._job.tests)))
        return tuple(results[test.id] for test in self._job.tests)

    def _test(self, program: Program, jury: Jury, test: Test) -> TestResult:
        job = self._job
        applied = self._language.apply(job.limits_of(test), job.use_language_factors)
        trial = Trial(job, test, program, applied, jury, self._blobs, self._bench, self._folder)
        try:
            attempts = trial.run()
        except ProgramUnusable as unusable:
            words = f": {unusable.said}" if unusable.said and tells_messages(job, test) else ""
            raise ProgramUnusable(f"test {test.id}: {unusable}{words}") from None
        result = test_result(job, test, attempts.run, applied.limits)
        if attempts.note is None:
            return result
        message = "; ".join(filter(None, (result.message, attempts.note)))
        return result.model_copy(update={"runs": attempts.runs, "message": message})


def _ms(seconds: float) -> int:
    return round(seconds * 1000)
