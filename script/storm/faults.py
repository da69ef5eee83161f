"""What may go wrong, and in which order: a seed says it all."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import count

JOBS_PER_FAULT = 15
"""A fault for so many jobs, at a place of its own among them."""


class Kind(StrEnum):
    """The value is how it is told to people."""

    WORKER_KILLED = "worker killed (-9)"
    WORKER_TERMINATED = "worker terminated (SIGTERM)"
    WORKER_GIVES_BACK = "worker terminated twice"
    WORKER_SUSPENDED = "worker suspended (SIGSTOP)"
    SAFEEXEC_KILLED = "safeexec killed (-9)"
    CONNECTIONS_CLOSED = "all connections closed by the broker"
    CONNECTIONS_RESET = "connections of a worker reset"
    BLACK_HOLE = "connections of a worker black-holed"
    MEMORY_ALARM = "memory alarm"
    DISK_ALARM = "disk alarm"
    NODE_RESTARTED = "broker node restarted"
    NODE_KILLED = "broker node killed (-9)"
    NODE_PARTITIONED = "broker node partitioned"
    LEADER_KILLED = "leader of the job queue killed (-9)"
    LEADER_PARTITIONED = "leader of the job queue partitioned"


OF_A_CLUSTER = (Kind.NODE_PARTITIONED, Kind.LEADER_KILLED, Kind.LEADER_PARTITIONED)
"""They need other nodes to stay."""


@dataclass(frozen=True, slots=True)
class Fault:
    """place: how many jobs are confirmed before it comes. worker, node: the victim, counted from 0,
    where the kind has one. for_s: how long it lasts, where it does not end at once. silent: whether
    the parted are not told, as when a cable is pulled.
    """

    kind: Kind
    place: int
    worker: int
    node: int
    for_s: float
    silent: bool


def faults(seed: int, *, jobs: int, workers: int, nodes: int) -> tuple[Fault, ...]:
    """Every fault of a storm, by place. Each kind comes before any comes again."""
    choice = random.Random(f"faults {seed}")
    kinds = [kind for kind in Kind if nodes > 1 or kind not in OF_A_CLUSTER]
    found = []
    for number, kind in zip(range(jobs // JOBS_PER_FAULT), _shuffled(choice, kinds), strict=False):
        found.append(
            Fault(
                kind=kind,
                place=number * JOBS_PER_FAULT + choice.randrange(JOBS_PER_FAULT),
                worker=choice.randrange(workers),
                node=choice.randrange(nodes),
                for_s=round(choice.uniform(*_LASTS_S.get(kind, (0, 0))), 1),
                silent=choice.random() < 0.5,
            )
        )
    return tuple(found)


_LASTS_S = {
    # Heartbeats of a storm are 5 s: some of these are noticed by them, some are over before.
    Kind.WORKER_SUSPENDED: (1, 20),
    Kind.BLACK_HOLE: (1, 25),
    Kind.MEMORY_ALARM: (0.5, 4),
    Kind.DISK_ALARM: (0.5, 4),
    Kind.NODE_RESTARTED: (0, 3),
    Kind.NODE_KILLED: (0, 3),
    Kind.LEADER_KILLED: (0, 5),
    Kind.NODE_PARTITIONED: (3, 20),
    Kind.LEADER_PARTITIONED: (3, 20),
}


def _shuffled(choice: random.Random, kinds: Sequence[Kind]) -> Iterator[Kind]:
    """All kinds in some order, and again in another one, for ever."""
    for _ in count():
        yield from choice.sample(kinds, len(kinds))
