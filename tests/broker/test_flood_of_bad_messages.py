"""Thousands of mutated messages: each is answered or kept, honest jobs among them are judged."""

import json
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from stack import ExecutorProcess, Frontend
from tests.broker.conftest import StartWorker, job
from tests.mutations import Mutated, mutated

pytestmark = pytest.mark.slow

MESSAGES = 20_000
WARM_UP = 2_000
HONEST_EACH = 100
WORKERS = 2
GROWTH_MIB = 5.0
SILENCE_S = 60


class Enough(BaseException):
    """No Exception: hypothesis would take that for a finding."""


class Flood:
    """What was sent, and what became of it."""

    def __init__(self, frontend: Frontend) -> None:
        self._frontend = frontend
        self.sent: dict[str, Mutated] = {}
        self.honest: set[str] = set()
        self.kept: set[str] = set()

    def send(self, message: Mutated) -> None:
        """Sends it; and now and then an honest job after it."""
        correlation = f"m-{len(self.sent)}"
        self.sent[correlation] = message
        self._frontend.publish(message.body, correlation_id=correlation, **message.properties)
        if len(self.sent) % HONEST_EACH == 0:
            honest = f"h-{len(self.sent)}"
            self.honest.add(honest)
            self._frontend.publish(job(honest), correlation_id=honest)

    def settle(self) -> None:
        """Waits until all are dealt with, or nothing comes any more."""
        progress, since = -1, time.monotonic()
        while self.missing and time.monotonic() - since < SILENCE_S:
            self._frontend.receive(0.2)
            self._take_kept()
            if len(self.missing) != progress:
                progress, since = len(self.missing), time.monotonic()

    @property
    def missing(self) -> set[str]:
        """Those neither answered nor kept."""
        return (set(self.sent) | self.honest) - set(self._frontend.replies) - self.kept

    def _take_kept(self) -> None:
        """Dead letters, and the replies of good messages that named no queue for them."""
        while (found := self._frontend.get()) is not None:
            properties, body = found
            assert body == self.sent[properties.correlation_id].body
            self.kept.add(properties.correlation_id)
        while (found := self._frontend.get("verdicts")) is not None:
            self.kept.add(found[0].correlation_id)


def test_every_mutated_message_is_answered_or_kept_and_the_worker_stays_as_it_is(
    frontend: Frontend, start: StartWorker
) -> None:
    workers = [start(EXECUTOR_TESTDATA_HOSTS="127.0.0.1") for _ in range(WORKERS)]
    flood = Flood(frontend)
    publish(flood, WARM_UP)
    before = [rss_mib(worker) for worker in workers]
    publish(flood, MESSAGES)
    assert not flood.missing
    for correlation in flood.honest:
        assert json.loads(frontend.replies[correlation][0][1])["verdict"] == "AC"
    for worker, mib in zip(workers, before, strict=True):
        worker.check()
        assert rss_mib(worker) - mib <= GROWTH_MIB
        assert not worker.events("job_crashed")
        assert not worker.events("link_lost")
        assert len(worker.events("worker_started")) == 1


def publish(flood: Flood, count: int) -> None:
    """Sends so many mutated messages, no two alike, and waits until they are dealt with."""
    seen = set()

    @settings(
        max_examples=count * 3,
        phases=[Phase.generate],
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(mutated())
    def send(message: Mutated) -> None:
        key = (message.body, str(message.properties))
        if key not in seen:
            seen.add(key)
            flood.send(message)
        if len(seen) == count:
            raise Enough

    with pytest.raises(Enough):
        send()
    flood.settle()


def rss_mib(worker: ExecutorProcess) -> float:
    for line in Path(f"/proc/{worker.pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    raise RuntimeError(f"{worker.name} has no VmRSS")
