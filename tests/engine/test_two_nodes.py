"""A swarm of two nodes: who joins takes a share, and who leaves, or is torn away, costs no job.

The tests stand in the order of the swarm's life, and share it.
"""

from collections.abc import Iterator

import pytest

from stack import wait_until
from stack.docker import docker
from stack.frontend import answers
from storm.load import Load
from tests.engine.operator import PATIENCE_S, SERVICE, Operator, operating
from tests.engine.second_node import SecondNode

pytestmark = pytest.mark.slow

OURS = f"--filter=label=com.docker.swarm.service.name={SERVICE}"
HEALTHY = "--filter=health=healthy"


@pytest.fixture(scope="module")
def second(engine: None) -> Iterator[SecondNode]:
    with SecondNode() as second:
        yield second


@pytest.fixture(scope="module")
def operator(second: SecondNode, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Operator]:
    """The stack is deployed on the first node."""
    with operating(tmp_path_factory.mktemp("project")) as operator:
        init = "docker swarm init"
        operator.follow("Deploy", {init: f"{init} --advertise-addr={second.our_address}"})
        wait_until(lambda: answers(operator.url), PATIENCE_S, "the broker takes connections")
        operator.wait_for_replicas(3)
        yield operator
        second.docker("swarm", "leave")
        wait_until(lambda: not second.docker("ps", "-aq", OURS), PATIENCE_S, "its tasks are gone")


@pytest.fixture(scope="module")
def load(operator: Operator) -> Iterator[Load]:
    with Load(operator.url) as load:
        yield load


def wait_for_replicas(here: int, second: SecondNode, there: int) -> None:
    """So many are healthy on the first node and on the second one, and no others run."""

    def settled() -> bool:
        for node, count in ((docker, here), (second.docker, there)):
            running = node("ps", "-q", OURS)
            if len(running.split()) != count or running != node("ps", "-q", OURS, HEALTHY):
                return False
        return True

    wait_until(settled, PATIENCE_S, f"{here} and {there} replicas are healthy")


def test_a_node_that_joins_takes_its_share(
    operator: Operator, second: SecondNode, load: Load
) -> None:
    told = operator.follow("More nodes")
    join = next(line for line in told.splitlines() if "docker swarm join" in line)
    second.docker(*join.split()[1:])
    with load.while_it_lasts():
        operator.follow("Spread the replicas")
        wait_for_replicas(1, second, 2)
        (worker, *_) = second.docker("ps", "-q", OURS).split()
        done = '"event": "job_finished"'
        wait_until(lambda: done in second.docker("logs", worker), PATIENCE_S, "it judges")
    assert load.duplicates == 0


def test_a_node_that_is_drained_finishes_its_jobs(
    operator: Operator, second: SecondNode, load: Load
) -> None:
    with load.while_it_lasts():
        operator.follow("Take a node out", {"NODE": second.name})
        wait_for_replicas(3, second, 0)
        operator.follow("Take it back in", {"NODE": second.name})
        operator.follow("Spread the replicas")
        wait_for_replicas(1, second, 2)
    assert load.duplicates == 0


def test_the_jobs_of_a_node_that_is_cut_off_are_judged_elsewhere(
    operator: Operator, second: SecondNode, load: Load
) -> None:
    with load.while_it_lasts():
        second.cut()
        wait_until(lambda: _is(second, "down"), PATIENCE_S, "it is missed")
        operator.wait_for_replicas(3)
        second.mend()
        wait_until(lambda: _is(second, "ready"), PATIENCE_S, "it is back")
        wait_for_replicas(3, second, 0)


def _is(node: SecondNode, state: str) -> bool:
    return docker("node", "inspect", "--format={{.Status.State}}", node.name) == state
