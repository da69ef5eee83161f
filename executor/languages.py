"""The languages that a worker offers: config/languages.toml, as data."""

import random
import re
import tomllib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from executor.contract.limits import MAX_WALL_MS, Limits
from executor.sandbox import RunLimits, Sandbox, SandboxUnavailable
from executor.toolchain import files_of, first_missing

if TYPE_CHECKING:  # the judge needs this module
    from executor.judge.health import Health, HealthRecord

MAX_PROCESSES = 256
STANDARD = "standard"
"""The name of all languages that script/setup installs by default."""

_PLACEHOLDER = re.compile(r"\{(\w+)\}")
_ENV = {"PATH": "/usr/bin:/bin", "HOME": ".", "LANG": "C.UTF-8"}

Argv = Annotated[tuple[str, ...], Field(min_length=1)]
KiB = Annotated[int, Field(ge=0)]


class LanguagesError(Exception):
    """The file of languages, or the choice among them, is wrong: one line says where."""


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class CompileLimits(_Model):
    """A compiler's own limits: ms, KiB, and how many processes at once."""

    cpu_ms: int = 10_000
    wall_ms: int = 30_000
    memory_kib: int = 1_572_864
    stack_kib: int = 262_144
    output_kib: int = 65_536
    processes: int = 64

    def run_limits(self) -> RunLimits:
        return RunLimits(**self.model_dump())


class _Variant(_Model):
    name: str
    aliases: tuple[str, ...] = ()
    values: Mapping[str, str] = {}


class _Common(_Model):
    """What the variants of a family have in common; config/languages.toml explains the fields."""

    packages: Argv
    standard: bool = False
    suffixes: Argv
    source_name: str
    entry: Literal["file", "class", "stem"] = "file"
    compile: Argv
    artefact: str | None = None
    classes: str | None = None
    run: Argv
    env: Mapping[str, str] = {}
    copies: Mapping[str, str | tuple[str, ...]] = {}
    precompiled: str | None = None
    stack_min_kib: KiB = 0
    stack_max_kib: KiB | None = None
    processes: Annotated[int, Field(ge=1, le=MAX_PROCESSES)] = 1
    cpu_factor: Annotated[float, Field(gt=0)] = 1.0
    cpu_add_ms: Annotated[int, Field(ge=0)] = 0
    memory_factor: Annotated[float, Field(gt=0)] = 1.0
    memory_add_kib: KiB = 0
    compiler_limits: tuple[str, ...] = ()
    out_of_memory: tuple[str, ...] = ()
    runtime: str
    version: Argv
    self_test: str
    compile_limits: CompileLimits = CompileLimits()


class _Family(_Common):
    name: str
    aliases: tuple[str, ...] = ()
    variants: Annotated[Mapping[str, _Variant], Field(min_length=1)]

    def languages(self, family: str) -> "Iterator[Language]":
        shared = {field: getattr(self, field) for field in _Common.model_fields}
        for id, variant in self.variants.items():
            yield Language(
                id=id,
                family=family,
                name=variant.name,
                aliases=variant.aliases,
                values=variant.values,
                **shared,
            )


