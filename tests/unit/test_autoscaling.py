"""How many replicas are wanted: by tables, for whatever may be seen, and over hours of a queue."""

import math
import random
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from executor.autoscaling.policy import Goal, Lesson, Sample, decide

GOAL = Goal(minimum=1, maximum=8, target_wait_s=30, cooldown_s=60)
INTERVAL_S = 5.0


def looks(
    count: int,
    *,
    ready: int = 0,
    growth: int = 0,
    consumers: int = 4,
    busy: int | None = 0,
    service_s: float | None = 1.0,
) -> list[Sample]:
    """So many in a row; `ready` in the first, and more by `growth` in each."""
    return [
        Sample(number * INTERVAL_S, ready + number * growth, consumers, busy, service_s)
        for number in range(count)
    ]


def wanted(replicas: int, samples: Sequence[Sample]) -> int:
    return decide(GOAL, replicas, samples).replicas


@pytest.mark.parametrize(
    ("samples", "replicas"),
    [
        pytest.param(looks(1, ready=120, busy=4), 4, id="30 s are not too long"),
        pytest.param(looks(1, ready=150, busy=4), 8, id="4 busy, and 5 for what waits, within 8"),
        pytest.param(looks(1, ready=20, busy=4, service_s=7), 8, id="few long jobs"),
        pytest.param(looks(2, ready=240, growth=-20, busy=4), 8, id="falls, but not soon enough"),
        pytest.param(looks(2, ready=9000, growth=900, busy=4), 8, id="never more than the maximum"),
        pytest.param(looks(9, ready=9, busy=None, service_s=None), 8, id="unknown time: doubled"),
        pytest.param(looks(6, ready=9, busy=None, service_s=None), 4, id="not seen for 30 s yet"),
        pytest.param(
            looks(9, ready=99, growth=-10, busy=None, service_s=None), 4, id="falls fast enough"
        ),
        pytest.param(
            looks(9, ready=9, consumers=2, busy=None, service_s=None), 4, id="others yet to start"
        ),
        pytest.param(looks(9, ready=500, consumers=0, busy=None), 4, id="nobody consumes"),
    ],
)
def test_from_four_up_at_once_when_jobs_wait_too_long(
    samples: Sequence[Sample], replicas: int
) -> None:
    assert wanted(4, samples) == replicas


def test_a_step_up_is_to_twice_as_many_at_most() -> None:
    assert wanted(1, looks(1, ready=5000, consumers=1, busy=1)) == 2


def test_what_starts_is_not_asked_for_again() -> None:
    # One consumes, and three are about to: enough to take the 60 jobs within 30 s.
    assert wanted(4, looks(1, ready=60, consumers=1, busy=1)) == 4


def test_workers_elsewhere_do_their_part() -> None:
    # Of 6 workers 4 are another's: 6 + 200 / 30, rounded up, are needed, and 9 of them here.
    samples = looks(1, ready=200, consumers=6, busy=6)
    assert decide(GOAL, 5, samples).replicas == 8
    assert decide(Goal(1, 20, 30, 60), 5, samples).replicas == 10
    assert decide(Goal(1, 20, 30, 60), 6, samples).replicas == 12


@pytest.mark.parametrize(
    ("samples", "replicas"),
    [
        pytest.param(looks(13), 2, id="idle: half of them at once"),
        pytest.param(looks(12), 4, id="not yet for the whole cool-down"),
        pytest.param(looks(13, busy=2), 3, id="busy at most 7 tenths of the time afterwards"),
        pytest.param(looks(13, busy=3), 4, id="busy enough"),
        pytest.param(looks(13, ready=3, busy=1), 2, id="a short wait is no reason to keep more"),
        pytest.param(looks(13, ready=80, busy=1), 4, id="a wait of 20 s is"),
        pytest.param(looks(13, busy=None, service_s=None), 3, id="who is busy is unknown: one"),
        pytest.param(
            [*looks(12, busy=None, service_s=None), Sample(60, 1, 4)], 4, id="unknown, one waits"
        ),
        pytest.param(looks(13, consumers=0, busy=None), 4, id="nobody consumes"),
        pytest.param([], 4, id="blind"),
    ],
)
def test_from_four_down_after_a_quiet_cool_down(samples: Sequence[Sample], replicas: int) -> None:
    assert wanted(4, samples) == replicas


def test_who_cannot_ask_remembers_what_was_too_few() -> None:
    quiet = looks(13, busy=None, service_s=None)
    assert decide(GOAL, 4, quiet, Lesson(3, 0.0)).replicas == 4
    assert decide(GOAL, 4, quiet, Lesson(2, 0.0)).replicas == 3
    assert decide(GOAL, 4, quiet, Lesson(3, -700.0)).replicas == 3


@pytest.mark.parametrize(("replicas", "expected"), [(0, 1), (12, 8)])
def test_what_is_out_of_bounds_is_brought_back_even_by_the_blind(
    replicas: int, expected: int
) -> None:
    assert wanted(replicas, []) == expected


