"""Our image as a service of a swarm, deployed with the lines of docker-compose.prod.yml.

So the level that is found is that of whoever deploys with these lines, or without them.
"""

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from stack import wait_until
from stack.paths import ROOT
from tests.places.hosts import ENGINE, Host, Machine, PlaceMissing, run_sh, setting

STACK = ROOT / "docker-compose.prod.yml"
LANGUAGES = "cpp,python"
"""What hostile programs are written in. The JVM would be most of the image."""
HEADERS = "usr/local/lib/oj-executor/headers"
"""Compiled ahead, most of the image as it is, and no hostile program includes one."""
_STARTED_S = 120
_ENDED_S = 120


def lifting_lines() -> dict[str, Any]:
    """Those of the stack file's service that lift the level: what a stock container lacks."""
    service = _service()
    binds = [volume for volume in service["volumes"] if volume["type"] == "bind"]
    return {"cap_add": service["cap_add"], "volumes": binds}


def stack_of(image: str, command: Sequence[str], *, lifted: bool) -> dict[str, Any]:
    """The stack file with that command for the worker, once; `lifted` or as a stock container."""
    service = _service()
    for key in ("build", "secrets", "cap_add", "volumes"):
        del service[key]
    service |= {"image": image, "command": list(command)}
    service |= lifting_lines() if lifted else {}
    limits = service["deploy"]["resources"]
    once = {"replicas": 1, "resources": limits, "restart_policy": {"condition": "none"}}
    return {"version": "3.8", "services": {"executor": service | {"deploy": once}}}


def _service() -> dict[str, Any]:
    service: dict[str, Any] = yaml.safe_load(STACK.read_text())["services"]["executor"]
    return service


def docker(*argv: str, told: str | None = None) -> str:
    """Its stdout. Raises PlaceMissing with all that it said."""
    done = subprocess.run(
        ["docker", *argv],
        env=os.environ | {"DOCKER_BUILDKIT": "0"},
        input=told,
        stdin=subprocess.DEVNULL if told is None else None,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise PlaceMissing(f"docker {argv[0]}: {done.stderr.strip() or done.stdout}")
    return done.stdout.strip()


class Image:
    """The worker's, and a thin one upon it that has the tests. The next build finds the layers."""

    def __init__(self, name: str) -> None:
        self.tag = f"oj-executor-{name}-{os.getpid()}"
        self._worker = f"{self.tag}-worker"

    def build_worker(self) -> None:
        setting(ENGINE)
        languages = f"--build-arg=LANGUAGES={LANGUAGES}"
        docker("build", "--quiet", f"--tag={self._worker}", languages, str(ROOT))

    def build(self, stage: Path) -> None:
        dockerfile = f"--file={stage}/tests/places/Dockerfile"
        worker = f"--build-arg=IMAGE={self._worker}"
        docker("build", "--quiet", f"--tag={self.tag}", dockerfile, worker, str(stage))

    def export(self, folder: Path) -> None:
        """Its files, in an empty folder."""
        container = docker("create", self.tag)
        try:
            unpack = ["tar", "-x", f"--directory={folder}", f"--exclude={HEADERS}/*"]
            with subprocess.Popen(["docker", "export", container], stdout=subprocess.PIPE) as files:
                subprocess.run(unpack, stdin=files.stdout, check=True)
            assert files.returncode == 0
        finally:
            docker("rm", "--volumes", container)

    def remove(self) -> None:
        for tag in (self.tag, self._worker):
            _try("image", "rm", "--no-prune", tag)


class Service(Host):
    """One replica. Whoever made the swarm leaves it."""

    needs_engine = True

    def __init__(self, *, lifted: bool) -> None:
        self._lifted = lifted
        self._stack = f"places-{'lifted' if lifted else 'stock'}-{os.getpid()}"
        self._image = Image(self._stack)
        self._made_swarm = False

    def up(self) -> None:
        self._image.build_worker()
        if docker("info", "--format={{.Swarm.LocalNodeState}}") == "inactive":
            docker("swarm", "init", "--advertise-addr=lo")
            self._made_swarm = True

    def command(self, stage: Path, env: Mapping[str, str], argv: Sequence[str]) -> list[str]:
        self._image.build(stage)
        stack = stack_of(self._image.tag, run_sh("python3", env, argv), lifted=self._lifted)
        options = ("--resolve-image=never", "--compose-file=-")
        docker("stack", "deploy", *options, self._stack, told=json.dumps(stack))
        container = wait_until(self._started, _STARTED_S, "the service has a container")
        return ["sh", "-c", 'docker logs --follow "$0"; exit "$(docker wait "$0")"', container]

    def _started(self) -> str:
        """Its container, once there is one. Raises PlaceMissing if there will be none."""
        state = "{{.CurrentState}}: {{.Error}}"
        for task in docker(
            "stack", "ps", "--no-trunc", f"--format={state}", self._stack
        ).splitlines():
            if task.startswith("Rejected"):
                raise PlaceMissing(f"the service has no container: {task}")
        return self._containers("--filter=status=running", "--filter=status=exited")

    def _containers(self, *options: str) -> str:
        mine = f"--filter=label=com.docker.stack.namespace={self._stack}"
        return docker("ps", "--all", "--quiet", "--no-trunc", mine, *options)

    def down(self) -> None:
        """A container that still runs would be given the stack file's time to end."""
        _try("stack", "rm", self._stack)
        if containers := self._containers().split():
            _try("rm", "--force", "--volumes", *containers)
        wait_until(lambda: not self._containers(), _ENDED_S, "the service's container is gone")
        if self._made_swarm:
            _try("swarm", "leave", "--force")
            self._made_swarm = False
        self._image.remove()


class ImageInMachine(Machine):
    """The files of our image in a virtual machine, where they make a container by themselves."""

    needs_engine = True

    def __init__(self, place: str) -> None:
        super().__init__(place)
        self._image = Image(f"places-{place}")
        self._folder: Path | None = None

    def up(self) -> None:
        super().up()
        self._image.build_worker()

    def command(self, stage: Path, env: Mapping[str, str], argv: Sequence[str]) -> list[str]:
        self._image.build(stage)
        self._folder = Path(tempfile.mkdtemp(prefix="places-image-"))
        self._image.export(self._folder)
        script = "opt/oj-executor/tests/places/machine.sh"
        return self.command_in(self._folder, script, env, argv)

    def down(self) -> None:
        self._image.remove()
        if self._folder:
            shutil.rmtree(self._folder)
            self._folder = None


def _try(*argv: str) -> None:
    """For what may be gone already."""
    subprocess.run(["docker", *argv], capture_output=True, check=False)
