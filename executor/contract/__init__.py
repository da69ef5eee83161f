"""The message contract: what a frontend publishes and what it gets back.

The models are frozen. `read_request` is the way in, for messages of every form, and
`encode_result` the way out; of an `oj.job/1` alone, `decode_job` and `Result.encode`.
"""

from executor.contract.blob import Blob, File
from executor.contract.celery import CeleryTask
from executor.contract.control import BadControl, Cancel, UnknownControl, decode_control
from executor.contract.decode import MAX_MESSAGE_BYTES, decode_job
from executor.contract.errors import BadJob, ErrorCode, FieldProblem, JobError
from executor.contract.event import Event, Phase
from executor.contract.job import (
    Checker,
    Exact,
    Group,
    Interactor,
    Job,
    Kattis,
    Lines,
    NoChecker,
    Policy,
    Rerun,
    Test,
    Testlib,
    Tokens,
    Unordered,
)
from executor.contract.limits import Limits, ProgramLimits, TestLimits
from executor.contract.program import Program
from executor.contract.properties import Properties
from executor.contract.request import (
    Flat,
    Form,
    OjJob,
    Request,
    encode_result,
    read_request,
    unread_form,
)
from executor.contract.result import (
    AppliedLimits,
    CompileResult,
    Diff,
    GroupResult,
    Result,
    Summary,
    TestResult,
    Timing,
    Verdict,
    Worker,
    digest,
    with_digest,
)
from executor.contract.schemas import json_schemas, write_schemas
from executor.contract.unjudged import cancelled, expired, failed, rejected

__all__ = [
    "MAX_MESSAGE_BYTES",
    "AppliedLimits",
    "BadControl",
    "BadJob",
    "Blob",
    "Cancel",
    "CeleryTask",
    "Checker",
    "CompileResult",
    "Diff",
    "ErrorCode",
    "Event",
    "Exact",
    "FieldProblem",
    "File",
    "Flat",
    "Form",
    "Group",
    "GroupResult",
    "Interactor",
    "Job",
    "JobError",
    "Kattis",
    "Limits",
    "Lines",
    "NoChecker",
    "OjJob",
    "Phase",
    "Policy",
    "Program",
    "ProgramLimits",
    "Properties",
    "Request",
    "Rerun",
    "Result",
    "Summary",
    "Test",
    "TestLimits",
    "TestResult",
    "Testlib",
    "Timing",
    "Tokens",
    "UnknownControl",
    "Unordered",
    "Verdict",
    "Worker",
    "cancelled",
    "decode_control",
    "decode_job",
    "digest",
    "encode_result",
    "expired",
    "failed",
    "json_schemas",
    "read_request",
    "rejected",
    "unread_form",
    "with_digest",
    "write_schemas",
]
