"""A frontend hears how its job gets on; whoever does not listen, or cannot, delays nothing."""

import json
import time
from collections.abc import Iterator
from typing import Any

import pika
import pytest

from stack import ExecutorProcess, Frontend, PrivateBroker, wait_until
from tests.broker.conftest import StartWorker, job, sleeping_job, wait_listening, wait_phase

SOON_S = 30
REPLIES = "replies-and-events"
CANARY = "open-sesame"

FATAL_REPLY_TO = "amq.rabbitmq.reply-to.g1h2AA5yZXBseUAxMDM1MTc2OQAAAAAAAA==.x"
"""One that was never given out: RabbitMQ 3.10 closes the connection with INTERNAL_ERROR."""

PHASES = ("received", "compiling", "compiled", "test", "finished")

Message = tuple[pika.BasicProperties, bytes]


def job_of_tests(count: int, source: str = "print(1)\n", **fields: Any) -> dict[str, Any]:
    """A job of so many tests, which asks for all events."""
    tests = [
        {"id": f"t{number}", "input": {"text": ""}, "answer": {"text": "1\n"}}
        for number in range(1, count + 1)
    ]
    return {**job(), "source": source, "tests": tests, "events": "test", **fields}


@pytest.fixture
def replies(frontend: Frontend) -> str:
    """A queue that nobody reads while a job runs."""
    frontend.channel.queue_delete(REPLIES)
    return str(frontend.channel.queue_declare(REPLIES, exclusive=True).method.queue)


def read(frontend: Frontend, queue: str) -> Iterator[Message]:
    """The messages of a queue in their order, up to the result."""
    while True:
        message: Message = wait_until(lambda: frontend.get(queue), SOON_S, f"a message in {queue}")
        yield message
        if message[0].type == "oj.result/1":
            return


def events_of(messages: list[Message]) -> list[dict[str, Any]]:
    """All but the last, which is the result, decoded."""
    assert [properties.type for properties, _ in messages[:-1]] == ["oj.event/1"] * (
        len(messages) - 1
    )
    return [json.loads(body) for _, body in messages[:-1]]


def test_the_events_of_many_quick_tests_are_few_and_finished_is_the_last_before_the_result(
    frontend: Frontend, worker: ExecutorProcess, replies: str
) -> None:
    started = time.monotonic()
    frontend.publish(job_of_tests(40), reply_to=replies)
    messages = list(read(frontend, replies))
    elapsed_s = time.monotonic() - started
    events = events_of(messages)
    phases = [event["phase"] for event in events]
    assert phases == sorted(phases, key=PHASES.index)
    assert phases[-1] == "finished"
    assert len(phases) >= 2
    assert (len(events) - 2) * 0.25 <= elapsed_s
    numbers = [event["seq"] for event in events]
    assert numbers == sorted(set(numbers))
    # received, compiling, compiled, and finished are numbered too, whether they are sent or not.
    assert numbers[-1] == 44
    for event in events:
        if event["phase"] == "test":
            assert event["test"] == f"t{event['done']}"
            assert (event["of"], event["verdict"]) == (40, "AC")
            assert event["cpu_ms"] > 0
    last = {"seq": 44, "phase": "finished", "verdict": "AC", "done": 40, "of": 40}
    assert events[-1] == {"schema": "oj.event/1", "id": "s-1", "attempt": 1, **last}


def test_an_event_carries_the_properties_of_the_contract(
    frontend: Frontend, worker: ExecutorProcess, replies: str
) -> None:
    trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    headers = {"traceparent": trace, "x": 1}
    correlation = frontend.publish(job_of_tests(1), reply_to=replies, headers=headers)
    for properties, _ in list(read(frontend, replies))[:-1]:
        assert properties.type == "oj.event/1"
        assert properties.app_id == "executor"
        assert properties.content_type == "application/json"
        assert properties.correlation_id == correlation
        assert properties.message_id == "s-1"
        assert properties.delivery_mode == 1
        assert properties.headers == {"traceparent": trace}


