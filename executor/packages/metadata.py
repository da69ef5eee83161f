"""problem.yaml: what kind of problem it is, and its limits."""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from executor.contract import ProgramLimits
from executor.packages.document import Document, load, validated
from executor.packages.errors import PackageError

FILE = "problem.yaml"
LEGACY = "legacy"
CURRENT = "2025-09"

MAX_SECONDS = 60
MAX_MEMORY_MIB = 4096
MAX_OUTPUT_MIB = 1024

Positive = Annotated[float, Field(gt=0)]
Seconds = Annotated[float, Field(gt=0, le=MAX_SECONDS)]
WholeSeconds = Annotated[int, Field(ge=1, le=MAX_SECONDS)]
MemoryMiB = Annotated[int, Field(ge=1, le=MAX_MEMORY_MIB)]
OutputMiB = Annotated[int, Field(ge=1, le=MAX_OUTPUT_MIB)]
AtLeastOne = Annotated[float, Field(ge=1)]
Count = Annotated[int, Field(ge=1)]
Passes = Annotated[int, Field(ge=2, le=100)]


@dataclass(frozen=True, slots=True)
class TimeLimit:
    """The CPU limit of a test, in ms, or how to come to one.

    ms: None: as many times the slowest accepted submission as `multiplier` says, rounded up to
    `resolution_ms`.
    """

    ms: int | None
    multiplier: float
    resolution_ms: int

    def inferred(self, slowest_ms: int) -> int:
        """The limit that follows from the slowest accepted submission, at most 60000 ms."""
        steps = max(1, math.ceil(slowest_ms * self.multiplier / self.resolution_ms))
        return min(steps * self.resolution_ms, MAX_SECONDS * 1000)


@dataclass(frozen=True, slots=True)
class Metadata:
    """What problem.yaml says, in whichever version of the format.

    custom: whether outputs are judged by a program of the package. flags: what the output
    validator is given with every test. code_kib: of a submission. passes: 1 unless multi-pass.
    languages: codes of those a submission may be in; None: all. constants: texts to be replaced in
    programs. notes: what was read and is not done, a line each.
    """

    legacy: bool
    scoring: bool
    custom: bool
    interactive: bool
    scored_by_validator: bool
    passes: int
    flags: tuple[str, ...]
    time_limit: TimeLimit
    memory_kib: int
    output_kib: int
    code_kib: int
    validator_limits: ProgramLimits
    languages: frozenset[str] | None
    constants: Mapping[str, str]
    notes: tuple[str, ...]


class _Limits(Document):
    time_limit: Seconds | None = None
    memory: MemoryMiB = 2048
    output: OutputMiB = 8
    code: Count = 128
    compilation_time: Count | None = None
    compilation_memory: Count | None = None
    validation_time: WholeSeconds = 60
    validation_memory: MemoryMiB = 2048
    validation_output: OutputMiB = 8
    validation_passes: Passes | None = None


class _LegacyLimits(_Limits):
    time_multiplier: AtLeastOne = 5.0
    time_safety_margin: AtLeastOne = 2.0


class _Grading(Document):
    objective: Literal["max", "min"] = "max"
    show_test_data_groups: bool = False


_VALIDATIONS = re.compile(r"default|custom(?: (?:score|interactive|multi-?pass))*")


def _check_validation(text: str) -> str:
    if not _VALIDATIONS.fullmatch(" ".join(text.split())):
        raise ValueError(
            "should be 'default', or 'custom' with some of 'interactive', 'multi-pass', 'score'"
        )
    return text


class LegacyProblem(Document):
    """problem.yaml of the format `legacy`; `limits.time_limit` and multi-pass are DOMjudge's."""

    problem_format_version: Any = LEGACY
    type: Literal["pass-fail", "scoring"] = "pass-fail"
    limits: _LegacyLimits = _LegacyLimits()
    validation: Annotated[str, AfterValidator(_check_validation)] = "default"
    validator_flags: str | None = None
    grading: _Grading = _Grading()
    # For people and archives.
    name: Any = None
    uuid: Any = None
    author: Any = None
    source: Any = None
    source_url: Any = None
    license: Any = None
    rights_owner: Any = None
    keywords: Any = None

    def metadata(self, root: Path) -> Metadata:
        words = self.validation.split()
        multi_pass = "multi-pass" in words or "multipass" in words
        scoring = self.type == "scoring"
        if "score" in words and not scoring:
            raise PackageError(f"{FILE}: validation: 'score' is for problems of type scoring only")
        if self.grading.objective == "min":
            raise PackageError(
                f"{FILE}: grading.objective: min cannot be expressed: more points are better here"
            )
        if self.limits.validation_passes is not None and not multi_pass:
            raise PackageError(f"{FILE}: limits.validation_passes: is for multi-pass problems only")
        limits = self.limits
        time_limit_s = _dot_timelimit(root) if limits.time_limit is None else limits.time_limit
        return Metadata(
            legacy=True,
            scoring=scoring,
            custom=words[0] == "custom",
            interactive="interactive" in words,
            scored_by_validator="score" in words,
            passes=(limits.validation_passes or 2) if multi_pass else 1,
            flags=tuple((self.validator_flags or "").split()),
            time_limit=_time_limit(time_limit_s, limits.time_multiplier, 1.0),
            languages=None,
            constants={},
            **_common(limits),
        )


