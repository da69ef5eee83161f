"""What a program may use."""

from executor.contract.fields import CpuMs, MemoryKib, OutputKib, Processes, StackKib, WallMs
from executor.contract.model import Model

MAX_WALL_MS = 180_000


class Limits(Model):
    """The limits of one run.

    cpu_ms: CPU time of all processes, 1-60000 ms.
    wall_ms: time by the clock, 1-180000 ms; None: see `effective_wall_ms`.
    memory_kib: peak of all processes, 1024-4194304 KiB.
    stack_kib: 1-4194304 KiB; None: see `effective_stack_kib`.
    output_kib: standard output, and files written, 1-1048576 KiB.
    processes: 1-256 at once, threads included; None: the language's.
    """

    cpu_ms: CpuMs = 1000
    wall_ms: WallMs | None = None
    memory_kib: MemoryKib = 262_144
    stack_kib: StackKib | None = None
    output_kib: OutputKib = 65_536
    processes: Processes | None = None

    @property
    def effective_wall_ms(self) -> int:
        """`wall_ms`, or three times the CPU limit and a second, at most 180000 ms."""
        if self.wall_ms is not None:
            return self.wall_ms
        return min(3 * self.cpu_ms + 1000, MAX_WALL_MS)

    @property
    def effective_stack_kib(self) -> int:
        """`stack_kib`, or as much as there is memory."""
        return self.memory_kib if self.stack_kib is None else self.stack_kib


class ProgramLimits(Limits):
    """The limits of a checker or interactor: 10 s of CPU and 512 MiB, unless it says otherwise."""

    cpu_ms: CpuMs = 10_000
    memory_kib: MemoryKib = 524_288


class TestLimits(Model):
    """What one test changes in its job's limits; None leaves the job's."""

    cpu_ms: CpuMs | None = None
    wall_ms: WallMs | None = None
    memory_kib: MemoryKib | None = None
    stack_kib: StackKib | None = None
    output_kib: OutputKib | None = None
    processes: Processes | None = None

    def over(self, limits: Limits) -> Limits:
        """`limits` with what this test changes in them."""
        return limits.model_copy(update=self.model_dump(exclude_none=True))
