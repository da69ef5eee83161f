"""What the contract has and this worker has not yet. A later version shortens `UNSUPPORTED`."""

from collections.abc import Callable, Iterator
from typing import NamedTuple

from executor.contract.errors import FieldProblem
from executor.contract.job import Job


class Feature(NamedTuple):
    """A part of the contract, and the fields of a job that ask for it."""

    name: str
    fields: Callable[[Job], Iterator[str]]


def unsupported_fields(job: Job) -> list[FieldProblem]:
    """The fields of a job that ask for what is not built yet."""
    return [_problem(path, feature.name) for feature in UNSUPPORTED for path in feature.fields(job)]


def _problem(path: str, feature: str) -> FieldProblem:
    return FieldProblem(path=path, code="unsupported_feature", message=f"not built yet: {feature}")


def _events(job: Job) -> Iterator[str]:
    if job.events != "none":
        yield "events"


UNSUPPORTED = (Feature("events", _events),)
