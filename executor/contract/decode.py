"""From the bytes of a message to a job, or to what is wrong with them."""

import json
from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError
from pydantic_core import ErrorDetails, from_json, to_json

from executor.contract.errors import BadJob, ErrorCode, FieldProblem, JobError
from executor.contract.execute import Execute, in_own_names
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

    Its error is `too_large` (16 MiB), `bad_json`, `unsupported_schema` or `schema_invalid`.
    """
    return decode_parsed(body, parse(body))


def parse(body: bytes) -> Any:
    """The JSON value in a body. Raises BadJob: `too_large` or `bad_json`."""
    if len(body) > MAX_MESSAGE_BYTES:
        raise BadJob(JobError.of(ErrorCode.TOO_LARGE, "the message is over 16 MiB"))
    try:
        return from_json(body, allow_inf_nan=False)
    except ValueError as error:
        raise BadJob(JobError.of(ErrorCode.BAD_JSON, f"not JSON: {error}")) from None


def decode_parsed(body: bytes, message: Any) -> Job:
    """`decode_job` of a body that is parsed already."""
    found = _shape_error(message) or object_error(body)
    if found is None:
        job = _job(body)
        if isinstance(job, Job):
            return job
        found = job
    raise _bad_job(found, message)


def decode_execute(body: bytes, arguments: Mapping[str, Any], *, id: str, attempt: int = 1) -> Job:
    """The job that the seed's nine arguments, found in `body`, ask for.

    Raises BadJob, whose error names the fields as the arguments do.
    """
    found = object_error(body)
    if found is None:
        try:
            # Through JSON again: only there a list is as good as a tuple to strict models.
            execute = Execute.model_validate_json(to_json(arguments))
        except ValidationError as error:
            found = schema_error(error)
        else:
            job = _job(to_json(execute.job(id, attempt)))
            if isinstance(job, Job):
                return job
            found = in_own_names(job)
    raise BadJob(found, id=id, attempt=attempt)


def _job(body: bytes) -> Job | JobError:
    """The job of an object that was looked at, if it has no fault."""
    try:
        return Job.model_validate_json(body)
    except ValidationError as error:
        return schema_error(error)


def _shape_error(message: Any) -> JobError | None:
    """What is wrong if the message is no `oj.job/1` at all."""
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
    count = f"{len(problems)} problem{'' if len(problems) == 1 else 's'}"
    return JobError.of(ErrorCode.SCHEMA_INVALID, count, fields)


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
