"""Test data of the format `legacy`: testdata.yaml, and its grading as groups of the contract.

Legacy grading folds a tree: each folder takes the results of its tests and folders. The contract
knows a sum over groups of tests. A folder is *lenient* if it is accepted although something in it
was rejected (`accept_if_any_accepted`, `always_accept`); else one rejection makes it worth nothing,
whatever its scoring mode says.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, cast

from pydantic import Field

from executor.contract import Group
from executor.packages.document import Document, read_document
from executor.packages.errors import PackageError
from executor.packages.metadata import FILE as PROBLEM_FILE
from executor.packages.metadata import Metadata
from executor.packages.plan import Plan, PlannedTest, common_flags
from executor.packages.tree import Case, Folder, read_tree

FILE = "testdata.yaml"
MAX_SCORE = 1e6

Mode = Literal["sum", "avg", "min", "max"]
_MODES = ("sum", "avg", "min", "max")
_VERDICT_MODES = ("worst_error", "first_error", "always_accept")
_FLAGS = ("ignore_sample", "accept_if_any_accepted")
_OF_SCORING = ("accept_score", "reject_score", "range")


class _File(Document):
    on_reject: Literal["break", "continue"] | None = None
    grading: Literal["default", "custom"] | None = None
    grader_flags: str | None = None
    input_validator_flags: Any = None
    output_validator_flags: str | None = None
    accept_score: Annotated[float, Field(ge=0, le=MAX_SCORE)] | None = None
    reject_score: float | None = None
    range: str | None = None


@dataclass(frozen=True, slots=True)
class _Settings:
    """What holds for a folder. file: the testdata.yaml it stands in, as far as there is one.

    flags_file: the one that has `output_validator_flags`.
    """

    file: str
    flags_file: str
    breaks: bool
    mode: Mode
    verdict_mode: str
    ignores_sample: bool
    any_accepted: bool
    accept: float
    reject: float
    high: float
    flags: tuple[str, ...]

    @property
    def lenient(self) -> bool:
        return self.any_accepted or self.verdict_mode == "always_accept"


@dataclass(frozen=True, slots=True)
class _Node:
    folder: Folder
    settings: _Settings
    nodes: tuple["_Node", ...]

    def all(self) -> Iterator["_Node"]:
        yield self
        for node in self.nodes:
            yield from node.all()

    def most(self) -> float:
        """The most points it can be worth."""
        scores = [self.settings.accept] * len(self.folder.cases)
        counted = (
            self.nodes[1:] if self.settings.ignores_sample and len(self.nodes) > 1 else self.nodes
        )
        scores += [node.most() for node in counted if any(node.folder.all_cases())]
        if not scores:
            return 0.0
        match self.settings.mode:
            case "sum":
                return math.fsum(scores)
            case "avg":
                return math.fsum(scores) / len(scores)
            case "min":
                return min(scores)
            case "max":
                return max(scores)


@dataclass(frozen=True, slots=True)
class _Part:
    """Some tests that become a group; each of them is worth `each` points."""

    group: Group
    cases: tuple[Case, ...]
    each: float
    strict: bool


def legacy_plan(root: Path, metadata: Metadata) -> Plan:
    """The tests of a legacy package. Raises PackageError."""
    top = _top(root)
    data = _node(root, top, {}, {})
    cases = [(case, node) for node in data.all() for case in node.folder.cases]
    place, flags = common_flags(
        [
            (f"{node.settings.flags_file}: output_validator_flags", node.settings.flags)
            for _, node in cases
        ]
    )
    if metadata.scoring:
        groups, tests = _scored(data, metadata)
    else:
        _check_pass_fail(data)
        groups, tests = (), _plain_tests(data)
    return Plan(
        tests=tests,
        groups=groups,
        stop_on_first_fail=not metadata.scoring and all(n.settings.breaks for n in data.all()),
        flags=(*metadata.flags, *flags),
        flags_place=place if flags else f"{PROBLEM_FILE}: validator_flags",
        best=data.settings.high if metadata.scoring and data.settings.high < math.inf else None,
        notes=tuple(_notes(data, metadata)),
    )


def _top(root: Path) -> Folder:
    """data/, of which only `sample` and `secret` are read."""
    if not (root / "data" / "secret").is_dir():
        raise PackageError("data/secret: no such folder")
    folders = tuple(
        read_tree(root, f"data/{name}", name)
        for name in ("sample", "secret")
        if (root / "data" / name).is_dir()
    )
    if not any(any(folder.all_cases()) for folder in folders):
        raise PackageError("data: holds no test: a test is a file x.in, with its answer in x.ans")
    return Folder(id="", name="data", cases=(), folders=folders)


def _node(root: Path, folder: Folder, above: dict[str, Any], places: dict[str, str]) -> _Node:
    """A folder with what holds for it: what its own file lacks, it has from the folder above."""
    name = f"{folder.name}/{FILE}"
    values, places = dict(above), dict(places)
    if (root / name).is_file():
        own = read_document(root, name, _File)
        values |= {key: getattr(own, key) for key in own.model_fields_set}
        places |= {key: name for key in own.model_fields_set} | {"": name}
    settings = _settings(values, places, is_top=not folder.id)
    below = dict(values)
    below["grader_flags"] = " ".join(
        word for word in (values.get("grader_flags") or "").split() if word != "ignore_sample"
    )
    nodes = tuple(_node(root, one, below, places) for one in folder.folders)
    return _Node(folder, settings, nodes)


def _settings(values: dict[str, Any], places: dict[str, str], *, is_top: bool) -> _Settings:
    file = places.get("", f"data/{FILE}")

    def place(key: str) -> str:
        return f"{places.get(key, file)}: {key}"

    if values.get("grading") == "custom":
        raise PackageError(f"{place('grading')}: graders of a package's own are not supported")
    words = (values.get("grader_flags") or "").split()
    for word in words:
        if word not in (*_MODES, *_VERDICT_MODES, *_FLAGS):
            raise PackageError(f"{place('grader_flags')}: the default grader has no '{word}'")
    if "ignore_sample" in words and not is_top:
        raise PackageError(f"{place('grader_flags')}: ignore_sample belongs into data/{FILE} only")
    accept, reject = values.get("accept_score"), values.get("reject_score")
    return _Settings(
        file=file,
        flags_file=places.get("output_validator_flags", file),
        breaks=values.get("on_reject") != "continue",
        mode=cast(Mode, _last(words, _MODES, "sum")),
        verdict_mode=_last(words, _VERDICT_MODES, "worst_error"),
        ignores_sample="ignore_sample" in words,
        any_accepted="accept_if_any_accepted" in words,
        accept=1.0 if accept is None else accept,
        reject=0.0 if reject is None else reject,
        high=_high(values.get("range"), place("range")),
        flags=tuple((values.get("output_validator_flags") or "").split()),
    )


def _last(words: Sequence[str], known: Sequence[str], default: str) -> str:
    return next((word for word in reversed(words) if word in known), default)


def _high(text: str | None, place: str) -> float:
    """The upper end of a range."""
    try:
        low, high = map(float, (text or "-inf +inf").split())
    except ValueError:
        low = high = math.nan
    if not low <= high:
        raise PackageError(f"{place}: should be two numbers, the lesser one first: 0 100")
    return high


def _plain_tests(data: _Node) -> tuple[PlannedTest, ...]:
    return tuple(
        PlannedTest(case, visible=case.id.startswith("sample/")) for case in data.folder.all_cases()
    )


def _check_pass_fail(data: _Node) -> None:
    for node in data.all():
        settings = node.settings
        if settings.lenient:
            raise PackageError(
                f"{settings.file}: grader_flags: accepting what was partly rejected cannot be"
                " expressed for a pass-fail problem"
            )
        if settings.accept != 1 or settings.reject != 0 or settings.high < math.inf:
            raise PackageError(
                f"{settings.file}: {', '.join(_OF_SCORING)}: are for scoring problems only"
            )


def _notes(data: _Node, metadata: Metadata) -> Iterator[str]:
    continued = [node for node in data.all() if not node.settings.breaks]
    if not metadata.scoring and any(
        node.settings.verdict_mode == "worst_error" for node in continued
    ):
        yield (
            f"{continued[0].settings.file}: grader_flags: worst_error: the verdict shown is that of"
            " the first test which failed"
        )
    if metadata.scored_by_validator and data.settings.high == math.inf:
        yield (
            f"data/{FILE}: range: not given: how many points there are is not known, and"
            " accept_score counts"
        )


def _scored(data: _Node, metadata: Metadata) -> tuple[tuple[Group, ...], tuple[PlannedTest, ...]]:
    """Groups, and all tests in their order, for a scoring problem."""
    for node in data.all():
        _check_scores(node, metadata)
    *samples, secret = data.nodes
    sample = next((node for node in samples if any(node.folder.all_cases())), None)
    if sample is None:
        parts = _parts(secret, metadata, is_top=True)
    elif data.settings.ignores_sample:
        # A group of no points: what a validator gives for a sample does not count.
        if data.settings.breaks:
            _check_strict(sample)
        before, parts = _all_or_nothing(sample, 0.0), _parts(secret, metadata, is_top=True)
        parts = [before, *(_requiring(parts, [before]) if data.settings.breaks else parts)]
    else:
        parts = _parts(data, metadata, is_top=True)
    placed = {case.id: part for part in parts for case in part.cases}
    return tuple(part.group for part in parts), tuple(
        _planned(case, placed.get(case.id)) for case in data.folder.all_cases()
    )


def _planned(case: Case, part: _Part | None) -> PlannedTest:
    visible = case.id.startswith("sample/")
    if part is None:
        return PlannedTest(case, visible=visible)
    return PlannedTest(case, part.group.id, part.each, visible=visible)


def _check_scores(node: _Node, metadata: Metadata) -> None:
    settings = node.settings
    if settings.reject != 0 and settings.lenient:
        raise PackageError(
            f"{settings.file}: reject_score: points for a rejected test cannot be expressed"
        )
    if not metadata.scored_by_validator and node.most() > settings.high + 1e-9:
        raise PackageError(
            f"{settings.file}: range: its tests can be worth {node.most():g}, more than"
            f" {settings.high:g}"
        )


def _parts(node: _Node, metadata: Metadata, *, is_top: bool = False) -> list[_Part]:
    """The groups that a folder becomes. Raises PackageError."""
    settings = node.settings
    if not any(node.folder.all_cases()):
        return []
    # By the format a rejected submission has no score. So at the top strictness need not be
    # expressed, and validators' scores, which no `min` could add up, can be.
    if not settings.lenient and not (is_top and metadata.scored_by_validator):
        if metadata.scored_by_validator and settings.mode != "min":
            raise PackageError(
                f"{settings.file}: grader_flags: {settings.mode} of scores that are void if one"
                " test is rejected cannot be expressed: add accept_if_any_accepted"
            )
        return [_collapsed(node)]
    if not node.nodes:
        return [_leaf(node)]
    if settings.mode != "sum" and len(node.nodes) + len(node.folder.cases) > 1:
        raise PackageError(
            f"{settings.file}: grader_flags: {settings.mode} over folders cannot be expressed:"
            " groups are added up"
        )
    return _inner(node, metadata)


def _inner(node: _Node, metadata: Metadata) -> list[_Part]:
    settings = node.settings
    parts = [_leaf(node)] if node.folder.cases else []
    if settings.breaks and parts:
        raise PackageError(
            f"{settings.file}: on_reject: break cannot be expressed for tests beside folders"
        )
    for child in node.nodes:
        more = _parts(child, metadata)
        if settings.breaks:
            loose = [part for part in parts if not part.strict]
            if loose:
                raise PackageError(
                    f"{settings.file}: on_reject: break cannot be expressed after"
                    f" {loose[0].group.id}, which may be accepted in part: use continue"
                )
            more = _requiring(more, parts)
        parts = [*parts, *more]
    return parts


def _requiring(parts: Sequence[_Part], required: Sequence[_Part]) -> list[_Part]:
    ids = tuple(part.group.id for part in required)
    return [
        _Part(
            part.group.model_copy(update={"requires": (*part.group.requires, *ids)}),
            part.cases,
            part.each,
            part.strict,
        )
        for part in parts
    ]


def _collapsed(node: _Node) -> _Part:
    """A strict folder: all tests in it and below, or nothing. Raises PackageError."""
    _check_strict(node)
    return _all_or_nothing(node, node.most())


def _check_strict(node: _Node) -> None:
    for inner in node.all():
        if inner.settings.lenient:
            raise PackageError(
                f"{inner.settings.file}: grader_flags: accepted in part, within {node.folder.name},"
                f" which is not: give it accept_if_any_accepted too ({node.settings.file})"
            )


def _all_or_nothing(node: _Node, points: float) -> _Part:
    stops = all(inner.settings.breaks for inner in node.all())
    group = Group(
        id=node.folder.id or "data",
        points=points,
        aggregate="min",
        on_fail="stop" if stops else "continue",
    )
    return _Part(group, tuple(node.folder.all_cases()), points, strict=True)


def _leaf(node: _Node) -> _Part:
    """The tests of a lenient folder, without the folders in it."""
    settings, cases = node.settings, node.folder.cases
    if settings.mode == "avg" and settings.breaks and len(cases) > 1:
        raise PackageError(
            f"{settings.file}: on_reject: break: an average of the tests that were run cannot be"
            " expressed: use continue"
        )
    each = settings.accept
    match settings.mode:
        case "sum":
            points, aggregate = each * len(cases), "sum"
        case "avg":
            points, aggregate = each, "sum"
        case "min":
            points, aggregate = each, "min"
        case "max":
            points, aggregate = each, "max"
    group = Group(
        id=node.folder.id or "data",
        points=points,
        aggregate=cast(Literal["min", "sum", "max"], aggregate),
        on_fail="stop" if settings.breaks else "continue",
    )
    return _Part(group, cases, each, strict=False)
