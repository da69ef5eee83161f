"""What a frontend does: publishes a job, waits for its result, shows it; or cancels it."""

import argparse
import base64
import json
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import zip_longest
from pathlib import Path
from typing import Any

import pika
from pika.exceptions import ChannelClosedByBroker, UnroutableError
from pydantic import ValidationError

from executor.broker.topology import NOT_FOUND
from executor.broker.visit import BrokerUnreachable, visit
from executor.contract import Cancel
from executor.settings import Settings

Json = dict[str, Any]


class SubmitError(Exception):
    """It cannot be had; the text is one line that tells why."""


def read_job(options: argparse.Namespace, settings: Settings) -> Json:
    """The job that the command line describes."""
    if options.job is not None:
        if options.source is not None:
            raise SubmitError("--job has the source in it: give one or the other")
        return _read_json(options.job) | ({"events": "test"} if options.events else {})
    if options.source is None:
        raise SubmitError("a source or --job is needed")
    if options.mode == "judge" and len(options.input) != len(options.answer):
        raise SubmitError("each --input needs its --answer, in the same order")
    limits = {"cpu_ms": options.cpu_ms, "memory_kib": options.memory_kib}
    job = {
        "schema": "oj.job/1",
        "id": f"submit-{uuid.uuid4()}",
        "mode": options.mode,
        "language": options.language or _language(options.source, settings),
        "source": base64.b64encode(_read(options.source)).decode(),
        "source_encoding": "base64",
        "files": [{"name": path.name, **_blob(path)} for path in options.files],
        "limits": {name: value for name, value in limits.items() if value is not None},
        "checker": {"type": options.checker},
        "tests": [
            _test(number, *paths)
            for number, paths in enumerate(zip_longest(options.input, options.answer), 1)
        ],
        "events": "test" if options.events else "none",
    }
    if options.mode == "run" and not job["tests"]:
        job["tests"] = [{"id": "1", "input": {"text": ""}}]
    return job


def request(
    settings: Settings, job: Json, timeout_s: float, heard: Callable[[bytes], None] | None = None
) -> bytes:
    """Publishes a job and waits for its result; `heard` takes its events. Raises SubmitError."""
    with _connection(settings, "executor submit") as connection:
        try:
            return _exchange(connection, settings.amqp_queue, job, timeout_s, heard)
        except UnroutableError:
            raise SubmitError(
                f"there is no queue '{settings.amqp_queue}': start a worker, which declares it"
            ) from None


def cancel(settings: Settings, id: str, attempt: int | None) -> None:
    """Asks every worker to stop a job, now or when it comes to it. Raises SubmitError."""
    try:
        body = Cancel(type="cancel", id=id, attempt=attempt).encode()
    except ValidationError as error:
        problem = error.errors(include_url=False)[0]
        raise SubmitError(f"{problem['loc'][0]}: {problem['msg']}") from None
    exchange = settings.amqp_control_exchange
    # The time tells a job that was published before from a later rejudge.
    properties = pika.BasicProperties(content_type="application/json", timestamp=int(time.time()))
    with _connection(settings, "executor cancel") as connection:
        channel = connection.channel()
        channel.confirm_delivery()
        try:
            channel.basic_publish(exchange, "", body, properties, mandatory=True)
        except UnroutableError:
            raise SubmitError(f"nobody listens to the exchange '{exchange}'") from None
        except ChannelClosedByBroker as error:
            if error.reply_code != NOT_FOUND:
                raise
            raise SubmitError(
                f"there is no exchange '{exchange}': start a worker, which declares it"
            ) from None


@contextmanager
def _connection(settings: Settings, name: str) -> Iterator[pika.BlockingConnection]:
    """A connection, whose faults are SubmitErrors."""
    try:
        with visit(settings.amqp_url, name, settings.amqp_heartbeat_s) as connection:
            yield connection
    except BrokerUnreachable as error:
        raise SubmitError(str(error)) from None


