"""script/demo: judge every example submission through a real broker, and show the verdicts."""

import sys
from dataclasses import dataclass
from typing import Any

from rich.console import Console
from rich.table import Table

from executor.languages import STANDARD
from stack.frontend import Frontend
from stack.interrupt import Interrupted, raise_interrupted
from stack.process import ProcessEnded
from stack.services import Stack
from tests.submissions.catalogue import Submission, submissions

_JUDGED_S = 300.0
_PLAIN_WIDTH = 120


@dataclass(frozen=True, slots=True)
class Row:
    """One submission and what came back for it."""

    submission: Submission
    result: dict[str, Any]

    @property
    def as_expected(self) -> bool:
        return bool(self.result["verdict"] == self.submission.verdict)

    def cells(self) -> list[str]:
        usage = self.result.get("summary") or {}
        if not usage.get("judged"):
            compiling = self.result.get("compile") or {}
            usage = {f"{key}_max": compiling.get(key) for key in _USAGE}
        return [
            self.submission.language,
            self.submission.path.name,
            self.result["verdict"],
            self.submission.verdict,
            *(_number(usage.get(f"{key}_max")) for key in _USAGE),
        ]


_USAGE = ("cpu_ms", "memory_kib", "wall_ms")


def main() -> int:
    """0 if every verdict is as expected, 1 if one is not, 130 if interrupted."""
    console = Console(highlight=False)
    raise_interrupted()
    try:
        with (
            console.status("starting RabbitMQ, the sandbox and a worker"),
            Stack(languages=[STANDARD]) as stack,
        ):
            rows = _judge_all(stack, console)
    except Interrupted:
        print("demo: interrupted; everything is stopped", file=sys.stderr)
        return 130
    except (ProcessEnded, TimeoutError) as error:
        print(f"demo: {error}", file=sys.stderr)
        return 1
    return _report(rows)


def _judge_all(stack: Stack, console: Console) -> list[Row]:
    """Publish all at once, as a busy frontend would, and take the replies as they come."""
    with Frontend(stack.amqp_url) as frontend:
        published = [(one, frontend.publish(one.job())) for one in submissions(standard=True)]
        rows: list[Row] = []
        with console.status("") as status:
            for one, correlation_id in published:
                status.update(f"{len(rows)} of {len(published)} judged")
                rows.append(Row(one, frontend.reply(correlation_id, _JUDGED_S)))
    return rows


def _report(rows: list[Row]) -> int:
    console = Console(highlight=False)
    if not console.is_terminal:
        console = Console(highlight=False, width=_PLAIN_WIDTH)
    table = Table(box=None, pad_edge=False)
    for heading in ("language", "program", "verdict", "expected"):
        table.add_column(heading, no_wrap=True)
    for heading in ("CPU ms", "memory KiB", "wall ms"):
        table.add_column(heading, justify="right", no_wrap=True)
    for row in rows:
        table.add_row(*row.cells(), style=None if row.as_expected else "bold red")
    console.print(table)
    different = [row for row in rows if not row.as_expected]
    for row in different:
        console.print(f"{row.submission.name}: {row.result}", style="red", markup=False)
    console.print(f"{len(rows) - len(different)} of {len(rows)} verdicts as expected")
    return 1 if different or not rows else 0


def _number(value: int | None) -> str:
    return "-" if value is None else str(value)


if __name__ == "__main__":
    sys.exit(main())
