"""What was cancelled lately: a waiting job may come to any worker, so each remembers."""

import time
from collections import OrderedDict
from collections.abc import Callable

from executor.contract import Cancel

MAX_REMEMBERED = 10_000
"""Cancels; of more, the oldest are forgotten first. They take a few MB."""

REMEMBERED_S = 3600


class Cancels:
    """The cancels of the last hour.

    A cancel concerns what was published before it, and nothing later: a rejudge is no longer
    cancelled. Both times are seconds since the epoch, and no finer; within one second the cancel
    came last. A job that does not tell when it was published counts as published before.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._sent_s: OrderedDict[tuple[str, int | None], tuple[int, float]] = OrderedDict()

    def add(self, cancel: Cancel, sent_s: int) -> None:
        """Remembers it for an hour."""
        key = (cancel.id, cancel.attempt)
        earlier_s, _ = self._sent_s.pop(key, (sent_s, 0))
        self._sent_s[key] = (max(sent_s, earlier_s), self._clock() + REMEMBERED_S)
        self._forget()

    def covers(self, id: str, attempt: int, published_s: int | None) -> bool:
        """Whether a job that comes now is cancelled."""
        self._forget()
        for key in ((id, None), (id, attempt)):
            if key in self._sent_s:
                sent_s, _ = self._sent_s[key]
                if published_s is None or published_s <= sent_s:
                    return True
        return False

    def _forget(self) -> None:
        """In the order in which they came, which is that of their ends."""
        now = self._clock()
        while self._sent_s:
            _, until = next(iter(self._sent_s.values()))
            if until > now and len(self._sent_s) <= MAX_REMEMBERED:
                return
            self._sent_s.popitem(last=False)
