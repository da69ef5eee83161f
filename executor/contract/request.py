"""A message on the job queue, in whichever form, and its answer in the same form."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, assert_never

from executor.contract.celery import (
    CeleryTask,
    decode_call,
    plain_body,
    result_message,
    task_by_body,
    task_by_headers,
)
from executor.contract.decode import decode_execute, decode_parsed, parse
from executor.contract.errors import BadJob
from executor.contract.execute import is_execute
from executor.contract.job import Job
from executor.contract.legacy import with_legacy
from executor.contract.properties import Properties, job_id
from executor.contract.result import Result


@dataclass(frozen=True, slots=True)
class OjJob:
    """`oj.job/1`, and every message that is none we know. `id` stands in the body."""

    id: None = None


@dataclass(frozen=True, slots=True)
class Flat:
    """The seed's nine arguments as one JSON object."""

    id: str


Form = OjJob | Flat | CeleryTask


@dataclass(frozen=True, slots=True)
class Request:
    """A message that was read. expires_s: when it is too late, seconds since the epoch."""

    form: Form
    job: Job | BadJob
    expires_s: float | None = None


def read_request(body: bytes, properties: Properties) -> Request:
    """The job in a message, or what is wrong with it, whatever the bytes are."""
    task = _task(body, properties)
    if task is not None:
        return _read_task(body, task, properties)
    try:
        message = parse(body)
    except BadJob as bad:
        return Request(OjJob(), bad)
    if is_execute(message):
        return _read_flat(body, message, properties)
    task = task_by_body(message, properties, _id(body, properties))
    if task is not None:
        return _read_task(body, task, properties)
    try:
        return Request(OjJob(), decode_parsed(body, message))
    except BadJob as bad:
        return Request(OjJob(), bad)


def unread_form(body: bytes, properties: Properties) -> Form:
    """The form of a message that we do not dare to read, as far as it can be told."""
    return _task(body, properties) or OjJob()


def encode_result(form: Form, result: Result) -> bytes:
    """The body of the answer to a message of that form."""
    match form:
        case OjJob():
            return result.encode()
        case Flat():
            return with_legacy(result).encode()
        case CeleryTask():
            return result_message(form, with_legacy(result).encode())
        case _:
            assert_never(form)


def _task(body: bytes, properties: Properties) -> CeleryTask | None:
    """The task, if the headers are Celery's and the body is no object, which none of its is."""
    return None if body.lstrip(b" \t\r\n").startswith(b"{") else task_by_headers(properties)


def _read_flat(body: bytes, message: Mapping[str, Any], properties: Properties) -> Request:
    form = Flat(_id(body, properties))
    try:
        return Request(form, decode_execute(body, message, id=form.id))
    except BadJob as bad:
        return Request(form, bad)


def _read_task(body: bytes, task: CeleryTask, properties: Properties) -> Request:
    try:
        plain = plain_body(body, properties)
        call = decode_call(parse(plain), properties)
        job = decode_execute(plain, call.arguments, id=task.id, attempt=call.attempt)
        return Request(task, job, call.expires_s)
    except BadJob as bad:
        return Request(task, BadJob(bad.error, id=task.id, attempt=bad.attempt))


def _id(body: bytes, properties: Properties) -> str:
    return job_id(properties.message_id or properties.correlation_id or body)
