"""The worker's clock is stepped by an hour, in mid-run: nothing that counts goes by it."""

import struct
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from stack import ExecutorProcess, Frontend, PrivateBroker, RunFolder, Safeexec
from tests.broker.books import settle
from tests.broker.conftest import job, sleeping_job, wait_listening

SOON_S = 60
HOUR_S = 3600
SOURCE = Path(__file__).with_name("stepped_clock.c")

Stepped = tuple[ExecutorProcess, Callable[[int], None]]


@pytest.fixture
def stepped(broker: PrivateBroker, frontend: Frontend, safeexec: Safeexec) -> Iterator[Stepped]:
    """A worker, and what sets its clock so many seconds ahead of ours."""
    with RunFolder() as folder:
        library, clock = folder.path / "clock.so", folder.path / "clock"
        compile = ["gcc", "-std=c11", "-O2", "-Wall", "-Werror", "-shared", "-fPIC"]
        subprocess.run([*compile, "-o", library, SOURCE], check=True)
        clock.write_bytes(bytes(8))

        def step(seconds: int) -> None:
            with clock.open("r+b", buffering=0) as file:
                file.write(struct.pack("q", seconds))

        with ExecutorProcess(
            folder,
            amqp_url=broker.url,
            socket=safeexec.socket,
            languages=["python3"],
            env={"LD_PRELOAD": str(library), "STEPPED_CLOCK": str(clock), "AMQP_HEARTBEAT_S": "5"},
        ) as worker:
            yield worker.wait_ready(), step


@pytest.mark.slow
@pytest.mark.parametrize("seconds", [HOUR_S, -HOUR_S])
def test_a_step_in_mid_run_changes_no_limit_no_figure_and_no_link(
    broker: PrivateBroker, frontend: Frontend, stepped: Stepped, seconds: int
) -> None:
    worker, step = stepped
    correlation = frontend.publish(sleeping_job(3))
    worker.wait_for("job_received")
    step(seconds)
    [[reply]] = settle(broker, frontend, [correlation], [worker], SOON_S)
    times = reply["timing"]
    assert all(0 <= times[name] < SOON_S * 1000 for name in times)
    assert 3000 <= reply["tests"][0]["wall_ms"] < SOON_S * 1000
    # The next one is sent by a clock that is an hour off.
    next = frontend.publish(job("next"))
    [[reply]] = settle(broker, frontend, [next], [worker], SOON_S)
    queued_ms = reply["timing"]["queued_ms"]
    assert queued_ms == 0 if seconds < 0 else queued_ms >= (seconds - 1) * 1000
    assert not worker.events("link_lost")


def test_a_clock_that_is_behind_expires_no_job_and_hears_cancels(
    broker: PrivateBroker, frontend: Frontend, stepped: Stepped
) -> None:
    worker, step = stepped
    step(-HOUR_S)
    wait_listening(worker)
    kept = frontend.publish(job("kept"), expiration="60000")
    settle(broker, frontend, [kept], [worker], SOON_S)
    running = frontend.publish(sleeping_job(60, "running"))
    worker.wait_for("job_received", count=2)
    frontend.control({"type": "cancel", "id": "running"}, timestamp=int(time.time()))
    assert frontend.reply(running, SOON_S)["status"] == "cancelled"
