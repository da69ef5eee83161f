"""Which slots a job's runs take place in: as many as it needs, one after another that is ready."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from executor.judge.bench import Bench
from executor.sandbox import KillSwitch, NoFreeSlot, RunLimits, RunSpec, Sandbox, Slot
from stack import RunFolder, Safeexec, wait_until

LIMITS = RunLimits(
    cpu_ms=5000, wall_ms=10_000, memory_kib=65_536, stack_kib=8192, output_kib=64, processes=1
)

Benches = Callable[[int, int], list[Bench]]
"""Takes how many benches to make on how many slots."""


@pytest.fixture
def benches() -> Iterator[Benches]:
    with ExitStack() as open_:

        def make(count: int, slots: int) -> list[Bench]:
            folder = open_.enter_context(RunFolder())
            safeexec = open_.enter_context(Safeexec(folder, slots))
            # Soon, or never: a slot that nobody gives away is no reason to wait.
            sandbox = Sandbox(safeexec.socket, connect_timeout_s=5)
            switch = open_.enter_context(KillSwitch())
            return [open_.enter_context(Bench(sandbox, switch)) for _ in range(count)]

        yield make


def run(slot: Slot) -> None:
    with slot.run(RunSpec(("/usr/bin/true",), LIMITS), None, ignore, ignore) as outcome:
        assert outcome.exit_code == 0


def ignore(chunk: memoryview) -> None:
    pass


def test_a_run_goes_to_a_free_slot_while_the_last_one_gets_ready(benches: Benches) -> None:
    (bench,) = benches(1, 2)
    first = bench.slot

    def has_moved() -> bool:
        bench.attempt(run)
        return bench.slot is not first

    wait_until(has_moved, 30, "another slot is used")


def test_a_slot_that_was_not_used_is_kept(benches: Benches) -> None:
    (bench,) = benches(1, 2)
    first = bench.slot
    bench.attempt(lambda slot: None)
    bench.attempt(run)
    assert bench.slot is first


def test_one_slot_is_enough(benches: Benches) -> None:
    (bench,) = benches(1, 1)
    first = bench.slot
    for _ in range(20):
        bench.attempt(run)
    assert bench.slot is first


def test_a_slot_that_is_given_away_is_for_others(benches: Benches) -> None:
    """Of three slots two workers keep one each, and whoever needs the third one gets it."""
    busy, talking = benches(2, 3)
    for _ in range(10):
        busy.attempt(run)
    run(talking.second)
    for _ in range(10):
        busy.attempt(run)
        talking.attempt(run)


def test_both_slots_are_kept_while_programs_talk(benches: Benches) -> None:
    (bench,) = benches(1, 3)
    slots = (bench.slot, bench.second)
    for _ in range(5):
        bench.attempt(run)
        assert (bench.slot, bench.second) == slots


def test_what_is_attempted_within_an_attempt_may_have_another_slot(benches: Benches) -> None:
    (bench,) = benches(1, 2)

    def checked(slot: Slot) -> tuple[Slot, Slot]:
        run(slot)
        return slot, bench.attempt(used)

    def used(slot: Slot) -> Slot:
        run(slot)
        return slot

    def are_two() -> bool:
        first, second = bench.attempt(checked)
        return first is not second

    wait_until(are_two, 30, "a checker is run in another slot")


def test_who_waited_for_a_slot_in_vain_is_told_so_at_once(benches: Benches) -> None:
    """A fault once: as a safeexec that is away, it was waited for again and again."""
    with pytest.raises(NoFreeSlot):
        benches(2, 1)
