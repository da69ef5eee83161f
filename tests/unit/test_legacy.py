"""The seed's messages, flat and Celery's, become jobs."""

import base64
import dataclasses
import json
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from executor.contract import (
    BadJob,
    CeleryTask,
    Flat,
    Job,
    JobError,
    OjJob,
    Properties,
    Request,
    encode_result,
    read_request,
    rejected,
    unread_form,
)
from tests.bad_messages import good_job
from tests.legacy_messages import (
    ABSENT,
    HASH,
    arguments,
    task_body,
    task_headers,
    task_properties,
)


def flat(**changes: Any) -> Request:
    return read_request(json.dumps(arguments(**changes)).encode(), Properties(message_id="s-1"))


def task(body: bytes | None = None, **headers: Any) -> Request:
    return read_request(task_body() if body is None else body, task_properties(**headers))


def job_of(request: Request) -> Job:
    assert isinstance(request.job, Job), request.job
    return request.job


def error_of(request: Request) -> JobError:
    assert isinstance(request.job, BadJob)
    return request.job.error


def place(request: Request) -> tuple[str, str | None]:
    """The error's code, and the path of the first field that it names."""
    error = error_of(request)
    return str(error.code), error.fields[0].path if error.fields else None


# The way in: arguments.


def test_the_nine_arguments_are_a_job() -> None:
    request = flat(tests=2)
    job = job_of(request)
    assert request.form == Flat("s-1")
    assert (job.id, job.attempt, job.mode, job.checker.type) == ("s-1", 1, "judge", "lines")
    assert job.source_bytes() == b"print(input())"
    assert (job.limits.cpu_ms, job.limits.memory_kib) == (1000, 65536)
    assert not job.policy.stop_on_first_fail
    second = job.tests[1]
    assert (second.input.url, second.input.sha512) == ("http://data.example/2.in", HASH)
    assert second.answer is not None
    assert (second.answer.url, second.answer.sha512) == ("http://data.example/2.ans", HASH)
    assert [test.id for test in job.tests] == ["1", "2"]


@pytest.mark.parametrize(
    ("seconds", "cpu_ms"),
    [
        (1, 1000),
        (0.25, 250),
        ("2", 2000),
        (" 1.5 ", 1500),
        (60, 60000),
        (0.001, 1),
        ({"__type__": "decimal", "__value__": "0.50"}, 500),
    ],
)
def test_the_time_is_seconds(seconds: Any, cpu_ms: int) -> None:
    assert job_of(flat(exec_args={"time": seconds, "mem": 1024})).limits.cpu_ms == cpu_ms


@pytest.mark.parametrize("mem", [4096, "4096", 4096.0, "4096.0"])
def test_the_memory_is_kilobytes(mem: Any) -> None:
    assert job_of(flat(exec_args={"time": 1, "mem": mem})).limits.memory_kib == 4096


@pytest.mark.parametrize(
    ("lang", "language"),
    [("c", "c"), ("C++", "c++"), ("Python 3", "python3"), ("JAVA", "java"), ("c++ 17", "c++17")],
)
def test_capitals_and_blanks_in_a_language_do_not_count(lang: str, language: str) -> None:
    assert job_of(flat(lang=lang)).language == language


@pytest.mark.parametrize("value", [None, "ada", 7, {"email": "a@b", "deep": [{}]}], ids=repr)
def test_coder_and_contest_may_be_anything(value: Any) -> None:
    job_of(flat(coder=value, contest=value))


