"""Defaults and bounds of a job's fields, and what follows from them."""

import base64
import json
from typing import Any

import pytest

from executor.contract import BadJob, Job, TestLimits, decode_job
from tests.bad_messages import ABSENT, good_job, good_test

GROUP = {"id": "g", "points": 1}


def decode(**changes: Any) -> Job:
    return decode_job(json.dumps(good_job(**changes)).encode())


def decode_test(**changes: Any) -> Job:
    return decode(tests=[good_test(**changes)])


def schema_error_at(path: str, whole: dict[str, Any]) -> bool:
    """Whether the schema refuses a job at this path; what is not built yet is no such error."""
    try:
        decode_job(json.dumps(whole).encode())
    except BadJob as bad:
        fields = bad.error.fields or ()
        return bad.error.code == "schema_invalid" and path in [field.path for field in fields]
    return False


DEFAULTS = {
    "attempt": 1,
    "mode": "judge",
    "source_name": None,
    "source_encoding": "plain",
    "files": [],
    "entry_point": None,
    "input_file": None,
    "output_file": None,
    "args": [],
    "limits": {
        "cpu_ms": 1000,
        "wall_ms": None,
        "memory_kib": 262144,
        "stack_kib": None,
        "output_kib": 65536,
        "processes": None,
    },
    "use_language_factors": True,
    "checker": {"type": "lines"},
    "interactor": None,
    "passes": 1,
    "groups": [],
    "policy": {
        "stop_on_first_fail": False,
        "feedback": "verdict",
        "output_bytes": None,
        "rerun": {"window_pct": 10, "max": 2},
    },
    "events": "none",
    "labels": {},
}


@pytest.mark.parametrize("field", DEFAULTS)
def test_a_field_has_its_default(field: str) -> None:
    assert json.loads(decode().model_dump_json(by_alias=True))[field] == DEFAULTS[field]


def test_every_field_but_the_required_ones_is_in_the_table_of_defaults() -> None:
    given = {"schema", "id", "language", "source", "tests"}
    assert {field.rstrip("_") for field in Job.model_fields} == given | DEFAULTS.keys()


# path, the least and the most that the contract allows
INT_BOUNDS = [
    ("attempt", 1, 1000),
    ("passes", 1, 100),
    ("limits.cpu_ms", 1, 60_000),
    ("limits.wall_ms", 1, 180_000),
    ("limits.memory_kib", 1024, 4_194_304),
    ("limits.stack_kib", 1, 4_194_304),
    ("limits.output_kib", 1, 1_048_576),
    ("limits.processes", 1, 256),
    ("policy.output_bytes", 0, 65_536),
    ("policy.rerun.window_pct", 0, 100),
    ("policy.rerun.max", 0, 10),
]


def nested(path: str, value: Any) -> dict[str, Any]:
    for part in reversed(path.split(".")):
        value = {part: value}
    return good_job(**value)


@pytest.mark.parametrize(("path", "least", "most"), INT_BOUNDS)
def test_an_integer_has_its_bounds(path: str, least: int, most: int) -> None:
    assert not schema_error_at(path, nested(path, least))
    assert not schema_error_at(path, nested(path, most))
    assert schema_error_at(path, nested(path, least - 1))
    assert schema_error_at(path, nested(path, most + 1))


@pytest.mark.parametrize("value", [True, 1.0, "1", [1], {}, 1e300, 10**3000])
@pytest.mark.parametrize("path", [path for path, _, _ in INT_BOUNDS])
def test_an_integer_is_nothing_else(path: str, value: Any) -> None:
    assert schema_error_at(path, nested(path, value))


# path, the longest that is taken, and one that is too long
LENGTHS = [
    ("id", "x" * 128, "x" * 129),
    ("language", "x" * 64, "x" * 65),
    ("source", "x" * 262_144, "x" * 262_145),
    ("args", ["x" * 64] * 64, ["x"] * 65),
    ("args", ["x" * 4096], ["x" * 4097]),
    ("source_name", "x" * 255, "x" * 256),
    ("input_file", ("x" * 15 + "/") * 63 + "x" * 16, ("x" * 15 + "/") * 63 + "x" * 17),
    (
        "files",
        [{"name": f"{n}", "text": ""} for n in range(100)],
        [{"name": f"{n}", "text": ""} for n in range(101)],
    ),
    ("files", [{"name": "a", "text": "x" * 2**22}], [{"name": "a", "text": "x" * (2**22 + 1)}]),
    ("tests", [good_test(id=str(n)) for n in range(1000)], [good_test()] * 1001),
    ("labels", {str(n): "x" * 256 for n in range(16)}, {str(n): "" for n in range(17)}),
]


@pytest.mark.parametrize(("path", "longest", "too_long"), LENGTHS, ids=lambda value: None)
def test_a_length_has_its_bound(path: str, longest: Any, too_long: Any) -> None:
    assert not schema_error_at(path, good_job(**{path: longest}))
    assert schema_error_at(path, good_job(**{path: too_long}))


