"""What the contract has and this worker has not yet. A later version shortens `UNSUPPORTED`."""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from executor.contract.blob import Blob
from executor.contract.errors import FieldProblem
from executor.contract.job import Job, Kattis, Testlib
from executor.contract.program import Sources

UNSUPPORTED_BLOBS = ("url", "sha512", "sha256", "path")

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


def _checker_programs(job: Job) -> Iterator[str]:
    if isinstance(job.checker, Testlib | Kattis):
        yield "checker.type"


def _interactors(job: Job) -> Iterator[str]:
    if job.interactor is not None:
        yield "interactor"


def _passes(job: Job) -> Iterator[str]:
    if job.passes > 1:
        yield "passes"


def _groups(job: Job) -> Iterator[str]:
    if job.groups:
        yield "groups"
    for index, test in enumerate(job.tests):
        if test.group is not None:
            yield f"tests.{index}.group"


def _fetched_blobs(job: Job) -> Iterator[str]:
    for place, blob in _blobs(job):
        for kind in UNSUPPORTED_BLOBS:
            if getattr(blob, kind) is not None:
                yield f"{place}.{kind}"


def _reruns(job: Job) -> Iterator[str]:
    # The default asks for reruns too, but nobody who leaves it out counts on them.
    if "rerun" in job.policy.model_fields_set and job.policy.rerun.max > 0:
        yield "policy.rerun"


def _blobs(job: Job) -> Iterator[tuple[str, Blob]]:
    """Every blob of a job with its place."""
    yield from _files("files", job)
    if isinstance(job.checker, Testlib | Kattis):
        yield from _files("checker.program.files", job.checker.program)
    if job.interactor is not None:
        yield from _files("interactor.program.files", job.interactor.program)
    for index, test in enumerate(job.tests):
        yield f"tests.{index}.input", test.input
        if test.answer is not None:
            yield f"tests.{index}.answer", test.answer


def _files(place: str, sources: Sources) -> Iterator[tuple[str, Blob]]:
    for index, file in enumerate(sources.files):
        yield f"{place}.{index}", file


UNSUPPORTED = (
    Feature("checker programs", _checker_programs),
    Feature("interactors", _interactors),
    Feature("multi-pass problems", _passes),
    Feature("groups", _groups),
    Feature("blobs that must be fetched", _fetched_blobs),
    Feature("reruns", _reruns),
)
