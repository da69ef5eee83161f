"""What no real judge does on purpose: it fails, or answers more than a message may hold."""

import json
from collections.abc import Callable
from typing import Any

import pika
import pytest
from structlog.testing import capture_logs

from executor.answers import ANSWERS_KEPT, MAX_TIMES_RETURNED, SMALL_BYTES, Answer, Answerer
from executor.broker.message import Delivery
from executor.contract import (
    MAX_MESSAGE_BYTES,
    AppliedLimits,
    Cancel,
    Job,
    Result,
    Summary,
    TestResult,
    Timing,
    Verdict,
    Worker,
)
from executor.judge.progress import Tell
from executor.sandbox import Killed, KillSwitch
from tests.broker.conftest import job
from tests.legacy_messages import arguments, task_body, task_headers

OUTPUT = "\n" * 60_000
"""Each line feed takes two bytes in JSON."""

CANCEL = Cancel(type="cancel", id="s-1")
NOW = 1_800_000_000


class ScriptedJudge:
    """Fails, or answers with that many tests' full output; calls `meanwhile` before."""

    def __init__(
        self,
        tests: int = 1,
        failure: Exception | None = None,
        meanwhile: Callable[[KillSwitch], object] = lambda _switch: None,
    ) -> None:
        self.tests = tests
        self.failure = failure
        self.meanwhile = meanwhile
        self.judged = 0

    def judge(
        self,
        job: Job,
        *,
        queued_ms: int | None,
        redelivered: bool,
        switch: KillSwitch,
        tell: Tell,
    ) -> Result:
        self.judged += 1
        self.meanwhile(switch)
        if self.failure is not None:
            raise self.failure
        tests = [
            TestResult(id=str(number), verdict=Verdict.AC, stdout=OUTPUT)
            for number in range(self.tests)
        ]
        usage = {name: 0 for name in Summary.model_fields}
        limits = {name: 1 for name in AppliedLimits.model_fields}
        timing = {name: 1 for name in Timing.model_fields}
        return Result(
            id=job.id,
            attempt=job.attempt,
            status="done",
            verdict=Verdict.AC,
            score=1,
            max_score=1,
            summary=Summary.model_validate(usage),
            groups=(),
            tests=tuple(tests),
            limits=AppliedLimits.model_validate(limits),
            timing=Timing.model_validate(timing),
            worker=Worker(name="w", version="0"),
            redelivered=redelivered,
            labels={},
        )


def delivery(id: str = "s-1", redelivered: bool = False) -> Delivery:
    body = json.dumps(job(id)).encode()
    return Delivery(body, pika.BasicProperties(), 1, 1, redelivered)


def task(id: str, body: bytes | None = None, **headers: Any) -> Delivery:
    """Celery's call `id`, redelivered: as often as the headers tell."""
    properties = pika.BasicProperties(headers=task_headers(id=id) | headers)
    return Delivery(task_body() if body is None else body, properties, 1, 1, True)


def answered(answerer: Answerer, delivery: Delivery) -> Answer:
    answer = answerer.answer(delivery)
    assert answer is not None
    return answer


@pytest.mark.parametrize("failure", [ValueError("a bug"), MemoryError()], ids=repr)
def test_a_judge_that_fails_is_answered_as_our_fault_and_logged(failure: Exception) -> None:
    with capture_logs() as logs:
        result = answered(Answerer(ScriptedJudge(failure=failure)), delivery()).result
    assert (result.id, result.status, result.verdict) == ("s-1", "failed", "JE")
    assert result.error is not None
    assert (result.error.code, result.error.retryable) == ("internal", True)
    crashed = [line for line in logs if line["event"] == "job_crashed"]
    assert [(line["log_level"], line["exc_info"]) for line in crashed] == [("error", True)]


def test_a_job_that_is_given_back_has_no_answer() -> None:
    def leave(switch: KillSwitch) -> None:
        answerer.give_back()
        if switch.pulled:
            raise Killed

    judge = ScriptedJudge(meanwhile=leave)
    answerer = Answerer(judge)
    assert answerer.answer(delivery()) is None
    assert answerer.answer(delivery()) is None
    assert judge.judged == 1


def test_a_cancel_that_comes_as_the_job_ends_holds_for_it_and_for_no_other() -> None:
    def cancel(_switch: KillSwitch) -> None:
        running.append(answerer.cancel(CANCEL, sent_s=NOW))

    running: list[bool] = []
    judge = ScriptedJudge(meanwhile=cancel)
    answerer = Answerer(judge)
    result = answered(answerer, delivery()).result
    assert running == [True]
    assert (result.status, result.verdict) == ("cancelled", "CN")
    assert result.error is not None
    assert (result.error.code, result.error.retryable) == ("cancelled", False)
    judge.meanwhile = lambda switch: running.append(switch.pulled)
    assert answered(answerer, delivery("s-2")).result.verdict == "AC"
    assert running == [True, False]


