"""Which events a job gets, and how they are numbered."""

import json

import pytest

from executor.contract import CompileResult, Event, Job, JobError, TestResult, Verdict, failed
from executor.contract.errors import ErrorCode
from executor.judge.progress import Step, compiled, judged
from executor.narrator import Narrator

FAILED = failed(JobError.of(ErrorCode.INTERNAL, "a fault"), id="s-1")
SECRET = "open-sesame"


def narrated(events: str | None) -> list[Event]:
    """The events of a job that goes through every phase; None: of a message that is no job."""
    told: list[Event] = []
    narrator = Narrator(told.append)
    if events is not None:
        fields = {"schema": "oj.job/1", "id": "s-1", "attempt": 3, "mode": "compile"}
        job = fields | {"language": "c", "source": "", "events": events}
        narrator.begin(Job.model_validate_json(json.dumps(job)))
    narrator.tell(Step("compiling"))
    narrator.tell(Step("compiled"))
    narrator.tell(Step("test", test="1", verdict=Verdict.AC, done=1, of=2))
    narrator.tell(Step("test", test="2", verdict=Verdict.AC, done=2, of=2))
    finished = narrator.finished(FAILED)
    return told if finished is None else [*told, finished]


@pytest.mark.parametrize(
    ("events", "phases"),
    [
        (None, []),
        ("none", []),
        ("phase", ["received", "compiling", "compiled", "finished"]),
        ("test", ["received", "compiling", "compiled", "test", "test", "finished"]),
    ],
)
def test_a_job_gets_the_phases_that_it_asks_for(events: str | None, phases: list[str]) -> None:
    told = narrated(events)
    assert [event.phase for event in told] == phases
    assert [event.seq for event in told] == list(range(1, len(phases) + 1))
    assert {(event.id, event.attempt) for event in told} <= {("s-1", 3)}


def test_the_last_event_tells_the_verdict() -> None:
    assert json.loads(narrated("phase")[-1].encode()) == {
        "schema": "oj.event/1",
        "id": "s-1",
        "attempt": 3,
        "seq": 4,
        "phase": "finished",
        "verdict": "JE",
    }


def test_a_test_tells_its_verdict_and_usage_and_no_word_of_its_data() -> None:
    result = TestResult(
        id="7", verdict=Verdict.WA, cpu_ms=12, memory_kib=2980, message=SECRET, stdout=SECRET
    )
    step = judged(result, done=3, of=10)
    assert step == Step("test", "7", Verdict.WA, done=3, of=10, cpu_ms=12, memory_kib=2980)


@pytest.mark.parametrize(("verdict", "told"), [("OK", None), ("CE", "CE"), ("CTL", "CTL")])
def test_a_compiler_tells_a_verdict_only_if_there_is_no_program(
    verdict: str, told: str | None
) -> None:
    usage = {"cpu_ms": 5, "wall_ms": 6, "memory_kib": 7, "exit_code": 0, "signal": None}
    result = CompileResult.model_validate(
        {"verdict": verdict, "output": SECRET, "output_truncated": False, **usage}
    )
    assert compiled(result) == Step(
        "compiled", verdict=None if told is None else Verdict(told), cpu_ms=5, memory_kib=7
    )
