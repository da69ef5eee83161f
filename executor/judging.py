"""`executor judge`: judges the submissions of a problem package, with no broker."""

import contextlib
import signal
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from executor.blobs.cache import Cache
from executor.blobs.fetch import Fetcher
from executor.blobs.hosts import Hosts
from executor.contract import Result, Verdict
from executor.contract.fields import MIB
from executor.judge import Judge
from executor.judge.cache import CompileCache
from executor.judge.progress import Step
from executor.judge.testdata import TestData, TestDataLimits
from executor.languages import Languages, LanguagesError
from executor.local_sandbox import local_sandbox
from executor.packages import (
    ALONE,
    Listed,
    Package,
    Submission,
    job_for,
    read_package,
    read_submission,
)
from executor.sandbox import Sandbox, SandboxUnavailable
from executor.settings import Settings

DEFAULT_CPU_MS = 2000
"""Of a package that has neither a time limit nor an accepted submission."""

MAX_CPU_MS = 60_000
KEPT_BYTES = 2048
"""Of each stream of a test."""

BLOB_BYTES = 65_536 * MIB
COMPILED_BYTES = 1024 * MIB


class JudgingError(Exception):
    """Nothing could be judged; one line tells why."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What the command line asks for.

    submissions: files and folders; none: all of the package. cpu_ms: instead of the package's.
    language: an id. tests: patterns of ids; none: all.
    """

    problem: Path
    submissions: tuple[Path, ...] = ()
    cpu_ms: int | None = None
    language: str | None = None
    tests: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Judged:
    """A submission and what came of it. broken: what it does not keep of what it promises.

    result: None: no language here is its own.
    """

    submission: Submission
    result: Result | None
    broken: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Judgement:
    """All of a package's judged submissions. time_limit: the CPU limit in words."""

    package: Package
    time_limit: str
    judged: tuple[Judged, ...]
    notes: tuple[str, ...]

    @property
    def kept(self) -> bool:
        return not any(one.broken for one in self.judged)


Progress = Callable[[int, int, str, Step | None], None]
"""Told (how many are judged, of how many, the name of the next one, and what happened to it)."""


def judge_package(settings: Settings, wish: Wish, progress: Progress) -> Judgement:
    """Judges what is wished for. Raises JudgingError, PackageError."""
    try:
        known = Languages.load(
            settings.executor_languages_file, settings.executor_languages or None
        )
    except LanguagesError as error:
        raise JudgingError(str(error)) from None
    if wish.language is not None and known.find(wish.language) is None:
        raise JudgingError(
            f"--language: no language '{wish.language}': `executor languages` shows them"
        )
    package = read_package(wish.problem, known)
    wanted = chosen(package, wish, known)
    if not wanted:
        which = "submission" if wish.language is None else f"submission in {wish.language}"
        raise JudgingError(f"{wish.problem}: there is no {which} to judge: name one")
    try:
        with _ended_by_sigterm(), local_sandbox(settings.safeexec_socket) as sandbox:
            return _judge_all(settings, package, wanted, wish, sandbox, progress)
    except SandboxUnavailable as error:
        raise JudgingError(str(error)) from None


def _judge_all(
    settings: Settings,
    package: Package,
    chosen: Sequence[Submission],
    wish: Wish,
    sandbox: Sandbox,
    progress: Progress,
) -> Judgement:
    calibrating = _calibrating(package, wish)
    languages = _working(settings, sandbox, _wanted(package, [*calibrating, *chosen], wish))
    with _judge(package, languages, sandbox) as judge:
        of = len({one.name for one in (*calibrating, *chosen)})
        rounds = _Rounds(package, wish, judge, languages, progress, of)
        cpu_ms, said = _time_limit(package, wish, calibrating, rounds)
        judged = tuple(rounds.judged(one, cpu_ms) for one in chosen)
    withdrawn = (f"{id}: is not used: {why}" for id, why in languages.withdrawn.items())
    return Judgement(package, said, judged, (*package.notes, *withdrawn))


class _Rounds:
    """Judges one submission after another, each once."""

    def __init__(
        self,
        package: Package,
        wish: Wish,
        judge: Judge,
        languages: Languages,
        progress: Progress,
        of: int,
    ) -> None:
        self._of = of
        self._package = package
        self._wish = wish
        self._judge = judge
        self._languages = languages
        self._progress = progress
        self._results: dict[str, Judged] = {}

    def judged(self, submission: Submission, cpu_ms: int) -> Judged:
        if submission.name not in self._results:
            self._tell(submission, None)
            self._results[submission.name] = self._once(submission, cpu_ms)
        return self._results[submission.name]

    def _tell(self, submission: Submission, step: Step | None) -> None:
        self._progress(len(self._results), self._of, submission.name, step)

    def _once(self, submission: Submission, cpu_ms: int) -> Judged:
        if submission.sources is None:
            return Judged(submission, None, ("was not judged",))
        wish = self._wish
        wished = wish.language if _fits(submission, wish, self._languages) else None
        job = job_for(self._package, submission, cpu_ms=cpu_ms, language=wished, tests=wish.tests)
        # Who has the package may see everything.
        policy = job.policy.model_copy(update={"feedback": "full", "output_bytes": KEPT_BYTES})
        job = job.model_copy(update={"policy": policy})
        result = self._judge.judge(
            job, queued_ms=None, redelivered=False, tell=partial(self._tell, submission)
        )
        broken = submission.listed.promise.broken(
            result, self._package.plan.best, partial=bool(wish.tests)
        )
        return Judged(submission, result, tuple(broken))


