"""Memory of an idle worker and of the sandbox: proportional set size, so nothing counts twice."""

from contextlib import ExitStack

from bench import program, tree
from bench.figures import Bar, Figures, compare
from executor.sandbox import Sandbox
from stack import Frontend, RunFolder, Safeexec, Stack

_JOBS = 20
_JOB = {
    "schema": "oj.job/1",
    "id": "something",
    "mode": "run",
    "language": "python3",
    "source": "print(1)",
    "tests": [{"id": "1", "input": {"text": ""}}],
}
_SLOTS = (1, 8)
_ALLOWED_MIB = 2.0
_ALLOWED_MIB_PER_SLOT = 1.0


def run() -> Figures:
    """One worker with all its languages; safeexec with few slots and with many."""
    samples = {"executor": [_executor_mib()]}
    bars = []
    for slots in _SLOTS:
        name = f"safeexec, slots: {slots}"
        found = _safeexec_mib(slots)
        samples[name] = [found]
        bars.append(Bar(name, found, _ALLOWED_MIB + _ALLOWED_MIB_PER_SLOT * slots, "MiB"))
    return compare(f"memory (PSS) after {_JOBS} jobs", "MiB", samples, bars)


def _executor_mib() -> float:
    with Stack() as stack, Frontend(stack.amqp_url) as frontend:
        for _ in range(_JOBS):
            frontend.judge(_JOB)
        return _pss_mib(stack.workers[0].pid)


def _safeexec_mib(slots: int) -> float:
    """After as many runs in every slot."""
    with RunFolder() as folder, Safeexec(folder, slots) as safeexec, ExitStack() as open_:
        work = program.build(folder, "work.c")
        taken = [open_.enter_context(Sandbox(safeexec.socket).slot()) for _ in range(slots)]
        for slot in taken * _JOBS:
            program.succeed(program.run(slot, work, "touch", "1")[0])
        return _pss_mib(safeexec.pid)


def _pss_mib(pid: int) -> float:
    return tree.at_rest(pid, lambda: tree.memory_mib(pid, "Pss"))
