"""Submissions that talk with an interactor, and problems of several passes."""

from typing import Any

import pytest

from tests.judge.conftest import Judged
from tests.judge.jury import by_kattis, by_testlib, interactor, program

GUESS = """
low, high = 1, 1000
while True:
    middle = (low + high) // 2
    print(middle, flush=True)
    told = input()
    if told == "found":
        break
    if told == "higher":
        low = middle + 1
    else:
        high = middle - 1
"""

ANSWERS = """
import sys
number = int(open(sys.argv[1]).read())
for tries in range(10):
    line = sys.stdin.readline()
    if not line:
        sys.exit({wrong})
    guess = int(line)
    print("found" if guess == number else "higher" if guess < number else "lower", flush=True)
    if guess == number:
        sys.exit({right})
sys.exit({wrong})
"""
OF_KATTIS = ANSWERS.format(right=42, wrong=43)
OF_TESTLIB = ANSWERS.format(right=0, wrong=1)
TEST = {"id": "1", "input": {"text": "437\n"}, "answer": {"text": ""}, "visible": True}


def verdict(judged: Judged, source: str, answers: str = OF_KATTIS, **fields: Any) -> str:
    protocol = fields.pop("protocol", "kattis")
    limits = fields.pop("program_limits", {})
    result = judged(
        source=source,
        interactor=interactor(protocol, answers, limits=limits),
        **{"tests": [TEST], **fields},
    )
    assert result.status == "done", result.error
    return str(result.verdict)


SUBMISSIONS = {
    "right": (GUESS, "AC"),
    "guesses in vain": ("for _ in range(10): print(1, flush=True), input()", "WA"),
    "says nothing and leaves": ("pass", "WA"),
    "crashes before its first word": ("exit(3)", "RTE"),
    "crashes after being accepted": (GUESS + "\nexit(3)", "RTE"),
    "goes on talking after being accepted": (GUESS + "\nfor _ in range(99999): print(1)", "AC"),
    "spins": ("while True: pass", "TLE"),
    "spins after being rejected": (
        "for _ in range(10): print(1, flush=True), input()\nwhile True: pass",
        "WA",
    ),
    "waits for a word that never comes": ("input()", "WTL"),
    "takes too much memory": ("x = bytearray(500 << 20)", "MLE"),
}


@pytest.mark.parametrize("how", SUBMISSIONS)
def test_submission_that(judged: Judged, how: str) -> None:
    source, expected = SUBMISSIONS[how]
    wall_ms = 2000 if expected == "WTL" else 20000  # a busy machine is no fault of the others
    limits = {"cpu_ms": 1000, "wall_ms": wall_ms, "memory_kib": 65536}
    assert verdict(judged, source, limits=limits) == expected


ENDS_AT_ITS_OWN_FAULT = {
    # what the submission does, the verdict
    "crash before any word": ("exit(3)", "RTE"),
    "crash at the end of its input": ("input(); exit(3)", "WA"),
}


@pytest.mark.parametrize("how", ENDS_AT_ITS_OWN_FAULT)
def test_order_of_leaving_is_no_race(judged: Judged, how: str) -> None:
    """A fault once: both ends came within a millisecond, and each verdict was seen."""
    source, expected = ENDS_AT_ITS_OWN_FAULT[how]
    waits = "import sys; sys.stdin.read(); sys.exit(43)"
    at_once = "import sys; sys.exit(43)"
    answers = waits if expected == "RTE" else at_once
    tests = [TEST | {"id": str(number)} for number in range(20)]
    result = judged(source=source, interactor=interactor("kattis", answers), tests=tests)
    assert result.tests is not None
    assert {str(test.verdict) for test in result.tests} == {expected}


def test_input_left_non_blocking_is_no_fault_of_ours(judged: Judged) -> None:
    """A fault once: who reads what the submission has left then found a pipe that never waits."""
    leaves = "import fcntl, os; print(1, flush=True); fcntl.fcntl(0, fcntl.F_SETFL, os.O_NONBLOCK)"
    talks_on = "import os, time; input(); time.sleep(0.3); os.write(1, b'x' * 400_000); exit(43)"
    assert verdict(judged, leaves, talks_on) == "WA"


def test_interactor_that_leaves_by_a_wrong_code_is_unusable(judged: Judged) -> None:
    """Whatever the submission then does for want of an answer."""
    result = judged(source="input()", interactor=interactor("kattis", "exit(0)"), tests=[TEST])
    assert (result.status, result.verdict) == ("failed", "JE")


