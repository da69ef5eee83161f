"""A RabbitMQ cluster of our own: nodes that can be killed, frozen and cut off from each other."""

import contextlib
import dataclasses
import json
import socket
import time
from collections.abc import Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, Self

from stack.frontend import JOB_QUEUE, wait_until
from stack.node import BROKER_USER, READY_S, Membership, Node, free_ports, on_free_ports
from stack.paths import PYTHON
from stack.process import Process, ProcessEnded, plain_environment
from stack.rundir import RunFolder

_WIRES = Path(__file__).with_name("wires.py")
_ANSWER_S = 10.0
_POLL_S = 0.1
_STEADY_S = 2.0
NET_TICK_S = 4
"""A node that is silent for about so long counts as gone. RabbitMQ's own default is 60."""

_ERL_ARGS = f"-kernel net_ticktime {NET_TICK_S}"
_SETTINGS = {
    # What an operator should set for three nodes: the side that is fewer stops until it is healed.
    "cluster_partition_handling": "pause_minority",
}


class Cluster:
    """Some nodes, each with ports and data of its own, and the wires between them.

    All of them take connections once it is made. A context manager. `settings` as Membership has
    them, for every node. A node is killed, started, frozen by its own methods; while it is the
    leader of a queue, `leader_of` finds it.
    """

    def __init__(self, size: int = 3, settings: Mapping[str, str] | None = None) -> None:
        self.nodes: tuple[Node, ...] = ()
        self._cut_off: tuple[Node, ...] = ()
        self._wires: _Wires | None = None
        self._folder = RunFolder()
        try:
            wanted = _SETTINGS | dict(settings or {})
            on_free_ports(partial(self._start_first, size, wanted), self._stop_processes)
        except BaseException:
            self.close()
            raise

    @property
    def url(self) -> str:
        """The AMQP URLs of all nodes, comma separated, as the setting AMQP_URL takes them."""
        return ",".join(node.url for node in self.nodes)

    def partition(self, *cut_off: Node, silent: bool = False) -> None:
        """Cut those nodes off from the others; clients still reach all of them.

        They hear that their connections have ended, or nothing any more (`silent`), as if a cable
        were pulled: then they count each other as gone after about `NET_TICK_S`. What was cut
        before and is not named is mended. Does not wait for what comes of it: see `wait_parted`.
        """
        assert self._wires is not None
        self._cut_off = cut_off
        self._wires.cut([(a.name, b.name) for a in cut_off for b in self._rest], silent)

    def heal(self) -> None:
        """Mend what was cut, once it was noticed; `wait_joined` is another step.

        A cut that only one side has noticed can leave RabbitMQ's own tables in two for good, until
        a person starts a node again: a fault of its own, which it no longer has without Mnesia.
        """
        self.wait_parted()
        self.partition()

    def leader_of(self, queue: str = JOB_QUEUE) -> Node:
        """The node that leads a quorum queue, as most nodes see it; waits for an election's end."""
        found: Node = wait_until(lambda: self._leader(queue), READY_S, f"{queue} has a leader")
        return found

    def wait_parted(self) -> None:
        """Wait until each running node knows that those on the other side are gone."""
        wait_until(self._parted, READY_S, "the cut is noticed")

    def wait_joined(self) -> None:
        """Wait until all nodes run, see each other, and take connections.

        For a while: one that was away for long sees all others at first, and then learns that they
        have given it up, and starts again.
        """
        deadline = time.monotonic() + READY_S
        since = None
        while since is None or time.monotonic() < since + _STEADY_S:
            if not self._joined():
                since = None
            elif since is None:
                since = time.monotonic()
            for node in self.nodes:
                node.check()
            if time.monotonic() > deadline:
                raise TimeoutError(f"not so within {READY_S:g} s: all nodes see each other")
            time.sleep(_POLL_S)
        for node in self.nodes:
            node.wait_ready()

    def close(self) -> None:
        """End everything and remove the data."""
        self._stop_processes()
        self._folder.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _start_first(self, size: int, settings: Mapping[str, str], attempt: int) -> None:
        names = tuple(f"rabbit{number}" for number in range(1, size + 1))
        common = Membership(erl_args=_ERL_ARGS, settings=settings)
        self.nodes = tuple(self._node(common, name, names[0], attempt) for name in names)
        self._wires = _Wires(self._folder, self.nodes)
        # The first alone: those who join it before its tables are as it wants them fail.
        self.nodes[0].start()
        for node in self.nodes[1:]:
            node.launch()
        self.wait_joined()

    def _node(self, common: Membership, name: str, first: str, attempt: int) -> Node:
        home = self._folder.make(f"{name}-{attempt}", BROKER_USER)
        port, dist_port, epmd_port = free_ports(3)
        joins = None if name == first else first
        member = dataclasses.replace(common, name=name, joins=joins)
        return Node(self._folder, home, member, (port, dist_port, epmd_port))

    def _stop_processes(self) -> None:
        for node in self.nodes:
            node.kill()
        if self._wires is not None:
            self._wires.close()

    @property
    def _rest(self) -> list[Node]:
        """The nodes that are not cut off."""
        return [node for node in self.nodes if node not in self._cut_off]

    def _joined(self) -> bool:
        return all(_seen(node) == len(self.nodes) for node in self.nodes)

    def _parted(self) -> bool:
        """Whether none counts more nodes than its side has; one that paused counts none."""
        return all(
            (_seen(node) or 0) <= len(side)
            for side in (self._rest, self._cut_off)
            for node in side
            if node.running and not node.frozen
        )

    def _leader(self, queue: str) -> Node | None:
        """What more than half of all nodes say, the leader among them."""
        for side in (self._rest, self._cut_off):
            votes = [_vote(node, queue) for node in side if node.running and not node.frozen]
            for node in side:
                if 2 * votes.count(node.name) > len(self.nodes) and _vote(node, queue) == node.name:
                    return node
        return None


