#!/usr/bin/env python
"""The decoder of messages under atheris, which is libFuzzer for Python: script/fuzz decoder.

An input's first byte chooses the properties, the rest is the body. Whatever they are: the message
is read without an exception, its answer is a message that can be read again, and a job that was
taken keeps the bounds that the sandbox and the file system rely on.
"""

import json
import re
import sys

import atheris

with atheris.instrument_imports(include=["executor.contract"]):
    from executor.contract import (
        MAX_MESSAGE_BYTES,
        BadJob,
        ErrorCode,
        Job,
        JobError,
        OjJob,
        Properties,
        Result,
        encode_result,
        failed,
        read_request,
        rejected,
        unread_form,
    )

PROPERTIES = (
    Properties(message_id="m", correlation_id="c", content_type="application/json"),
    Properties(
        correlation_id="t",
        content_type="application/json",
        content_encoding="utf-8",
        headers={"task": "tasks.execute", "id": "t", "lang": "py", "retries": 0, "expires": None},
    ),
    Properties(
        message_id="",
        content_encoding="binary",
        headers={"task": "tasks.execute", "id": -1, "retries": 2**40, "expires": "never"},
    ),
    Properties(content_type="\0", headers={"task": ["tasks.execute"], "id": None}),
)
ID = re.compile(r"[A-Za-z0-9._:-]{1,128}")


def check(data: bytes) -> None:
    """Raises AssertionError, or what the decoder should not have."""
    properties, body = PROPERTIES[data[0] % len(PROPERTIES) if data else 0], data[1:]
    request = read_request(body, properties)
    if isinstance(request.job, BadJob):
        bad = request.job
        assert bad.error.code not in (ErrorCode.INTERNAL, ErrorCode.WORKER_LOST)
        reply = rejected(bad.error, id=bad.id, attempt=bad.attempt, labels=bad.labels)
    else:
        check_job(request.job)
        error = JobError.of(ErrorCode.WORKER_LOST, "as if")
        reply = failed(error, id=request.job.id, attempt=request.job.attempt)
    encoded = encode_result(request.form, reply)
    assert len(encoded) <= MAX_MESSAGE_BYTES
    if isinstance(request.form, OjJob):
        assert Result.model_validate_json(encoded) == reply
    else:
        assert isinstance(json.loads(encoded), dict)
    unread_form(body, properties)


def check_job(job: Job) -> None:
    """What nobody looks at again once a message is a job."""
    assert ID.fullmatch(job.id)
    assert 1 <= job.attempt <= 1000
    assert 1 <= job.limits.cpu_ms <= 60_000
    assert job.limits.processes is None or 1 <= job.limits.processes <= 256
    assert (len(job.tests) > 0) == (job.mode != "compile")
    assert len({test.id for test in job.tests}) == len(job.tests) <= 1000
    for file in job.files:
        assert is_below(file.name), file.name
    for name in (job.source_name, job.input_file, job.output_file):
        assert name is None or is_below(name), name
    for argument in job.args:
        assert "\0" not in argument


def is_below(name: str) -> bool:
    """Whether a file of that name lies in the folder it is written to, and nowhere else."""
    parts = name.split("/")
    return "\0" not in name and not {"", ".", ".."} & set(parts)


if __name__ == "__main__":
    atheris.Setup(sys.argv, check)
    atheris.Fuzz()
