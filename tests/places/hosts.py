"""The hosts that places stand on: this machine, a container engine, a virtual machine.

A host turns the command of a place into a command to run here. The engine and the machine are
brought up by commands of the environment's, for how that is done differs from site to site.
"""

import getpass
import os
import shlex
import subprocess
import sys
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

ENGINE = "PLACES_ENGINE"
"""A command that brings a Docker engine up when given `up`, and stops it when given `down`."""
MACHINE = "PLACES_MACHINE"
"""A command that copies DIR to a machine with cgroup v2 and AppArmor and runs COMMAND as its root
(`-d DIR -t SECONDS -- COMMAND...`); its output and its status are those of COMMAND."""

PYTHON = Path(sys.prefix).resolve() / "bin" / "python"
"""Not by way of the clone, which other users may not enter."""
ORDINARY_USER = "nobody"
LIMIT_S = 1500


class PlaceMissing(RuntimeError):
    """A place could not be brought up. The message says what is missing."""


def run_sh(python: str, env: Mapping[str, str], argv: Sequence[str]) -> list[str]:
    pairs = [f"{key}={value}" for key, value in env.items()]
    return ["env", *pairs, "sh", "tests/places/run.sh", python, *argv]


def setting(name: str) -> list[str]:
    words = shlex.split(os.environ.get(name, ""))
    if not words:
        raise PlaceMissing(f"{name} is not set: see the head of tests/places/hosts.py")
    return words


class Host(ABC):
    """The simplest: needs nothing before and after."""

    lane = "this kernel"
    """Those of one lane take turns, for they would disturb each other."""
    patience = 1
    """How much longer programs may take than on an idle machine."""
    needs_engine = False

    def up(self) -> None:  # noqa: B027 - most have nothing to do
        """Before: brings it up, if it is not. Raises PlaceMissing."""

    def down(self) -> None:  # noqa: B027
        """After, however that went: ends what the command left."""

    @abstractmethod
    def command(self, stage: Path, env: Mapping[str, str], argv: Sequence[str]) -> list[str]:
        """What runs run.sh with `argv` on this host, where the folder `stage` is current."""


class ThisMachine(Host):
    """`ordinary`: as somebody who is not root."""

    def __init__(self, *, ordinary: bool = False) -> None:
        self.ordinary = ordinary

    def up(self) -> None:
        if not self.ordinary and os.geteuid() != 0:
            raise PlaceMissing(f"{getpass.getuser()} is not root")

    def command(self, stage: Path, env: Mapping[str, str], argv: Sequence[str]) -> list[str]:
        become = []
        if self.ordinary and os.geteuid() == 0:
            become = ["setpriv", f"--reuid={ORDINARY_USER}", "--regid=nogroup", "--clear-groups"]
            become += ["--bounding-set=-all", "--"]
        return [*become, *run_sh(str(PYTHON), env, argv)]


class Machine(Host):
    """A virtual machine; `place` is a word that machine.sh knows. It may be an emulated one."""

    lane = "machines"
    patience = 10

    def __init__(self, place: str) -> None:
        self.place = place

    def up(self) -> None:
        setting(MACHINE)

    def command(self, stage: Path, env: Mapping[str, str], argv: Sequence[str]) -> list[str]:
        return self.command_in(stage, "tests/places/machine.sh", env, argv)

    def command_in(
        self, folder: Path, script: str, env: Mapping[str, str], argv: Sequence[str]
    ) -> list[str]:
        """The machine is handed `folder`, which has machine.sh as `script`."""
        machine = [*setting(MACHINE), "-d", str(folder), "-t", str(LIMIT_S), "--"]
        return [*machine, "sh", script, self.place, *run_sh("python3", env, argv)]


@contextmanager
def engine(hosts: Sequence[Host]) -> Iterator[None]:
    """A container engine, if any of the hosts needs one; stopped again unless it ran before."""
    with ExitStack() as afterwards:
        if any(host.needs_engine for host in hosts) and os.environ.get(ENGINE):
            command = setting(ENGINE)
            if not _engine_answers():
                afterwards.callback(subprocess.run, [*command, "down"], check=True)
            up = subprocess.run([*command, "up"], capture_output=True, text=True, check=False)
            if up.returncode:
                raise PlaceMissing(f"no container engine: {up.stderr.strip() or up.stdout}")
        yield


def _engine_answers() -> bool:
    asked = subprocess.run(["docker", "info"], capture_output=True, check=False)
    return asked.returncode == 0