SAMPLES = st.lists(
    st.builds(
        Sample,
        at=st.floats(0, 1000),
        ready=st.integers(0, 10**6),
        consumers=st.integers(0, 100),
        busy=st.none() | st.integers(0, 100),
        service_s=st.none() | st.floats(0, 900),
    ),
    max_size=30,
).map(lambda samples: sorted(samples, key=lambda each: each.at))
GOALS = st.builds(
    lambda bounds, wait, cooldown: Goal(min(bounds), max(bounds), wait, cooldown),
    st.tuples(st.integers(1, 1000), st.integers(1, 1000)),
    st.floats(0.1, 600),
    st.floats(0.1, 600),
)


@given(GOALS, st.integers(0, 2000), SAMPLES)
def test_whatever_is_seen_the_bounds_hold_and_steps_are_no_leaps(
    goal: Goal, replicas: int, samples: Sequence[Sample]
) -> None:
    wish = decide(goal, replicas, samples)
    assert goal.minimum <= wish.replicas <= goal.maximum
    assert wish.reason
    if goal.minimum <= replicas <= goal.maximum:
        assert math.floor(replicas / 2) <= wish.replicas <= 2 * replicas


@given(GOALS, st.integers(1, 1000), SAMPLES)
def test_who_sees_nobody_consume_changes_nothing(
    goal: Goal, replicas: int, samples: Sequence[Sample]
) -> None:
    replicas = min(max(replicas, goal.minimum), goal.maximum)
    blind = [*samples, Sample(at=2000.0, ready=10**6, consumers=0)]
    assert decide(goal, replicas, blind).replicas == replicas


@dataclass
class Site:
    """A queue and its workers, simulated second by second: a new replica starts in five seconds,
    one that goes finishes its job.
    """

    goal: Goal
    rate: Callable[[int], float]
    service_s: float
    told: bool
    """Whether the workers can be asked."""
    replicas: int = 1
    changes: list[tuple[int, int]] = field(default_factory=list)
    longest_wait_s: int = 0

    def run(self, seconds: int) -> None:
        chance = random.Random(1)
        waiting: deque[int] = deque()
        busy: list[float] = []
        starting: list[int] = []
        consumers, owed = self.replicas, 0.0
        samples: list[Sample] = []
        lesson = None
        for now in range(seconds):
            owed += self.rate(now)
            while owed >= 1:
                waiting.append(now)
                owed -= 1
            consumers += sum(at == now for at in starting)
            busy = [left - 1 for left in busy if left > 1]
            while waiting and len(busy) < consumers:
                self.longest_wait_s = max(self.longest_wait_s, now - waiting.popleft())
                busy.append(self.service_s * chance.uniform(0.5, 1.5))
            if now % INTERVAL_S:
                continue
            known = (len(busy), self.service_s) if self.told else (None, None)
            samples.append(Sample(now, len(waiting), consumers, *known))
            samples = [each for each in samples if now - each.at <= self.goal.cooldown_s]
            after = decide(self.goal, self.replicas, samples, lesson).replicas
            if after == self.replicas:
                continue
            if after > self.replicas:
                lesson = Lesson(self.replicas, now)
            starting += [now + 5] * max(0, after - self.replicas)
            consumers -= max(0, self.replicas - after)
            self.changes.append((now, after))
            self.replicas = after
            samples = []


LOADS = [
    pytest.param(told, erlangs, id=f"{erlangs}-{'told' if told else 'untold'}")
    for told in (True, False)
    for erlangs in (0.2, 0.9, 2.5, 4.4, 5.5)
]


@pytest.mark.parametrize(("told", "erlangs"), LOADS)
def test_a_steady_load_finds_its_size_and_waits_no_longer(told: bool, erlangs: float) -> None:
    goal = Goal(minimum=1, maximum=8, target_wait_s=30, cooldown_s=300)
    site = Site(goal, lambda _: erlangs / 4, 4.0, told, replicas=4)
    site.run(7200)
    if told:
        assert [at for at, _ in site.changes if at > 900] == [], site.changes
        assert site.replicas > erlangs
    else:
        # It has to try whether fewer are enough: once an hour, which is twelve cool-downs.
        assert len(site.changes) <= 12, site.changes


def test_a_rush_is_met_within_a_minute_and_left_slowly() -> None:
    site = Site(GOAL, lambda now: 1.0 if 600 <= now < 1200 else 0.05, 5.0, told=True)
    site.run(2400)
    ups = [at for at, _ in site.changes if at < 1200]
    counts = [1, *(after for _, after in site.changes)]
    assert max(ups) - 600 <= 90, site.changes
    assert max(counts) >= 5
    assert site.replicas == 1
    assert site.longest_wait_s < 120
    downs = [at for at, _ in site.changes if at > 1200]
    assert all(later - at >= 60 for at, later in pairwise(downs))