def test_a_job_hears_of_its_phases_only_if_it_asks_for_no_more(
    frontend: Frontend, worker: ExecutorProcess
) -> None:
    wait_listening(worker)
    running = frontend.publish(sleeping_job(80) | {"events": "phase"})
    wait_phase(frontend, running, "compiled")
    frontend.control({"type": "cancel", "id": "s-1"})
    assert frontend.reply(running, SOON_S)["verdict"] == "CN"
    assert "test" not in [event["phase"] for event in frontend.events[running]]
    assert frontend.events[running][-1]["seq"] == 4


def test_a_job_that_asks_for_no_events_gets_none(
    frontend: Frontend, worker: ExecutorProcess, replies: str
) -> None:
    frontend.publish(job_of_tests(3, events="none"), reply_to=replies)
    assert len(list(read(frontend, replies))) == 1


@pytest.mark.parametrize("feedback", ["verdict", "diff", "full"])
def test_no_event_has_a_word_of_the_test_data(
    frontend: Frontend, worker: ExecutorProcess, replies: str, feedback: str
) -> None:
    source = "import sys, time\nprint(input())\nprint('open-sesame', file=sys.stderr)\n"
    test = {"input": {"text": CANARY}, "answer": {"text": f"{CANARY} right"}}
    tests = [{"id": str(number), **test, "visible": number > 3} for number in range(6)]
    policy = {"feedback": feedback, "output_bytes": 1000}
    frontend.publish(
        job_of_tests(1, source, tests=tests, policy=policy, labels={"canary": CANARY}),
        reply_to=replies,
    )
    *events, (_, result) = read(frontend, replies)
    assert events
    assert CANARY.encode() in result
    for _, body in events:
        assert CANARY.encode() not in body
    assert json.loads(events[-1][1])["verdict"] == "WA"


def test_what_does_not_compile_is_told_with_its_verdict(
    frontend: Frontend, worker: ExecutorProcess, replies: str
) -> None:
    frontend.publish(job_of_tests(2, f"{CANARY}("), reply_to=replies)
    messages = list(read(frontend, replies))
    assert not any(CANARY.encode() in body for _, body in messages[:-1])
    events = events_of(messages)
    assert (events[-1]["verdict"], events[-1]["done"], events[-1]["of"]) == ("CE", 0, 2)
    for event in events:
        assert event["phase"] != "test"
        assert event.get("verdict") == (
            "CE" if event["phase"] in ("compiled", "finished") else None
        )


def test_events_come_by_direct_reply_to(broker: PrivateBroker, worker: ExecutorProcess) -> None:
    with pika.BlockingConnection(pika.URLParameters(broker.url)) as connection:
        channel = connection.channel()
        types: list[str] = []
        direct = "amq.rabbitmq.reply-to"
        channel.basic_consume(direct, lambda *each: types.append(each[2].type), auto_ack=True)
        properties = pika.BasicProperties(reply_to=direct, correlation_id="7")
        body = json.dumps(job_of_tests(3)).encode()
        channel.basic_publish("", "submissions", body, properties)

        def arrived() -> bool:
            connection.process_data_events(0.1)
            return "oj.result/1" in types

        wait_until(arrived, SOON_S, "the result")
    assert types[-1] == "oj.result/1"
    assert types.count("oj.event/1") == len(types) - 1 >= 1


@pytest.mark.parametrize("reply_to", [None, "nobody-reads-this", "amq.rabbitmq.reply-to.forged"])
def test_events_that_nobody_can_take_go_nowhere(
    frontend: Frontend, worker: ExecutorProcess, reply_to: str | None
) -> None:
    frontend.publish(job_of_tests(10), reply_to=reply_to)
    properties, body = wait_until(
        lambda: frontend.get("verdicts"), SOON_S, "the result in verdicts"
    )
    assert (properties.type, json.loads(body)["verdict"]) == ("oj.result/1", "AC")
    assert frontend.judge(job("s-2"))["verdict"] == "AC"
    assert frontend.depth("verdicts") == 0


