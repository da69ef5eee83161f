"""Where a storm takes place: brokers, for each worker a proxy before each, sandbox, workers."""

import contextlib
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Self

from stack import Cluster, ExecutorProcess, Node, PrivateBroker, RunFolder, Safeexec
from stack.services import SLOTS_EACH
from storm import remains
from storm.jobs import LANGUAGES
from storm.proxy import Proxy
from storm.supervisor import Supervisor

HEARTBEAT_S = 5
_TEMPORARY = "-tmp"


class Scene:
    """All of it, ready. A context manager; `close` stops the workers as an operator would first."""

    def __init__(self, workers: int, nodes: int) -> None:
        with contextlib.ExitStack() as opening:
            self.folder = opening.enter_context(RunFolder())
            self.cluster: Cluster | None = None
            self.nodes: Sequence[Node]
            if nodes == 1:
                self.nodes = (opening.enter_context(PrivateBroker()),)
            else:
                self.cluster = opening.enter_context(Cluster(nodes))
                self.nodes = self.cluster.nodes
            self.safeexec = opening.enter_context(Safeexec(self.folder, SLOTS_EACH * workers))
            self.proxies = [
                [opening.enter_context(Proxy(node.port)) for node in self.nodes]
                for _ in range(workers)
            ]
            self.workers = [
                opening.enter_context(self._worker(number)) for number in range(workers)
            ]
            for worker in self.workers:
                worker.wait_ready()
            self.supervisor = opening.enter_context(Supervisor(self.safeexec, *self.workers))
            self._open = opening.pop_all()

    @property
    def urls(self) -> list[str]:
        """Of all nodes, past the proxies."""
        return [node.url for node in self.nodes]

    def stop_workers(self) -> list[int]:
        """Has every worker finish and end; their exit codes. Nothing is started again."""
        self.supervisor.release()
        for worker in self.workers:
            worker.terminate()
        return [worker.wait() for worker in self.workers]

    def stop_safeexec(self) -> None:
        """In good order."""
        self.supervisor.release()
        self.safeexec.close()

    def temporary_files(self) -> list[str]:
        """What the workers left."""
        return [
            file
            for worker in self.workers
            for file in remains.temporary_files(
                worker.home, self.folder.path / f"{worker.name}{_TEMPORARY}"
            )
        ]

    def logs(self) -> list[Path]:
        """Of everything."""
        workers = [worker.log for worker in self.workers]
        return [*(node.log for node in self.nodes), self.safeexec.log, *workers]

    def close(self) -> None:
        """Ends everything and removes its folders. A second call does nothing."""
        self._open.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _worker(self, number: int) -> ExecutorProcess:
        name = f"executor-{number + 1}"
        ways = zip(self.nodes, self.proxies[number], strict=True)
        return ExecutorProcess(
            self.folder,
            amqp_url=",".join(n.url.replace(f":{n.port}/", f":{p.port}/") for n, p in ways),
            socket=self.safeexec.socket,
            name=name,
            languages=LANGUAGES,
            env={
                "AMQP_HEARTBEAT_S": str(HEARTBEAT_S),
                # So what it leaves there is told from what others do.
                "TMPDIR": str(self.folder.make(f"{name}{_TEMPORARY}", _owner())),
            },
        )


def _owner() -> str | None:
    return "executor" if os.geteuid() == 0 else None
