"""Ends the process when it is beyond help: whoever started it starts a new one."""

import os
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

import structlog

from executor.monitor import Signs

log = structlog.get_logger()

EXIT_CODE = 70
"""EX_SOFTWARE of sysexits.h."""

MAX_INTERVAL_S = 5.0
LOGGING_S = 2.0
"""The line may find nobody who reads: that may be what is wrong."""


@dataclass(slots=True)
class Stall:
    """How long something has been wrong without a break, by the time that we ourselves ran: a
    process that was stopped for an hour and goes on is not wrong for an hour.
    """

    limit_s: float
    interval_s: float
    lasted_s: float = 0.0

    def look(self, wrong: bool, elapsed_s: float) -> bool:
        """Whether it is too long now; elapsed_s: since the last look."""
        self.lasted_s = self.lasted_s + min(elapsed_s, 2 * self.interval_s) if wrong else 0.0
        return self.lasted_s >= self.limit_s


class Judgement:
    """What to make of one look after another."""

    def __init__(self, limit_s: float, interval_s: float) -> None:
        self._limit_s = limit_s
        self._round: int | None = None
        self._loop, self._job, self._consumer = (Stall(limit_s, interval_s) for _ in range(3))

    def look(self, signs: Signs, elapsed_s: float) -> str | None:
        """Why the process is to end, in one line; None: it may go on."""
        stands_still = signs.round is not None and signs.round == self._round
        self._round = signs.round
        loop = self._loop.look(stands_still, elapsed_s)
        job = self._job.look(signs.overdue, elapsed_s)
        consumer = self._consumer.look(signs.stranded, elapsed_s)
        if loop:
            return f"the I/O loop stood still for {self._limit_s:g} s"
        if job:
            return f"the job thread did not get on for {self._limit_s:g} s after its time was over"
        if consumer:
            return f"no jobs could come to us for {self._limit_s:g} s"
        return None


class Watchdog:
    """A thread of its own, as it watches the others. limit_s: as EXECUTOR_WATCHDOG_S."""

    def __init__(self, signs: Callable[[], Signs], limit_s: float) -> None:
        self._signs = signs
        self._interval_s = min(MAX_INTERVAL_S, limit_s / 4)
        self._judgement = Judgement(limit_s, self._interval_s)

    def start(self) -> None:
        """From now on, for as long as the process lives."""
        threading.Thread(target=self._watch, name="watchdog", daemon=True).start()

    def _watch(self) -> None:
        looked = time.monotonic()
        while True:
            time.sleep(self._interval_s)
            before, looked = looked, time.monotonic()
            reason = self._judgement.look(self._signs(), looked - before)
            if reason is not None:
                _end(reason)


def _end(reason: str) -> None:
    """Nothing is asked of the other threads: the broker requeues the job, safeexec ends its run."""
    telling = threading.Thread(target=lambda: log.critical("worker_stuck", reason=reason))
    telling.daemon = True
    telling.start()
    telling.join(LOGGING_S)
    os._exit(EXIT_CODE)