BAD_ARGUMENTS = [
    ("code", {"code": ABSENT}),
    ("code", {"code": 7}),
    ("code", {"code": "100%"}),
    ("code", {"code": "x" * (256 * 1024 + 1)}),
    ("lang", {"lang": ABSENT}),
    ("lang", {"lang": ""}),
    ("lang", {"lang": " \t"}),
    ("lang", {"lang": "x" * 65}),
    ("coder", {"coder": ABSENT}),
    ("contest", {"contest": ABSENT}),
    ("exec_args", {"exec_args": ABSENT}),
    ("exec_args", {"exec_args": [1, 65536]}),
    ("exec_args.time", {"exec_args": {"mem": 65536}}),
    ("exec_args.mem", {"exec_args": {"time": 1}}),
    ("exec_args.wall", {"exec_args": {"time": 1, "mem": 65536, "wall": 3}}),
    ("input_file_urls", {"input_file_urls": ABSENT}),
    ("input_file_urls", {"input_file_urls": []}),
    ("input_file_urls", {"input_file_urls": "http://data.example/1.in"}),
    ("input_file_urls.0", {"input_file_urls": [None]}),
    ("input_file_urls.0", {"input_file_urls": ["file:///etc/passwd"]}),
    ("output_file_urls.0", {"output_file_urls": ["1.ans"]}),
    ("input_file_hash.0", {"input_file_hash": ["ab" * 32]}),
    ("output_file_hash.0", {"output_file_hash": [""]}),
    ("output_file_urls", {"output_file_urls": ["http://data.example/1"] * 2}),
    ("input_file_hash", {"input_file_hash": [HASH] * 2}),
    ("output_file_hash", {"output_file_hash": [HASH] * 3}),
    ("output_file_urls", {"tests": 2, "output_file_urls": ["http://data.example/1"]}),
    ("output_file_hash", {"tests": 2, "output_file_hash": [HASH]}),
    ("input_file_urls", {"tests": 1001}),
    ("checker", {"checker": "tokens"}),
]


@pytest.mark.parametrize(("path", "changes"), BAD_ARGUMENTS)
def test_a_bad_argument_is_named_as_the_message_names_it(
    path: str, changes: dict[str, Any]
) -> None:
    request = flat(**changes)
    assert place(request) == ("schema_invalid", path)
    assert isinstance(request.job, BadJob)
    assert request.job.id == "s-1"


@pytest.mark.parametrize("seconds", [0, -1, 60.5, "fast", "1e1", "", None, True, [1], "1" * 400])
def test_a_time_that_is_none_is_refused(seconds: Any) -> None:
    assert place(flat(exec_args={"time": seconds, "mem": 1024})) == (
        "schema_invalid",
        "exec_args.time",
    )


@pytest.mark.parametrize("mem", [1023, 4_194_305, 2048.5, "2 MB", None, True])
def test_a_memory_limit_that_is_none_is_refused(mem: Any) -> None:
    assert place(flat(exec_args={"time": 1, "mem": mem})) == ("schema_invalid", "exec_args.mem")


def test_a_limit_that_is_refused_is_told_in_the_messages_own_unit() -> None:
    fields = error_of(flat(exec_args={"time": 0, "mem": 0})).fields or ()
    assert [field.message.rpartition(" ")[2] for field in fields] == ["0.001", "1024"]


def test_a_time_beyond_all_numbers_is_refused() -> None:
    body = json.dumps(arguments()).replace('"time": 1', '"time": 1e999').encode()
    assert place(read_request(body, Properties())) == ("schema_invalid", "exec_args.time")


def test_a_key_that_stands_twice_is_refused() -> None:
    body = json.dumps(arguments()).replace('"coder"', '"lang": "c", "coder"').encode()
    assert place(read_request(body, Properties())) == ("bad_json", None)


# The way in: which form a message has, and the id of its job.


def test_an_object_with_most_arguments_is_the_seeds_and_told_so_by_its_names() -> None:
    assert flat(lang=ABSENT, coder=ABSENT, contest=ABSENT).form == Flat("s-1")


def test_an_object_with_a_schema_is_not_the_seeds() -> None:
    request = flat(schema="oj.job/2")
    assert (request.form, place(request)) == (OjJob(), ("unsupported_schema", "schema"))


def test_an_oj_job_stays_one_whatever_its_properties() -> None:
    body = json.dumps(good_job()).encode()
    request = read_request(body, task_properties())
    assert (request.form, job_of(request).id) == (OjJob(), "s-9")
    assert unread_form(body, task_properties()) == OjJob()


@pytest.mark.parametrize("body", [b"", b"?", b"[]", b"[[], {}]", b"null", b'{"code": "x"}'])
def test_what_is_no_message_is_answered_as_oj_job(body: bytes) -> None:
    request = read_request(body, Properties(message_id="m"))
    assert request.form == OjJob()
    assert isinstance(request.job, BadJob)