class Language(_Common):
    """One language in one standard: how to compile and run a program of it.

    Limits are applied as limit * factor + add; `values` are what its argv may name.
    """

    id: str
    family: str
    name: str
    aliases: tuple[str, ...]
    values: Mapping[str, str]

    @property
    def environment(self) -> dict[str, str]:
        """The whole environment of its compiler and programs."""
        return {**_ENV, **self.env}

    @property
    def files(self) -> tuple[str, ...]:
        """The host's files that it needs: compiler, interpreter, libraries."""
        return (*files_of((self.compile, self.run, self.version)), *self.copies)

    @property
    def absent(self) -> str | None:
        """The first of its files that this host does not have; None: it is installed."""
        return first_missing(self.files)

    def is_source(self, name: str) -> bool:
        """Whether a file of that name is compiled."""
        return name.endswith(self.suffixes)

    def compile_argv(self, source: str, sources: Collection[str]) -> tuple[str, ...]:
        """The compiler's command line."""
        values = {**self.values, "source": _argument(source)}
        argv: list[str] = []
        for element in self.compile:
            if element == "{sources}":
                argv += map(_argument, sources)
            else:
                argv.append(_filled(element, values))
        return tuple(argv)

    def run_argv(self, entry: str, args: Collection[str], applied: "Applied") -> tuple[str, ...]:
        """The command line of a run under limits."""
        stack_kib = max(applied.limits.stack_kib, self.stack_min_kib)
        if self.stack_max_kib is not None:
            stack_kib = min(stack_kib, self.stack_max_kib)
        values = {
            **self.values,
            "entry": _argument(entry),
            "heap_kib": str(applied.heap_kib),
            "heap_mib": str(applied.heap_kib // 1024),
            "stack_kib": str(stack_kib),
            "stack_bytes": str(stack_kib * 1024),
        }
        return (*(_filled(element, values) for element in self.run), *args)

    def apply(self, asked: Limits, use_factors: bool) -> "Applied":
        """The limits that programs of this language get for those a job asks for.

        The wall limit is extended as the CPU limit is, but never beyond the contract's 180 s.
        """
        cpu_ms, memory_kib, heap_kib = asked.cpu_ms, asked.memory_kib, asked.memory_kib
        wall_ms = asked.wall_ms
        if use_factors:
            cpu_ms = round(cpu_ms * self.cpu_factor) + self.cpu_add_ms
            heap_kib = round(memory_kib * self.memory_factor)
            memory_kib = heap_kib + self.memory_add_kib
            if wall_ms is not None:
                wall_ms = round(wall_ms * self.cpu_factor) + self.cpu_add_ms
        limits = RunLimits(
            cpu_ms=cpu_ms,
            wall_ms=min(3 * cpu_ms + 1000 if wall_ms is None else wall_ms, MAX_WALL_MS),
            memory_kib=memory_kib,
            stack_kib=heap_kib if asked.stack_kib is None else asked.stack_kib,
            output_kib=asked.output_kib,
            processes=asked.processes or self.processes,
        )
        return Applied(limits, heap_kib)


@dataclass(frozen=True, slots=True)
class Applied:
    """Limits with a language's factors in them; `heap_kib` is the memory without its add."""

    limits: RunLimits
    heap_kib: int


class Languages:
    """The languages of a worker: those that work, and why the others do not.

    `required`: one that is not installed counts as broken, since somebody asked for it.
    """

    def __init__(
        self,
        languages: Collection[Language],
        families: Mapping[str, str],
        required: bool = False,
    ) -> None:
        self._all = {language.id: language for language in languages}
        self._required = required
        self._out: dict[str, str] = {}
        self._absent: dict[str, str] = {}
        self._health: dict[str, Health] = {}
        self._families = families
        self._aliases = {alias: each.id for each in languages for alias in each.aliases}

    @classmethod
    def load(cls, path: Path, only: Collection[str] | None = None) -> Self:
        """Reads config/languages.toml; `only` chooses by id, alias or family (None: all).

        The name `standard` there means those that script/setup installs by default.
        Raises LanguagesError.
        """
        languages, families = _read(path)
        if only is None:
            return cls(languages, families)
        everything = cls(languages, families)
        chosen: set[str] = set()
        for name in only:
            found = everything._ids(name)
            if name == STANDARD:
                found = [language.id for language in languages if language.standard]
            if not found:
                known = ", ".join(language.id for language in languages)
                raise LanguagesError(f"{path}: no language '{name}'; it has {known}")
            chosen.update(found)
        return cls([each for each in languages if each.id in chosen], families, required=True)

    @property
    def known(self) -> Mapping[str, Language]:
        """All of them, by id, whether or not they work."""
        return self._all

    @property
    def working(self) -> Mapping[str, Language]:
        """Those that may be used, by id."""
        return {id: each for id, each in self._all.items() if id not in self._out | self._absent}

    @property
    def withdrawn(self) -> Mapping[str, str]:
        """Why each of those that are broken is not used: one line, by id."""
        return self._out

    @property
    def absent(self) -> Mapping[str, str]:
        """The file that each of those that are not installed lacks, by id."""
        return self._absent

    def find(self, name: str) -> Language | None:
        """The working language of an id, alias or family; of a family, its newest."""
        working = self.working
        ids = [id for id in self._ids(name) if id in working]
        return working[ids[-1]] if ids else None

    def health(self, language: Language) -> "Health | None":
        """What its self-test found; None before it, or if it is not installed."""
        return self._health.get(language.id)

    def runtime(self, language: Language) -> str:
        """Its compiler or interpreter with the version found: `g++ 12.2.0`."""
        health = self.health(language)
        return language.runtime if health is None else health.runtime

    def find_absent(self) -> None:
        """Sets aside those that are not installed."""
        for language in self._all.values():
            file = language.absent
            if file is None:
                continue
            if self._required:
                self._out[language.id] = f"not installed: there is no {file}"
            else:
                self._absent[language.id] = file

    def self_test(self, sandbox: Sandbox, record: "HealthRecord | None" = None) -> None:
        """Compiles and runs a program of each language, and withdraws those that fail.

        `record`: of those which it remembers as passed that is believed.
        Raises SandboxUnavailable, also if none of them works: then it is hardly their fault.
        """
        from executor.judge.self_test import examine

        self.find_absent()
        languages = list(self.working.values())
        # Each worker in another order, so that those which start together test different ones.
        for language in random.sample(languages, len(languages)):
            with sandbox.slot() as slot:
                self._health[language.id] = examine(slot, language, record)
        broken = {
            each.id: fault
            for each in languages
            if (fault := self._health[each.id].fault) is not None
        }
        if broken and len(broken) == len(languages):
            raise SandboxUnavailable(f"no language works: {next(iter(broken.values()))}")
        self._out |= broken

    def _ids(self, name: str) -> list[str]:
        """What a name may mean, the best one last; only a family means several."""
        if name in self._all:
            return [name]
        if name in self._aliases:
            return [self._aliases[name]]
        family = self._families.get(name)
        return [each.id for each in self._all.values() if each.family == family]


def _read(path: Path) -> tuple[list[Language], dict[str, str]]:
    """The languages of a file in order, and the families by name and alias."""
    languages: list[Language] = []
    families: dict[str, str] = {}
    try:
        for key, value in tomllib.loads(path.read_text()).items():
            place = key
            family = _Family.model_validate(value)
            families |= {name: key for name in (key, *family.aliases)}
            languages += family.languages(key)
    except OSError as error:
        raise LanguagesError(f"{path}: {error.strerror}") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, (place, *first["loc"])))
        raise LanguagesError(f"{path}: {where}: {first['msg'].lower()}") from error
    except ValueError as error:
        raise LanguagesError(f"{path}: {error}") from error
    for problem in _problems(languages, families):
        raise LanguagesError(f"{path}: {problem}")
    return languages, families


def _problems(languages: Collection[Language], families: Mapping[str, str]) -> Iterator[str]:
    """A placeholder that no value fills, a name that means two languages."""
    meanings = dict(families)
    for language in languages:
        try:
            language.compile_argv("", [""])
            language.run_argv("", [], language.apply(Limits(), use_factors=True))
        except KeyError as error:
            yield f"{language.id}: no such placeholder: {error}"
        for name in (language.id, *language.aliases):
            if meanings.get(name, language.family) != language.family:
                yield f"{language.id}: the name '{name}' is taken by {meanings[name]}"
            meanings[name] = language.family


def _filled(element: str, values: Mapping[str, str]) -> str:
    """An element of a command line with its `{name}`s replaced. Raises KeyError."""
    return _PLACEHOLDER.sub(lambda match: values[match[1]], element)


def _argument(name: str) -> str:
    """A file name that no compiler takes for an option, or for a list of arguments (`@file`)."""
    return f"./{name}" if name.startswith(("-", "@")) else name
