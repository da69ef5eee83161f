"""Where a job's runs take place: one slot, or two for programs that talk; replaced if one fails."""

from collections.abc import Callable
from typing import Self, TypeVar

import structlog

from executor.sandbox import KillSwitch, Sandbox, SandboxFault, Slot

log = structlog.get_logger()

T = TypeVar("T")


class Bench:
    """A slot for the time of a job. Raises SandboxUnavailable if there is none."""

    def __init__(self, sandbox: Sandbox, switch: KillSwitch) -> None:
        self._sandbox = sandbox
        self._switch = switch
        self._slot = sandbox.slot(switch)
        self._second: Slot | None = None

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
            self._second = self._sandbox.slot(self._switch)
        return self._second

    def attempt(self, work: Callable[[Slot], T]) -> T:
        """Does `work`; once more, in a fresh slot, if the sandbox failed. Then raises its fault."""
        try:
            return work(self._slot)
        except SandboxFault as fault:
            log.warning("run_repeated", error=str(fault))
        self._slot.close()
        if self._second is not None:
            self._second.close()
            self._second = None
        self._slot = self._sandbox.slot(self._switch)
        return work(self._slot)
