"""From the bytes of a message to a job, or to what is wrong with them."""

import json
from collections.abc import Sequence
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError
from pydantic_core import ErrorDetails, from_json

from executor.contract.errors import BadJob, ErrorCode, FieldProblem, JobError
from executor.contract.features import unsupported_fields, unsupported_message
from executor.contract.fields import MIB, Attempt, JobId, Labels
from executor.contract.job import Job

JOB_SCHEMA = "oj.job/1"
MAX_MESSAGE_BYTES = 16 * MIB
MAX_FIELDS_LISTED = 20
MAX_ECHO = 80
"""Characters of the frontend's own text that an error may repeat."""

MAX_KEYS = 64
"""Keys of one JSON object: twice what any object of the contract has. Each unknown key is a
problem that takes 1 KB to describe, and 16 MiB could hold two million of them."""

T = TypeVar("T")

_JOB_ID: TypeAdapter[str] = TypeAdapter(JobId)
_ATTEMPT: TypeAdapter[int] = TypeAdapter(Attempt)
_LABELS: TypeAdapter[dict[str, str]] = TypeAdapter(Labels)


def decode_job(body: bytes) -> Job:
    """The job in a message's body. Raises BadJob, and nothing else, whatever the bytes are.

    Its error is `too_large` (16 MiB), `bad_json`, `unsupported_schema`, `schema_invalid` or
    `unsupported_feature`.
    """
    if len(body) > MAX_MESSAGE_BYTES:
        raise BadJob(JobError.of(ErrorCode.TOO_LARGE, "the message is over 16 MiB"))
    try:
        message = from_json(body, allow_inf_nan=False)
    except ValueError as error:
        raise BadJob(JobError.of(ErrorCode.BAD_JSON, f"not JSON: {error}")) from None
    error_found = _shape_error(message) or object_error(body)
    if error_found is None:
        try:
            job = Job.model_validate_json(body)
        except ValidationError as error:
            error_found = schema_error(error)
        else:
            error_found = _feature_error(unsupported_fields(job))
            if error_found is None:
                return job
    raise _bad_job(error_found, message)


def _shape_error(message: Any) -> JobError | None:
    """What is wrong if the message is no `oj.job/1` at all."""
    error = _feature_error(unsupported_message(message))
    if error is not None:
        return error
    if not isinstance(message, dict):
        return JobError.of(ErrorCode.BAD_JSON, "not a JSON object")
    schema = message.get("schema")
    if isinstance(schema, str) and schema != JOB_SCHEMA:
        text = f"this worker takes {JOB_SCHEMA}, not '{cut(schema)}'"
        field = FieldProblem(path="schema", code="unsupported_schema", message=text)
        return JobError.of(ErrorCode.UNSUPPORTED_SCHEMA, text, [field])
    return None


def object_error(body: bytes) -> JobError | None:
    """What is wrong with an object that has a key twice, or far too many of them."""
    found: list[JobError] = []

    def look(pairs: list[tuple[str, Any]]) -> None:
        if found:
            return
        if len(pairs) > MAX_KEYS:
            text = f"an object has more than {MAX_KEYS} keys"
            field = FieldProblem(path="", code="too_long", message=text)
            found.append(JobError.of(ErrorCode.SCHEMA_INVALID, "1 problem", [field]))
            return
        seen: set[str] = set()
        for key, _ in pairs:
            if key in seen:
                text = f"the key '{cut(key)}' stands twice in an object"
                found.append(JobError.of(ErrorCode.BAD_JSON, text))
                return
            seen.add(key)

    json.loads(body, object_pairs_hook=look)
    return found[0] if found else None


def schema_error(error: ValidationError) -> JobError:
    """What pydantic found, in the contract's words: at least one field, at most 20."""
    problems = error.errors(include_url=False, include_input=False)
    fields = [_field_problem(details) for details in problems[:MAX_FIELDS_LISTED]]
    return _listed(ErrorCode.SCHEMA_INVALID, "problem", len(problems), fields)


def _feature_error(fields: Sequence[FieldProblem]) -> JobError | None:
    if not fields:
        return None
    listed = fields[:MAX_FIELDS_LISTED]
    return _listed(ErrorCode.UNSUPPORTED_FEATURE, "unsupported field", len(fields), listed)


def _listed(code: ErrorCode, noun: str, count: int, fields: Sequence[FieldProblem]) -> JobError:
    return JobError.of(code, f"{count} {noun}{'' if count == 1 else 's'}", fields)


def _field_problem(details: ErrorDetails) -> FieldProblem:
    """Pydantic's error in our words; its own may repeat a tag of any length."""
    path, code, message = _path(details["loc"]), details["type"], details["msg"]
    match code:
        case "union_tag_not_found":
            path, code, message = f"{path}.type", "missing", "field required"
        case "union_tag_invalid":
            expected = details["ctx"]["expected_tags"]
            path, code, message = f"{path}.type", "literal_error", f"input should be {expected}"
    return FieldProblem(path=path, code=code, message=message[:1].lower() + message[1:])


def _path(loc: tuple[int | str, ...]) -> str:
    """`tests.0.input`; without the tag that pydantic puts after the name of a tagged union."""
    parts = [cut(str(part)) for part in loc]
    if parts[0] == "checker":
        del parts[1:2]
    return ".".join(parts)


def cut(text: str) -> str:
    """A stranger's text, short enough to be repeated to him or in a log."""
    return text if len(text) <= MAX_ECHO else text[:MAX_ECHO] + "…"


def _bad_job(error: JobError, message: Any) -> BadJob:
    """The error with what the reply can tell of the job it answers."""
    known = message if isinstance(message, dict) else {}
    return BadJob(
        error,
        id=_valid(_JOB_ID, known.get("id")),
        attempt=_valid(_ATTEMPT, known.get("attempt")),
        labels=_valid(_LABELS, known.get("labels")),
    )


def _valid(adapter: TypeAdapter[T], value: Any) -> T | None:
    try:
        return adapter.validate_python(value, strict=True)
    except ValidationError:
        return None
