"""Of many things the latest, at most so often."""

import math
import threading
import time
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Coalescer(Generic[T]):
    """Holds the latest of what is put in, one item however many they are; for two threads.

    The taker asks `wait_s` whenever it was woken and after each wait, and takes an item when
    there is nothing to wait for. Between two of them lie `interval_s` seconds at least.
    """

    def __init__(self, interval_s: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._interval_s = interval_s
        self._clock = clock
        self._lock = threading.Lock()
        self._latest: T | None = None
        self._free_at = -math.inf
        self._looked_after = False

    def put(self, item: T) -> bool:
        """Replaces the item that waits; True if the taker must be woken. Never waits long."""
        with self._lock:
            self._latest = item
            asleep, self._looked_after = not self._looked_after, True
            return asleep

    def wait_s(self) -> float | None:
        """Seconds until the item may be taken; None: there is none, and the next one wakes."""
        with self._lock:
            if self._latest is None:
                self._looked_after = False
                return None
            return max(0.0, self._free_at - self._clock())

    def take(self) -> T:
        """Takes the item, which is there: `wait_s` said so."""
        with self._lock:
            item, self._latest = self._latest, None
            assert item is not None
            self._free_at = self._clock() + self._interval_s
            return item
