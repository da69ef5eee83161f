"""What each installed language's runtime costs before a program's first line: hello world, in the
sandbox. Written to docs/languages.md, where config/languages.toml's additions come from."""

import math
import statistics
import tempfile
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from bench.figures import Figures
from executor.contract import Limits, Lines
from executor.contract import Program as Sources
from executor.judge.checkers import compare
from executor.judge.compile import compile_program
from executor.judge.run import Task, run_program
from executor.judge.self_test import EXPECTED, examine
from executor.judge.sources import lay_out
from executor.judge.testdata import Blobs
from executor.languages import Language, Languages
from executor.sandbox import Sandbox, Slot
from stack import RunFolder, Safeexec

RUNS = 31
_ROOT = Path(__file__).parents[1]
_PAGE = _ROOT / "docs" / "languages.md"
_BEGIN, _END = "<!-- script/bench languages: begin -->\n", "<!-- end -->"
_LIMITS = Limits(cpu_ms=10_000, memory_kib=524_288, output_kib=1024)


_FREE_MS = 6.0
"""CPU time that a program of C has taken too: nothing is added for it."""


@dataclass(frozen=True, slots=True)
class Cost:
    """Of one language: the compiler's time, and that of each run of its hello world."""

    language: Language
    runtime: str
    compile_ms: float
    cpu_ms: tuple[float, ...]
    memory_mib: tuple[float, ...]

    @property
    def needed_cpu_ms(self) -> int:
        """Twice the worst, for machines that are busy, in steps of 10."""
        worst = max(self.cpu_ms)
        return 0 if worst <= _FREE_MS else math.ceil(2 * worst / 10) * 10


def run() -> Figures:
    """Rewrites the table in docs/languages.md."""
    languages = Languages.load(_ROOT / "config" / "languages.toml")
    languages.find_absent()
    newest = {each.family: each for each in languages.working.values()}
    with RunFolder() as folder, Safeexec(folder, 1) as safeexec:
        costs = [_cost(Sandbox(safeexec.socket), each) for each in newest.values()]
    _write(costs)
    rows = [_row(cost) for cost in costs]
    samples = {cost.language.id: cost.cpu_ms for cost in costs}
    return Figures(
        f"hello world, {RUNS} runs; written to {_PAGE.name}", "CPU ms, MiB", rows, samples
    )


def _cost(sandbox: Sandbox, language: Language) -> Cost:
    with sandbox.slot() as slot, tempfile.TemporaryDirectory() as name:
        health = examine(slot, language)
        if health.fault is not None:
            raise RuntimeError(f"{language.id}: {health.fault}")
        return _measure(slot, language, health.runtime, Path(name))


def _measure(slot: Slot, language: Language, runtime: str, folder: Path) -> Cost:
    sources = Sources(language=language.id, source=language.self_test)
    blobs = Blobs(folder)
    compilation = compile_program(
        slot, language, lay_out(sources, language, folder, {}, blobs), folder
    )
    if compilation.program is None:
        raise RuntimeError(f"{language.id}: {compilation.result.output}")
    applied = language.apply(_LIMITS, use_factors=True)
    task = Task(compilation.program, applied, (), None, folder)
    outcomes = []
    for _ in range(RUNS):
        run = run_program(slot, task, partial(compare, Lines(type="lines"), EXPECTED))
        if run.verdict != "AC":
            raise RuntimeError(f"{language.id}: hello world is {run.verdict}")
        outcomes.append(run.outcome)
    return Cost(
        language,
        runtime,
        float(compilation.result.cpu_ms or 0),
        tuple(outcome.cpu_us / 1000 for outcome in outcomes),
        tuple(outcome.memory_kib / 1024 for outcome in outcomes),
    )


def _row(cost: Cost) -> dict[str, float | str]:
    language = cost.language
    return {
        "name": language.id,
        "runtime": cost.runtime,
        "compile": round(cost.compile_ms),
        "median": round(statistics.median(cost.cpu_ms), 1),
        "worst": round(max(cost.cpu_ms), 1),
        "MiB": round(max(cost.memory_mib), 1),
        "twice worst": cost.needed_cpu_ms,
        "add ms": language.cpu_add_ms,
        "add MiB": round(language.memory_add_kib / 1024),
    }


def _write(costs: list[Cost]) -> None:
    rows = [_row(cost) for cost in costs]
    lines = ["| " + " | ".join(rows[0]) + " |", "|---|---" + "|--:" * (len(rows[0]) - 2) + "|"]
    lines += ["| " + " | ".join(map(str, row.values())) + " |" for row in rows]
    text = _PAGE.read_text()
    before, after = text.index(_BEGIN) + len(_BEGIN), text.index(_END)
    _PAGE.write_text(text[:before] + "\n".join(lines) + "\n" + text[after:])
