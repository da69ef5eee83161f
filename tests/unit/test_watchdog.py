"""When a process is beyond help, and when it only looks so."""

import pytest

from executor.monitor import Signs
from executor.watchdog import Judgement, Stall

LIMIT_S, INTERVAL_S = 20.0, 5.0
WELL = Signs(round=None, overdue=False, stranded=False)


def verdicts(*looks: Signs, elapsed_s: float = INTERVAL_S) -> list[str | None]:
    judgement = Judgement(LIMIT_S, INTERVAL_S)
    return [judgement.look(signs, elapsed_s) for signs in looks]


def test_a_worker_that_is_well_goes_on() -> None:
    looks = [Signs(round=number, overdue=False, stranded=False) for number in range(100)]
    assert set(verdicts(*looks)) == {None}


def test_a_loop_that_has_not_begun_does_not_stand_still() -> None:
    assert set(verdicts(*[WELL] * 100)) == {None}


@pytest.mark.parametrize(
    ("signs", "told"),
    [
        (Signs(round=7, overdue=False, stranded=False), "the I/O loop stood still for 20 s"),
        (Signs(round=None, overdue=True, stranded=False), "the job thread did not get on"),
        (Signs(round=None, overdue=False, stranded=True), "no jobs could come to us for 20 s"),
    ],
)
def test_what_is_wrong_for_the_whole_limit_ends_it(signs: Signs, told: str) -> None:
    *before, last = verdicts(WELL, *[signs] * 5)[: 6 if signs.round else 5]
    assert set(before) == {None}
    assert last is not None
    assert told in last


def test_what_was_well_in_between_starts_anew() -> None:
    bad = Signs(round=None, overdue=True, stranded=True)
    assert set(verdicts(*[bad, bad, bad, WELL] * 5)) == {None}


def test_time_in_which_the_process_itself_was_stopped_counts_as_two_looks() -> None:
    stall = Stall(LIMIT_S, INTERVAL_S)
    assert not stall.look(True, 3600)
    assert stall.lasted_s == 2 * INTERVAL_S
