"""The example submissions of a package, with what they promise."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any, Literal

from pydantic import Field

from executor.packages.document import Document, load, validated
from executor.packages.errors import PackageError
from executor.packages.pattern import matches
from executor.packages.program import is_program
from executor.packages.promise import EVERY, Promise, Requirement

FOLDER = "submissions"
FILE = f"{FOLDER}/submissions.yaml"

Verdicts = Annotated[list[Literal["AC", "WA", "TLE", "RTE"]], Field(min_length=1)]
_PARTS = ("permitted", "required", "score", "message", "use_for_time_limit")


class _OfTests(Document):
    permitted: Verdicts | None = None
    required: Verdicts | None = None
    score: float | Annotated[list[float], Field(min_length=2, max_length=2)] | None = None
    message: str | None = None
    use_for_time_limit: Any = None


class _OfSubmissions(_OfTests):
    language: str | None = None
    entrypoint: str | None = None
    authors: Any = None
    model_solution: Any = None


@dataclass(frozen=True, slots=True)
class Listed:
    """A submission as it lies in the package. name: below submissions/, or as it was asked for.

    language, entry_point: None: by its files. alone: it is not of the package.
    """

    name: str
    path: Path
    promise: Promise
    language: str | None = None
    entry_point: str | None = None
    alone: bool = False

    @property
    def place(self) -> str:
        """Where it lies, for errors."""
        return self.name if self.alone else f"{FOLDER}/{self.name}"


def _requirement(
    name: str, permitted: str = "AC WA TLE RTE", required: str | None = None
) -> Requirement:
    wanted = None if required is None else frozenset(required.split())
    return Requirement(name, frozenset(permitted.split()), wanted)


_CURRENT: Mapping[str, tuple[str, Requirement]] = MappingProxyType(
    {
        "accepted": ("AC", _requirement("accepted", "AC")),
        "rejected": ("not AC", _requirement("rejected", required="RTE TLE WA")),
        "wrong_answer": ("WA", _requirement("wrong_answer", "AC WA", "WA")),
        "time_limit_exceeded": ("TLE", _requirement("time_limit_exceeded", "AC TLE", "TLE")),
        "run_time_error": ("RTE", _requirement("run_time_error", "AC RTE", "RTE")),
        "brute_force": ("RTE TLE", _requirement("brute_force", "AC RTE TLE", "RTE TLE")),
    }
)
"""The folders of 2025-09."""

_LEGACY: Mapping[str, tuple[str, Requirement]] = MappingProxyType(
    {
        **_CURRENT,
        "time_limit_exceeded": ("TLE", _requirement("time_limit_exceeded", "AC WA TLE", "TLE")),
        "run_time_error": ("RTE", _requirement("run_time_error", required="RTE")),
        "run-time-error": ("RTE", _requirement("run-time-error", required="RTE")),
        "memory_limit_exceeded": ("RTE", _requirement("memory_limit_exceeded", required="RTE")),
        "output_limit_exceeded": ("RTE", _requirement("output_limit_exceeded", required="RTE")),
    }
)
"""Those of `legacy`; all but four are DOMjudge's or of a later version."""

_OF_NO_TEST: Mapping[str, Promise] = MappingProxyType(
    {
        "partially_accepted": Promise("part", partly=True),
        "mixed": Promise("any"),
        "compiler_error": Promise("CE", compiles=False),
        "compile_error": Promise("CE", compiles=False),
    }
)
"""Folders that promise nothing about a single test."""

ALONE = Promise("AC", (_requirement("a submission of its own", "AC"),))
"""What is asked of a submission that lies in no folder of a package."""


def list_submissions(root: Path, *, legacy: bool) -> tuple[list[Listed], list[str]]:
    """The submissions of a package in the order of their names, and notes. Raises PackageError."""
    folder = root / FOLDER
    rules, notes = _rules(root)
    listed = []
    for place in sorted(folder.iterdir()) if folder.is_dir() else ():
        if not is_program(place) or place == root / FILE:
            continue
        if not place.is_dir():
            raise PackageError(
                f"{FOLDER}/{place.name}: belongs into a folder of {FOLDER}, as accepted"
            )
        if _default(place.name, legacy) is None and not _matching(rules, place.name, exact=False):
            notes.append(f"{FOLDER}/{place.name}: promises nothing that the format knows")
        for path in sorted(place.iterdir()):
            if is_program(path):
                listed.append(_listed(f"{place.name}/{path.name}", path, rules, legacy))
    return listed, notes


