"""Several blobs at once, and what came of them in their order."""

import queue
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import copy_context
from typing import Self, TypeVar

from executor.blobs.fetch import Fetcher, Session
from executor.sandbox import KillSwitch

SIZE = 4
"""Requests of a job at once: what hides the way to a server and is no burden to it."""

T = TypeVar("T")
R = TypeVar("R")


class Crew:
    """Threads for the time of one job, each with connections of its own. A context manager.

    enough: is pulled at the end, for those still at work after a failure; their `Patience` has to
    heed it.
    """

    def __init__(self, fetcher: Fetcher, enough: KillSwitch) -> None:
        self._fetcher = fetcher
        self._enough = enough
        self._pool = ThreadPoolExecutor(SIZE, thread_name_prefix="fetch")
        self._idle: queue.LifoQueue[Session] = queue.LifoQueue()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._enough.pull()
        self._pool.shutdown(cancel_futures=True)
        while not self._idle.empty():
            self._idle.get().close()

    def results(self, work: Callable[[Session, T], R], items: Iterable[T]) -> Iterator[R]:
        """What `work` makes of each, or raises: of the first that fails, however late it does.

        No item is begun before the one SIZE places ahead of it was taken from the iterator.
        """
        begun: deque[Future[R]] = deque()
        for item in items:
            begun.append(self._pool.submit(copy_context().run, self._do, work, item))
            if len(begun) == SIZE:
                yield begun.popleft().result()
        while begun:
            yield begun.popleft().result()

    def _do(self, work: Callable[[Session, T], R], item: T) -> R:
        try:
            session = self._idle.get_nowait()
        except queue.Empty:
            session = Session(self._fetcher)
        try:
            return work(session, item)
        finally:
            self._idle.put(session)
