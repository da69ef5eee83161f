"""How often a cache was asked and had it."""

from dataclasses import dataclass, field
from threading import Lock


@dataclass(slots=True)
class Lookups:
    """Counted in any thread, and read in any."""

    hits: int = 0
    misses: int = 0
    _lock: Lock = field(default_factory=Lock, repr=False)

    def count(self, *, hit: bool) -> None:
        """One more."""
        with self._lock:
            if hit:
                self.hits += 1
            else:
                self.misses += 1