@pytest.mark.slow
def test_events_over_which_the_broker_hangs_up_are_given_up_after_the_first(
    frontend: Frontend, worker: ExecutorProcess
) -> None:
    many = job_of_tests(30, "import time; time.sleep(0.1); print(1)\n")
    frontend.publish(many, reply_to=FATAL_REPLY_TO)
    _, body = wait_until(lambda: frontend.get("verdicts"), SOON_S, "the result in verdicts")
    assert json.loads(body)["verdict"] == "AC"
    logged = [event["event"] for event in worker.events()]
    assert logged[: logged.index("verdict_reached")].count("link_lost") == 1


def test_a_reader_whose_queue_is_full_delays_no_judging(
    frontend: Frontend, worker: ExecutorProcess
) -> None:
    arguments = {"x-max-length": 1, "x-overflow": "reject-publish"}
    frontend.channel.queue_declare("full", exclusive=True, arguments=arguments)
    frontend.publish(job_of_tests(20), reply_to="full")
    worker.wait_for("message_nacked", timeout=SOON_S)
    assert len(worker.events("verdict_reached")) == 1
    assert not worker.events("link_lost")
    assert frontend.depth("full") == 1

    def result() -> bool:
        message = frontend.get("full")
        return message is not None and message[0].type == "oj.result/1"

    wait_until(result, SOON_S, "the result, once there is room")


def test_a_reader_whose_queue_is_deleted_delays_no_judging(
    frontend: Frontend, worker: ExecutorProcess, replies: str
) -> None:
    frontend.publish(job_of_tests(20, "import time; time.sleep(0.1); print(1)\n"), reply_to=replies)
    wait_until(lambda: frontend.get(replies), SOON_S, "the first event")
    frontend.channel.queue_delete(replies)
    _, body = wait_until(lambda: frontend.get("verdicts"), SOON_S, "the result in verdicts")
    assert json.loads(body)["verdict"] == "AC"
    assert not worker.events("link_lost")


@pytest.mark.slow
def test_a_broker_that_blocks_us_delays_no_judging_and_gets_one_event_late(
    start: StartWorker,
) -> None:
    count = 40
    with PrivateBroker() as broker, Frontend(broker.url) as frontend:
        worker = start(broker.url)
        frontend.channel.queue_declare(REPLIES, durable=True)
        slow = job_of_tests(count, "import time; time.sleep(0.25); print(1)\n")
        frontend.publish(slow, reply_to=REPLIES)
        worker.wait_for("job_received")
        broker.ctl("set_vm_memory_high_watermark", "0.000001")
        try:
            worker.wait_for("link_blocked", timeout=60)
            assert not worker.events("verdict_reached")
            before = frontend.depth(REPLIES)
            worker.wait_for("verdict_reached", timeout=60)
            assert frontend.depth(REPLIES) == before
        finally:
            broker.ctl("set_vm_memory_high_watermark", "absolute", "1GiB")
        messages = list(read(frontend, REPLIES))
        assert not worker.events("link_lost")
    # What was under way, `finished`, and the result: nothing was queued in between.
    assert len(messages) - before <= 3
    assert events_of(messages)[-1]["seq"] == count + 4


@pytest.mark.slow
def test_finished_comes_before_the_result_also_when_the_broker_was_away(start: StartWorker) -> None:
    with PrivateBroker() as broker:
        worker = start(broker.url)
        with Frontend(broker.url) as frontend:
            frontend.channel.queue_declare(REPLIES, durable=True)
            frontend.publish(sleeping_job(2) | {"events": "phase"}, reply_to=REPLIES)
            worker.wait_for("job_received")
        broker.stop()
        worker.wait_for("verdict_reached", timeout=SOON_S)
        broker.start()
        with Frontend(broker.url) as frontend:
            messages = list(read(frontend, REPLIES))
    # The others were not persistent.
    (finished,) = events_of(messages)
    assert (finished["phase"], finished["seq"], finished["verdict"]) == ("finished", 4, "AC")
