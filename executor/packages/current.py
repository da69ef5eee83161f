"""Test data of 2023-07 and 2025-09: test_group.yaml, and its scoring as groups of the contract."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, field_validator

from executor.contract import Group
from executor.packages.document import Document, read_document
from executor.packages.errors import PackageError
from executor.packages.metadata import Metadata
from executor.packages.plan import Plan, PlannedTest, common_flags
from executor.packages.tree import Case, Folder, read_tree

FILE = "test_group.yaml"
DRAFT_FILE = "testdata.yaml"
MAX_SCORE = 1_000_000

Words = list[str]


class _CaseFile(Document):
    args: Words | None = None
    output_validator_args: Words | None = None
    # For other programs, and for people.
    input_validator_args: Any = None
    input_visualizer_args: Any = None
    output_visualizer_args: Any = None
    full_feedback: bool | None = None
    hint: Any = None
    description: Any = None


class _GroupFile(_CaseFile):
    max_score: Literal["unbounded"] | int | None = None
    score_aggregation: Literal["pass-fail", "sum", "min"] | None = None
    require_pass: str | Words | None = None
    static_validation_score: Any = None
    static_validator_args: Any = None

    @field_validator("max_score")
    @classmethod
    def _check_max_score(cls, score: str | int | None) -> str | int | None:
        if isinstance(score, int) and not 0 <= score <= MAX_SCORE:
            raise ValueError(f"should be 0 to {MAX_SCORE}, or unbounded")
        return score


class _DraftFile(_GroupFile):
    """testdata.yaml, as drafts of 2023-07 had it."""

    output_validator_flags: str | Words | None = Field(default=None)
    input_validator_flags: Any = None


_OF_SCORING = ("max_score", "score_aggregation", "require_pass")


@dataclass(frozen=True, slots=True)
class _Node:
    """A folder with what holds for it. file: its own, whether or not it is there."""

    folder: Folder
    file: str
    own: _GroupFile
    args: tuple[str, tuple[str, ...]]
    flags: tuple[str, tuple[str, ...]]

    @property
    def required(self) -> tuple[str, ...]:
        wanted = self.own.require_pass
        return () if wanted is None else (wanted,) if isinstance(wanted, str) else tuple(wanted)


_Words = tuple[str, tuple[str, ...]]
"""Words, and the place that they stand at."""


def current_plan(root: Path, metadata: Metadata) -> Plan:
    """The tests of a package of 2023-07 or 2025-09. Raises PackageError."""
    if (root / "static_validator").exists():
        raise PackageError("static_validator: programs that judge sources are not supported")
    data = _node(root, Folder("", "data", (), ()), None)
    secret = _node(root, _read(root, "secret"), data)
    sample = _node(root, _read(root, "sample"), data) if (root / "data/sample").is_dir() else None
    if sample is not None and sample.folder.folders:
        raise PackageError(f"{sample.folder.folders[0].name}: data/sample has no groups")
    groups = [_node(root, folder, secret) for folder in secret.folder.folders]
    if groups and secret.folder.cases:
        raise PackageError("data/secret: has either tests or groups, and not both")
    nodes = [*([sample] if sample else []), *(groups or [secret])]
    tests = [(node, case) for node in nodes for case in node.folder.all_cases()]
    if not tests:
        raise PackageError("data: holds no test: a test is a file x.in, with its answer in x.ans")
    read = {case.id: _case_words(root, node, case) for node, case in tests}
    place, flags = common_flags([flags for _, flags in read.values()])
    if metadata.scoring:
        contract_groups, worth = _scored(sample, secret, groups)
    else:
        _check_pass_fail([data, secret, *nodes])
        contract_groups, worth = (), {}
    return Plan(
        tests=tuple(
            PlannedTest(
                case,
                *worth.get(case.id, (None, None)),
                args=read[case.id][0][1],
                visible=node is sample,
            )
            for node, case in tests
        ),
        groups=contract_groups,
        flags=flags,
        flags_place=place,
        notes=tuple(_notes([secret, *groups], metadata)),
    )


def _read(root: Path, name: str) -> Folder:
    if not (root / "data" / name).is_dir():
        raise PackageError(f"data/{name}: no such folder")
    return read_tree(root, f"data/{name}", name)


def _node(root: Path, folder: Folder, above: _Node | None) -> _Node:
    """A folder, with arguments from the one above where its own file has none."""
    file, own = _group_file(root, folder)
    if own.static_validation_score is not None or own.static_validator_args is not None:
        raise PackageError(f"{file}: static_validation_score: is not supported")
    flags = own.output_validator_args
    if flags is None and isinstance(own, _DraftFile) and own.output_validator_flags is not None:
        given = own.output_validator_flags
        flags = given.split() if isinstance(given, str) else given
    nothing: _Words = (f"{file}: args", ())
    return _Node(
        folder,
        file,
        own,
        args=_words(own.args, f"{file}: args", above.args if above else nothing),
        flags=_words(
            flags,
            f"{file}: output_validator_args",
            above.flags if above else (f"{file}: output_validator_args", ()),
        ),
    )


def _group_file(root: Path, folder: Folder) -> tuple[str, _GroupFile]:
    for deeper in [inner for one in folder.folders for inner in one.all_folders()]:
        parts = deeper.id.split("/")
        for name in (FILE, DRAFT_FILE):
            if len(parts) > 2 and (root / deeper.name / name).exists():
                raise PackageError(f"{deeper.name}/{name}: groups within groups are not allowed")
    name, draft = f"{folder.name}/{FILE}", f"{folder.name}/{DRAFT_FILE}"
    if (root / name).is_file():
        return name, read_document(root, name, _GroupFile)
    if (root / draft).is_file():
        return draft, read_document(root, draft, _DraftFile)
    return name, _GroupFile()


def _words(own: Words | None, place: str, inherited: _Words) -> _Words:
    return inherited if own is None else (place, tuple(own))


def _case_words(root: Path, node: _Node, case: Case) -> tuple[_Words, _Words]:
    """The arguments of the submission, and of the output validator, with one test."""
    if case.config is None:
        return node.args, node.flags
    own = read_document(root, case.config, _CaseFile)
    return (
        _words(own.args, f"{case.config}: args", node.args),
        _words(own.output_validator_args, f"{case.config}: output_validator_args", node.flags),
    )


def _check_pass_fail(nodes: Sequence[_Node]) -> None:
    for node in nodes:
        for key in _OF_SCORING:
            if getattr(node.own, key) is not None:
                raise PackageError(f"{node.file}: {key}: is for scoring problems only")


def _notes(nodes: Sequence[_Node], metadata: Metadata) -> Iterator[str]:
    for node in nodes:
        if metadata.scoring and node.own.max_score == "unbounded":
            yield f"{node.file}: max_score: unbounded: how many points there are is not known"


_Worth = dict[str, tuple[str | None, float | None]]
"""The group and the points of a test, by its id."""


def _scored(
    sample: _Node | None, secret: _Node, groups: Sequence[_Node]
) -> tuple[tuple[Group, ...], _Worth]:
    """The contract's groups, and what each test in one is worth."""
    if sample is not None:
        _check_pass_fail([sample])
    aggregation = secret.own.score_aggregation or "sum"
    high = 100 if secret.own.max_score is None else secret.own.max_score
    made: list[Group] = []
    worth: _Worth = {}
    if sample is not None and sample.folder.cases:
        # A group of no points: what a validator gives for a sample does not count.
        made.append(Group(id="sample", points=0, on_fail="continue"))
        worth |= {case.id: ("sample", 0.0) for case in sample.folder.all_cases()}
    if not groups or aggregation == "pass-fail":
        _check_strict(secret, groups, aggregation)
        group, each = _group(secret, aggregation, high, tuple(secret.folder.all_cases()))
        made.append(_requiring(group, secret, made))
        return tuple(made), worth | {
            case.id: (group.id, each) for case in secret.folder.all_cases()
        }
    if aggregation == "min":
        raise PackageError(
            f"{secret.file}: score_aggregation: min over groups cannot be expressed: they are added"
        )
    strict = {"sample"}
    for node in groups:
        own = node.own.score_aggregation or "pass-fail"
        most = "unbounded" if node.own.max_score is None else node.own.max_score
        if most == "unbounded" and high != "unbounded":
            raise PackageError(f"{node.file}: max_score: is needed, for data/secret is bounded")
        cases = tuple(node.folder.all_cases())
        if not cases:
            raise PackageError(f"{node.folder.name}: holds no test")
        group, each = _group(node, own, most, cases)
        for name in (*node.required, *secret.required):
            if name not in strict:
                raise PackageError(
                    f"{node.file}: require_pass: {name}: should be sample, or an earlier group with"
                    " score_aggregation pass-fail"
                )
        made.append(_requiring(_requiring(group, node, made), secret, made))
        worth |= {case.id: (group.id, each) for case in cases}
        if own == "pass-fail":
            strict.add(group.id)
    total = sum(group.points for group in made)
    if high != "unbounded" and total > high:
        raise PackageError(
            f"{secret.file}: max_score: its groups have {total:g} points, not {high}"
        )
    return tuple(made), worth


