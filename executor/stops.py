"""Whether the job being judged is to be stopped, and why."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import Enum, auto

from executor.cancels import Cancels
from executor.contract import Cancel, Job
from executor.sandbox import KillSwitch


class Stop(Enum):
    """Why a job is not judged to its end.

    CANCELLED: a frontend asked for it, and is answered so. LEAVING: the worker has to go, and the
    job goes back to its queue. A job for which both hold is cancelled.
    """

    CANCELLED = auto()
    LEAVING = auto()


@dataclass(slots=True)
class Watch:
    """One job under watch. `stop` may change until the watch ends."""

    job: Job
    switch: KillSwitch
    stop: Stop | None = field(default=None, init=False)

    def order(self, stop: Stop) -> None:
        """Stops the job; under the lock of its Stops."""
        if self.stop is not Stop.CANCELLED:
            self.stop = stop
        self.switch.pull()


class Stops:
    """Brings those who want a job stopped together with the job.

    Cancels come in the I/O thread, jobs begin and end in the job thread. One lock decides, so a
    cancel finds a job judged or not; and a job's kill switch is its own, so a cancel that comes
    late cannot stop the next one.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._lock = threading.Lock()
        self._cancels = Cancels(clock)
        self._leaving = False
        self._watch: Watch | None = None

    def cancel(self, cancel: Cancel, sent_s: int) -> bool:
        """Stops that job, now or when it comes; True if it is being judged here."""
        with self._lock:
            self._cancels.add(cancel, sent_s)
            watch = self._watch
            if watch is None or not _names(cancel, watch.job):
                return False
            watch.order(Stop.CANCELLED)
            return True

    def leave(self) -> None:
        """Stops the job that is being judged, and every later one."""
        with self._lock:
            self._leaving = True
            if self._watch is not None:
                self._watch.order(Stop.LEAVING)

    @contextmanager
    def watch(self, job: Job, published_s: int | None) -> Iterator[Watch]:
        """Watches over a job while it is judged, one at a time; the end of it is the decision."""
        with KillSwitch() as switch:
            watch = Watch(job, switch)
            with self._lock:
                self._watch = watch
                if self._leaving:
                    watch.order(Stop.LEAVING)
                if self._cancels.covers(job.id, job.attempt, published_s):
                    watch.order(Stop.CANCELLED)
            try:
                yield watch
            finally:
                with self._lock:
                    self._watch = None


def _names(cancel: Cancel, job: Job) -> bool:
    return cancel.id == job.id and cancel.attempt in (None, job.attempt)
