"""Results take the seed's form, in answer to a flat message and to Celery's."""

import ctypes
import json
from typing import Any

import pytest

from executor.contract import (
    AppliedLimits,
    CeleryTask,
    CompileResult,
    ErrorCode,
    FieldProblem,
    Flat,
    JobError,
    OjJob,
    Result,
    Summary,
    TestResult,
    Timing,
    Verdict,
    Worker,
    encode_result,
    failed,
)
from executor.contract.execute import own_path
from executor.contract.legacy import LegacyResult, legacy_of, run_status
from tests.unit.test_legacy import ODD


def result(tests: tuple[TestResult, ...], **changes: Any) -> Result:
    fields: dict[str, Any] = {
        "id": "s-1",
        "attempt": 1,
        "status": "done",
        "verdict": Verdict.WA,
        "score": 0.0,
        "max_score": 1.0,
        "compile": compiled("OK"),
        "summary": Summary(**{name: 0 for name in Summary.model_fields}),
        "groups": (),
        "tests": tests,
        "limits": AppliedLimits(**{name: 1 for name in AppliedLimits.model_fields}),
        "timing": Timing(**{name: 0 for name in Timing.model_fields}),
        "worker": Worker(name="w", version="0"),
        "redelivered": False,
        "labels": {},
    }
    return Result(**fields | changes)


def compiled(verdict: Any, output: str = "") -> CompileResult:
    return CompileResult(
        verdict=verdict, cpu_ms=1, wall_ms=1, memory_kib=1, exit_code=1, output=output
    )


def judged(verdict: str, **changes: Any) -> TestResult:
    return TestResult(id="1", verdict=Verdict(verdict), **changes)


@pytest.mark.parametrize(
    ("test", "words"),
    [
        (judged("AC"), "AC"),
        (judged("WA"), "WA"),
        (judged("PE"), "WA"),
        (judged("TLE"), "TLE"),
        (judged("WTL"), "RTLE"),
        (judged("MLE"), "MLE"),
        (judged("OLE"), "OLE"),
        (judged("RTE", exit_code=3), "NZEC(3)"),
        (judged("RTE", signal=11), "Command terminated by signal (11: SIGSEGV)"),
        (judged("RTE", signal=6), "Command terminated by signal (6: SIGABRT)"),
        (judged("RTE", signal=40), "Command terminated by signal (40: SIG?)"),
        (judged("SV"), "Invalid Function"),
        (judged("JE"), "Internal Error"),
    ],
)
def test_a_verdict_has_the_seeds_words(test: TestResult, words: str) -> None:
    assert run_status(test) == words


def test_a_signal_has_the_name_that_safeexec_gives_it() -> None:
    abbreviation = ctypes.CDLL(None).sigabbrev_np
    abbreviation.restype = ctypes.c_char_p
    for number in range(1, 65):
        name = (abbreviation(number) or b"?").decode()
        expected = f"Command terminated by signal ({number}: SIG{name})"
        assert run_status(judged("RTE", signal=number)) == expected


def test_a_result_has_the_seeds_form_and_units() -> None:
    tests = (
        judged("AC", cpu_ms=1234, wall_ms=2900, memory_kib=3072),
        judged("WA", cpu_ms=5),
        judged("AC"),
        judged("RTE", exit_code=1),
    )
    assert legacy_of(result(tests)).model_dump(mode="json") == {
        "status": [
            {
                "code": 0,
                "status": {
                    "run_status": "AC",
                    "elapsed_time": 2,
                    "memory_taken": 3072,
                    "cpu_time": 1.234,
                },
            },
            {
                "code": 0,
                "status": {
                    "run_status": "WA",
                    "elapsed_time": 0,
                    "memory_taken": 0,
                    "cpu_time": 0.005,
                },
            },
            {
                "code": 0,
                "status": {
                    "run_status": "AC",
                    "elapsed_time": 0,
                    "memory_taken": 0,
                    "cpu_time": 0.0,
                },
            },
            {
                "code": 2,
                "status": {
                    "run_status": "NZEC(1)",
                    "elapsed_time": 0,
                    "memory_taken": 0,
                    "cpu_time": 0.0,
                },
            },
        ],
        "AC_no": 2,
        "WA_no": 1,
        "compile_error": False,
        "job_id": "s-1",
    }


@pytest.mark.parametrize(
    ("verdict", "output", "message"),
    [("CE", "main.c:1: no", "main.c:1: no"), ("CTL", "", "the compiler ran out of its limits")],
)
def test_a_compile_error_stands_alone(verdict: str, output: str, message: str) -> None:
    skipped = (judged("SK"), judged("SK"))
    legacy = legacy_of(result(skipped, verdict=Verdict(verdict), compile=compiled(verdict, output)))
    assert legacy.model_dump(mode="json") == {
        "status": [{"code": 1, "message": message}],
        "AC_no": 0,
        "WA_no": 0,
        "compile_error": True,
        "job_id": "s-1",
    }


UNJUDGED = JobError.of(
    ErrorCode.TESTDATA_UNAVAILABLE,
    "gone",
    [FieldProblem(path="tests.2.answer.url", code="testdata_unavailable", message="404")],
)


def test_a_job_that_was_not_judged_has_not_all_of_no_tests_accepted() -> None:
    legacy = legacy_of(failed(UNJUDGED, id="s-1"))
    assert (legacy.AC_no, len(legacy.status), legacy.compile_error) == (0, 1, False)
    assert legacy.model_dump()["status"][0]["status"]["run_status"] == "Internal Error"


@pytest.mark.parametrize(
    ("path", "own"),
    [
        ("language", "lang"),
        ("source", "code"),
        ("limits.cpu_ms", "exec_args.time"),
        ("limits.memory_kib", "exec_args.mem"),
        ("tests", "input_file_urls"),
        ("tests.0.input", "input_file_urls.0"),
        ("tests.10.input.url", "input_file_urls.10"),
        ("tests.0.input.sha512", "input_file_hash.0"),
        ("tests.0.answer.url", "output_file_urls.0"),
        ("tests.0.answer.sha512", "output_file_hash.0"),
        ("exec_args.time", "exec_args.time"),
        ("", ""),
    ],
)
def test_a_field_of_a_job_is_told_by_the_messages_own_name(path: str, own: str) -> None:
    assert own_path(path) == own


def test_the_answer_to_a_flat_message_is_the_result_and_the_seeds_form() -> None:
    done = result((judged("AC"),))
    answer = json.loads(encode_result(Flat("s-1"), done))
    legacy = answer.pop("legacy")
    assert answer == json.loads(done.encode())
    assert legacy == legacy_of(done).model_dump(mode="json")


def test_the_answer_to_a_task_is_a_celery_result_around_it() -> None:
    done = result((judged("AC"),))
    answer = json.loads(encode_result(CeleryTask(ODD, "s-1"), done))
    inner = answer.pop("result")
    assert answer == {"task_id": ODD, "status": "SUCCESS", "traceback": None, "children": []}
    assert inner == json.loads(encode_result(Flat("s-1"), done))


def test_an_error_found_by_the_judge_is_told_in_the_messages_own_names() -> None:
    answer = json.loads(encode_result(Flat("s-1"), failed(UNJUDGED, id="s-1")))
    assert answer["error"]["fields"][0]["path"] == "output_file_urls.2"
    assert LegacyResult.model_validate_json(json.dumps(answer)).status == "failed"


def test_the_answer_to_an_oj_job_has_nothing_of_it() -> None:
    done = result((judged("AC"),))
    assert encode_result(OjJob(), done) == done.encode()