ODD = "Ada's task, n° 1"


@pytest.mark.parametrize(
    ("properties", "id"),
    [
        (Properties(message_id="m", correlation_id="c"), "m"),
        (Properties(correlation_id="c"), "c"),
        (Properties(message_id="", correlation_id="c"), "c"),
    ],
)
def test_the_id_of_a_flat_message_is_that_of_its_properties(
    properties: Properties, id: str
) -> None:
    body = json.dumps(arguments()).encode()
    assert job_of(read_request(body, properties)).id == id


@pytest.mark.parametrize("properties", [Properties(), Properties(message_id=ODD)], ids=repr)
def test_an_id_that_is_none_is_made_from_a_hash_and_is_the_same_each_time(
    properties: Properties,
) -> None:
    body = json.dumps(arguments()).encode()
    ids = {job_of(read_request(body, properties)).id for _ in range(2)}
    assert len(ids) == 1
    assert ids.pop().startswith("legacy-")


def test_two_flat_messages_without_properties_have_two_ids() -> None:
    bodies = [json.dumps(arguments(lang=lang)).encode() for lang in ("c", "cpp")]
    first, second = (job_of(read_request(body, Properties())).id for body in bodies)
    assert first != second


# The way in: Celery.


@pytest.mark.parametrize("given", range(10))
def test_arguments_come_by_position_and_by_keyword(given: int) -> None:
    named = arguments()
    positional = [named.pop(name) for name in list(named)[:given]]
    job = job_of(task(task_body(positional, named)))
    assert (job.id, job.language, job.source_bytes()) == ("t-1", "python3", b"print(input())")


def test_a_task_is_known_by_its_headers() -> None:
    assert task().form == CeleryTask("t-1", "t-1")


def test_a_task_without_headers_is_known_by_its_body() -> None:
    request = read_request(task_body(), Properties(correlation_id="t-2"))
    assert request.form == CeleryTask("t-2", "t-2")
    assert job_of(request).id == "t-2"


def test_a_task_id_of_odd_characters_is_kept_for_celery_and_hashed_for_us() -> None:
    request = task(id=ODD)
    assert isinstance(request.form, CeleryTask)
    assert request.form.task_id == ODD
    assert job_of(request).id.startswith("legacy-")


def test_a_retry_of_celery_is_another_attempt() -> None:
    assert job_of(task(retries=2)).attempt == 3


def test_a_body_in_base64_is_read() -> None:
    assert job_of(task(base64.b64encode(task_body()), body_encoding="base64")).id == "t-1"


@pytest.mark.parametrize(
    ("expires", "expires_s"),
    [
        (None, None),
        ("1970-01-01T00:01:00+00:00", 60),
        ("1970-01-01T01:01:00+01:00", 60),
        ("1970-01-01T00:01:00Z", 60),
        ("1970-01-01T00:01:00.500000", 60.5),
    ],
)
def test_a_task_tells_when_it_expires(expires: str | None, expires_s: float | None) -> None:
    assert task(expires=expires).expires_s == expires_s


def test_a_date_without_a_zone_is_utc_wherever_the_worker_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with monkeypatch.context() as elsewhere:
        elsewhere.setenv("TZ", "EST5")
        time.tzset()
        expires_s = task(expires="1970-01-01T00:01:00").expires_s
    time.tzset()
    assert expires_s == 60


def test_what_means_nothing_here_is_taken() -> None:
    body = task_body(errbacks=[{"task": "t"}])
    more = {"eta": "2030-01-01T00:00:00", "timelimit": [1, None], "group": "g", "stamps": {}}
    assert job_of(task(body, **more)).id == "t-1"


