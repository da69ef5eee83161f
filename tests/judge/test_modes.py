"""Modes, order of tests, scores, limits: what a result says of a whole job."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from executor.contract import Result
from executor.judge import Judge
from executor.judge.testdata import TestData
from executor.languages import Languages
from executor.sandbox import Sandbox
from tests.judge.conftest import ECHO, Judged, make_job

SPIN = "while True: pass"


def case(id: str, input: str = "hi\n", answer: str | None = "hi\n", **more: Any) -> dict[str, Any]:
    answers = {} if answer is None else {"answer": {"text": answer}}
    return {"id": id, "input": {"text": input}, **answers, **more}


def verdicts(result: Result) -> list[str]:
    return [str(test.verdict) for test in result.tests or ()]


def test_a_judged_job_says_everything(judged: Judged) -> None:
    result = judged(labels={"contest": "7"}, attempt=3)
    assert (result.id, result.attempt, result.status, result.verdict) == ("j", 3, "done", "AC")
    assert (result.score, result.max_score, result.first_failed) == (1.0, 1.0, None)
    assert result.labels == {"contest": "7"}
    assert result.worker is not None
    assert (result.worker.name, result.worker.isolation) == ("test", "full")
    assert str(result.worker.runtime).startswith("Python 3.")
    assert result.timing is not None
    assert result.timing.queued_ms == 7
    assert result.timing.total_ms >= result.timing.judge_ms > 0
    assert str(result.digest).startswith("sha256:")
    assert result.encode()


def test_two_judgings_of_one_job_have_one_digest(judged: Judged) -> None:
    first, second = judged(), judged()
    assert first.digest == second.digest
    assert first.digest != judged(source="print('ho')").digest


def test_every_test_is_run_unless_asked_to_stop(judged: Judged) -> None:
    tests = [case("1"), case("2", answer="ho\n"), case("3"), case("4", answer="ho\n")]
    result = judged(tests=tests)
    assert verdicts(result) == ["AC", "WA", "AC", "WA"]
    assert (result.verdict, result.first_failed, result.score) == ("WA", "2", 2.0)
    stopped = judged(tests=tests, policy={"stop_on_first_fail": True})
    assert verdicts(stopped) == ["AC", "WA", "SK", "SK"]
    assert stopped.summary is not None
    assert (stopped.summary.tests, stopped.summary.judged, stopped.summary.accepted) == (4, 2, 1)
    assert stopped.tests is not None
    assert (stopped.tests[2].runs, stopped.tests[2].cpu_ms, stopped.tests[2].score) == (0, 0, 0.0)


def test_points_are_the_score_of_what_was_accepted(judged: Judged) -> None:
    tests = [case("1", points=30), case("2", answer="ho\n", points=60.5), case("3")]
    result = judged(tests=tests)
    assert (result.score, result.max_score) == (30.0, 90.5)


def test_what_does_not_compile_skips_all_tests(judged: Judged) -> None:
    result = judged(source="print(", tests=[case("1"), case("2")])
    assert (result.verdict, result.first_failed, result.score) == ("CE", None, 0.0)
    assert verdicts(result) == ["SK", "SK"]
    assert result.compile is not None
    assert "SyntaxError" in result.compile.output


def test_mode_compile_runs_nothing(judged: Judged) -> None:
    result = judged(mode="compile", language="c", source="int main(void) { return 1; }")
    assert (result.verdict, result.tests, result.score, result.max_score) == ("AC", (), 0.0, 0.0)
    assert result.compile is not None
    assert result.compile.verdict == "OK"
    assert judged(mode="compile", language="c", source="int main(void) {").verdict == "CE"


def test_mode_run_gives_the_output_back(judged: Judged) -> None:
    source = "import sys; print(sys.stdin.read().upper()); print('e', file=sys.stderr)"
    result = judged(mode="run", source=source, tests=[case("1", answer=None)])
    assert result.verdict == "AC"
    assert result.tests is not None
    assert (result.tests[0].stdout, result.tests[0].stderr) == ("HI\n\n", "e\n")
    failed = judged(mode="run", source="raise SystemExit(3)", tests=[case("1", answer=None)])
    assert failed.verdict == "RTE"
    assert failed.tests is not None
    assert failed.tests[0].exit_code == 3


def test_a_compiler_flood_is_cut(judged: Judged) -> None:
    source = "\n".join(
        f'#warning "{number} €€€€€€€€€€€€€€€€€€€€€€€€€€€€"' for number in range(1500)
    )
    result = judged(mode="compile", language="c", source=source + "\nint main(void) { return 0; }")
    assert result.compile is not None
    assert (result.compile.verdict, result.compile.output_truncated) == ("OK", True)
    assert 60_000 < len(result.compile.output.encode()) <= 65_536
    assert "\ufffd" not in result.compile.output


def test_the_limits_applied_are_told(judged: Judged, languages: Languages) -> None:
    asked = {"cpu_ms": 500, "memory_kib": 65536, "output_kib": 64}
    plain = judged(limits=asked, use_language_factors=False).limits
    assert plain is not None
    assert plain.model_dump() == {
        "cpu_ms": 500,
        "wall_ms": 2500,
        "memory_kib": 65536,
        "stack_kib": 65536,
        "output_kib": 64,
        "processes": 1,
    }
    extended = judged(limits=asked).limits
    python = languages.working["python3"]
    assert extended is not None
    assert extended.cpu_ms == 500 + python.cpu_add_ms
    assert extended.memory_kib == 65536 + python.memory_add_kib


def test_a_test_may_have_limits_of_its_own(judged: Judged) -> None:
    source = "import sys\nif sys.stdin.read() == 'spin': \n  while True: pass"
    short = {"cpu_ms": 100}
    tests = [case("1", answer=""), case("2", "spin", "", limits=short)]
    result = judged(source=source, tests=tests, limits={"cpu_ms": 60_000})
    assert verdicts(result) == ["AC", "TLE"]
    assert result.limits is not None
    assert result.limits.cpu_ms > 60_000


def test_a_time_close_to_the_limit_is_told(judged: Judged) -> None:
    """A program that spins is ended beyond the window: it is over by much."""
    almost = "import time\nwhile time.process_time() < 0.48: pass"
    for source, near in [(almost, True), (SPIN, False)]:
        result = judged(
            source=source,
            limits={"cpu_ms": 500, "wall_ms": 60_000},
            use_language_factors=False,
            policy={"rerun": {"window_pct": 20}},
        )
        assert result.tests is not None
        assert result.tests[0].near_limit is near
    quick = judged(source=ECHO, limits={"cpu_ms": 2000})
    assert quick.tests is not None
    assert not quick.tests[0].near_limit


def test_an_unknown_language_is_answered_with_those_that_work(judged: Judged) -> None:
    result = judged(language="intercal")
    assert (result.status, result.verdict) == ("rejected", "SE")
    assert result.error is not None
    assert result.error.code == "unsupported_language"
    assert "cpp17" in result.error.message
    assert result.error.fields is not None
    assert result.error.fields[0].path == "language"


def test_a_language_that_fails_its_self_test_is_withdrawn(
    sandbox: Sandbox,
    testdata: TestData,
    tmp_path: Path,
    make_languages: Callable[..., Languages],
) -> None:
    languages = make_languages(
        {"/usr/bin/gcc": "/usr/bin/no-such-gcc", 'print("hello")': "print(1)"}
    )
    assert set(languages.withdrawn) == {"c11", "c17", "c23", "python3", "lua"}
    assert all("\n" not in reason for reason in languages.withdrawn.values())
    assert "self-test is WA" in languages.withdrawn["python3"]
    assert languages.find("c") is None
    judge = Judge(sandbox, languages, testdata, cache=None, worker="test", work_dir=tmp_path)
    result = judge.judge(make_job(), queued_ms=None, redelivered=False)
    assert result.error is not None
    assert result.error.code == "unsupported_language"
    assert "python3" not in result.error.message


@pytest.mark.parametrize("language", ["c11", "c17", "cpp11", "cpp14", "cpp17", "cpp20", "cpp23"])
def test_a_standard_is_the_one_asked_for(judged: Judged, language: str) -> None:
    macro = "__cplusplus" if language.startswith("cpp") else "__STDC_VERSION__"
    source = f'#include <stdio.h>\nint main(void) {{ printf("%ld\\n", {macro} + 0L); }}'
    year = {"11": 2011, "14": 2014, "17": 2017, "20": 2020, "23": 2021}[language[-2:]]
    result = judged(mode="run", language=language, source=source, tests=[case("1", answer=None)])
    assert result.tests is not None
    assert str(result.tests[0].stdout)[:4] == str(year)
