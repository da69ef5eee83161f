"""Results and events have exactly the shape of the contract."""

import json
from typing import Any

import pytest
from pydantic import ValidationError

from executor.contract import (
    ErrorCode,
    Event,
    JobError,
    Result,
    Verdict,
    Worker,
    cancelled,
    digest,
    expired,
    failed,
    rejected,
    with_digest,
)

# The contract's own examples.
RESULT = """
{"schema": "oj.result/1", "id": "s-812", "attempt": 1, "status": "done",
 "verdict": "WA", "score": 40.0, "max_score": 100.0, "first_failed": "3",
 "compile": {"verdict": "OK", "cpu_ms": 812, "wall_ms": 930, "memory_kib": 91544, "exit_code": 0,
             "signal": null, "cached": false, "output": "", "output_truncated": false},
 "summary": {"tests": 10, "judged": 10, "accepted": 9, "cpu_ms_max": 312, "cpu_ms_sum": 1840,
             "wall_ms_max": 340, "memory_kib_max": 3120},
 "groups": [{"id": "g1", "verdict": "AC", "score": 40.0, "max_score": 40.0}],
 "tests": [{"id": "3", "group": "g2", "verdict": "WA", "cpu_ms": 12, "wall_ms": 15, "memory_kib": 2980,
            "exit_code": 0, "signal": null, "score": 0.0, "message": "line 2, token 1 differs",
            "diff": {"line": 2, "token": 1, "expected": null, "found": null},
            "stdout": null, "stdout_truncated": false, "stderr": null, "stderr_truncated": false,
            "runs": 1, "near_limit": false}],
 "limits": {"cpu_ms": 1000, "wall_ms": 4000, "memory_kib": 262144, "stack_kib": 262144,
            "output_kib": 65536, "processes": 1},
 "timing": {"queued_ms": 41, "fetch_ms": 3, "compile_ms": 930, "judge_ms": 410, "total_ms": 1343},
 "worker": {"name": "executor-2", "version": "1.0.0", "runtime": "g++ 14.2.0", "isolation": "full"},
 "redelivered": false, "labels": {}, "digest": "sha256:..."}
"""  # noqa: E501

REJECTED = """
{"schema": "oj.result/1", "id": "s-9", "status": "rejected", "verdict": "SE",
 "error": {"code": "schema_invalid", "retryable": false, "message": "1 problem",
           "fields": [{"path": "tests.0.input", "code": "missing", "message": "field required"}]}}
"""

EVENT = """
{"schema": "oj.event/1", "id": "s-812", "attempt": 1, "seq": 4, "phase": "test", "test": "3",
 "verdict": "AC", "done": 3, "of": 10, "cpu_ms": 12, "memory_kib": 2980}
"""


def compact(text: str) -> bytes:
    return json.dumps(json.loads(text), separators=(",", ":")).encode()


def result(**changes: Any) -> Result:
    return Result.model_validate_json(json.dumps(json.loads(RESULT) | changes))


@pytest.mark.parametrize(("model", "text"), [(Result, RESULT), (Result, REJECTED), (Event, EVENT)])
def test_an_example_of_the_contract_is_the_same_after_a_round_trip(
    model: type[Result | Event], text: str
) -> None:
    assert model.model_validate_json(text).encode() == compact(text)


def test_a_done_result_tells_what_is_null() -> None:
    message = json.loads(result(verdict="AC", first_failed=None, compile=None).encode())
    assert message.keys() == json.loads(RESULT).keys()
    assert message["first_failed"] is None


def test_a_score_is_a_float_even_if_whole() -> None:
    assert b'"score":40.0,' in result(score=40).encode()


def test_a_result_is_utf8_not_escaped() -> None:
    assert '"labels":{"é":"ü"}'.encode() in result(labels={"é": "ü"}).encode()


@pytest.mark.parametrize("field", ["attempt", "score", "tests", "limits", "worker", "labels"])
def test_a_done_result_lacks_nothing(field: str) -> None:
    with pytest.raises(ValidationError, match=field):
        result(**{field: None})


def test_a_result_has_an_error_unless_it_is_done() -> None:
    with pytest.raises(ValidationError, match="error"):
        Result(id="s", status="failed", verdict=Verdict.JE)
    with pytest.raises(ValidationError, match="error"):
        result(error=json.loads(REJECTED)["error"])


@pytest.mark.parametrize("field", ["first_field", "schema_"])
def test_a_result_has_no_other_field(field: str) -> None:
    with pytest.raises(ValidationError, match=field):
        result(**{field: 1})


ERROR = JobError.of(ErrorCode.SANDBOX_UNAVAILABLE, "safeexec does not answer")


@pytest.mark.parametrize(
    ("reply", "status", "verdict", "code"),
    [
        (rejected(ERROR, id="s"), "rejected", "SE", "sandbox_unavailable"),
        (failed(ERROR, id="s"), "failed", "JE", "sandbox_unavailable"),
        (cancelled(id="s"), "cancelled", "CN", "cancelled"),
        (expired(id="s"), "expired", "CN", "expired"),
    ],
)
def test_an_unjudged_job_is_answered(reply: Result, status: str, verdict: str, code: str) -> None:
    message = json.loads(reply.encode())
    assert message.keys() == {"schema", "id", "status", "verdict", "error"}
    assert message["error"].keys() == {"code", "retryable", "message"}
    assert (message["status"], message["verdict"]) == (status, verdict)
    assert message["error"]["code"] == code


def test_an_unjudged_job_is_answered_with_all_that_is_known() -> None:
    worker = Worker(name="executor-1", version="0.1.0")
    reply = failed(ERROR, id=None, attempt=2, labels={"a": "b"}, worker=worker, redelivered=True)
    message = json.loads(reply.encode())
    assert message["id"] is None
    assert message["attempt"] == 2
    assert message["labels"] == {"a": "b"}
    assert message["worker"]["name"] == "executor-1"
    assert message["redelivered"] is True


def test_some_errors_may_go_away_if_the_job_is_sent_again() -> None:
    retryable = {code.value for code in ErrorCode if JobError.of(code, "").retryable}
    assert retryable == {"testdata_unavailable", "sandbox_unavailable", "internal"}


def test_a_digest_is_of_what_must_not_vary() -> None:
    first = digest(result())
    timing = json.loads(RESULT)["timing"] | {"judge_ms": 999}
    assert digest(result(timing=timing, id="other", redelivered=True, labels={"a": ""})) == first
    assert len(first) == len("sha256:") + 64


@pytest.mark.parametrize(
    "changes",
    [
        {"verdict": "PE"},
        {"score": 41.0},
        {"groups": []},
        {"tests": [json.loads(RESULT)["tests"][0] | {"verdict": "TLE"}]},
        {"tests": [json.loads(RESULT)["tests"][0] | {"score": 1.0}]},
        {"limits": json.loads(RESULT)["limits"] | {"cpu_ms": 999}},
    ],
    ids=str,
)
def test_a_digest_changes_with_what_it_is_of(changes: dict[str, Any]) -> None:
    assert digest(result(**changes)) != digest(result())


def test_a_result_carries_its_digest() -> None:
    sealed = with_digest(result())
    assert sealed.digest == digest(sealed) == digest(result())


def test_an_event_leaves_out_what_does_not_belong_to_its_phase() -> None:
    event = Event(id="s", seq=0, phase="received")
    assert json.loads(event.encode()) == {
        "schema": "oj.event/1",
        "id": "s",
        "attempt": 1,
        "seq": 0,
        "phase": "received",
    }
