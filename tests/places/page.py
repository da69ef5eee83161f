"""docs/security.md: what was written by hand (security.md here), with what the tests saw."""

import re
import textwrap
from collections.abc import Iterable, Sequence
from pathlib import Path
from string import Template
from typing import Any

import yaml

from stack.paths import ROOT
from tests.places.places import LEVELS, PLACES, Run
from tests.places.service import lifting_lines

PAGE = ROOT / "docs" / "security.md"
TEMPLATE = Path(__file__).parent / "security.md"
HOSTILE = "../tests/sandbox/hostile"


def render(runs: Sequence[Run]) -> str:
    """The whole page. The same results make the same text, in whatever order they came."""
    fields = {level: _not_stopped(level, runs) for level in LEVELS}
    lines = textwrap.indent(yaml.safe_dump(lifting_lines(), sort_keys=False).strip(), " " * 4)
    return Template(TEMPLATE.read_text()).substitute(fields, places=_places(runs), lines=lines)


def without_kernels(text: str) -> str:
    """To compare pages of machines that differ in nothing else."""
    return re.sub(r"Linux \d+\.\d+", "Linux", text)


def _places(runs: Iterable[Run]) -> str:
    rows = [
        [
            f"`{run.place.level}`",
            run.place.what,
            f"Linux {_major_and_minor(run.kernel)}",
            str(len(run.results)),
            str(run.place.runs),
            str(sum(result["stopped"] for result in run.results)),
        ]
        for run in sorted(runs, key=_rank)
    ]
    return _table(["level", "host", "kernel", "programs", "runs of each", "stopped"], rows)


def _rank(run: Run) -> int:
    return PLACES.index(run.place)


def _major_and_minor(kernel: str) -> str:
    return ".".join(kernel.split(".")[:2])


def _not_stopped(level: str, runs: Iterable[Run]) -> str:
    """One row for each program that reaches its aim at this level, in any of its places."""
    found: dict[str, dict[str, Any]] = {}
    for run in sorted(runs, key=_rank):
        if run.place.level == level:
            found |= {one["program"]: one for one in run.results if not one["stopped"]}
    if not found:
        return "Every program of the suite is stopped."
    rows = [
        [f"[{name}]({HOSTILE}/{name})", _cell(one["attacks"]), _cell(one["reason"])]
        for name, one in sorted(found.items())
    ]
    return "Not stopped:\n\n" + _table(["program", "attacks", "why it succeeds"], rows)


def _cell(text: str) -> str:
    """A sentence, in a table."""
    return " ".join(text.split()).rstrip(".").replace("|", "\\|")


def _table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [headings, ["---"] * len(headings), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
