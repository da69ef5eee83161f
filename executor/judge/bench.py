"""Where a job's runs take place: one slot, or two for programs that talk; replaced if one fails.

After a run a slot needs some milliseconds to get ready for the next one, and many after a compiler.
So a bench goes over to a slot that is free, if there is one, and gives its own away, which gets
ready meanwhile. It holds none that it does not use: where each worker has but one nothing changes.
"""

import select
import time
from collections.abc import Callable
from typing import Self, TypeVar

import structlog

from executor.sandbox import (
    Killed,
    KillSwitch,
    NoFreeSlot,
    Sandbox,
    SandboxFault,
    SandboxUnavailable,
    Slot,
)

log = structlog.get_logger()

T = TypeVar("T")

_POLL_S = 0.1


class Bench:
    """A slot for the time of a job. Raises SandboxUnavailable if there is none.

    await_s: how long to try for one each time, if safeexec is away; Killed ends that too.
    """

    def __init__(self, sandbox: Sandbox, switch: KillSwitch, await_s: float = 0) -> None:
        self._sandbox = sandbox
        self._switch = switch
        self._await_s = await_s
        self._slot = self._take()
        self._second: Slot | None = None
        self._misses = 0
        self._pause = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._slot.close()
        if self._second is not None:
            self._second.close()

    @property
    def slot(self) -> Slot:
        """The slot of now."""
        return self._slot

    @property
    def second(self) -> Slot:
        """Another slot, taken at its first use. Raises SandboxUnavailable if there is none."""
        if self._second is None:
            self._second = self._take()
        return self._second

    def attempt(self, work: Callable[[Slot], T]) -> T:
        """Does `work`; once more, in a fresh slot, if the sandbox failed. Then raises its fault.

        `work` may attempt something itself, once its own run is over.
        """
        self._change_slot()
        try:
            return work(self._slot)
        except SandboxFault as fault:
            log.warning("run_repeated", error=str(fault))
        self._slot.close()
        if self._second is not None:
            self._second.close()
            self._second = None
        self._slot = self._take()
        return work(self._slot)

    def _change_slot(self) -> None:
        """Goes over to a free slot if ours is getting ready for its next run.

        Where there was none we look less and less often: a look costs the slots a little.
        """
        if self._second is not None or not self._slot.was_used:
            return
        if self._pause:
            self._pause -= 1
            return
        free = self._sandbox.free_slot(self._switch)
        if free is None:
            self._pause = 2**self._misses
            self._misses += 1
            return
        self._misses = 0
        self._slot.close()
        self._slot = free

    def _take(self) -> Slot:
        """Without this wait a worker whose safeexec starts again would fail job after job."""
        deadline = time.monotonic() + self._await_s
        told = False
        while True:
            try:
                return self._sandbox.slot(self._switch)
            except NoFreeSlot:
                raise  # it was waited for
            except SandboxUnavailable as error:
                if time.monotonic() >= deadline:
                    raise
                if not told:
                    log.warning("sandbox_awaited", error=str(error))
                    told = True
            if select.select([self._switch], [], [], _POLL_S)[0]:
                raise Killed
