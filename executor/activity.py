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

MARGIN_S = 20.0
"""Beside what the programs of a phase may take: a slot has to be waited for, once or twice."""

Find = Callable[[str], Language | None]
"""The working language of a name."""


@dataclass(frozen=True, slots=True)
class Activity:
    """A job in the job thread. id: None until the message is read, or if it tells none.

    began, until: by the monotonic clock, in seconds; until: when its phase is over at the latest,
    if nothing is wrong with the worker or the sandbox.
    """

    id: str | None
    began: float
    until: float
    phase: str = "received"
    attempt: int | None = None
    language: str | None = None
    redelivered: bool = False


@dataclass(frozen=True, slots=True)
class PhaseLimits:
    """The longest that a phase of a job may take, in seconds, and no program is to blame."""

    fetch_s: float
    compile_s: float
    test_s: float

    def after(self, phase: str) -> float:
        """The longest until the step that comes after one of this phase."""
        match phase:
            case "received" | "fetching":
                return self.fetch_s + MARGIN_S
            case "compiling":
                return self.compile_s + MARGIN_S
            case "compiled":  # the jury's programs are compiled, then comes the first test
                return 2 * self.compile_s + self.test_s + MARGIN_S
            case _:
                return self.test_s + MARGIN_S


def phase_limits(job: Job, find: Find) -> PhaseLimits:
    """As far as the limits of its programs tell. What a sandbox's fault has ended is run again."""
    jury = [*_programs(job)]
    languages = [find(name) for name in (job.language, *(each.language for each in jury))]
    known = [language for language in languages if language is not None]
    compile_ms = max((each.compile_limits.wall_ms for each in known), default=0)
    language = languages[0]
    test_ms = 0
    if language is not None:
        test_ms = max(
            (
                language.apply(job.limits_of(test), job.use_language_factors).limits.wall_ms
                for test in job.tests
            ),
            default=0,
        )
    test_ms += sum(_wall_ms(each, find) for each in jury)
    runs = 2 * job.passes * (1 + job.policy.rerun.max)
    remote = any(not blob.is_inline for _, blob in job.blobs())
    return PhaseLimits(JOB_S if remote else 0, 2 * compile_ms / 1000, runs * test_ms / 1000)


class Activities:
    """Told by the job thread what it does; `now` may be read by any. find: how languages are."""

    def __init__(self, find: Find, clock: Callable[[], float] = time.monotonic) -> None:
        self.now: Activity | None = None
        self.find = find
        self._clock = clock
        self._limits = PhaseLimits(0, 0, 0)

    def begin(self, id: str | None, redelivered: bool) -> None:
        """A message came, which may name its job."""
        began = self._clock()
        self.now = Activity(id, began, began + READING_S, redelivered=redelivered)

    def judging(self, job: Job) -> None:
        """The message is this job."""
        self._limits = phase_limits(job, self.find)
        if self.now is not None:
            about = replace(self.now, id=job.id, attempt=job.attempt, language=job.language)
            self._enter(about, "received")

    def step(self, step: Step) -> None:
        """The job has come so far."""
        if self.now is not None:
            self._enter(self.now, step.phase)

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