class _TimeMultipliers(Document):
    ac_to_time_limit: AtLeastOne = 2.0
    time_limit_to_tle: AtLeastOne = 1.5


class _CurrentLimits(_Limits):
    time_multipliers: _TimeMultipliers = _TimeMultipliers()
    time_resolution: Positive = 1.0


Type = Literal["pass-fail", "scoring", "multi-pass", "interactive", "submit-answer"]
_INCOMPATIBLE = (
    ("pass-fail", "scoring"),
    ("multi-pass", "submit-answer"),
    ("interactive", "submit-answer"),
)


class CurrentProblem(Document):
    """problem.yaml of 2023-07 and 2025-09."""

    problem_format_version: str
    type: Type | Annotated[list[Type], Field(min_length=1)] = "pass-fail"
    limits: _CurrentLimits = _CurrentLimits()
    languages: str | Annotated[list[str], Field(min_length=1)] = "all"
    constants: dict[str, int | float | str] = Field(default_factory=dict)
    # A program may always write files here.
    allow_file_writing: bool = False
    # For people and archives.
    name: Any = None
    uuid: Any = None
    version: Any = None
    credits: Any = None
    source: Any = None
    license: Any = None
    rights_owner: Any = None
    embargo_until: Any = None
    keywords: Any = None

    @model_validator(mode="after")
    def _check_type(self) -> Self:
        for one, other in _INCOMPATIBLE:
            if one in self._types() and other in self._types():
                raise ValueError(f"type: {one} and {other} exclude each other")
        return self

    def _types(self) -> list[str]:
        return [self.type] if isinstance(self.type, str) else list(self.type)

    def metadata(self, root: Path) -> Metadata:
        types, limits = self._types(), self.limits
        if "submit-answer" in types:
            raise PackageError(
                f"{FILE}: type: submit-answer is not supported: a submission is a program here"
            )
        multi_pass, interactive = "multi-pass" in types, "interactive" in types
        if limits.validation_passes is not None and not multi_pass:
            raise PackageError(f"{FILE}: limits.validation_passes: is for multi-pass problems only")
        names = [self.languages] if isinstance(self.languages, str) else self.languages
        return Metadata(
            legacy=False,
            scoring="scoring" in types,
            custom=(root / "output_validator").exists() or multi_pass or interactive,
            interactive=interactive,
            scored_by_validator=False,
            passes=(limits.validation_passes or 2) if multi_pass else 1,
            flags=(),
            time_limit=_time_limit(
                limits.time_limit, limits.time_multipliers.ac_to_time_limit, limits.time_resolution
            ),
            languages=None if "all" in names else frozenset(names),
            constants={name: str(value) for name, value in self.constants.items()},
            **_common(limits),
        )


def read_metadata(root: Path) -> Metadata:
    """What the problem.yaml of a package says. Raises PackageError."""
    value = load(root, FILE)
    version = value.get("problem_format_version", LEGACY)
    if version in (LEGACY, "legacy-icpc"):
        return validated(FILE, value, LegacyProblem).metadata(root)
    if version in (CURRENT, "2023-07", "2023-07-draft", "2025-09-draft", "draft"):
        return validated(FILE, value, CurrentProblem).metadata(root)
    raise PackageError(
        f"{FILE}: problem_format_version: should be {LEGACY}, 2023-07-draft or {CURRENT}"
    )


def _common(limits: _Limits) -> dict[str, Any]:
    """The fields of Metadata that are the same in all versions."""
    given = limits.model_fields_set & {"compilation_time", "compilation_memory"}
    return {
        "memory_kib": limits.memory * 1024,
        "output_kib": limits.output * 1024,
        "code_kib": limits.code,
        "validator_limits": ProgramLimits(
            cpu_ms=limits.validation_time * 1000,
            memory_kib=limits.validation_memory * 1024,
            output_kib=limits.validation_output * 1024,
        ),
        "notes": tuple(
            f"{FILE}: limits.{key}: not applied: compilers have the limits of config/languages.toml"
            for key in sorted(given)
        ),
    }


def _time_limit(seconds: float | None, multiplier: float, resolution_s: float) -> TimeLimit:
    ms = None if seconds is None else max(1, round(seconds * 1000))
    return TimeLimit(ms, multiplier, max(1, round(resolution_s * 1000)))


def _dot_timelimit(root: Path) -> float | None:
    """The older place of a time limit: a file with a number of seconds."""
    path = root / ".timelimit"
    if not path.is_file():
        return None
    try:
        seconds = float(path.read_text())
    except (ValueError, OSError):
        raise PackageError(".timelimit: should hold a number of seconds") from None
    if not 0 < seconds <= MAX_SECONDS:
        raise PackageError(f".timelimit: should be more than 0, and {MAX_SECONDS} s at most")
    return seconds
