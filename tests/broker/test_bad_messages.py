"""A bad message is answered with what is wrong, leaves the queue, and is kept as a dead letter."""

import json
import struct
from collections.abc import Iterator
from itertools import count
from typing import Any
from unittest.mock import patch

import pika
import pika.data
import pytest

from stack import ExecutorProcess, Frontend, PrivateBroker, RunFolder, Safeexec, wait_until
from tests.bad_messages import BAD_MESSAGES, BadMessage
from tests.broker.conftest import job, on_every_release

SOON_S = 30

_numbers = count(1)


@pytest.fixture(scope="module")
def judge(
    broker: PrivateBroker, run_folder: RunFolder, safeexec: Safeexec
) -> Iterator[ExecutorProcess]:
    """One worker for all messages of the table. At the end no job is left, acked or not."""
    with ExecutorProcess(
        run_folder,
        amqp_url=broker.url,
        socket=safeexec.socket,
        name=f"worker-of-bad-messages-{next(_numbers)}",
        languages=["python3"],
    ) as worker:
        yield worker.wait_ready()
        worker.terminate()
        assert worker.wait(SOON_S) == 0
    with Frontend(broker.url) as frontend:
        assert frontend.depth() == 0


def dead_letter(frontend: Frontend) -> tuple[pika.BasicProperties, bytes]:
    found: tuple[pika.BasicProperties, bytes] = wait_until(
        frontend.get, SOON_S, "a message in submissions.dead"
    )
    return found


EACH_QUICK = 4
"""Every message goes through the decoder in a unit test; of those through the broker, the quick
tests take one in so many."""


@pytest.mark.parametrize(
    "message",
    [
        pytest.param(each, id=str(each), marks=[pytest.mark.slow] * (number % EACH_QUICK != 0))
        for number, each in enumerate(BAD_MESSAGES)
    ],
)
def test_a_bad_message_is_answered_and_kept(
    message: BadMessage, frontend: Frontend, judge: ExecutorProcess
) -> None:
    body = message.body
    reply = frontend.reply(frontend.publish(body), SOON_S)
    assert (reply["status"], reply["verdict"]) == ("rejected", "SE")
    assert reply["error"]["code"] == message.code
    fields = reply["error"].get("fields") or [{"path": None}]
    assert fields[0]["path"] == message.path
    assert reply["id"] == message.id
    properties, kept = dead_letter(frontend)
    assert kept == body
    assert properties.headers["x-error-code"] == message.code
    assert frontend.depth() == 0


@on_every_release
def test_a_job_in_an_unknown_language_is_answered_and_kept(
    frontend: Frontend, judge: ExecutorProcess
) -> None:
    reply = frontend.judge(job() | {"language": "intercal"})
    assert (reply["status"], reply["error"]["code"]) == ("rejected", "unsupported_language")
    assert json.loads(dead_letter(frontend)[1])["language"] == "intercal"


@on_every_release
def test_a_dead_letter_keeps_the_properties_of_the_message(
    frontend: Frontend, judge: ExecutorProcess
) -> None:
    frontend.publish(b"?", message_id="m", headers={"mine": "kept"}, expiration="60000")
    properties, _ = dead_letter(frontend)
    assert (properties.message_id, properties.reply_to) == ("m", frontend.reply_queue)
    assert properties.expiration is None
    assert properties.headers["mine"] == "kept"
    assert properties.headers["x-original-queue"] == "submissions"
    assert "not JSON" in properties.headers["x-error"]


def test_a_bad_message_without_reply_to_is_a_dead_letter_only(
    frontend: Frontend, judge: ExecutorProcess
) -> None:
    frontend.publish(b"?", reply_to=None)
    assert dead_letter(frontend)[1] == b"?"
    assert frontend.judge(job())["verdict"] == "AC"
    assert frontend.depth("verdicts") == 0


def test_a_dead_letter_is_not_routed_by_the_headers_of_the_message(
    frontend: Frontend, judge: ExecutorProcess
) -> None:
    frontend.publish(b"?", headers={"CC": ["verdicts"]})
    assert dead_letter(frontend)[1] == b"?"
    assert frontend.judge(job())["verdict"] == "AC"
    assert frontend.depth("verdicts") == 1  # the frontend's own copy


def test_a_message_that_its_user_signed_is_kept_too(
    broker: PrivateBroker, frontend: Frontend, judge: ExecutorProcess
) -> None:
    frontend.publish(b"?", user_id=pika.URLParameters(broker.url).credentials.username)
    assert dead_letter(frontend)[1] == b"?"


def nested_arrays(depth: int) -> bytes:
    value = b""
    for _ in range(depth):
        value = b"A" + struct.pack(">I", len(value)) + value
    return value


HOSTILE_VALUES = {
    "a time far away": b"T" + struct.pack(">Q", 2**63),
    "arrays in arrays": nested_arrays(3000),
}


@on_every_release
@pytest.mark.parametrize("body", [b"?", json.dumps(job()).encode()], ids=["bad", "good"])
@pytest.mark.parametrize("value", HOSTILE_VALUES.values(), ids=HOSTILE_VALUES.keys())
def test_a_header_that_pika_cannot_read_does_no_harm(
    frontend: Frontend, judge: ExecutorProcess, value: bytes, body: bytes
) -> None:
    def encode(pieces: list[bytes], _value: Any) -> int:
        pieces.append(value)
        return len(value)

    with patch.object(pika.data, "encode_value", encode):
        correlation = frontend.publish(body, headers={"x": 0})
    assert frontend.reply(correlation, SOON_S)["verdict"] in ("SE", "AC")
    assert not judge.events("link_lost")
