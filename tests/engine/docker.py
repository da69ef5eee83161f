"""The docker command, and containers as context managers."""

import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Self

from stack import wait_until
from stack.paths import ROOT

AS_ROOT = () if os.geteuid() == 0 else ("sudo", "-n")
_LIMIT_S = 900
# The stand-alone builder, which every engine has.
_ENV = {"DOCKER_BUILDKIT": "0"}


def run(*argv: str, env: Mapping[str, str] | None = None, folder: Path = ROOT) -> str:
    """The stdout of a command, in the project's folder. Fails with all that it said."""
    done = subprocess.run(
        argv,
        cwd=folder,
        env={**os.environ, **_ENV, **(env or {})},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=_LIMIT_S,
        check=False,
    )
    assert done.returncode == 0, f"{' '.join(argv)}:\n{done.stdout}{done.stderr}"
    told: str = done.stdout
    return told


def docker(*argv: str) -> str:
    return run("docker", *argv).strip()


def build(tag: str, folder: str = ".", **arguments: str) -> str:
    """Builds an image and returns its id."""
    options = [f"--build-arg={name}={value}" for name, value in arguments.items()]
    return docker("build", "--quiet", f"--tag={tag}", *options, folder)


class Container:
    """A running container; gone with its volumes at the end."""

    def __init__(self, image: str, *command: str, options: Sequence[str] = ()) -> None:
        self.id = docker("run", "--detach", *options, image, *command)

    @property
    def logs(self) -> str:
        done = subprocess.run(
            ["docker", "logs", self.id], capture_output=True, text=True, check=True
        )
        return done.stdout + done.stderr

    @property
    def running(self) -> bool:
        return self.inspect("{{.State.Running}}") == "true"

    def inspect(self, template: str) -> str:
        return docker("inspect", "--format", template, self.id)

    def do(self, *argv: str, user: str = "root") -> str:
        """The stdout of a command in it."""
        return docker("exec", f"--user={user}", self.id, *argv)

    def wait_for(self, text: str, count: int = 1, timeout: float = 60) -> None:
        """Until its log has that text so often."""
        try:
            wait_until(lambda: self.logs.count(text) >= count, timeout, f"the log says {text}")
        except TimeoutError as error:
            raise AssertionError(f"{error}:\n{self.logs}") from None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        docker("rm", "--force", "--volumes", self.id)
