"""How long to wait before the next attempt."""

from tenacity import RetryCallState, Retrying, wait_random_exponential

MAX_WAIT_S = 30


class Backoff:
    """Exponential with full jitter: up to 0.5 s, 1 s, 2 s, ... 30 s."""

    def __init__(self) -> None:
        self._wait = wait_random_exponential(multiplier=0.5, max=MAX_WAIT_S)
        self.reset()

    def reset(self) -> None:
        """The last attempt did work."""
        self._state = RetryCallState(Retrying(), None, (), {})

    def next_s(self) -> float:
        """Seconds to wait now; more of them each time."""
        wait_s = self._wait(self._state)
        self._state.attempt_number += 1
        return wait_s
