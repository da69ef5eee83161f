"""safeexec is killed: what was running is never blamed on the submission, and jobs wait for it."""

from collections.abc import Callable, Iterator

import pytest

from stack import ExecutorProcess, Frontend, PrivateBroker, RunFolder, Safeexec
from tests.broker.books import settle
from tests.broker.conftest import job, sleeping_job

SOON_S = 60


@pytest.fixture
def mortal() -> Iterator[tuple[RunFolder, Safeexec]]:
    """A sandbox that may be killed, and its folder."""
    with RunFolder() as folder, Safeexec(folder, 2) as safeexec:
        yield folder, safeexec


@pytest.fixture
def worker(
    broker: PrivateBroker, frontend: Frontend, mortal: tuple[RunFolder, Safeexec]
) -> Iterator[ExecutorProcess]:
    folder, safeexec = mortal
    with ExecutorProcess(
        folder, amqp_url=broker.url, socket=safeexec.socket, languages=["python3"]
    ) as worker:
        yield worker.wait_ready()


@pytest.mark.slow
@pytest.mark.parametrize("end", [Safeexec.kill, Safeexec.close])
def test_a_job_whose_sandbox_ends_in_mid_run_is_judged_when_it_is_back(
    broker: PrivateBroker,
    frontend: Frontend,
    mortal: tuple[RunFolder, Safeexec],
    worker: ExecutorProcess,
    end: Callable[[Safeexec], None],
) -> None:
    _, safeexec = mortal
    jobs = [frontend.publish(sleeping_job(2, "running")), frontend.publish(job("next"))]
    worker.wait_for("job_received")
    end(safeexec)
    worker.wait_for("sandbox_awaited", timeout=SOON_S)
    safeexec.start()
    assert [len(same) for same in settle(broker, frontend, jobs, [worker], SOON_S)] == [1, 1]
