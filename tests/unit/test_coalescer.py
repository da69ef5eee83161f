"""Of many things the latest gets through, at most once in an interval."""

import itertools
import threading

from executor.coalescer import Coalescer

INTERVAL_S = 0.25


class Clock:
    """A clock that goes when it is told to."""

    def __init__(self) -> None:
        self.now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


def coalescer() -> tuple[Coalescer[int], Clock]:
    clock = Clock()
    return Coalescer(INTERVAL_S, clock), clock


def test_the_first_item_may_go_at_once_and_wakes_the_taker() -> None:
    items, _ = coalescer()
    assert items.wait_s() is None
    assert items.put(1)
    assert items.wait_s() == 0
    assert items.take() == 1
    assert items.wait_s() is None


def test_the_next_item_waits_for_the_rest_of_the_interval() -> None:
    items, clock = coalescer()
    items.put(1)
    items.take()
    clock.now_s += 0.125
    items.put(2)
    assert items.wait_s() == 0.125
    clock.now_s += 0.125
    assert items.wait_s() == 0
    assert items.take() == 2


def test_the_latest_wins() -> None:
    items, clock = coalescer()
    items.put(1)
    items.take()
    for item in range(2, 1000):
        items.put(item)
    clock.now_s += INTERVAL_S
    assert items.wait_s() == 0
    assert items.take() == 999
    assert items.wait_s() is None


def test_the_taker_is_woken_once_until_it_finds_nothing() -> None:
    items, clock = coalescer()
    assert [items.put(item) for item in range(3)] == [True, False, False]
    items.take()
    assert not items.put(3)
    clock.now_s += INTERVAL_S
    items.take()
    assert items.wait_s() is None
    assert items.put(4)


def test_an_item_that_nobody_takes_stays_the_only_one() -> None:
    items, clock = coalescer()
    items.put(1)
    clock.now_s += 1000
    assert not items.put(2)
    assert items.wait_s() == 0
    assert items.take() == 2


def test_no_interval_sees_two_items_however_fast_they_come() -> None:
    items, clock = coalescer()
    taken_at = []
    for millisecond in range(10_000):
        clock.now_s = 100 + millisecond / 1000
        items.put(millisecond)
        if items.wait_s() == 0:
            taken_at.append(millisecond)
            assert items.take() == millisecond
    gaps = [later - earlier for earlier, later in itertools.pairwise(taken_at)]
    assert min(gaps) >= 250
    assert len(taken_at) in (39, 40)


def test_the_last_item_of_another_thread_is_never_lost() -> None:
    items: Coalescer[int] = Coalescer(0)
    woken = threading.Semaphore(0)
    last = 20_000

    def put_all() -> None:
        for item in range(1, last + 1):
            if items.put(item):
                woken.release()

    thread = threading.Thread(target=put_all)
    thread.start()
    taken = [0]
    while taken[-1] != last:
        assert woken.acquire(timeout=30)
        while items.wait_s() is not None:
            taken.append(items.take())
    thread.join()
    assert taken == sorted(set(taken))