def _exchange(
    connection: pika.BlockingConnection,
    queue: str,
    job: Json,
    timeout_s: float,
    heard: Callable[[bytes], None] | None,
) -> bytes:
    channel = connection.channel()
    channel.confirm_delivery()
    reply_to = channel.queue_declare("", exclusive=True).method.queue
    correlation_id = str(uuid.uuid4())
    properties = pika.BasicProperties(
        content_type="application/json",
        type="oj.job/1",
        delivery_mode=2,
        message_id=str(job.get("id", "")),
        reply_to=reply_to,
        correlation_id=correlation_id,
        timestamp=int(time.time()),
    )
    channel.basic_publish("", queue, json.dumps(job).encode(), properties, mandatory=True)
    deadline = time.monotonic() + timeout_s
    for _method, answered, body in channel.consume(reply_to, auto_ack=True, inactivity_timeout=1):
        if answered is not None and answered.correlation_id == correlation_id:
            if answered.type != "oj.event/1":
                return body or b""
            if heard is not None:
                heard(body or b"")
        if time.monotonic() > deadline:
            raise SubmitError(f"no result in {timeout_s:g} s: is a worker running?")
    raise SubmitError("the broker took the reply queue away")


def progress(body: bytes) -> str:
    """An event for people: `test 3 (3 of 10)  AC  12 ms  2980 KiB`."""
    event = json.loads(body)
    what = event["phase"]
    if "test" in event:
        what += f" {event['test']}"
    if "of" in event:
        what += f" ({event['done']} of {event['of']})"
    units = {"verdict": "", "cpu_ms": " ms", "memory_kib": " KiB"}
    told = (f"{event[key]}{unit}" for key, unit in units.items() if key in event)
    return "  ".join((what, *told))


def accepted(body: bytes) -> bool:
    """Whether a result says that all is well."""
    return bool(json.loads(body).get("verdict") in ("AC", "OK"))


def summary(body: bytes) -> str:
    """A result for people."""
    result = json.loads(body)
    lines = [f"{result.get('verdict')}  {result['id']} ({result['status']})"]
    if error := result.get("error"):
        lines.append(f"{error['code']}: {error['message']}")
        lines += [f"  {field['path']}: {field['message']}" for field in error.get("fields") or ()]
    compiled = result.get("compile") or {}
    if compiled.get("output"):
        lines.append(compiled["output"].rstrip())
    tests = result.get("tests") or []
    if tests:
        lines.append(f"{'test':<12} {'verdict':<7} {'CPU ms':>7} {'wall ms':>7} {'KiB':>8}")
    for test in tests:
        lines.append(_test_line(test))
        lines += [str(test[key]).rstrip() for key in ("stdout", "stderr") if test.get(key)]
    return "\n".join(lines)


def _test_line(test: Json) -> str:
    usage = (test.get(key) for key in ("cpu_ms", "wall_ms", "memory_kib"))
    cpu, wall, memory = ("-" if number is None else number for number in usage)
    line = f"{test['id']:<12} {test['verdict']:<7} {cpu:>7} {wall:>7} {memory:>8}"
    return f"{line}  {test['message']}" if test.get("message") else line


def _test(number: int, given: Path, answer: Path | None) -> Json:
    test: Json = {"id": str(number), "input": _blob(given)}
    if answer is not None:
        test["answer"] = _blob(answer)
    return test


def _blob(path: Path) -> Json:
    return {"base64": base64.b64encode(_read(path)).decode()}


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise SubmitError(f"{path}: {error.strerror}") from None


def _read_json(path: Path) -> Json:
    try:
        job = json.loads(_read(path))
    except ValueError as error:
        raise SubmitError(f"{path}: not JSON: {error}") from None
    if not isinstance(job, dict):
        raise SubmitError(f"{path}: not a JSON object")
    return job


def _language(source: Path, settings: Settings) -> str:
    """The family of languages whose sources have this suffix; a worker takes its newest."""
    from executor.languages import Languages, LanguagesError

    try:
        languages = Languages.load(settings.executor_languages_file)
    except LanguagesError as error:
        raise SubmitError(f"{error}; or give --language") from None
    for language in languages.working.values():
        if language.is_source(source.name):
            return language.family
    raise SubmitError(f"{source}: no language has the suffix '{source.suffix}': give --language")