BAD_TASKS = [
    ("another task", task_body(), {"task": "tasks.add"}, "unsupported_schema", "task"),
    ("retries below 0", task_body(), {"retries": -1}, "schema_invalid", "retries"),
    ("too many retries", task_body(), {"retries": 1000}, "schema_invalid", "retries"),
    ("retries in words", task_body(), {"retries": "two"}, "schema_invalid", "retries"),
    ("an odd expires", task_body(), {"expires": "soon"}, "schema_invalid", "expires"),
    ("expires by a number", task_body(), {"expires": 60}, "schema_invalid", "expires"),
    ("no JSON", b"\x80\x04", {}, "bad_json", None),
    ("an empty body", b"", {}, "bad_json", None),
    ("a number", b"7", {}, "bad_json", None),
    ("a list of one", b"[[]]", {}, "bad_json", None),
    ("no embed", b"[[], {}, null]", {}, "bad_json", None),
    ("base64 that is none", b"!", {"body_encoding": "base64"}, "bad_json", None),
    ("compressed", task_body(), {"compression": "application/x-gzip"}, "bad_json", None),
    ("a callback", task_body(callbacks=[{"task": "t"}]), {}, "unsupported_feature", "callbacks"),
    ("a chain", task_body(chain=[{"task": "t"}]), {}, "unsupported_feature", "chain"),
    ("a chord", task_body(chord={"task": "t"}), {}, "unsupported_feature", "chord"),
    ("no arguments", task_body([], {}), {}, "schema_invalid", "coder"),
    ("ten arguments", task_body([1] * 10, {}), {}, "schema_invalid", "args"),
    ("code twice", task_body(["ada", "x"], arguments()), {}, "schema_invalid", "coder"),
    ("an unknown keyword", task_body(kwargs=arguments(x=1)), {}, "schema_invalid", "x"),
    ("a bad argument", task_body(kwargs=arguments(code=1)), {}, "schema_invalid", "code"),
]


@pytest.mark.parametrize(
    ("body", "headers", "code", "path"),
    [pytest.param(*each, id=name) for name, *each in BAD_TASKS],
)
def test_a_bad_task_is_told_what_is_wrong_and_answered_as_a_task(
    body: bytes, headers: dict[str, Any], code: str, path: str | None
) -> None:
    request = task(body, **headers)
    assert place(request) == (code, path)
    assert request.form == CeleryTask("t-1", "t-1")
    assert isinstance(request.job, BadJob)
    assert request.job.id == "t-1"


@pytest.mark.parametrize(
    ("change", "remedy"),
    [
        ({"content_type": "application/x-python-serialize"}, "set task_serializer to 'json'"),
        ({"content_encoding": "binary"}, "utf-8"),
        ({"headers": task_headers(compression="application/x-gzip")}, "task_compression"),
    ],
)
def test_a_task_that_is_packed_otherwise_is_told_the_setting(
    change: dict[str, Any], remedy: str
) -> None:
    properties = dataclasses.replace(task_properties(), **change)
    assert remedy in error_of(read_request(task_body(), properties)).message


def test_a_task_over_16_mib_is_answered_as_a_task() -> None:
    request = task(b"[" + b" " * 17_000_000)
    assert place(request) == ("too_large", None)
    assert request.form == CeleryTask("t-1", "t-1")


TEXT = st.text("a1./-%=\0é😀\ud800", max_size=9)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=20,
)
CHANGES = st.dictionaries(st.sampled_from(sorted(arguments())), JSON, max_size=3)
HEADERS = st.dictionaries(
    st.sampled_from(["task", "id", "retries", "expires", "body_encoding", "compression"]),
    st.none() | st.integers() | st.floats() | st.text() | st.binary() | st.lists(st.integers()),
    max_size=3,
)


def is_answered(body: bytes, properties: Properties) -> None:
    """The message is a job, or gets a rejection that can be sent and read."""
    request = read_request(body, properties)
    if isinstance(request.job, BadJob):
        reply = rejected(request.job.error, id=request.job.id)
        assert json.loads(encode_result(request.form, reply))


@given(CHANGES)
def test_flat_messages_with_arguments_of_any_type_are_answered(changes: dict[str, Any]) -> None:
    is_answered(json.dumps(arguments(**changes)).encode(), Properties(message_id="s-1"))


@given(CHANGES, HEADERS, st.binary(max_size=8))
def test_tasks_with_headers_of_any_type_are_answered(
    changes: dict[str, Any], headers: dict[str, Any], added: bytes
) -> None:
    body = task_body(kwargs=arguments(**changes))
    is_answered(body + added, task_properties(**headers))
    is_answered(added + body, task_properties(**headers))
