"""Every bad message gets its exact error, whatever the bytes are."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from executor.contract import BadJob, Job, Result, decode_job, rejected
from tests.bad_messages import BAD_MESSAGES, BadMessage, good_job, good_test


def refusal(body: bytes) -> BadJob:
    with pytest.raises(BadJob) as caught:
        decode_job(body)
    return caught.value


def is_answered(body: bytes) -> None:
    """The body is a job, or gets a rejection that can be sent and read."""
    try:
        job = decode_job(body)
    except BadJob as bad:
        reply = rejected(bad.error, id=bad.id, attempt=bad.attempt, labels=bad.labels)
        assert Result.model_validate_json(reply.encode()) == reply
    else:
        assert isinstance(job, Job)


@pytest.mark.parametrize("bad", BAD_MESSAGES, ids=str)
def test_a_bad_message_gets_its_code_and_path(bad: BadMessage) -> None:
    found = refusal(bad.body)
    path = found.error.fields[0].path if found.error.fields else None
    assert (found.error.code, path, found.id) == (bad.code, bad.path, bad.id)


@pytest.mark.parametrize("bad", BAD_MESSAGES, ids=str)
def test_a_bad_message_is_not_echoed_at_length(bad: BadMessage) -> None:
    found = refusal(bad.body)
    reply = rejected(found.error, id=found.id, attempt=found.attempt, labels=found.labels)
    assert len(reply.encode()) < 10_000


def test_the_names_of_bad_messages_differ() -> None:
    names = [bad.name for bad in BAD_MESSAGES]
    assert len(names) == len(set(names))


def test_a_good_message_is_a_job() -> None:
    assert decode_job(json.dumps(good_job()).encode()).id == "s-9"


def test_a_refusal_tells_attempt_and_labels_where_they_are_valid() -> None:
    found = refusal(json.dumps(good_job(attempt=2, labels={"a": "b"}, mode="x")).encode())
    assert (found.attempt, found.labels) == (2, {"a": "b"})
    found = refusal(json.dumps(good_job(attempt=0, labels={"a": 1})).encode())
    assert (found.attempt, found.labels) == (None, None)


def test_a_refusal_counts_all_problems_and_lists_twenty() -> None:
    tests = [good_test(id=str(n), input=None) for n in range(30)]
    found = refusal(json.dumps(good_job(tests=tests)).encode())
    assert found.error.message == "30 problems"
    assert [field.path for field in found.error.fields or ()] == [
        f"tests.{n}.input" for n in range(20)
    ]


def test_the_refusal_of_a_missing_input_is_as_in_the_contract() -> None:
    found = refusal(json.dumps(good_job(tests=[{"id": "1"}])).encode())
    reply = json.loads(rejected(found.error, id=found.id).encode())
    assert reply == {
        "schema": "oj.result/1",
        "id": "s-9",
        "status": "rejected",
        "verdict": "SE",
        "error": {
            "code": "schema_invalid",
            "retryable": False,
            "message": "1 problem",
            "fields": [{"path": "tests.0.input", "code": "missing", "message": "field required"}],
        },
    }


def test_a_rerun_of_at_most_zero_times_is_taken() -> None:
    job = good_job(policy={"rerun": {"max": 0}})
    assert decode_job(json.dumps(job).encode()).policy.rerun.max == 0


@given(st.binary(max_size=200))
def test_random_bytes_are_answered(body: bytes) -> None:
    is_answered(body)


TEXT = st.text("a1./-%=\0é😀\ud800", max_size=9)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=20,
)
FIELDS = st.sampled_from(sorted(name.rstrip("_") for name in Job.model_fields))


@given(st.dictionaries(FIELDS, JSON, max_size=3))
def test_jobs_with_fields_of_any_type_are_answered(changes: dict[str, object]) -> None:
    is_answered(json.dumps(good_job(**changes)).encode())


@given(
    st.integers(min_value=0, max_value=400),
    st.integers(min_value=0, max_value=8),
    st.binary(max_size=8),
)
def test_jobs_with_broken_bytes_are_answered(place: int, removed: int, added: bytes) -> None:
    body = json.dumps(good_job()).encode()
    is_answered(body[:place] + added + body[place + removed :])
