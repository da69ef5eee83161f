"""The places that the sandbox is tested in: one for each kind of host that it may meet."""

import json
from dataclasses import dataclass
from typing import Any

from tests.places.hosts import Host, Machine, ThisMachine
from tests.places.service import ImageInMachine, Service

LEVELS = ("full", "namespaces", "user", "restricted")

HOSTILE = ("tests/sandbox/test_hostile.py",)
EVERY_TEST = (
    *HOSTILE,
    *(f"tests/sandbox/test_{name}.py" for name in ("protocol", "service", "oneshot")),
)
# What the others are about is there at level full only: cgroups that outlive a service, folders
# that only root may enter; and an ordinary user's service knows no other user.
AT_USER = (*EVERY_TEST[:-1], "-k", "not clears_its_cgroups and not around and not stranger")
AT_RESTRICTED = (*EVERY_TEST[:-1], "-k", "not clears_its_cgroups and not around")
# An emulated machine takes twenty times as long: what rests on the kernel, and each program once.
IN_A_MACHINE = (*EVERY_TEST[:-1], "-k", "attack or kill or quick or cpu or page_cache or stop")
NO_JAVA = ("java",)


@dataclass(frozen=True)
class Place:
    name: str
    level: str
    """The isolation level that safeexec must find there."""
    what: str
    """For a reader of docs/security.md."""
    host: Host
    tests: tuple[str, ...] = EVERY_TEST
    options: str = ""
    without: tuple[str, ...] = ()
    runs: int = 2
    """Of each hostile program."""


PLACES = (
    Place("host", "full", "root on a machine with cgroup v1", ThisMachine()),
    Place(
        "cgroup2",
        "full",
        "root on a machine with cgroup v2",
        Machine("cgroup2"),
        tests=IN_A_MACHINE,
        runs=1,
        without=NO_JAVA,
    ),
    Place(
        "delegated",
        "full",
        "the same in a delegated cgroup and a cgroup namespace, as under a service manager",
        Machine("delegated"),
        # What rests on the cgroup; the rest is as in any other place of this level.
        tests=(*HOSTILE, "-k", "memory or shared or fork or cpu_in or storm or output or file"),
        runs=1,
        without=NO_JAVA,
    ),
    Place(
        "service-lifted",
        "full",
        "our image in a Swarm service, with the lines below that lift the level",
        Service(lifted=True),
        without=NO_JAVA,
    ),
    Place(
        "apparmor",
        "namespaces",
        "our image's files in a container made by hand, as with those lines, where the kernel has "
        "AppArmor, so that Docker's profile denies mounts; cgroup v2",
        ImageInMachine("apparmor"),
        tests=IN_A_MACHINE,
        runs=1,
        without=NO_JAVA,
    ),
    Place("user", "user", "an ordinary user, no cgroup", ThisMachine(ordinary=True), AT_USER),
    Place(
        "service",
        "restricted",
        "our image in a Swarm service, without those lines",
        Service(lifted=False),
        tests=AT_RESTRICTED,
        without=NO_JAVA,
    ),
)


@dataclass(frozen=True)
class Run:
    """What the tests of the sandbox told in one place."""

    place: Place
    status: int
    output: str
    seconds: float

    @property
    def kernel(self) -> str:
        return next(iter(self._told("kernel: ")), "")

    @property
    def results(self) -> list[dict[str, Any]]:
        """A dictionary for each hostile program, as tests/sandbox/test_hostile.py writes them."""
        return [json.loads(line) for line in self._told("result: ")]

    @property
    def faults(self) -> list[str]:
        """Why this run proves nothing, or that something is wrong; empty if all is well."""
        found = [f"its tests ended with {self.status}"] if self.status else []
        if not self.results:
            found.append("no hostile program has run")
        if others := {result["level"] for result in self.results} - {self.place.level}:
            found.append(f"its level is {', '.join(sorted(others))}")
        return found

    def _told(self, word: str) -> list[str]:
        lines = self.output.splitlines()
        return [line.removeprefix(word) for line in lines if line.startswith(word)]

    @property
    def tail(self) -> str:
        """The end of what was printed, without what is for us."""
        lines = [line for line in self.output.splitlines() if not line.startswith("result: ")]
        return "\n".join(lines[-400:])
