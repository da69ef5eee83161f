"""Which jobs a cancel concerns, and for how long."""

import pytest

from executor.cancels import MAX_REMEMBERED, REMEMBERED_S, Cancels
from executor.contract import Cancel

SENT_S = 1_800_000_000


def cancel(id: str = "s-1", attempt: int | None = None) -> Cancel:
    return Cancel(type="cancel", id=id, attempt=attempt)


class Clock:
    """A clock that goes when it is told to."""

    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


@pytest.mark.parametrize(
    ("named", "attempt", "published_s", "covered"),
    [
        (None, 1, None, True),  # who does not tell when, is taken to have been before
        (None, 1, SENT_S - 60, True),
        (None, 1, SENT_S, True),  # within one second the cancel came last
        (None, 1, SENT_S + 1, False),  # sent again after it was cancelled
        (None, 2, SENT_S - 60, True),  # whichever attempt it was
        (None, 2, SENT_S + 1, False),  # a rejudge
        (2, 2, SENT_S - 60, True),
        (2, 2, None, True),
        (2, 1, SENT_S - 60, False),
        (2, 3, SENT_S - 60, False),
    ],
)
def test_a_cancel_covers_what_was_published_before_it(
    named: int | None, attempt: int, published_s: int | None, covered: bool
) -> None:
    cancels = Cancels()
    cancels.add(cancel(attempt=named), SENT_S)
    assert cancels.covers("s-1", attempt, published_s) is covered
    assert not cancels.covers("s-2", attempt, published_s)


def test_a_job_may_come_back_and_is_still_cancelled() -> None:
    cancels = Cancels()
    cancels.add(cancel(), SENT_S)
    assert [cancels.covers("s-1", 1, None) for _ in range(3)] == [True] * 3


def test_the_later_of_two_cancels_counts_whichever_arrives_first() -> None:
    for times in ((SENT_S, SENT_S + 10), (SENT_S + 10, SENT_S)):
        cancels = Cancels()
        for sent_s in times:
            cancels.add(cancel(), sent_s)
        assert cancels.covers("s-1", 1, SENT_S + 10)
        assert not cancels.covers("s-1", 1, SENT_S + 11)


def test_a_cancel_is_remembered_for_an_hour() -> None:
    clock = Clock()
    cancels = Cancels(clock)
    cancels.add(cancel(), SENT_S)
    clock.now_s = REMEMBERED_S - 1
    assert cancels.covers("s-1", 1, None)
    clock.now_s = REMEMBERED_S
    assert not cancels.covers("s-1", 1, None)


def test_a_cancel_sent_again_is_remembered_for_an_hour_more() -> None:
    clock = Clock()
    cancels = Cancels(clock)
    cancels.add(cancel(), SENT_S)
    clock.now_s = REMEMBERED_S - 1
    cancels.add(cancel("s-2"), SENT_S)
    cancels.add(cancel(), SENT_S)
    clock.now_s = 2 * REMEMBERED_S - 2
    assert cancels.covers("s-1", 1, None)


def test_of_too_many_cancels_the_oldest_is_forgotten() -> None:
    cancels = Cancels()
    for number in range(MAX_REMEMBERED + 1):
        cancels.add(cancel(f"s-{number}"), SENT_S)
    assert not cancels.covers("s-0", 1, None)
    assert cancels.covers("s-1", 1, None)
    assert cancels.covers(f"s-{MAX_REMEMBERED}", 1, None)
