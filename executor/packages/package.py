"""A problem package: what its folder says, and the job for each of its submissions."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from executor.contract import Checker, Interactor, Job, Kattis, Lines, NoChecker, ProgramLimits
from executor.languages import Languages
from executor.packages.current import current_plan
from executor.packages.errors import PackageError
from executor.packages.flags import tokens_checker
from executor.packages.legacy import legacy_plan
from executor.packages.metadata import FILE, Metadata, TimeLimit, read_metadata
from executor.packages.plain import plain_plan
from executor.packages.plan import Plan, PlannedTest
from executor.packages.program import (
    NoLanguage,
    Sources,
    first_problem,
    read_include,
    read_sources,
    read_validator,
)
from executor.packages.submissions import Listed, list_submissions


@dataclass(frozen=True, slots=True)
class Submission:
    """A submission that may be judged. sources: None: it is in no language here, as `why` says."""

    listed: Listed
    sources: Sources | None
    why: str = ""

    @property
    def name(self) -> str:
        return self.listed.name


@dataclass(frozen=True, slots=True)
class Package:
    """A package that was read. root: its folder, below which the blobs of its jobs lie.

    notes: what was read and is not done, a line each.
    """

    root: Path
    metadata: Metadata
    plan: Plan
    checker: Checker
    interactor: Interactor | None
    submissions: tuple[Submission, ...]
    notes: tuple[str, ...]


PLAIN = Metadata(
    legacy=True,
    scoring=False,
    custom=False,
    interactive=False,
    scored_by_validator=False,
    passes=1,
    flags=(),
    time_limit=TimeLimit(None, 5.0, 1000),
    memory_kib=262_144,
    output_kib=65_536,
    code_kib=256,
    validator_limits=ProgramLimits(),
    languages=None,
    constants={},
    notes=(),
)
"""Of a folder that is no package, only tests."""


def read_package(root: Path, languages: Languages) -> Package:
    """The package in a folder: of the ICPC's or Kattis' format, or only tests `1.in`, `1.ans`.

    Raises PackageError.
    """
    try:
        if not root.is_dir():
            raise PackageError(f"{root}: no such folder")
        package = _format_package if (root / FILE).is_file() else _plain_package
        return package(root, languages)
    except OSError as error:
        raise PackageError(f"{error.filename}: {(error.strerror or str(error)).lower()}") from None


def _format_package(root: Path, languages: Languages) -> Package:
    metadata = read_metadata(root)
    plan = legacy_plan(root, metadata) if metadata.legacy else current_plan(root, metadata)
    checker, interactor = _judges(root, metadata, plan, languages)
    for test in plan.tests:
        if test.case.answer is None and not metadata.interactive:
            raise PackageError(f"data/{test.case.id}.in: has no answer {test.case.id}.ans")
    listed, notes = list_submissions(root, legacy=metadata.legacy)
    return Package(
        root=root,
        metadata=metadata,
        plan=plan,
        checker=checker,
        interactor=interactor,
        submissions=tuple(read_submission(root, metadata, one, languages) for one in listed),
        notes=(*metadata.notes, *plan.notes, *notes),
    )


def _plain_package(root: Path, languages: Languages) -> Package:
    plan = plain_plan(root)
    listed, notes = list_submissions(root, legacy=True)
    return Package(
        root=root,
        metadata=PLAIN,
        plan=plan,
        checker=Lines(type="lines"),
        interactor=None,
        submissions=tuple(read_submission(root, PLAIN, one, languages) for one in listed),
        notes=tuple(notes),
    )


def _judges(
    root: Path, metadata: Metadata, plan: Plan, languages: Languages
) -> tuple[Checker, Interactor | None]:
    """What looks at the output, and what talks with the submission."""
    if not metadata.custom:
        if metadata.legacy and (root / "output_validator").exists():
            raise PackageError("output_validator: is of a later version of the format")
        return tokens_checker(plan.flags, plan.flags_place), None
    program = read_validator(
        root,
        legacy=metadata.legacy,
        languages=languages,
        constants=metadata.constants,
        flags=plan.flags,
        limits=metadata.validator_limits,
    )
    if metadata.interactive:
        return NoChecker(type="none"), Interactor(protocol="kattis", program=program)
    return Kattis(type="kattis", program=program), None


def read_submission(
    root: Path, metadata: Metadata, listed: Listed, languages: Languages
) -> Submission:
    """A submission with its sources, and the files that the package puts beside them.

    Raises PackageError.
    """
    try:
        sources = read_sources(
            listed.path, listed.place, languages, metadata.constants, listed.language
        )
    except NoLanguage as error:
        return Submission(listed, None, str(error))
    if sources.size_bytes > metadata.code_kib * 1024:
        raise PackageError(
            f"{listed.place}: larger than the {metadata.code_kib} KiB of limits.code"
        )
    if metadata.languages is not None and not metadata.languages & _names(sources, languages):
        raise PackageError(
            f"{listed.place}: in {sources.language}, which {FILE}: languages does not have"
        )
    sources = replace(sources, entry_point=listed.entry_point)
    include = read_include(root, sorted(_names(sources, languages)), metadata.constants)
    if include:
        sources = replace(sources, files={**sources.files, **include}, single=False)
    return Submission(listed, sources)


def _names(sources: Sources, languages: Languages) -> set[str]:
    """What the format may call the language of a program."""
    language = languages.find(sources.language)
    return {sources.language} | ({language.family, language.id} if language else set())


def job_for(
    package: Package,
    submission: Submission,
    *,
    cpu_ms: int,
    language: str | None = None,
    tests: Sequence[str] = (),
    folder: str = "",
) -> Job:
    """The job that judges a submission; its blobs are paths below the package's folder.

    language: an id instead of the submission's own. tests: patterns of those to run; with any,
    nothing is scored. folder: where the package lies below the folder that the paths are to start
    from, if that is another. Raises PackageError.
    """
    assert submission.sources is not None
    plan = package.plan
    chosen = [
        test
        for test in plan.tests
        if not tests or any(fnmatchcase(test.case.id, pattern) for pattern in tests)
    ]
    if not chosen:
        raise PackageError(f"no test is called {' or '.join(tests)}: {plan.tests[0].case.id} is")
    fields: dict[str, Any] = {
        "schema": "oj.job/1",
        "id": re.sub(r"[^A-Za-z0-9._:-]", ".", submission.name)[-128:],
        **submission.sources.fields(),
        "limits": {
            "cpu_ms": cpu_ms,
            "memory_kib": package.metadata.memory_kib,
            "output_kib": package.metadata.output_kib,
        },
        "checker": package.checker,
        "interactor": package.interactor,
        "passes": package.metadata.passes,
        "tests": tuple(_test(test, folder, scored=not tests) for test in chosen),
        "groups": () if tests else plan.groups,
        "policy": {"stop_on_first_fail": plan.stop_on_first_fail and not tests},
    }
    if language is not None:
        fields["language"] = language
    fields["files"] = tuple(fields.get("files", ()))
    try:
        return Job.model_validate(fields)
    except ValidationError as error:
        raise PackageError(f"{submission.listed.place}: {first_problem(error)}") from None


def _test(test: PlannedTest, folder: str, *, scored: bool) -> Mapping[str, Any]:
    case = test.case
    return {
        "id": case.id,
        "input": _blob(folder, case.input),
        "answer": None if case.answer is None else _blob(folder, case.answer),
        "group": test.group if scored else None,
        "points": test.points if scored else None,
        "args": test.args or None,
        "visible": test.visible,
    }


def _blob(folder: str, name: str) -> Mapping[str, str]:
    return {"path": f"{folder}/{name}" if folder else name}