def _time_limit(
    package: Package, wish: Wish, calibrating: Sequence[Submission], rounds: _Rounds
) -> tuple[int, str]:
    """The CPU limit in ms, and where it comes from."""
    limit = package.metadata.time_limit
    if wish.cpu_ms is not None:
        return wish.cpu_ms, f"{wish.cpu_ms} ms, as asked for"
    if limit.ms is not None:
        return limit.ms, f"{limit.ms} ms"
    patience_ms = int(MAX_CPU_MS / limit.multiplier)
    results = [rounds.judged(one, patience_ms).result for one in calibrating]
    slowest_ms = max(
        (
            result.summary.cpu_ms_max
            for result in results
            if result is not None and result.summary and result.verdict is Verdict.AC
        ),
        default=None,
    )
    if slowest_ms is None:
        said = f"{DEFAULT_CPU_MS} ms: the package has none, and no accepted submission to tell it"
        return DEFAULT_CPU_MS, said
    cpu_ms = limit.inferred(slowest_ms)
    return cpu_ms, (
        f"{cpu_ms} ms: the package has none; the slowest accepted submission takes {slowest_ms} ms,"
        f" times {limit.multiplier:g}"
    )


def _calibrating(package: Package, wish: Wish) -> list[Submission]:
    """The submissions that a time limit is to be taken from, if the package has none."""
    if wish.cpu_ms is not None or package.metadata.time_limit.ms is not None:
        return []
    return [
        one
        for one in package.submissions
        if one.name.startswith("accepted/") and one.sources is not None
    ]


def chosen(package: Package, wish: Wish, languages: Languages) -> list[Submission]:
    """The submissions that are wished for, each once, in the order given. Raises JudgingError."""
    if not wish.submissions:
        return [
            one
            for one in package.submissions
            if wish.language is None or _fits(one, wish, languages)
        ]
    found = [one for path in wish.submissions for one in _named(package, path, wish, languages)]
    for one in found:
        if wish.language is not None and not _fits(one, wish, languages):
            raise JudgingError(f"{one.listed.place}: has no file that {wish.language} compiles")
    return list({one.name: one for one in found}.values())


def _fits(submission: Submission, wish: Wish, languages: Languages) -> bool:
    """Whether it may be judged as the language that is wished for, if one is."""
    language = None if wish.language is None else languages.find(wish.language)
    if submission.sources is None or language is None:
        return False
    return submission.listed.alone or any(map(language.is_source, submission.sources.files))


def _named(package: Package, path: Path, wish: Wish, languages: Languages) -> list[Submission]:
    """A submission of the package, all in a folder of it, or one of its own."""
    try:
        [place, *_] = [one for one in (path, package.root / path) if one.exists()]
    except ValueError:
        raise JudgingError(f"{path}: no such file or folder") from None
    except OSError as error:
        raise JudgingError(f"{path}: {(error.strerror or str(error)).lower()}") from None
    place = place.resolve()
    inside = [
        one
        for one in package.submissions
        if one.listed.path.resolve() == place or one.listed.path.resolve().parent == place
    ]
    if inside:
        return inside
    listed = Listed(str(path), place, ALONE, language=wish.language, alone=True)
    return [read_submission(package.root, package.metadata, listed, languages)]


def _wanted(package: Package, submissions: Sequence[Submission], wish: Wish) -> set[str]:
    """The languages of all programs that will be run."""
    wanted = {one.sources.language for one in submissions if one.sources is not None}
    if wish.language is not None:
        wanted.add(wish.language)
    for judge in (package.checker, package.interactor):
        program = getattr(judge, "program", None)
        if program is not None:
            wanted.add(program.language)
    return wanted


def _working(settings: Settings, sandbox: Sandbox, wanted: set[str]) -> Languages:
    """The languages that are needed, each tested; of a family only its newest, if that works."""
    path = settings.executor_languages_file
    known = Languages.load(path)
    newest = {found.id for name in wanted if (found := known.find(name)) is not None}
    wanted = {name for name in wanted if known.find(name) is not None}
    if not newest:
        return Languages([], {})
    languages = Languages.load(path, sorted(newest))
    try:
        languages.self_test(sandbox)
        families = {known.known[id].family for id in languages.withdrawn}
    except SandboxUnavailable:
        families = wanted
    if not families:
        return languages
    # An older standard may work.
    languages = Languages.load(path, sorted({*languages.working, *families}))
    languages.self_test(sandbox)
    return languages


@contextlib.contextmanager
def _judge(package: Package, languages: Languages, sandbox: Sandbox) -> Iterator[Judge]:
    """A judge whose packages' folder is the package itself; what it writes is removed."""
    with tempfile.TemporaryDirectory(prefix="executor-judge-") as folder:
        cache = Cache(Path(folder) / "testdata", BLOB_BYTES)
        cache.prepare()
        limits = TestDataLimits(blob_bytes=BLOB_BYTES, blob_s=600)
        data = TestData(cache, Fetcher(Hosts(["*"])), package.root.resolve(), limits)
        work_dir = Path(folder) / "work"
        # A package's own program is compiled once, not once for each submission.
        compiled = CompileCache(Path(folder) / "compiled", COMPILED_BYTES)
        compiled.prepare()
        yield Judge(
            sandbox, languages, data, cache=compiled, worker="executor judge", work_dir=work_dir
        )


@contextlib.contextmanager
def _ended_by_sigterm() -> Iterator[None]:
    """SIGTERM ends us in good order, as Ctrl-C does."""

    def leave(*_: Any) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, leave)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
