"""Celery's messages, by its protocol 2, without Celery: the task on its way in, its result out."""

import base64
import binascii
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from pydantic_core import to_json

from executor.contract.errors import BadJob, ErrorCode, FieldProblem, JobError
from executor.contract.execute import ARGUMENTS
from executor.contract.properties import Properties, job_id

TASK = "tasks.execute"
_PLAIN_ENCODINGS = (None, "utf-8", "us-ascii")
_FOLLOWED_BY = ("callbacks", "chain", "chord")
"""Not `errbacks`: every result is a success, so they are never due."""

MAX_RETRIES = 999
"""The 1000 attempts of a job but the first."""


@dataclass(frozen=True, slots=True)
class CeleryTask:
    """A task that Celery sent. task_id: what its result must name; id: the job's."""

    task_id: str
    id: str


@dataclass(frozen=True, slots=True)
class Call:
    """What a task asks for. expires_s: seconds since the epoch, None for never."""

    arguments: Mapping[str, Any]
    attempt: int
    expires_s: float | None


def task_by_headers(properties: Properties) -> CeleryTask | None:
    """The task, if the headers are those of Celery's protocol 2."""
    task_id = properties.headers.get("id")
    is_task = isinstance(properties.headers.get("task"), str)
    if is_task and isinstance(task_id, str) and task_id:
        return CeleryTask(task_id, job_id(task_id))
    return None


def task_by_body(message: Any, properties: Properties, id: str) -> CeleryTask | None:
    """The task, if a body without such headers is Celery's `[args, kwargs, embed]`."""
    match message:
        case [list(), dict(), dict()]:
            return CeleryTask(properties.correlation_id or properties.message_id or id, id)
        case _:
            return None


def plain_body(body: bytes, properties: Properties) -> bytes:
    """The body as JSON. Raises BadJob for one that is packed in a way we do not take."""
    headers, kind = properties.headers, properties.content_type
    if kind not in (None, "application/json"):
        raise _not_json(f"content type '{kind[:80]}'; set task_serializer to 'json'")
    if headers.get("compression"):
        raise _not_json("compressed; leave task_compression unset")
    if (properties.content_encoding or "utf-8").lower() not in _PLAIN_ENCODINGS:
        raise _not_json("content encoding is not utf-8")
    if headers.get("body_encoding") != "base64":
        return body
    try:
        return base64.b64decode(body, validate=True)
    except binascii.Error:
        raise _not_json("body_encoding is base64, and the body is not") from None


def decode_call(message: Any, properties: Properties) -> Call:
    """What a body and its headers ask for. Raises BadJob."""
    match message:
        case [list(args), dict(kwargs), dict(embed)]:
            pass
        case _:
            raise _not_json("a Celery task is [args, kwargs, embed]")
    headers = properties.headers
    task = headers.get("task", TASK)
    if task != TASK:
        text = f"this worker has the task {TASK}, not '{str(task)[:80]}'"
        raise _bad(ErrorCode.UNSUPPORTED_SCHEMA, "task", "unsupported_schema", text)
    for name in _FOLLOWED_BY:
        if embed.get(name):
            text = "this worker does not send what is to follow a task"
            raise _bad(ErrorCode.UNSUPPORTED_FEATURE, name, "unsupported_feature", text)
    problems = list(_argument_problems(args, kwargs))
    if problems:
        count = f"{len(problems)} problem{'' if len(problems) == 1 else 's'}"
        raise BadJob(JobError.of(ErrorCode.SCHEMA_INVALID, count, problems))
    by_position = dict(zip(ARGUMENTS, args, strict=False))
    return Call(by_position | kwargs, _attempt(headers), _expires_s(headers))


def result_message(task: CeleryTask, result: bytes) -> bytes:
    """The body that Celery's `rpc://` backend waits for, around a result's JSON."""
    return b'{"task_id":%b,"status":"SUCCESS","result":%b,"traceback":null,"children":[]}' % (
        to_json(task.task_id),
        result,
    )


def _argument_problems(args: list[Any], kwargs: Mapping[str, Any]) -> Iterator[FieldProblem]:
    if len(args) > len(ARGUMENTS):
        text = f"{TASK} takes {len(ARGUMENTS)} arguments, not {len(args)}"
        yield FieldProblem(path="args", code="too_long", message=text)
    for name in ARGUMENTS[: len(args)]:
        if name in kwargs:
            text = "given by position and by name"
            yield FieldProblem(path=name, code="duplicate_argument", message=text)


def _attempt(headers: Mapping[str, Any]) -> int:
    """Celery sends a task again under its id, with one more of its `retries`."""
    retries = headers.get("retries") or 0
    if not isinstance(retries, int) or not 0 <= retries <= MAX_RETRIES:
        text = f"a number from 0 to {MAX_RETRIES}"
        raise _bad(ErrorCode.SCHEMA_INVALID, "retries", "bad_retries", text)
    return retries + 1


def _expires_s(headers: Mapping[str, Any]) -> float | None:
    expires = headers.get("expires")
    if expires is None:
        return None
    try:
        moment = datetime.fromisoformat(expires)
        # A date without a zone is UTC to Celery.
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (TypeError, ValueError, OverflowError):
        text = "should be a date of ISO 8601"
        raise _bad(ErrorCode.SCHEMA_INVALID, "expires", "bad_date", text) from None


def _not_json(text: str) -> BadJob:
    return BadJob(JobError.of(ErrorCode.BAD_JSON, f"not a JSON message of Celery: {text}"))


def _bad(error: ErrorCode, path: str, code: str, text: str) -> BadJob:
    field = FieldProblem(path=path, code=code, message=text)
    message = text if error is ErrorCode.UNSUPPORTED_SCHEMA else "1 problem"
    return BadJob(JobError.of(error, message, [field]))
