"""The languages with all that is known of them here, for a person or for a program."""

from collections.abc import Iterator, Sequence
from typing import Literal

from pydantic import BaseModel, ConfigDict
from rich.console import Console
from rich.table import Table

from executor.judge.health import HealthRecord
from executor.languages import Language, Languages
from executor.sandbox import Sandbox, SandboxUnavailable
from executor.settings import Settings

_PLAIN_WIDTH = 140

State = Literal["working", "withdrawn", "not_installed", "untested"]


class Entry(BaseModel):
    """One language. reason: why it is not working. start_cpu_ms, start_memory_kib: what its hello
    world took here, None if it has not run."""

    model_config = ConfigDict(frozen=True)

    id: str
    family: str
    name: str
    aliases: tuple[str, ...]
    suffixes: tuple[str, ...]
    state: State
    reason: str | None
    runtime: str
    cpu_factor: float
    cpu_add_ms: int
    memory_factor: float
    memory_add_kib: int
    processes: int
    start_cpu_ms: int | None
    start_memory_kib: int | None


def take_inventory(settings: Settings) -> list[Entry]:
    """Tests the languages that no worker of this work folder has found to work; takes a minute at
    most. Without a sandbox they are `untested`. Raises LanguagesError."""
    languages = Languages.load(
        settings.executor_languages_file, settings.executor_languages or None
    )
    untested = None
    try:
        languages.self_test(
            Sandbox(settings.safeexec_socket), HealthRecord.below(settings.executor_work_dir)
        )
    except SandboxUnavailable as error:
        untested = str(error)
    return [_entry(languages, each, untested) for each in languages.known.values()]


def _entry(languages: Languages, language: Language, untested: str | None) -> Entry:
    state, reason = _state(languages, language, untested)
    health = languages.health(language)
    shared = {name: getattr(language, name) for name in Entry.model_fields.keys() & _SHARED}
    return Entry(
        **shared,
        state=state,
        reason=reason,
        runtime=languages.runtime(language),
        start_cpu_ms=health.cpu_ms if health else None,
        start_memory_kib=health.memory_kib if health else None,
    )


_SHARED = Language.model_fields.keys() - {"runtime"}


def _state(
    languages: Languages, language: Language, untested: str | None
) -> tuple[State, str | None]:
    if language.id in languages.absent:
        return "not_installed", f"there is no {languages.absent[language.id]}"
    if language.id in languages.withdrawn:
        return "withdrawn", languages.withdrawn[language.id]
    return ("working", None) if untested is None else ("untested", untested)


def show(entries: Sequence[Entry]) -> None:
    """Prints a table of those that are installed, then why the others are not in it."""
    console = Console(highlight=False)
    if not console.is_terminal:
        console = Console(highlight=False, width=_PLAIN_WIDTH)
    table = Table(box=None, pad_edge=False)
    for heading in ("id", "name", "also", "runtime"):
        table.add_column(heading, overflow="fold")
    for heading in ("CPU limit", "memory limit", "start: CPU ms", "MiB"):
        table.add_column(heading, justify="right")
    for entry in entries:
        if entry.state in ("working", "untested"):
            table.add_row(*_cells(entry))
    console.print(table)
    for line in _rest(entries):
        console.print(line, markup=False, soft_wrap=True)


def _cells(entry: Entry) -> tuple[str, ...]:
    cpu, memory = entry.start_cpu_ms, entry.start_memory_kib
    return (
        entry.id,
        entry.name,
        ", ".join(entry.aliases),
        entry.runtime,
        _change(entry.cpu_factor, entry.cpu_add_ms, "ms"),
        _change(entry.memory_factor, entry.memory_add_kib // 1024, "MiB"),
        "-" if cpu is None else str(cpu),
        "-" if memory is None else f"{memory / 1024:.1f}",
    )


def _change(factor: float, add: int, unit: str) -> str:
    """What becomes of a limit: `x 2 + 30 ms`."""
    parts = [*([f"x {factor:g}"] if factor != 1 else []), *([f"+ {add} {unit}"] if add else [])]
    return " ".join(parts) or "as asked"


def _rest(entries: Sequence[Entry]) -> Iterator[str]:
    for entry in entries:
        if entry.state == "withdrawn":
            yield f"withdrawn: {entry.id}: {entry.reason}"
    absent = [entry.id for entry in entries if entry.state == "not_installed"]
    if absent:
        yield f"not installed: {', '.join(absent)}: script/setup --languages LIST, or all"
    untested = {entry.reason for entry in entries if entry.state == "untested"}
    for reason in untested:
        yield f"untested: {reason}; SAFEEXEC_SOCKET names the socket of `safeexec --serve`"
