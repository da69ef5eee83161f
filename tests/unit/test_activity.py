"""Until when a phase of a job is over, if nothing is wrong with the worker."""

import json
from pathlib import Path
from typing import Any

import pytest

from executor.activity import MARGIN_S, READING_S, Activities, PhaseLimits, phase_limits
from executor.contract import Job
from executor.judge.progress import Step
from executor.languages import Languages

LANGUAGES = Languages.load(Path(__file__).parents[2] / "config" / "languages.toml")


def find(name: str) -> Any:
    return LANGUAGES.known.get(name)


def make_job(**fields: Any) -> Job:
    test = {"id": "1", "input": {"text": ""}, "answer": {"text": ""}}
    job = {
        "schema": "oj.job/1",
        "id": "j",
        "language": "cpp20",
        "source": "",
        "limits": {"wall_ms": 5000},
        "policy": {"rerun": {"max": 0}},
        "tests": [test],
    }
    return Job.model_validate_json(json.dumps(job | fields))


CHECKER = {"type": "testlib", "program": {"language": "cpp20", "source": ""}}
CHECKER_S = 31.0
"""10 s of CPU, so three times that, and one more."""


@pytest.mark.parametrize(
    ("fields", "limits"),
    [
        ({}, PhaseLimits(0, 60, 0, 2 * 5)),
        ({"policy": {"rerun": {"max": 2}}}, PhaseLimits(0, 60, 0, 2 * 3 * 5)),
        ({"passes": 4}, PhaseLimits(0, 60, 0, 2 * 4 * 5)),
        ({"checker": CHECKER}, PhaseLimits(0, 60, 60, 2 * (5 + CHECKER_S))),
        (
            {"tests": [{"id": "1", "input": {"url": "http://x/"}, "answer": {"text": ""}}]},
            PhaseLimits(900, 60, 0, 10),
        ),
        ({"language": "unknown"}, PhaseLimits(0, 0, 0, 0)),
    ],
)
def test_limits_of_phases_follow_from_the_job(fields: dict[str, Any], limits: PhaseLimits) -> None:
    assert phase_limits(make_job(**fields), find) == limits


def test_each_step_gives_its_phase_time_anew() -> None:
    now = 100.0
    activities = Activities(find, clock=lambda: now)
    seen = []
    activities.begin("m")
    seen.append(activities.now)
    activities.judging(make_job())
    seen.append(activities.now)
    for phase, now in (("compiling", 101.0), ("compiled", 110.0), ("test", 111.0)):  # noqa: B007
        activities.step(Step(phase))  # type: ignore[arg-type]
        seen.append(activities.now)
    assert [(each.id, each.phase, each.until) for each in seen if each] == [
        ("m", "received", 100 + READING_S),
        ("j", "received", 100 + MARGIN_S),
        ("j", "compiling", 101 + 60 + MARGIN_S),
        ("j", "compiled", 110 + 10 + MARGIN_S),
        ("j", "test", 111 + 10 + MARGIN_S),
    ]
    activities.end()
    assert activities.now is None
