"""Jobs at a steady rate while something happens to the workers, and the books on them."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Self

from stack import wait_until
from storm.books import Books
from storm.frontend import StormFrontend
from storm.jobs import storm_job

_RATE = 5.0
_JOBS = 5000
_SETTLED_S = 180.0


class Load:
    """A frontend that publishes only `while_it_lasts`, `rate` jobs a second. A context manager."""

    def __init__(self, url: str, rate: float = _RATE) -> None:
        self.books = Books()
        self._flows = False
        jobs = [storm_job(1, number) for number in range(_JOBS)]
        self._frontend = StormFrontend(
            [url], self.books, jobs, rate=rate, may_publish=lambda _: self._flows
        )

    @contextmanager
    def while_it_lasts(self) -> Iterator[None]:
        """Ends when every job that was confirmed has its result. Fails if a promise is broken."""
        with self.flowing():
            yield
        self.settle()
        assert self.books.broken() == []

    @contextmanager
    def flowing(self) -> Iterator[None]:
        """Begins when jobs are published; what is open at the end stays so."""
        before = self.books.confirmed_count
        self._flows = True
        try:
            wait_until(lambda: self.books.confirmed_count > before + 5, 60, "jobs are published")
            yield
        finally:
            self._flows = False

    def settle(self) -> None:
        """Until every job that was confirmed has its result. Raises TimeoutError."""
        wait_until(lambda: not self.books.unconfirmed_count, _SETTLED_S, "all is confirmed")
        wait_until(lambda: not self.books.open_count, _SETTLED_S, "every job has its result")
        self._frontend.check()

    @property
    def duplicates(self) -> int:
        return self.books.totals().duplicates

    def __enter__(self) -> Self:
        self._frontend.__enter__()
        return self

    def __exit__(self, *error: object) -> None:
        self._frontend.__exit__(*error)
