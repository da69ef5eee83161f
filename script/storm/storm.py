"""One storm, from its first job to what it left behind."""

import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from stack import Node, wait_until
from storm import remains
from storm.books import Books, Totals
from storm.faults import Kind, faults
from storm.frontend import LIVE_QUEUES, StormFrontend, dead_letters
from storm.jobs import storm_job
from storm.monkey import Monkey
from storm.scene import Scene

_POLL_S = 0.05
_QUIET_S = 120.0
"""Nothing has come for so long after the last fault: what is missing then is lost."""

_SETTLED_S = 60.0


@dataclass(frozen=True, slots=True)
class Weather:
    """What a storm is made from. rate: jobs published a second, at most."""

    seed: int
    jobs: int
    workers: int
    nodes: int
    rate: float


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of it. hung: how often a broker's node did not come back by itself. broken: a line
    for each promise that was not kept.
    """

    inflicted: Mapping[Kind, int]
    hung: int
    restarts: Mapping[str, int]
    totals: Totals
    broken: list[str]
    took_s: float


Progress = Callable[[int, int, str], None]
"""Hears how many jobs are confirmed, how many results have come, and what breaks next."""


class Storm:
    """Raises ProcessEnded or TimeoutError if the scene itself fails, which is no broken promise."""

    def __init__(self, weather: Weather, progress: Progress) -> None:
        self._weather = weather
        self._progress = progress
        self._books = Books()
        self._broken: list[str] = []
        self._groups: dict[int, set[Path]] = {}

    def run(self, keep_logs: Callable[[list[Path]], None]) -> Outcome:
        """`keep_logs` is called with all logs before they are removed."""
        weather, started_s = self._weather, time.monotonic()
        remains.adopt_orphans()
        known = set(remains.processes())
        with ExitStack() as stack:
            scene = stack.enter_context(Scene(weather.workers, weather.nodes))
            stack.callback(lambda: keep_logs(scene.logs()))
            monkey = self._rage(scene)
            folder = scene.folder.path
            self._broken += [f"left in {folder}: {mount}" for mount in remains.mounts(folder)]
        self._look_for_processes(known)
        groups = sorted(set().union(*self._groups.values()))
        self._broken += [f"left: cgroup {group}" for group in groups if group.exists()]
        return Outcome(
            inflicted=monkey.inflicted,
            hung=monkey.hung,
            restarts=scene.supervisor.restarts,
            totals=self._books.totals(),
            broken=self._books.broken() + self._broken,
            took_s=time.monotonic() - started_s,
        )

    def _rage(self, scene: Scene) -> Monkey:
        """Publishes and breaks, until every job is answered or nothing comes any more."""
        weather = self._weather
        shape = {"jobs": weather.jobs, "workers": weather.workers, "nodes": weather.nodes}
        monkey = Monkey(scene, faults(weather.seed, **shape))
        jobs = [storm_job(weather.seed, number) for number in range(weather.jobs)]
        frontend = StormFrontend(
            scene.urls, self._books, jobs, rate=weather.rate, may_publish=monkey.may_publish
        )
        with frontend:
            quiet_since_s, results = time.monotonic(), 0
            while True:
                frontend.check()
                scene.supervisor.check()
                self._note_groups(scene.safeexec.pid)
                monkey.step(self._books.confirmed_count)
                if self._books.result_count != results or not monkey.done:
                    quiet_since_s, results = time.monotonic(), self._books.result_count
                self._tell(monkey)
                if time.monotonic() - quiet_since_s > _QUIET_S or self._is_over(monkey):
                    break
                time.sleep(_POLL_S)
            monkey.calm()
            self._settle(scene)
        self._check_dead_letters(scene)
        return monkey

    def _note_groups(self, safeexec: int) -> None:
        """Once for each safeexec, when it has made them."""
        if not self._groups.get(safeexec):
            self._groups[safeexec] = remains.groups(safeexec)

    def _is_over(self, monkey: Monkey) -> bool:
        confirmed = self._books.confirmed_count == self._weather.jobs
        return monkey.done and confirmed and self._books.open_count == 0

    def _tell(self, monkey: Monkey) -> None:
        fault = monkey.next
        self._progress(
            self._books.confirmed_count, self._books.result_count, fault.kind if fault else ""
        )

    def _settle(self, scene: Scene) -> None:
        """Waits for what is still on its way, stops workers and sandbox, sees what they left."""
        node = scene.nodes[0]
        self._expect_empty(node)
        for worker, code in zip(scene.workers, scene.stop_workers(), strict=True):
            if code != 0:
                self._broken.append(f"{worker.name} ended with {code} when it was asked to stop")
        self._expect_empty(node)
        self._broken += [f"left: {file}" for file in scene.temporary_files()]
        scene.stop_safeexec()

    def _expect_empty(self, node: Node) -> None:
        """The frontend still reads, so every queue is empty in the end, and nothing is unacked."""
        found: dict[str, tuple[int, int]] = {}

        def empty() -> bool:
            found.update({name: remains.messages(node, name) for name in LIVE_QUEUES})
            return set(found.values()) == {(0, 0)}

        try:
            wait_until(empty, _SETTLED_S, "every queue is empty")
        except TimeoutError:
            for name, (ready, unacked) in found.items():
                if ready + unacked:
                    self._broken.append(f"left in {name}: {ready} messages, and {unacked} unacked")

    def _check_dead_letters(self, scene: Scene) -> None:
        buried = dead_letters(scene.urls)
        wanted, lost = self._books.rejected_ids(), self._books.lost_ids()
        ids = {id for id, _ in buried}
        self._broken += [f"no dead letter: {id}, which was rejected" for id in wanted - ids]
        self._broken += [f"a dead letter that was a good job: {id}" for id in ids - wanted - lost]

    def _look_for_processes(self, known: set[str]) -> None:
        def gone() -> bool:
            return set(remains.processes()) <= known

        try:
            wait_until(gone, _SETTLED_S, "every process is gone")
        except TimeoutError:
            left = set(remains.processes()) - known
            self._broken += [f"left: process {process}" for process in sorted(left)]