@pytest.mark.parametrize(
    ("encoding", "source", "decoded"),
    [
        ("plain", "a%20b+é", "a%20b+é".encode()),
        ("percent", "a%20b+%C3%a9é%ff", b"a b+\xc3\xa9\xc3\xa9\xff"),
        ("base64", base64.b64encode(bytes(range(256))).decode(), bytes(range(256))),
        ("base64", "", b""),
    ],
)
def test_a_source_is_decoded(encoding: str, source: str, decoded: bytes) -> None:
    assert decode(source=source, source_encoding=encoding).source_bytes() == decoded


def test_the_bound_of_a_source_holds_for_what_is_decoded() -> None:
    at_most = "%41" * 262_144
    assert len(decode(source=at_most, source_encoding="percent").source_bytes() or b"") == 262_144
    over = at_most + "%41"
    assert schema_error_at("source", good_job(source=over, source_encoding="percent"))


def test_a_job_may_be_made_of_files_only() -> None:
    files = [{"name": "lib/a.c", "text": "é"}, {"name": "lib/b.bin", "base64": "AP8="}]
    job = decode(source=ABSENT, files=files)
    assert job.source_bytes() is None
    assert [file.content.data() for file in job.files] == ["é".encode(), b"\x00\xff"]


def test_the_wall_limit_follows_from_the_cpu_limit() -> None:
    assert decode().limits.effective_wall_ms == 4000
    assert decode(limits={"cpu_ms": 60_000}).limits.effective_wall_ms == 180_000
    assert decode(limits={"cpu_ms": 2000, "wall_ms": 9}).limits.effective_wall_ms == 9


def test_the_stack_limit_follows_from_the_memory_limit() -> None:
    assert decode(limits={"memory_kib": 2048}).limits.effective_stack_kib == 2048
    assert decode(limits={"stack_kib": 8192}).limits.effective_stack_kib == 8192


def test_a_test_changes_the_limits_that_it_names() -> None:
    job = decode(
        limits={"memory_kib": 4096, "processes": 3}, tests=[good_test(limits={"cpu_ms": 2000})]
    )
    limits = job.limits_of(job.tests[0])
    assert (limits.cpu_ms, limits.memory_kib, limits.processes) == (2000, 4096, 3)
    assert limits.effective_wall_ms == 7000
    assert TestLimits().over(job.limits) == job.limits


def test_every_test_is_worth_one_point_unless_some_have_points() -> None:
    job = decode(tests=[good_test(id="1"), good_test(id="2")])
    assert [job.points_of(test) for test in job.tests] == [1.0, 1.0]
    job = decode(tests=[good_test(id="1"), good_test(id="2", points=40)])
    assert [job.points_of(test) for test in job.tests] == [0.0, 40.0]


def test_output_is_kept_of_visible_tests_only_unless_the_policy_says_more() -> None:
    job = decode(tests=[good_test(id="1"), good_test(id="2", visible=True)])
    assert [job.output_bytes(test) for test in job.tests] == [0, 4096]
    job = decode(policy={"output_bytes": 7})
    assert job.output_bytes(job.tests[0]) == 7


def test_mode_run_takes_inputs_alone_and_shows_all() -> None:
    job = decode(mode="run", tests=[good_test(answer=ABSENT)])
    assert job.is_visible(job.tests[0])
    assert job.output_bytes(job.tests[0]) == 4096


def test_mode_compile_takes_no_tests() -> None:
    assert decode(mode="compile", tests=ABSENT).tests == ()


def test_a_checker_that_takes_all_needs_no_answer() -> None:
    job = decode(checker={"type": "none"}, tests=[good_test(answer=ABSENT)])
    assert job.tests[0].answer is None


def test_tokens_are_compared_as_text_with_case_unless_told_otherwise() -> None:
    checker = decode(checker={"type": "tokens"}).checker
    assert checker.model_dump() == {
        "type": "tokens",
        "case_sensitive": True,
        "space_sensitive": False,
        "float_abs": None,
        "float_rel": None,
    }


def test_an_empty_test_input_is_an_input() -> None:
    assert decode_test(input={"text": ""}).tests[0].input.data() == b""


def test_a_program_has_ten_seconds_and_half_a_gibibyte_by_default() -> None:
    program = {"language": "cpp", "source": "x"}
    whole = good_job(checker={"type": "testlib", "program": program})
    job = Job.model_validate_json(json.dumps(whole))
    assert job.checker.type == "testlib"
    limits = job.checker.program.limits
    assert (limits.cpu_ms, limits.memory_kib, limits.effective_wall_ms) == (10_000, 524_288, 31_000)


def test_a_group_of_a_test_must_be_one_of_the_job() -> None:
    tests = [good_test(group="g")]
    assert schema_error_at("tests.0.group", good_job(tests=tests))
    assert not schema_error_at("tests.0.group", good_job(tests=tests, groups=[GROUP]))


def test_a_job_is_the_same_after_a_round_trip() -> None:
    job = decode(files=[{"name": "a.h", "text": ""}], labels={"é": "\0"})
    assert decode_job(job.model_dump_json(by_alias=True, exclude_unset=True).encode()) == job
