"""A RabbitMQ of our own with a single node, on free ports."""

from collections.abc import Mapping
from functools import partial
from typing import Self

from stack.frontend import wait_until
from stack.node import BROKER_USER, READY_S, Membership, Node, free_ports, listens, on_free_ports
from stack.process import Process, plain_environment
from stack.releases import Release, installed
from stack.rundir import RunFolder


class PrivateBroker(Node):
    """A broker with its own epmd, node, data folder, user and password. A context manager.

    It takes connections once it is made. `url` is valid until `close`, also across `restart`.
    As root it runs as the user rabbitmq. `release` and `settings` as Membership has them.
    """

    def __init__(
        self, *, release: Release | None = None, settings: Mapping[str, str] | None = None
    ) -> None:
        self._epmd: Process | None = None
        self._server = None
        self._folder = RunFolder()
        try:
            member = Membership(release=release or installed(), settings=settings or {})
            on_free_ports(partial(self._start_first, member), self._stop_processes)
        except BaseException:
            self.close()
            raise

    def _start_first(self, member: Membership, attempt: int) -> None:
        home = self._folder.make(f"rabbitmq-{attempt}", BROKER_USER)
        port, dist_port, epmd_port = free_ports(3)
        super().__init__(self._folder, home, member, (port, dist_port, epmd_port))
        self._start_epmd()
        self.start()

    def close(self) -> None:
        """End everything and remove the data."""
        self._stop_processes()
        self._folder.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _stop_processes(self) -> None:
        # The data are thrown away with the folder, so nothing is gained by a slow, orderly stop.
        self.kill()
        if self._epmd is not None:
            self._epmd.kill()

    def _start_epmd(self) -> None:
        # Started by us, in the foreground: one that the server starts would outlive it.
        self._epmd = epmd = Process(
            "epmd",
            ["epmd", "-address", "127.0.0.1", "-port", str(self.epmd_port)],
            folder=self._folder,
            env=plain_environment(self.home),
            cwd=self.home,
            user=BROKER_USER,
        )
        wait_until(lambda: listens(epmd, self.epmd_port), READY_S, "epmd listens")
