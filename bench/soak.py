"""What a worker has more of after 10,000 jobs than before: nothing, if it tidies up."""

import json
from collections import deque
from itertools import count
from pathlib import Path

from bench import tree
from bench.figures import Bar, Figures, Row
from stack import ExecutorProcess, Frontend, Stack

JOBS = 10_000
WARM_UP = 500
_AHEAD = 10
"""So many jobs wait for the worker at any time."""

_ALLOWED_RSS_MIB = 2.0
_JOB = {
    "schema": "oj.job/1",
    "mode": "run",
    "language": "python3",
    "source": "print(input())",
    "tests": [{"id": "1", "input": {"text": "1\n"}}],
}


def run() -> Figures:
    before, after = soak(JOBS)
    rows: list[Row] = [
        {"name": name, "before": before[name], "after": after[name]} for name in before
    ]
    bars = [Bar(f"{name}: growth", after[name] - before[name], *_bound(name)) for name in before]
    samples = {name: [before[name], after[name]] for name in before}
    return Figures(f"a worker before and after {JOBS} jobs", "count; RSS: MiB", rows, samples, bars)


def soak(jobs: int) -> tuple[dict[str, float], dict[str, float]]:
    """What one worker holds after a warm-up, and after so many jobs more. Every job is accepted."""
    with Stack(languages=["python3"]) as stack, Frontend(stack.amqp_url) as frontend:
        (worker,) = stack.workers
        numbers = count(1)
        _judge(frontend, numbers, WARM_UP)
        before = _counts(worker)
        _judge(frontend, numbers, jobs)
        return before, _counts(worker)


def _judge(frontend: Frontend, numbers: "count[int]", jobs: int) -> None:
    waiting: deque[str] = deque()
    for left in range(jobs, -_AHEAD, -1):
        if left > 0:
            waiting.append(frontend.publish({**_JOB, "id": f"soak-{next(numbers)}"}))
        if len(waiting) > _AHEAD or left <= 0 < len(waiting):
            _, body = frontend.raw_reply(correlation := waiting.popleft())
            frontend.replies.pop(correlation)
            if (verdict := json.loads(body)["verdict"]) != "AC":
                raise RuntimeError(f"a job that does nothing is {verdict}: {body!r}")


def _counts(worker: ExecutorProcess) -> dict[str, float]:
    work = worker.home / "work"
    files = [path for path in worker.home.rglob("*") if not path.is_relative_to(work / "compiled")]
    return {
        "RSS": round(tree.memory_mib(worker.pid, "Rss"), 2),
        "descriptors": len(tree.descriptors(worker.pid)),
        "threads": len(list(Path(f"/proc/{worker.pid}/task").iterdir())),
        "files": len(files),
        "compiled programs": len(list((work / "compiled").iterdir())),
    }


def _bound(name: str) -> tuple[float, str]:
    return (_ALLOWED_RSS_MIB, "MiB") if name == "RSS" else (0, "")
