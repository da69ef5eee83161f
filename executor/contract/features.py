"""What the contract has and this worker has not yet. A later version shortens `UNSUPPORTED`."""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from executor.contract.errors import FieldProblem
from executor.contract.job import Job

LEGACY_KEYS = frozenset(
    {
        "coder",
        "code",
        "lang",
        "contest",
        "exec_args",
        "input_file_urls",
        "output_file_urls",
        "input_file_hash",
        "output_file_hash",
    }
)
"""The arguments of the seed's Celery task."""


class Feature(NamedTuple):
    """A part of the contract, and the fields of a job that ask for it."""

    name: str
    fields: Callable[[Job], Iterator[str]]


def unsupported_fields(job: Job) -> list[FieldProblem]:
    """The fields of a job that ask for what is not built yet."""
    return [_problem(path, feature.name) for feature in UNSUPPORTED for path in feature.fields(job)]


def unsupported_message(message: Any) -> list[FieldProblem]:
    """The same for a message, parsed from JSON, that is not `oj.job/1` but which the contract
    knows: the seed's flat object, or Celery's protocol 2, `[args, kwargs, embed]`."""
    match message:
        case {**keys} if "schema" not in keys and keys.keys() >= LEGACY_KEYS:
            return [_problem("", "the message of OJ_CodeExecutor")]
        case [list(), {**_kwargs}, {**_embed}]:
            return [_problem("", "the message of Celery")]
        case _:
            return []


def _problem(path: str, feature: str) -> FieldProblem:
    return FieldProblem(path=path, code="unsupported_feature", message=f"not built yet: {feature}")


def _reruns(job: Job) -> Iterator[str]:
    # The default asks for reruns too, but nobody who leaves it out counts on them.
    if "rerun" in job.policy.model_fields_set and job.policy.rerun.max > 0:
        yield "policy.rerun"


def _events(job: Job) -> Iterator[str]:
    if job.events != "none":
        yield "events"


UNSUPPORTED = (
    Feature("reruns", _reruns),
    Feature("events", _events),
)
