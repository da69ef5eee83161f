"""Results of jobs that were not judged."""

from collections.abc import Mapping
from typing import TypedDict, Unpack

from executor.contract.errors import ErrorCode, JobError
from executor.contract.result import Result, Status, Verdict, Worker


class Known(TypedDict, total=False):
    """What such a result tells of its job besides the error, where it is known."""

    attempt: int | None
    labels: Mapping[str, str] | None
    worker: Worker | None
    redelivered: bool | None


def rejected(error: JobError, *, id: str | None, **known: Unpack[Known]) -> Result:
    """The job itself is bad."""
    return _unjudged("rejected", Verdict.SE, error, id, known)


def failed(error: JobError, *, id: str | None, **known: Unpack[Known]) -> Result:
    """It is our fault, or the checker's or test data's: never the submission's."""
    return _unjudged("failed", Verdict.JE, error, id, known)


def cancelled(*, id: str | None, **known: Unpack[Known]) -> Result:
    """The frontend asked for it."""
    error = JobError.of(ErrorCode.CANCELLED, "cancelled on request")
    return _unjudged("cancelled", Verdict.CN, error, id, known)


def expired(*, id: str | None, **known: Unpack[Known]) -> Result:
    """The job was older than its `expiration` when it reached a worker."""
    error = JobError.of(ErrorCode.EXPIRED, "older than its expiration when it reached a worker")
    return _unjudged("expired", Verdict.CN, error, id, known)


def _unjudged(
    status: Status, verdict: Verdict, error: JobError, id: str | None, known: Known
) -> Result:
    labels = known.get("labels")
    return Result(
        id=id,
        attempt=known.get("attempt"),
        status=status,
        verdict=verdict,
        worker=known.get("worker"),
        redelivered=known.get("redelivered"),
        labels=None if labels is None else dict(labels),
        error=error,
    )