class _Wires:
    """The process of wires.py, and the socket by which it is told what to cut."""

    def __init__(self, folder: RunFolder, nodes: Iterable[Node]) -> None:
        ours, theirs = socket.socketpair()
        ours.settimeout(_ANSWER_S)
        self._socket = ours
        with theirs:
            self._process = Process(
                "wires",
                [PYTHON, _WIRES],
                folder=folder,
                env=plain_environment(folder.path),
                cwd=folder.path,
                stdin=theirs.fileno(),
            )
        ports = {node.name: {"port": node.dist_port, "epmd_port": node.epmd_port} for node in nodes}
        try:
            self._order({"nodes": ports})
        except BaseException:
            self.close()
            raise

    def cut(self, pairs: Iterable[tuple[str, str]], silent: bool) -> None:
        """Those pairs of nodes, and no others, hear nothing of each other from now on."""
        self._order({"cut": list(pairs), "silent": silent})

    def close(self) -> None:
        self._process.kill()
        self._socket.close()

    def _order(self, order: Mapping[str, Any]) -> None:
        with contextlib.suppress(OSError):
            self._socket.sendall(json.dumps(order).encode() + b"\n")
            if self._socket.recv(64) == b"{}\n":
                return
        raise self._process.failure("gives no answer")


def _seen(node: Node) -> int | None:
    """How many nodes it counts that run."""
    count = _asked(node, "length(rabbit_nodes:all_running()).")
    return None if count is None else int(count)


def _vote(node: Node, queue: str) -> str | None:
    """The name of the leader, as a node knows it."""
    leader = _asked(node, f"{{_, N}} = ra_leaderboard:lookup_leader('%2F_{queue}'), N.")
    return None if leader is None else leader.strip("'").partition("@")[0]


def _asked(node: Node, expressions: str) -> str | None:
    """What it answers; None if it does not, because it is starting or ending."""
    with contextlib.suppress(ProcessEnded):
        return node.evaluate(expressions)
    return None