def test_each_side_has_its_own_time_and_memory(judged: Judged) -> None:
    heavy = "x = bytearray(200 << 20)\nwhile __import__('time').process_time() < 1: pass\n"
    result = judged(
        source=GUESS,
        interactor=interactor("kattis", heavy + OF_KATTIS),
        limits={"cpu_ms": 500, "wall_ms": 20000, "memory_kib": 65536},
        tests=[TEST],
    )
    assert result.tests is not None
    (test,) = result.tests
    assert test.verdict == "AC"
    assert test.cpu_ms < 500
    assert test.memory_kib < 65536


def test_testlib_interactor_judges_by_itself(judged: Judged) -> None:
    assert verdict(judged, GUESS, OF_TESTLIB, protocol="testlib") == "AC"
    assert verdict(judged, "pass", OF_TESTLIB, protocol="testlib") == "WA"


WRITES = OF_TESTLIB.replace("sys.exit(0)", "open(sys.argv[2], 'w').write('tries') and sys.exit(0)")


@pytest.mark.parametrize(
    ("checker", "expected"),
    [
        ({"type": "tokens"}, "AC"),
        ({"type": "exact"}, "PE"),
        (by_testlib("import sys; sys.exit(open(sys.argv[2]).read() != 'tries')"), "AC"),
        (by_testlib("exit(1)"), "WA"),
    ],
)
def test_output_of_a_testlib_interactor_goes_to_the_checker(
    judged: Judged, checker: dict[str, Any], expected: str
) -> None:
    test = TEST | {"answer": {"text": "tries\n"}}
    told = verdict(judged, GUESS, WRITES, protocol="testlib", checker=checker, tests=[test])
    assert told == expected


@pytest.mark.parametrize(
    ("answers", "why"),
    [
        ("exit(9)", "ended with exit code 9"),
        ("while True: pass", "ran out of its time limit"),
        ("(", "does not compile"),
    ],
)
def test_interactor_that_is_unusable_is_no_fault_of_the_submission(
    judged: Judged, answers: str, why: str
) -> None:
    result = judged(
        source="import sys; sys.stdin.read()",
        interactor=interactor("kattis", answers, limits={"cpu_ms": 300}),
        limits={"cpu_ms": 1000, "wall_ms": 20000},
        tests=[TEST],
    )
    assert (result.status, result.verdict) == ("failed", "JE")
    assert result.error is not None
    assert result.error.code == "program_unusable"
    assert why in result.error.message


ENCODE = """
import sys
first = open(sys.argv[1]).read().split()
folder = sys.argv[3]
said = sys.stdin.read().strip()
if first[0] == "encode":
    open(folder + "nextpass.in", "w").write("decode " + said + "\\n")
    open(folder + "word", "w").write(first[1])
    sys.exit(42)
sys.exit(42 if open(folder + "word").read() == said else 43)
"""
TWO_PASSES = {
    "right": ("what, word = input().split(); print(word[::-1])", "AC"),
    "forgets": ("what, word = input().split(); print('x' if what == 'decode' else word)", "WA"),
    "crashes in the second": ("what, word = input().split(); what == 'decode' and 1 / 0", "RTE"),
}


@pytest.mark.parametrize("how", TWO_PASSES)
def test_multi_pass_submission_that(judged: Judged, how: str) -> None:
    source, expected = TWO_PASSES[how]
    test = TEST | {"input": {"text": "encode word\n"}}
    result = judged(source=source, checker=by_kattis(ENCODE), passes=2, tests=[test])
    assert (result.status, result.verdict) == ("done", expected), result.error


def test_more_passes_than_allowed_are_the_checkers_fault(judged: Judged) -> None:
    endless = "import sys; open(sys.argv[3] + 'nextpass.in', 'w').write('x'); sys.exit(42)"
    result = judged(checker=by_kattis(endless), passes=3, tests=[TEST])
    assert result.status == "failed"
    assert result.error is not None
    assert "3 passes were not enough" in result.error.message


def test_state_of_the_checker_is_kept_across_passes(judged: Judged) -> None:
    count = (
        "import os, sys\n"
        "path = sys.argv[3] + 'count'\n"
        "count = int(open(path).read()) + 1 if os.path.exists(path) else 1\n"
        "open(path, 'w').write(str(count))\n"
        "assert not os.path.exists(sys.argv[3] + 'nextpass.in')\n"
        "if count < 3: open(sys.argv[3] + 'nextpass.in', 'w').write(str(count))\n"
        "sys.exit(42)"
    )
    assert judged(checker=by_kattis(count), passes=3, tests=[TEST]).verdict == "AC"


def test_program_of_the_setters_may_be_in_another_language(judged: Judged) -> None:
    source = (
        '#include <cstdio>\nint main() { int x; if (std::scanf("%d", &x) != 1) return 43;'
        ' std::puts("found"); return 42; }'
    )
    result = judged(
        source=GUESS,
        interactor={"protocol": "kattis", "program": program(source, language="cpp")},
        tests=[TEST],
    )
    assert result.verdict == "AC"
