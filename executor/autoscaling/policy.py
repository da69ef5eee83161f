"""How many replicas are wanted, by what was seen: pure."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

BUSY_AT_MOST = 0.7
"""The share of their time that workers may be busy after a step down.

What is left is the hysteresis: jobs wait so long that a step up follows only if the load grows.
"""

GROWTH_SAMPLES = 4
"""How many of the last samples tell how the queue grows."""

MEMORY = 12
"""For how many cool-downs it is remembered how many were too few."""


@dataclass(frozen=True, slots=True)
class Goal:
    """minimum, maximum: replicas, 1-1000. target_wait_s: for how long a job may wait. cooldown_s:
    for how long there has to be too little to do before a step down.
    """

    minimum: int
    maximum: int
    target_wait_s: float
    cooldown_s: float


@dataclass(frozen=True, slots=True)
class Sample:
    """The queue and its workers at a moment.

    at: seconds of a monotonic clock. ready: jobs that wait. consumers: workers, of the service and
    others. busy: of the consumers, those that have a job; None: unknown. service_s: how long a
    worker has a job; None: unknown.
    """

    at: float
    ready: int
    consumers: int
    busy: int | None = None
    service_s: float | None = None


@dataclass(frozen=True, slots=True)
class Wish:
    """How many replicas, and why."""

    replicas: int
    reason: str


@dataclass(frozen=True, slots=True)
class Lesson:
    """That so many replicas were too few, at that time."""

    replicas: int
    at: float


def decide(
    goal: Goal, replicas: int, samples: Sequence[Sample], lesson: Lesson | None = None
) -> Wish:
    """`samples`: in their order and without a gap, all taken with as many replicas as there are;
    if there are none, we are blind.

    More are wanted as soon as jobs wait too long; fewer if there was too little to do for a whole
    cool-down; and within the bounds always. `lesson` is that of the last step up.
    """
    bounded = min(max(replicas, goal.minimum), goal.maximum)
    if bounded != replicas:
        return Wish(bounded, f"{replicas} is not within {goal.minimum} and {goal.maximum}")
    if not samples:
        return Wish(replicas, "the queue is not seen")
    now = samples[-1]
    if not now.consumers:
        return Wish(replicas, "nobody consumes: the workers have not started, or cannot")
    if _wait_s(now, samples, goal) > goal.target_wait_s:
        return _up(goal, replicas, samples)
    return _down(goal, replicas, samples, lesson)


def _wait_s(at: Sample, samples: Sequence[Sample], goal: Goal) -> float:
    """How long the last job of the queue waits."""
    if not at.ready or not at.consumers:
        return 0.0
    if at.service_s is not None:
        return at.ready * at.service_s / at.consumers
    # Without that time we have to see it: some have waited for as long as we are ready to bear.
    seen = [each for each in samples if at.at - each.at <= goal.target_wait_s]
    older = len(seen) < len(samples)
    if not older or not all(each.ready for each in seen):
        return 0.0
    drain = -_growth(samples)
    return at.ready / drain if drain > 0 else math.inf


def _growth(samples: Sequence[Sample]) -> float:
    """By how much what waits becomes more, in jobs a second."""
    first, last = samples[-GROWTH_SAMPLES:][0], samples[-1]
    return (last.ready - first.ready) / (last.at - first.at) if last.at > first.at else 0.0


def _up(goal: Goal, replicas: int, samples: Sequence[Sample]) -> Wish:
    now = samples[-1]
    most = min(2 * replicas, goal.maximum)
    if now.service_s is None:
        if now.consumers < replicas:
            return Wish(replicas, f"{now.ready} jobs wait, and the new replicas have yet to start")
        reason = f"jobs wait longer than {goal.target_wait_s:g} s, {now.ready} at the moment"
        return _more(replicas, most, reason)
    # While jobs wait all workers are busy, so as many are needed to keep pace as there are, and the
    # growth's share; and some more, so that what waits now is taken within the time.
    growth = _growth(samples)
    needed = now.consumers + now.service_s * (growth + now.ready / goal.target_wait_s)
    elsewhere = max(0, now.consumers - replicas)
    reason = (
        f"{now.ready} jobs wait {_wait_s(now, samples, goal):.0f} s for {now.consumers} workers"
        f" at {now.service_s:.2g} s a job, {growth:+.2g} a second"
    )
    return _more(replicas, min(most, math.ceil(needed) - elsewhere), reason)


def _more(replicas: int, wanted: int, reason: str) -> Wish:
    """Never fewer: jobs wait."""
    return Wish(max(replicas, wanted), reason)


def _down(goal: Goal, replicas: int, samples: Sequence[Sample], lesson: Lesson | None) -> Wish:
    now = samples[-1]
    if replicas == goal.minimum:
        return Wish(replicas, "enough, and as few as may be")
    if now.at - samples[0].at < goal.cooldown_s:
        return Wish(replicas, f"enough, and not yet seen for {goal.cooldown_s:g} s")
    if any(_is_pressed(each, goal) for each in samples):
        return Wish(replicas, f"enough, and jobs have waited in the last {goal.cooldown_s:g} s")
    busy = [each.busy for each in samples if each.busy is not None]
    if len(busy) < len(samples):
        # Whether fewer are enough is found out by trying, and not soon again.
        if (
            lesson is not None
            and replicas - 1 <= lesson.replicas
            and now.at - lesson.at < MEMORY * goal.cooldown_s
        ):
            return Wish(replicas, f"enough, and {lesson.replicas} were too few")
        return Wish(replicas - 1, f"no job has waited for {goal.cooldown_s:g} s")
    load = sum(busy) / len(busy)
    elsewhere = max(0, now.consumers - replicas)
    enough = math.ceil(load / BUSY_AT_MOST) - elsewhere
    reason = f"{load:.1f} of {now.consumers} workers were busy for {goal.cooldown_s:g} s"
    # At most half of them at once.
    return Wish(min(replicas, max(goal.minimum, enough, replicas - replicas // 2)), reason)


def _is_pressed(at: Sample, goal: Goal) -> bool:
    """Whether the wait was near to what is too long, or how long it was is not known."""
    if not at.ready:
        return False
    if at.service_s is None or not at.consumers:
        return True
    return at.ready * at.service_s / at.consumers > goal.target_wait_s / 2