def _rules(root: Path) -> tuple[dict[str, tuple[_OfSubmissions, dict[str, _OfTests]]], list[str]]:
    """What submissions.yaml says, by pattern: of whole submissions, and of some tests of theirs."""
    if not (root / FILE).is_file():
        return {}, []
    rules: dict[str, tuple[_OfSubmissions, dict[str, _OfTests]]] = {}
    notes: list[str] = []
    for pattern, value in load(root, FILE).items():
        if not isinstance(value, dict):
            raise PackageError(f"{FILE}: {pattern}: should be a map of keys to values")
        keys = {key for key in value if key in _OfSubmissions.model_fields}
        whole = validated(f"{FILE}: {pattern}", {key: value[key] for key in keys}, _OfSubmissions)
        tests = {
            str(key): validated(f"{FILE}: {pattern}.{key}", value[key], _OfTests)
            for key in value
            if key not in keys
        }
        rules[pattern] = (whole, tests)
        if any(one.message is not None for one in (whole, *tests.values())):
            notes.append(f"{FILE}: {pattern}: message: is not looked for")
    return rules, notes


Rules = Mapping[str, tuple[_OfSubmissions, Mapping[str, _OfTests]]]


def _matching(rules: Rules, name: str, *, exact: bool) -> list[str]:
    """The patterns that are of a submission, or of a folder or something in it."""
    if exact:
        return [pattern for pattern in rules if matches(pattern, name)]
    return [pattern for pattern in rules if matches(pattern.split("/")[0], name)]


def _listed(name: str, path: Path, rules: Rules, legacy: bool) -> Listed:
    folder = name.split("/")[0]
    base = _default(folder, legacy)
    requirements: list[Requirement] = []
    language = entry_point = None
    for pattern in _matching(rules, name, exact=True):
        whole, tests = rules[pattern]
        language = whole.language or language
        entry_point = whole.entrypoint or entry_point
        place = f"{FILE}: {pattern}"
        if pattern == folder:
            # It replaces the default, key by key; other patterns come on top.
            base = _replaced(base, whole, place)
        else:
            requirements += _of_tests(place, whole, None)
        for some, wanted in tests.items():
            requirements += _of_tests(f"{place}.{some}", wanted, some)
    base = base or Promise("any")
    label = base.label if base.label != "any" else _label(requirements)
    promise = replace(base, label=label, requirements=(*base.requirements, *requirements))
    return Listed(name, path, promise, language, entry_point)


def _label(requirements: list[Requirement]) -> str:
    """What is shown of requirements that no folder stands for."""
    required = {verdict for one in requirements for verdict in one.required or ()}
    permitted = {verdict for one in requirements for verdict in one.permitted}
    return " ".join(sorted(required or (permitted if permitted != EVERY else ()))) or "any"


def _default(folder: str, legacy: bool) -> Promise | None:
    if folder in _OF_NO_TEST:
        return _OF_NO_TEST[folder]
    label, requirement = (_LEGACY if legacy else _CURRENT).get(folder, (None, None))
    return None if label is None or requirement is None else Promise(label, (requirement,))


def _replaced(base: Promise | None, whole: _OfTests, place: str) -> Promise | None:
    if not any(getattr(whole, key) is not None for key in _PARTS[:3]):
        return base
    old = base.requirements[0] if base and base.requirements else Requirement(place)
    permitted = old.permitted if whole.permitted is None else frozenset(map(str, whole.permitted))
    required = old.required if whole.required is None else frozenset(map(str, whole.required))
    new = Requirement(place, permitted, required, score=_range(whole))
    return Promise(" ".join(sorted(required or permitted)), (new,))


def _of_tests(place: str, wanted: _OfTests, tests: str | None) -> Iterator[Requirement]:
    if any(getattr(wanted, key) is not None for key in _PARTS[:3]):
        default = Requirement(place)
        yield Requirement(
            place,
            default.permitted
            if wanted.permitted is None
            else frozenset(map(str, wanted.permitted)),
            None if wanted.required is None else frozenset(map(str, wanted.required)),
            tests,
            _range(wanted),
        )


def _range(wanted: _OfTests) -> tuple[float, float] | None:
    match wanted.score:
        case None:
            return None
        case [low, high]:
            return low, high
        case float() | int() as score:
            return score, score
    return None
