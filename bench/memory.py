"""Memory of an idle worker and of the sandbox: proportional set size, so nothing counts twice."""

from pathlib import Path

from bench.sampling import Comparison
from stack import Frontend, Stack

_JOBS = 20
_JOB = {
    "schema": "oj.job/1",
    "id": "something",
    "mode": "run",
    "language": "python3",
    "source": "print(1)",
    "tests": [{"id": "1", "input": {"text": ""}}],
}


def run() -> Comparison:
    """One worker with all its languages, idle after it has judged some jobs."""
    with Stack() as stack, Frontend(stack.amqp_url) as frontend:
        for _ in range(_JOBS):
            frontend.judge(_JOB)
        samples = {
            "executor": [_tree_pss_mib(stack.workers[0].pid)],
            "safeexec, one slot": [_tree_pss_mib(stack.safeexec.pid)],
        }
    return Comparison(f"memory (PSS) after {_JOBS} jobs", "MiB", samples)


def _tree_pss_mib(pid: int) -> float:
    """MiB of a process and all its descendants."""
    children = _children()
    total, tree = 0.0, [pid]
    for one in tree:
        tree += children.get(one, [])
        total += _pss_kib(one)
    return total / 1024


def _children() -> dict[int, list[int]]:
    children: dict[int, list[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(stat.read_text().rpartition(")")[2].split()[1])
        except FileNotFoundError:
            continue  # it ended while we looked
        children.setdefault(parent, []).append(int(stat.parent.name))
    return children


def _pss_kib(pid: int) -> int:
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1])
    raise RuntimeError(f"/proc/{pid}/smaps_rollup has no Pss")
