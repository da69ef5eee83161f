"""How long to wait for others: until a deadline, or until the worker is told to leave."""

import select
import time

from executor.sandbox import Killed, KillSwitch


class OutOfPatience(Exception):
    """The deadline has passed."""


class Patience:
    """A deadline `seconds` from now, and kill switches that may come before it."""

    def __init__(self, seconds: float, *switches: KillSwitch) -> None:
        self._switches = switches
        self._deadline = time.monotonic() + seconds

    def left_s(self) -> float:
        """Seconds to the deadline, never negative."""
        return max(0.0, self._deadline - time.monotonic())

    def at_most(self, seconds: float) -> "Patience":
        """The same switches, with a deadline that is `seconds` from now if this one is later."""
        return Patience(min(seconds, self.left_s()), *self._switches)

    def wait(
        self, seconds: float, descriptor: int | None = None, events: int = select.POLLIN
    ) -> bool:
        """Waits for a descriptor; False if it is not ready in so many seconds, or there is none.

        Raises Killed; OutOfPatience.
        """
        poll = select.poll()
        for switch in self._switches:
            poll.register(switch, select.POLLIN)
        if descriptor is not None:
            poll.register(descriptor, events)
        # Rounded up: a poll that ends before the deadline would be taken for time left.
        ready = dict(poll.poll(1000 * min(seconds, self.left_s()) + 1))
        if any(switch.pulled for switch in self._switches):
            raise Killed
        if descriptor in ready:
            return True
        if not self.left_s():
            raise OutOfPatience
        return False
