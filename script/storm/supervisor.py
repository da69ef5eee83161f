"""Starts again what ends, as supervisord would."""

import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

_POLL_S = 0.02


class Service(Protocol):
    """A process that can be started again."""

    name: str

    @property
    def running(self) -> bool: ...

    @property
    def log(self) -> Path: ...

    def start(self) -> None:
        """Start it again, with what it left."""


class Supervisor:
    """Looks after services until it is closed. A context manager.

    `restarts` counts by name. The kernel ends a child with the thread that started it, so this
    thread has to outlive the services: they are stopped after `release`, and before `close`.
    """

    def __init__(self, *services: Service) -> None:
        self._services = services
        self._counts = dict.fromkeys((service.name for service in services), 0)
        self._released = threading.Event()
        self._closed = threading.Event()
        self._idle = threading.Event()
        self._fault: BaseException | None = None
        self._thread = threading.Thread(target=self._tend, name="supervisor")

    def __enter__(self) -> "Supervisor":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.release()
        self._closed.set()
        self._thread.join()

    @property
    def restarts(self) -> Mapping[str, int]:
        return self._counts

    def check(self) -> None:
        """Raises what kept it from starting something."""
        if self._fault is not None:
            raise self._fault

    def release(self) -> None:
        """From the return on nothing is started again."""
        self._released.set()
        self._idle.wait()

    def _tend(self) -> None:
        try:
            while not self._released.wait(_POLL_S):
                for service in self._services:
                    if not service.running:
                        service.start()
                        self._counts[service.name] += 1
        except BaseException as fault:
            self._fault = fault
        self._idle.set()
        self._closed.wait()