def test_a_cancel_that_comes_after_the_verdict_changes_nothing() -> None:
    answerer = Answerer(ScriptedJudge())
    first = answered(answerer, delivery())
    assert not answerer.cancel(CANCEL, sent_s=NOW)
    assert first.result.verdict == "AC"
    assert answered(answerer, delivery(redelivered=True)).body is first.body


def test_a_cancelled_job_that_waited_is_not_judged() -> None:
    judge = ScriptedJudge()
    answerer = Answerer(judge)
    assert not answerer.cancel(CANCEL, sent_s=NOW)
    assert answered(answerer, delivery()).result.status == "cancelled"
    assert judge.judged == 0


def test_a_running_job_is_cancelled_rather_than_given_back() -> None:
    def both(_switch: KillSwitch) -> None:
        answerer.cancel(CANCEL, sent_s=NOW)
        answerer.give_back()
        raise Killed

    answerer = Answerer(ScriptedJudge(meanwhile=both))
    assert answered(answerer, delivery()).result.status == "cancelled"


def test_a_reply_over_16_mib_goes_without_the_output() -> None:
    answer = answered(Answerer(ScriptedJudge(tests=200)), delivery())
    assert len(answer.body) <= MAX_MESSAGE_BYTES
    tests = json.loads(answer.body)["tests"]
    assert len(tests) == 200
    assert {(test["stdout"], test["stdout_truncated"]) for test in tests} == {(None, True)}


def test_only_a_redelivered_job_is_answered_from_memory() -> None:
    judge = ScriptedJudge()
    answerer = Answerer(judge)
    first = answered(answerer, delivery())
    again = answered(answerer, delivery(redelivered=True))
    assert (again.body, again.reused) == (first.body, True)
    assert judge.judged == 1
    answered(answerer, delivery())
    assert judge.judged == 2


def test_few_answers_are_remembered() -> None:
    judge = ScriptedJudge()
    answerer = Answerer(judge)
    for number in range(ANSWERS_KEPT + 1):
        answered(answerer, delivery(f"s-{number}"))
    answered(answerer, delivery("s-0", redelivered=True))
    assert judge.judged == ANSWERS_KEPT + 2


def test_two_tasks_of_one_body_are_two_jobs() -> None:
    judge = ScriptedJudge()
    answerer = Answerer(judge)
    bodies = [json.loads(answered(answerer, task(id)).body) for id in ("t-1", "t-2", "t-1")]
    assert [body["task_id"] for body in bodies] == ["t-1", "t-2", "t-1"]
    assert [body["result"]["id"] for body in bodies] == ["t-1", "t-2", "t-1"]
    assert judge.judged == 2


HUGE = task_body(kwargs=arguments(coder="x" * SMALL_BYTES))


@pytest.mark.parametrize("body", [task_body(), HUGE, b"?"], ids=["small", "huge", "bad"])
def test_a_task_that_took_workers_down_is_answered_as_a_task(body: bytes) -> None:
    judge = ScriptedJudge()
    lost = task("t-1", body, **{"x-delivery-count": MAX_TIMES_RETURNED})
    answer = json.loads(answered(Answerer(judge), lost).body)
    assert (answer["task_id"], answer["status"]) == ("t-1", "SUCCESS")
    result = answer["result"]
    assert (result["id"], result["error"]["code"]) == ("t-1", "worker_lost")
    assert result["legacy"]["status"][0]["status"]["run_status"] == "Internal Error"
    assert judge.judged == 0


def test_a_judge_that_fails_on_a_task_is_answered_as_a_task() -> None:
    with capture_logs():
        failing = Answerer(ScriptedJudge(failure=ValueError("a bug")))
        answer = json.loads(answered(failing, task("t-1")).body)
    assert (answer["task_id"], answer["result"]["error"]["code"]) == ("t-1", "internal")


def test_a_task_whose_answer_is_over_16_mib_goes_without_the_output() -> None:
    answer = answered(Answerer(ScriptedJudge(tests=200)), task("t-1"))
    assert len(answer.body) <= MAX_MESSAGE_BYTES
    result = json.loads(answer.body)["result"]
    assert (result["legacy"]["AC_no"], result["tests"][0]["stdout"]) == (200, None)
