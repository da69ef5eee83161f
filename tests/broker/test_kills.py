"""A worker killed at any step loses no job: another one judges it."""

import pytest

from stack import Frontend, PrivateBroker, wait_until
from tests.broker.books import settle
from tests.broker.conftest import StartWorker, job, wait_phase
from tests.broker.proxy import Moment, Proxy
from tests.web import Web, content, hang

SOON_S = 60

# Each instantiation has a type of its own: some seconds of compiling.
SLOW_TO_COMPILE = """
#include <cstdio>
template <int A, int B> struct Sum { static const int value = Sum<A - 1, B>::value + B % 3; };
template <int B> struct Sum<0, B> { static const int value = 1; };
template <int B> struct All {
    static const int value = Sum<800, B>::value % 7 + All<B - 1>::value;
};
template <> struct All<0> { static const int value = 0; };
int main() { puts(All<60>::value > 0 ? "1" : "0"); }
"""


def test_a_worker_killed_before_the_run(
    broker: PrivateBroker, frontend: Frontend, start: StartWorker
) -> None:
    with Web() as web:
        web.replies["/1.in"] = hang()
        worker = start(EXECUTOR_TESTDATA_HOSTS="127.0.0.1")
        tests = [{"id": "1", "input": {"url": web.url("/1.in")}, "answer": {"text": "1\n"}}]
        correlation = frontend.publish(job() | {"tests": tests})
        wait_until(lambda: web.requests.total(), SOON_S, "it fetches")
        worker.kill()
        web.replies["/1.in"] = content(b"")
        other = start(EXECUTOR_TESTDATA_HOSTS="127.0.0.1")
        [[reply]] = settle(broker, frontend, [correlation], [other], SOON_S)
    assert reply["redelivered"]


@pytest.mark.slow
def test_a_worker_killed_while_it_compiles(
    broker: PrivateBroker, frontend: Frontend, start: StartWorker
) -> None:
    worker = start(EXECUTOR_LANGUAGES="cpp")
    compiling = {"language": "cpp", "source": SLOW_TO_COMPILE, "events": "phase"}
    correlation = frontend.publish(job() | compiling)
    wait_phase(frontend, correlation, "compiling")
    worker.kill()
    frontend.receive()
    assert [event["phase"] for event in frontend.events[correlation]][-1] == "compiling"
    other = start(EXECUTOR_LANGUAGES="cpp")
    [[reply]] = settle(broker, frontend, [correlation], [other], SOON_S)
    assert reply["redelivered"]


@pytest.mark.slow
def test_a_worker_killed_while_it_runs_the_program(
    broker: PrivateBroker, frontend: Frontend, start: StartWorker
) -> None:
    worker = start()
    # Two tests: once the first is done and the second hangs, it is in the middle.
    source = "import time\nif input() == '2': time.sleep(3)\nprint(1)\n"
    tests = [
        {"id": id, "input": {"text": f"{id}\n"}, "answer": {"text": "1\n"}} for id in ("1", "2")
    ]
    running = job() | {"source": source, "tests": tests, "events": "test"}
    correlation = frontend.publish(running)
    wait_phase(frontend, correlation, "test")
    worker.kill()
    other = start()
    [[reply]] = settle(broker, frontend, [correlation], [other], SOON_S)
    assert reply["redelivered"]


@pytest.mark.parametrize(
    ("moment", "arrived"), [(Moment.PUBLISHED, 0), (Moment.CONFIRMED, 1), (Moment.ACKED, 1)]
)
def test_a_worker_killed_as_it_publishes_the_verdict(
    broker: PrivateBroker, frontend: Frontend, start: StartWorker, moment: Moment, arrived: int
) -> None:
    with Proxy(broker.url, hold=moment) as proxy:
        worker = start(proxy.url)
        correlation = frontend.publish(job())
        assert proxy.held.wait(SOON_S)
        assert broker.messages() == 1
        worker.kill()
    wait_until(lambda: frontend.depth() == 1, SOON_S, "the job is back in its queue")
    other = start()
    wait_until(lambda: broker.messages() == 0, SOON_S, "the job is acked")
    [same] = settle(broker, frontend, [correlation], [other], SOON_S)
    assert [reply["redelivered"] for reply in same] == [False] * arrived + [True]
