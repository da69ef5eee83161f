"""A swarm of one node, and its services."""

from collections.abc import Iterator
from contextlib import contextmanager

from stack.docker import docker


@contextmanager
def own_swarm() -> Iterator[None]:
    """Makes one, and leaves it at the end. Raises RuntimeError if the engine is in one already."""
    if docker("info", "--format={{.Swarm.LocalNodeState}}") != "inactive":
        raise RuntimeError("the engine is in a swarm already: docker swarm leave --force")
    docker("swarm", "init", "--advertise-addr=127.0.0.1")
    try:
        yield
    finally:
        docker("swarm", "leave", "--force")


class Service:
    """A service of the swarm, by its name."""

    def __init__(self, name: str) -> None:
        self.name = name

    def running(self, *filters: str) -> set[str]:
        """The ids of its containers that run on this node, or of those that pass the filters."""
        filters = (f"label=com.docker.swarm.service.name={self.name}", *filters)
        return set(docker("ps", "--quiet", *(f"--filter={each}" for each in filters)).split())

    def settled(self, replicas: int) -> bool:
        """Whether so many run and are healthy, and nothing else of it runs."""
        running = self.running()
        return len(running) == replicas and running == self.running("health=healthy")

    @property
    def update(self) -> str:
        """What has become of its last update: `updating`, `completed`, `rollback_completed`...;
        empty if there was none."""
        state = "{{if .UpdateStatus}}{{.UpdateStatus.State}}{{end}}"
        return docker("service", "inspect", f"--format={state}", self.name)