def _check_strict(secret: _Node, groups: Sequence[_Node], aggregation: str) -> None:
    for node in groups:
        if (node.own.score_aggregation or "pass-fail") != aggregation:
            raise PackageError(
                f"{node.file}: score_aggregation: should be pass-fail, as that of data/secret"
            )
        if node.own.require_pass is not None:
            raise PackageError(
                f"{node.file}: require_pass: cannot be expressed in a pass-fail data/secret"
            )
    for name in secret.required:
        if name != "sample":
            raise PackageError(f"{secret.file}: require_pass: may only be sample")


def _group(
    node: _Node, aggregation: str, most: int | str, cases: Sequence[Case]
) -> tuple[Group, float]:
    """A group, and what each of its tests is worth. All tests are run: submissions.yaml speaks of
    each."""
    if aggregation == "pass-fail" and isinstance(most, str):
        raise PackageError(f"{node.file}: max_score: a pass-fail group has to be bounded")
    if isinstance(most, str):
        points = float(len(cases)) if aggregation == "sum" else 1.0
    else:
        points = float(most)
    group = Group(
        id=node.folder.id,
        points=points,
        aggregate="sum" if aggregation == "sum" else "min",
        on_fail="continue",
    )
    return group, points / len(cases) if aggregation == "sum" else points


def _requiring(group: Group, node: _Node, made: Sequence[Group]) -> Group:
    known = {one.id for one in made}
    wanted = tuple(name for name in node.required if name in known and name not in group.requires)
    return group.model_copy(update={"requires": (*group.requires, *wanted)})
