"""What the job thread is at, and when that should be over: for those who watch it."""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from executor.contract import Job
from executor.contract.program import Program
from executor.judge.progress import Step
from executor.judge.testdata import JOB_S
from executor.languages import Language

READING_S = 60.0
"""Taking a message of 16 MiB apart, and putting an answer together."""

MARGIN_S = 90.0
"""Beside what the programs of a phase may take: slots have to be waited for, of a safeexec that
starts again too.
"""

Find = Callable[[str], Language | None]
"""The working language of a name."""


@dataclass(frozen=True, slots=True)
class Activity:
    """A job in the job thread. id: None until the message is read, or if it tells none.

    until: when its phase is over at the latest, by the monotonic clock in seconds, if nothing is
    wrong with the worker or the sandbox. done, of: tests judged, and all tests.
    """

    id: str | None
    until: float
    phase: str = "received"
    attempt: int | None = None
    language: str | None = None
    done: int = 0
    of: int = 0


@dataclass(frozen=True, slots=True)
class PhaseLimits:
    """The longest that a phase of a job may take, in seconds, and no program is to blame.

    jury_s: for compiling its checker and interactor.
    """

    fetch_s: float
    compile_s: float
    jury_s: float
    test_s: float

    def after(self, phase: str) -> float:
        """The longest until the step that comes after one of this phase."""
        match phase:
            case "received" | "fetching":
                return self.fetch_s + MARGIN_S
            case "compiling":
                return self.compile_s + MARGIN_S
            case "compiled":  # the jury's programs are compiled, then comes the first test
                return self.jury_s + self.test_s + MARGIN_S
            case _:
                return self.test_s + MARGIN_S


def phase_limits(job: Job, find: Find) -> PhaseLimits:
    """As far as the limits of its programs tell. What a sandbox's fault has ended is run again."""
    jury = _programs(job)
    language = find(job.language)
    if language is None:
        return PhaseLimits(0, 0, 0, 0)  # it is refused
    test_ms = max(
        (
            language.apply(job.limits_of(test), job.use_language_factors).limits.wall_ms
            for test in job.tests
        ),
        default=0,
    )
    test_ms += sum(_wall_ms(each, find) for each in jury)
    runs = job.passes * (1 + job.policy.rerun.max)
    remote = any(not blob.is_inline for _, blob in job.blobs())
    return PhaseLimits(
        fetch_s=JOB_S if remote else 0,
        compile_s=2 * language.compile_limits.wall_ms / 1000,
        jury_s=2 * sum(_compile_ms(each, find) for each in jury) / 1000,
        test_s=2 * runs * test_ms / 1000,
    )


class Activities:
    """Told by the job thread what it does; `now` may be read by any. find: how languages are."""

    def __init__(self, find: Find, clock: Callable[[], float] = time.monotonic) -> None:
        self.now: Activity | None = None
        self.find = find
        self._clock = clock
        self._limits = PhaseLimits(0, 0, 0, 0)

    def begin(self, id: str | None) -> None:
        """A message came, which may name its job."""
        self.now = Activity(id, self._clock() + READING_S)

    def judging(self, job: Job) -> None:
        """The message is this job."""
        self._limits = phase_limits(job, self.find)
        if self.now is not None:
            about = replace(
                self.now,
                id=job.id,
                attempt=job.attempt,
                language=job.language,
                of=len(job.tests),
            )
            self._enter(about, "received")

    def step(self, step: Step) -> None:
        """The job has come so far."""
        if self.now is not None:
            done = self.now.done if step.done is None else step.done
            self._enter(replace(self.now, done=done), step.phase)

    def end(self) -> None:
        """The job is answered, or given up."""
        self.now = None

    def _enter(self, activity: Activity, phase: str) -> None:
        until = self._clock() + self._limits.after(phase)
        self.now = replace(activity, phase=phase, until=until)


def _programs(job: Job) -> list[Program]:
    """Those of the jury."""
    sources = (getattr(job.checker, "program", None), getattr(job.interactor, "program", None))
    return [each for each in sources if each is not None]


def _wall_ms(program: Program, find: Find) -> int:
    language = find(program.language)
    return 0 if language is None else language.apply(program.limits, True).limits.wall_ms


def _compile_ms(program: Program, find: Find) -> int:
    language = find(program.language)
    return 0 if language is None else language.compile_limits.wall_ms
