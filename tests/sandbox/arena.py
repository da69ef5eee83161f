"""Where attacks take place: a service of two slots, one for the attacks, one for a neighbour."""

import contextlib
import itertools
import json
import os
import select
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.sandbox.client import Connection
from tests.sandbox.outside import SECRET, Outside
from tests.sandbox.programs import PATIENCE, Program
from tests.sandbox.remains import groups_of, mounts, remains
from tests.sandbox.service import BINARY, OPTIONS, SUDO, Service, programs_of, wait_until

NEIGHBOUR = Path(__file__).parent / "neighbour.c"
PATH = {"PATH": "/usr/bin:/bin"}
SETTLE_S = 5
HEAD_BYTES = 1 << 20


@dataclass(frozen=True)
class Seen:
    """What an attack came to: safeexec's answer, and what it did to others."""

    answer: dict[str, str]
    harm: list[str]


class Arena:
    """Attacks one after the other in one slot, while a neighbour lives in the other."""

    def __init__(
        self, folder: Path, outside: Outside, compiled: Callable[[Path], Path], honest: Path
    ) -> None:
        self.folder, self.outside = folder, outside
        self.compiled, self.honest_program = compiled, honest
        self.service = Service(folder, slots=2)
        self.neighbour = self._start_neighbour()
        self.calls_are_named = mechanisms()["forbidden calls named"]
        with Connection(self.service.socket) as slot:
            self.level = slot.hello["isolation"]
            self.uid = self._uid(slot)
            runs = [self._honest(slot) for _ in range(11)]
        self.usual = {
            key: statistics.median(int(run[key]) for run in runs) for key in ("cpu_us", "wall_us")
        }

    def _start_neighbour(self) -> Connection:
        slot = Connection(self.service.socket)
        with (self.folder / "neighbour.out").open("w+") as out:
            slot.start(
                ["./neighbour"],
                files={"neighbour": self.compiled(NEIGHBOUR)},
                limits={"cpu_ms": 3600000, "wall_ms": 7200000},
                stdout=out.fileno(),
            )
            wait_until(lambda: out.seek(0) == 0 and out.read() != "", 5, "the neighbour is there")
        return slot

    @staticmethod
    def _uid(slot: Connection) -> int:
        """Whom the host takes the programs of this slot for."""
        slot.start(["/bin/sh", "-c", ": > made"])
        answer, (box,) = slot.receive_with_box()
        assert answer["outcome"] == "exited", answer
        uid = os.stat("made", dir_fd=box).st_uid
        os.close(box)
        return uid

    def attack(self, slot: Connection, program: Program) -> Seen:
        with tempfile.TemporaryFile(dir=self.folder) as output:
            slot.start(
                program.argv(self.outside.secret),
                files=program.files(self.compiled, self.folder),
                limits=program.limits,
                env=PATH | self.outside.environment(),
                profile=program.header.profile,
                stdout=output.fileno(),
                stderr=output.fileno(),
            )
            answer, boxes = slot.receive_with_box()
            output.seek(0)
            # One after the other: all of them may be more than a worker's memory.
            told = itertools.chain([output.read(HEAD_BYTES)], *map(heads, boxes))
            secrets = ["a secret was told"] if any(SECRET.encode() in text for text in told) else []
        for box in boxes:
            os.close(box)
        return Seen(answer, secrets + self.outside.harm() + self._harm_to_neighbour())

    def _harm_to_neighbour(self) -> list[str]:
        if not select.select([self.neighbour.socket], [], [], 0)[0]:
            return []
        answer = self.neighbour.receive()
        self.neighbour.socket.close()
        self.neighbour = self._start_neighbour()
        return [f"the neighbour has ended: {answer}"]

    def _honest(self, slot: Connection) -> dict[str, str]:
        answer = slot.run(["./honest"], files={"honest": self.honest_program})
        assert (answer.get("outcome"), answer.get("exit_code")) == ("exited", "0"), answer
        return answer

    def assert_honest_program_runs_as_usual(self, slot: Connection) -> None:
        answer = self._honest(slot)
        for key, median in self.usual.items():
            assert int(answer[key]) <= (median * 20 + 500_000) * PATIENCE, (answer, self.usual)

    def state(self) -> set[str]:
        """What of this service is on the host, by lines: processes, mounts, cgroups, files, IPC."""
        return {
            *(f"process {program}" for program in programs_of(self.service.process.pid)),
            *mounts(),
            *(f"cgroup {path}" for path in groups_of(self.service.process.pid)),
            *remains(self.uid),
        }

    def assert_nothing_is_left(self, before: set[str]) -> None:
        """The kernel takes a moment to bury the last process."""
        deadline = time.monotonic() + SETTLE_S
        while (left := self.state() - before) and time.monotonic() < deadline:
            time.sleep(0.01)
        assert not left, sorted(left)

    def close(self) -> None:
        self.neighbour.send(b"kill\0", [])
        assert self.neighbour.receive()["outcome"] == "killed"
        self.neighbour.socket.close()
        assert self.service.stop() == 0, self.service.log.read_text()


def mechanisms() -> dict[str, bool]:
    """What safeexec finds on this host, and whether it works."""
    command = [*SUDO, str(BINARY), "--check", "--json", *OPTIONS]
    told = subprocess.run(command, check=True, capture_output=True).stdout
    return {one["name"]: one["works"] for one in json.loads(told)["mechanisms"]}


def heads(folder: int) -> Iterator[bytes]:
    """How each regular file directly in a box begins."""
    with os.scandir(folder) as entries:
        names = [entry.name for entry in entries if entry.is_file(follow_symlinks=False)]
    for name in names:
        # Where tests are run by an ordinary user, a program's files may be its own.
        with contextlib.suppress(PermissionError):
            file = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=folder)
            yield os.read(file, HEAD_BYTES)
            os.close(file)
