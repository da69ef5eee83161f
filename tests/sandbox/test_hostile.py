"""Each program of hostile/ is one attack; its header says what must be seen.

After each, nothing of it is left and an honest program in the same slot runs as usual. If
SAFEEXEC_RESULTS names a file, a line of JSON for each attack is appended to it.
"""

import contextlib
import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.sandbox.arena import Arena, Seen
from tests.sandbox.client import Connection
from tests.sandbox.outside import Outside
from tests.sandbox.programs import Program, programs
from tests.sandbox.service import LEVEL

RUNS = int(os.environ.get("SAFEEXEC_RUNS", "2"))
"""Of each program. Twice, for what the first run left would be found by the second."""


@pytest.fixture(scope="module")
def arena(
    tmp_path_factory: pytest.TempPathFactory, compiled: Callable[[Path], Path], honest: Path
) -> Iterator[Arena]:
    with contextlib.closing(Outside()) as outside:
        arena = Arena(tmp_path_factory.mktemp("arena"), outside, compiled, honest)
        assert arena.level == LEVEL
        yield arena
        arena.close()


@pytest.mark.parametrize("program", programs(), ids=lambda program: program.source.name)
def test_attack_fails_and_leaves_nothing(program: Program, arena: Arena) -> None:
    header, failures = program.header, []
    with Connection(arena.service.socket) as slot:
        before = arena.state()
        for _ in range(RUNS):
            seen = arena.attack(slot, program)
            failures += header.broken(seen.answer, calls_are_named=arena.calls_are_named)
            failures += seen.harm
            arena.assert_honest_program_runs_as_usual(slot)
    record(program, arena.level, seen, failures)
    if header.not_stopped is None:
        assert not failures, seen.answer
    arena.assert_nothing_is_left(before)


def record(program: Program, level: str, seen: Seen, failures: list[str]) -> None:
    path = os.environ.get("SAFEEXEC_RESULTS")
    if not path:
        return
    stopped = not failures and program.header.not_stopped is None
    line = {
        "program": program.source.name,
        "attacks": program.header.attacks,
        "level": level,
        "stopped": stopped,
        "answer": seen.answer,
        "reason": program.header.not_stopped or ", ".join(failures) or None,
    }
    with open(path, "a") as results:
        results.write(json.dumps(line) + "\n")
