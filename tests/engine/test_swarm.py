"""The way of the seed's operators, command by command, with jobs coming in all the while.

The tests stand in the order of a stack's life, and share it.
"""

from collections.abc import Iterator

import pytest

from stack import Frontend, wait_until
from stack.docker import docker
from stack.frontend import answers
from storm.load import Load
from tests.engine.operator import PATIENCE_S, SERVICE, STACK, Operator, containers, operating
from tests.engine.test_image import PYTHON

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def operator(engine: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Operator]:
    with operating(tmp_path_factory.mktemp("project")) as operator:
        yield operator


@pytest.fixture(scope="module")
def load(operator: Operator) -> Iterator[Load]:
    with Load(operator.url) as load:
        yield load


def test_deployed_as_the_page_says_it_judges(operator: Operator) -> None:
    operator.follow("Deploy")
    wait_until(lambda: answers(operator.url), PATIENCE_S, "the broker takes connections")
    operator.wait_for_replicas(3)
    with Frontend(operator.url) as frontend:
        result = frontend.judge(PYTHON)
    assert result["verdict"] == "AC", result
    assert result["worker"]["isolation"] == "full"
    assert result["worker"]["name"].startswith("executor-")


def test_the_first_job_of_the_page_is_accepted(operator: Operator) -> None:
    assert operator.follow("A first verdict").startswith("AC  submit-")


def test_scaled_up_and_down_it_loses_and_doubles_nothing(operator: Operator, load: Load) -> None:
    with load.while_it_lasts():
        operator.follow("Scale")
        operator.wait_for_replicas(5)
        for count in (2, 3):
            docker("service", "scale", "--detach", f"{SERVICE}={count}")
            operator.wait_for_replicas(count)
    assert load.duplicates == 0


def test_a_new_image_and_other_replicas_are_rolled_out_without_loss(
    operator: Operator, load: Load
) -> None:
    before = set(containers(SERVICE))
    operator.edit("executor/__init__.py", '__version__ = "', '__version__ = "9.')
    operator.edit(STACK, "replicas: 3", "replicas: 4")
    with load.while_it_lasts():
        operator.follow("Update")
        operator.wait_for_update("completed")
        operator.wait_for_replicas(4)
    assert load.duplicates == 0
    assert not before & operator.service.running()
    assert _version(operator).startswith("9.")


def test_taken_back_it_is_the_old_image_again(operator: Operator, load: Load) -> None:
    with load.while_it_lasts():
        operator.follow("Back out")
        operator.wait_for_update("rollback_completed")
        operator.wait_for_replicas(3)
    assert load.duplicates == 0
    assert not _version(operator).startswith("9.")


def _version(operator: Operator) -> str:
    with Frontend(operator.url) as frontend:
        version: str = frontend.judge(PYTHON)["worker"]["version"]
        return version


def test_a_killed_container_is_replaced_and_its_job_judged_elsewhere(
    operator: Operator, load: Load
) -> None:
    with load.while_it_lasts():
        docker("kill", operator.service.running().pop())
        operator.wait_for_replicas(3)


def test_a_paused_container_keeps_no_job_from_its_verdict(operator: Operator, load: Load) -> None:
    with load.while_it_lasts():
        container = operator.service.running().pop()
        docker("pause", container)
        before = load.books.result_count
        wait_until(lambda: load.books.result_count > before + 50, PATIENCE_S, "others go on")
    docker("unpause", container)
    operator.wait_for_replicas(3)


def test_one_can_look_around_in_a_container(operator: Operator) -> None:
    seen = operator.follow("Look around")
    for told in ("Running", '"event": "', "reachable", "isolation full", "RUNNING"):
        assert told in seen, seen


def test_removed_the_stack_leaves_nothing_behind(operator: Operator) -> None:
    operator.follow("Remove")
    wait_until(lambda: not containers("executor_"), PATIENCE_S, "every container is gone")
    assert docker("info", "--format={{.Swarm.LocalNodeState}}") == "inactive"
