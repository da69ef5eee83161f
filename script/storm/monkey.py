"""Inflicts faults on a scene, each at its place, and ends those that last."""

import signal
import time
from collections import Counter
from collections.abc import Callable, Sequence
from typing import assert_never

from stack import Node, ProcessEnded, wait_until
from storm.faults import Fault, Kind
from storm.scene import Scene

AHEAD = 20
"""So many jobs may be published before the next fault has begun."""

_SOON_S = 60.0
_PATIENCE = 4
_MEMORY = "vm_memory_monitor:set_vm_memory_high_watermark({})."
_DISK = 'rabbit_disk_monitor:set_disk_free_limit("{}").'
_CLOSE_ALL = (
    '[rabbit_networking:close_connection(P, "storm") || P <- rabbit_networking:connections()].'
)


class Monkey:
    """For one thread, which has to outlive the brokers it starts.

    `inflicted` counts what was done, by kind; `hung` how often a node had to be started again.
    """

    def __init__(self, scene: Scene, faults: Sequence[Fault]) -> None:
        self._scene = scene
        self._faults = faults
        self._begun = 0
        self._ends: list[tuple[float, Callable[[], None]]] = []
        self.hung = 0
        self.inflicted: Counter[Kind] = Counter()

    @property
    def done(self) -> bool:
        """Whether every fault is over."""
        return self._begun == len(self._faults) and not self._ends

    @property
    def next(self) -> Fault | None:
        """What comes next."""
        return self._faults[self._begun] if self._begun < len(self._faults) else None

    def may_publish(self, number: int) -> bool:
        """Whether job `number`, counted from 0, may be published now. From any thread."""
        fault = self.next
        return fault is None or number < fault.place + AHEAD

    def step(self, confirmed: int) -> None:
        """Does what is due when so many jobs are confirmed."""
        now = time.monotonic()
        for end in [end for end in self._ends if end[0] <= now]:
            self._ends.remove(end)
            end[1]()
        fault = self.next
        if fault is not None and confirmed >= fault.place:
            self._inflict(fault)
            self.inflicted[fault.kind] += 1
            self._begun += 1

    def calm(self) -> None:
        """Ends all faults that last."""
        while self._ends:
            self._ends.pop()[1]()

    def _inflict(self, fault: Fault) -> None:
        scene, worker = self._scene, self._scene.workers[fault.worker]
        node = scene.nodes[fault.node]
        match fault.kind:
            case Kind.WORKER_KILLED:
                worker.signal(signal.SIGKILL)
            case Kind.WORKER_TERMINATED:
                worker.terminate()
            case Kind.WORKER_GIVES_BACK:
                worker.terminate()
                time.sleep(0.05)  # two signals at once are one
                worker.terminate()
            case Kind.WORKER_SUSPENDED:
                worker.signal(signal.SIGSTOP)
                self._later(fault, lambda: worker.signal(signal.SIGCONT))
            case Kind.SAFEEXEC_KILLED:
                scene.safeexec.kill()
            case Kind.CONNECTIONS_CLOSED:
                self._ask(node, _CLOSE_ALL)
            case Kind.CONNECTIONS_RESET:
                for proxy in scene.proxies[fault.worker]:
                    proxy.reset()
            case Kind.BLACK_HOLE:
                self._swallow(fault)
            case Kind.MEMORY_ALARM:
                self._alarm(fault, node, _MEMORY, "0.000001", '{absolute, "1GiB"}')
            case Kind.DISK_ALARM:
                self._alarm(fault, node, _DISK, "1000TB", "50MB")
            case Kind.NODE_RESTARTED:
                node.stop()
                time.sleep(fault.for_s)
                self._start(node)
            case Kind.NODE_KILLED:
                self._kill(node, fault)
            case Kind.LEADER_KILLED:
                self._kill(self._leader(), fault)
            case Kind.NODE_PARTITIONED:
                self._partition(node, fault)
            case Kind.LEADER_PARTITIONED:
                self._partition(self._leader(), fault)
            case _:
                assert_never(fault.kind)

    def _later(self, fault: Fault, end: Callable[[], None]) -> None:
        self._ends.append((time.monotonic() + fault.for_s, end))

    def _swallow(self, fault: Fault) -> None:
        for proxy in self._scene.proxies[fault.worker]:
            proxy.swallow()
            self._later(fault, proxy.release)

    def _alarm(self, fault: Fault, node: Node, setting: str, low: str, usual: str) -> None:
        self._ask(node, setting.format(low))
        time.sleep(fault.for_s)
        self._ask(node, setting.format(usual))

    def _kill(self, node: Node, fault: Fault) -> None:
        node.kill()
        time.sleep(fault.for_s)
        self._start(node)

    def _partition(self, node: Node, fault: Fault) -> None:
        cluster = self._scene.cluster
        assert cluster is not None
        cluster.partition(node, silent=fault.silent)
        time.sleep(fault.for_s)
        cluster.heal()
        self._join(node)

    def _start(self, node: Node) -> None:
        node.launch()
        self._join(node)

    def _join(self, node: Node) -> None:
        """Waits until all is well again. A node that hangs is started again, as by an operator:
        RabbitMQ 3.10 may not come back from a pause, nor in time on a machine this busy.
        """
        cluster = self._scene.cluster
        for attempt in range(1, _PATIENCE + 1):
            try:
                if cluster is None:
                    node.wait_ready()
                else:
                    cluster.wait_joined()
                return
            except TimeoutError:
                if attempt == _PATIENCE:
                    raise
                node.kill()
                node.launch()
                self.hung += 1

    def _leader(self) -> Node:
        cluster = self._scene.cluster
        assert cluster is not None
        return cluster.leader_of()

    @staticmethod
    def _ask(node: Node, expressions: str) -> None:
        """A node that has just come back may not answer at once."""

        def asked() -> bool:
            try:
                node.evaluate(expressions)
            except ProcessEnded:
                return False
            return True

        wait_until(asked, _SOON_S, f"{node.name} takes {expressions}")
