"""supervisord.conf under a real supervisord: what a restart costs, and what logs may take."""

from collections.abc import Callable
from pathlib import Path

import pytest

from stack import Frontend, wait_until
from stack.docker import FULL, Container
from stack.paths import ROOT
from storm.load import Load
from tests.engine.conftest import READY
from tests.engine.test_image import PYTHON

pytestmark = pytest.mark.slow

SETTINGS = ROOT / "supervisord.conf"
LOGS = "/var/log/oj-executor"
SMALL_BYTES = 4096


def test_restarted_again_and_again_under_load_it_loses_and_doubles_nothing(
    start_container: Callable[..., Container], broker: str
) -> None:
    worker = start_container(*FULL)
    with Load(broker) as load:
        with load.while_it_lasts():
            for restarts in range(1, 4):
                wait_for_a_result(load)
                told = worker.do("supervisorctl", "restart", "executor")
                assert told.splitlines() == ["executor: stopped", "executor: started"]
                worker.wait_for(READY, 1 + restarts)
        assert load.duplicates == 0


def wait_for_a_result(load: Load) -> None:
    before = load.books.result_count
    wait_until(lambda: load.books.result_count > before, 60, "it judges")


def test_logs_are_turned_over_and_bounded(
    image: str, network: str, broker: str, frontend: Frontend, tmp_path: Path
) -> None:
    """As on bare metal, where they are files; the image has them turned to its output."""
    text = SETTINGS.read_text()
    assert text.count("stdout_logfile_maxbytes=50MB") == 1
    small = tmp_path / "supervisord.conf"
    small.write_text(text.replace("maxbytes=50MB", f"maxbytes={SMALL_BYTES}"))
    options = (f"--network={network}", f"--env=AMQP_URL={broker}")
    with Container(
        image, options=(*options, f"--volume={small}:/etc/supervisord.conf:ro")
    ) as worker:

        def files() -> set[str]:
            return set(worker.do("sh", "-c", f"cd {LOGS} && ls executor.log*").split())

        def oldest_is_there_after_a_job() -> bool:
            assert frontend.judge(PYTHON)["verdict"] == "AC"
            return "executor.log.10" in files()

        wait_until(oldest_is_there_after_a_job, 120, "ten old logs are there")
        for _ in range(10):
            assert frontend.judge(PYTHON)["verdict"] == "AC"
        assert files() == {"executor.log", *(f"executor.log.{number}" for number in range(1, 11))}
        for size in worker.do("sh", "-c", f"stat -c %s {LOGS}/executor.log*").split():
            assert int(size) < 2 * SMALL_BYTES
