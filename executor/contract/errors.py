"""What may be wrong with a job or with us, as a reply tells it."""

from collections.abc import Mapping, Sequence
from enum import StrEnum

from executor.contract.model import Model


class ErrorCode(StrEnum):
    """Why a job was not judged.

    bad_json: the message is no JSON object in UTF-8.
    schema_invalid: a field is missing, unknown, of a wrong type or out of bounds.
    unsupported_schema: `schema` names a message that this worker does not know.
    unsupported_language: the worker has no such language.
    unsupported_feature: a field asks for what is not built yet.
    program_unusable: a checker or interactor does not compile, crashes, hangs or floods.
    too_large: the message is over 16 MiB.
    testdata_unavailable: test data could not be fetched; may work later.
    testdata_hash_mismatch: what was fetched is not what the job's hash says.
    expired: the job was older than its expiration when it reached a worker.
    cancelled: the frontend asked for it.
    sandbox_unavailable: safeexec does not answer; may work later.
    worker_lost: the job took workers down too often.
    internal: a fault of ours; may work later.
    """

    BAD_JSON = "bad_json"
    SCHEMA_INVALID = "schema_invalid"
    UNSUPPORTED_SCHEMA = "unsupported_schema"
    UNSUPPORTED_LANGUAGE = "unsupported_language"
    UNSUPPORTED_FEATURE = "unsupported_feature"
    PROGRAM_UNUSABLE = "program_unusable"
    TOO_LARGE = "too_large"
    TESTDATA_UNAVAILABLE = "testdata_unavailable"
    TESTDATA_HASH_MISMATCH = "testdata_hash_mismatch"
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    SANDBOX_UNAVAILABLE = "sandbox_unavailable"
    WORKER_LOST = "worker_lost"
    INTERNAL = "internal"

    @property
    def retryable(self) -> bool:
        """Whether the same job may be judged if it is sent again."""
        return self in _RETRYABLE


_RETRYABLE = frozenset(
    {ErrorCode.TESTDATA_UNAVAILABLE, ErrorCode.SANDBOX_UNAVAILABLE, ErrorCode.INTERNAL}
)


class FieldProblem(Model):
    """What is wrong with one field; `path` is dotted (`tests.0.input`), "" the whole message."""

    path: str
    code: str
    message: str


class JobError(Model):
    """Why a job was not judged; `fields` tells where, at most 20 of them. Made with `of`."""

    code: ErrorCode
    retryable: bool
    message: str
    fields: tuple[FieldProblem, ...] | None = None

    @classmethod
    def of(cls, code: ErrorCode, message: str, fields: Sequence[FieldProblem] = ()) -> "JobError":
        """An error whose `retryable` follows from its code."""
        listed = tuple(fields) or None
        return cls(code=code, retryable=code.retryable, message=message, fields=listed)


class BadJob(Exception):
    """A message that is no job we can judge.

    `error` goes into the reply; `id`, `attempt` and `labels` too, where the message, bad as it
    is, tells them.
    """

    def __init__(
        self,
        error: JobError,
        *,
        id: str | None = None,
        attempt: int | None = None,
        labels: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(f"{error.code}: {error.message}")
        self.error = error
        self.id = id
        self.attempt = attempt
        self.labels = labels
