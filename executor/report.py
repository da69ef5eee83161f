"""What `executor judge` prints: a table, and below it what went wrong where."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
)
from rich.table import Table
from rich.text import Text

from executor.contract import Result, TestResult, Verdict
from executor.judge.progress import Step
from executor.judging import Judged, Judgement
from executor.judging import Progress as TellProgress

PLAIN_WIDTH = 140
COMPILER_LINES = 8
_EXPLAINED = (Verdict.WA, Verdict.PE, Verdict.RTE, Verdict.MLE, Verdict.OLE, Verdict.SV)
_LEFT = ("submission", "language", "expected", "verdict", "first failed")
_RIGHT = ("CPU ms", "memory KiB")


@contextmanager
def progress_of(console: Console) -> Iterator[TellProgress]:
    """A bar on a terminal, a line for each submission elsewhere."""
    if not console.is_terminal:
        yield partial(_print_line, console)
        return
    columns = (
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.description}", markup=False),
    )
    with Progress(*columns, console=console, transient=True) as bar:
        yield partial(_move, bar, bar.add_task("starting the sandbox", total=None))


def _print_line(console: Console, done: int, of: int, name: str, step: Step | None) -> None:
    if step is None:
        console.print(f"{done + 1} of {of}: {name}", markup=False, highlight=False, soft_wrap=True)


def _move(bar: Progress, task: TaskID, done: int, of: int, name: str, step: Step | None) -> None:
    test = "" if step is None or step.test is None else f", test {step.done} of {step.of}"
    bar.update(task, completed=done, total=of, description=f"{name}{test}")


def print_report(judgement: Judgement, console: Console) -> None:
    """The whole report for people."""
    if not console.is_terminal:
        console = Console(file=console.file, width=PLAIN_WIDTH, highlight=False)
    for note in judgement.notes:
        console.print(f"note: {note}", style="yellow", markup=False)
    console.print(f"time limit: {judgement.time_limit}", markup=False)
    console.print(_table(judgement))
    for judged in judgement.judged:
        for line in _explanation(judged):
            console.print(line, markup=False, soft_wrap=True)
    kept = sum(not one.broken for one in judgement.judged)
    console.print(f"{kept} of {len(judgement.judged)} submissions as promised", markup=False)


def as_json(judgement: Judgement) -> str:
    """The whole report for programs: each submission with its result as the contract has it."""
    return json.dumps(
        {
            "problem": str(judgement.package.root),
            "time_limit": judgement.time_limit,
            "notes": list(judgement.notes),
            "kept": judgement.kept,
            "submissions": [_as_json(one) for one in judgement.judged],
        },
        indent=2,
    )


def _as_json(judged: Judged) -> dict[str, Any]:
    submission, result = judged.submission, judged.result
    return {
        "name": submission.name,
        "language": submission.sources.language if submission.sources else None,
        "expected": submission.listed.promise.label,
        "kept": not judged.broken,
        "broken": list(judged.broken),
        "result": None if result is None else json.loads(result.encode()),
    }


def _table(judgement: Judgement) -> Table:
    scored = judgement.package.metadata.scoring
    table = Table(box=None, pad_edge=False)
    for heading in _LEFT:
        # On a narrow terminal names are folded, and nothing is cut.
        name = heading in ("submission", "first failed")
        table.add_column(heading, no_wrap=not name, overflow="fold")
    for heading in (*_RIGHT, *(["score"] if scored else [])):
        table.add_column(heading, no_wrap=True, justify="right")
    for judged in judgement.judged:
        cells = [Text(cell) for cell in _cells(judged, scored)]
        table.add_row(*cells, style="bold red" if judged.broken else None)
    return table


def _cells(judged: Judged, scored: bool) -> Iterator[str]:
    submission, result = judged.submission, judged.result
    yield submission.name
    yield submission.sources.language if submission.sources else "?"
    yield submission.listed.promise.label
    yield "-" if result is None else result.verdict
    yield (result.first_failed if result else None) or "-"
    summary = result.summary if result else None
    yield "-" if summary is None else str(summary.cpu_ms_max)
    yield "-" if summary is None else str(summary.memory_kib_max)
    if scored:
        yield "-" if result is None or result.score is None else f"{result.score:g}"


def _explanation(judged: Judged) -> Iterator[Text]:
    """What went wrong with a submission, if anything did: its first line names it."""
    lines = [*_what_failed(judged)]
    if judged.broken or lines:
        style = "bold red" if judged.broken else "bold"
        yield Text(judged.submission.name, style=style)
    for line in judged.broken:
        yield Text(f"  NOT AS PROMISED: {line}", style="red")
    for line in lines:
        yield Text(f"  {line}")


def _what_failed(judged: Judged) -> Iterator[str]:
    result = judged.result
    if result is None:
        yield judged.submission.why
        return
    if result.error is not None:
        yield f"{result.error.code}: {result.error.message}"
        for field in result.error.fields or ():
            if field.message not in result.error.message:
                yield f"{field.path}: {field.message}"
    if result.compile is not None and result.compile.verdict != "OK":
        lines = result.compile.output.strip().splitlines()
        yield from lines[:COMPILER_LINES]
        if len(lines) > COMPILER_LINES:
            yield f"... and {len(lines) - COMPILER_LINES} more lines"
    test = _first_explained(result)
    if test is not None:
        yield from _of_test(test)


def _first_explained(result: Result) -> TestResult | None:
    return next((test for test in result.tests or () if test.verdict in _EXPLAINED), None)


def _of_test(test: TestResult) -> Iterator[str]:
    """Why a test failed: the first difference, or how the program ended."""
    said = test.message or ""
    if test.verdict is Verdict.RTE:
        ended = f"signal {test.signal}" if test.signal else f"exit code {test.exit_code}"
        said = f"{ended}. {said}".rstrip(". ")
    yield f"test {test.id}: {test.verdict}{': ' if said else ''}{said}"
    diff = test.diff
    if diff is not None and (diff.expected is not None or diff.found is not None):
        yield f"  expected  {_shown(diff.expected)}"
        yield f"  found     {_shown(diff.found)}"
    if test.verdict is not Verdict.WA and test.stderr and test.stderr.strip():
        yield f"  stderr    {test.stderr.strip().splitlines()[-1]}"


def _shown(text: str | None) -> str:
    """A token; white space in it is made visible."""
    if text is None:
        return "nothing more"
    return text if text.isprintable() and text.strip() == text and text else repr(text)
