"""How often a cache was asked and had it."""

from dataclasses import dataclass


@dataclass(slots=True)
class Lookups:
    """Counted in one thread; others may read."""

    hits: int = 0
    misses: int = 0

    def count(self, *, hit: bool) -> None:
        """One more."""
        if hit:
            self.hits += 1
        else:
            self.misses += 1
