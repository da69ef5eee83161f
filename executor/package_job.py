"""`executor job`: a package's submission as a message for workers that have the package too."""

from dataclasses import dataclass
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from executor import judging
from executor.contract.fields import JobId
from executor.languages import Languages, LanguagesError
from executor.packages import Package, Submission, job_for, read_package
from executor.settings import Settings

_ID: TypeAdapter[str] = TypeAdapter(JobId)


class NoJob(Exception):
    """There is no such message; one line tells why."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What the command line asks for.

    packages: what the workers know as EXECUTOR_PACKAGES_DIR, as it lies here. cpu_ms: instead of
    the package's. language, id: None: the submission's own.
    """

    problem: Path
    submission: Path
    packages: Path | None
    cpu_ms: int | None = None
    language: str | None = None
    id: str | None = None


def message(settings: Settings, wish: Wish) -> str:
    """The job as JSON, with its tests as `{"path"}`. Raises NoJob, PackageError."""
    try:
        languages = Languages.load(settings.executor_languages_file)
    except LanguagesError as error:
        raise NoJob(str(error)) from None
    if wish.language is not None and languages.find(wish.language) is None:
        raise NoJob(f"--language: no language '{wish.language}': `executor languages` shows them")
    package = read_package(wish.problem, languages)
    job = job_for(
        package,
        _submission(package, wish, languages),
        cpu_ms=_cpu_ms(package, wish),
        language=wish.language,
        folder=_folder(package, wish),
    )
    if wish.id is not None:
        job = job.model_copy(update={"id": _checked_id(wish.id)})
    return job.model_dump_json(by_alias=True, exclude_unset=True, exclude_none=True)


def _submission(package: Package, wish: Wish, languages: Languages) -> Submission:
    asked = judging.Wish(wish.problem, (wish.submission,), language=wish.language)
    try:
        found = judging.chosen(package, asked, languages)
    except judging.JudgingError as error:
        raise NoJob(str(error)) from None
    if len(found) != 1:
        raise NoJob(f"{wish.submission}: holds {len(found)} submissions: name one")
    if found[0].sources is None:
        raise NoJob(found[0].why)
    return found[0]


def _cpu_ms(package: Package, wish: Wish) -> int:
    cpu_ms = wish.cpu_ms or package.metadata.time_limit.ms
    if cpu_ms is None:
        raise NoJob(
            f"{wish.problem}: has no time limit: give --limit-cpu-ms;"
            " `executor judge` tells which one it takes from the accepted submissions"
        )
    return cpu_ms


def _folder(package: Package, wish: Wish) -> str:
    """Where the package lies below the workers' folder."""
    if wish.packages is None:
        raise NoJob("--packages-dir: is needed, or EXECUTOR_PACKAGES_DIR, as the workers have it")
    root, packages = package.root.resolve(), wish.packages.resolve()
    if not root.is_relative_to(packages):
        raise NoJob(f"{wish.problem}: does not lie in {wish.packages}, where the packages are")
    folder = root.relative_to(packages).as_posix()
    return "" if folder == "." else folder


def _checked_id(id: str) -> str:
    try:
        return _ID.validate_python(id)
    except ValidationError:
        raise NoJob("--id: should be 1-128 of A-Za-z0-9._:-") from None
