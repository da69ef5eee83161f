"""What is hidden stays hidden: canaries are looked for in all that leaves the judge."""

from dataclasses import asdict
from typing import Any

import pytest

from executor.judge import Judge
from executor.judge.progress import Step
from tests.judge.conftest import make_job
from tests.judge.jury import by_kattis, by_testlib, interactor

INPUT, ANSWER, OUTPUT, ERRORS = "canary-in", "canary-answer", "canary-out", "canary-err"
CANARIES = (INPUT, ANSWER, OUTPUT, ERRORS)

TELLTALE = (
    "import sys\n"
    "text = sys.stdin.read()\n"
    f"print('same', text, {OUTPUT!r})\n"
    f"print(text, {ERRORS!r}, file=sys.stderr)\n"
)
ENDINGS = {
    "ends well": "",
    "crashes with the input in its message": "raise ValueError(text)",
    "floods": "while True: print(text * 1000)",
    "spins": "while True: pass",
}
REPEATS = "import sys; print(*map(lambda name: open(name).read(), sys.argv[1:]), file=sys.stderr); "
LAST_WORD = "open(sys.argv[3] + 'judgemessage.txt', 'w').write(open(sys.argv[2]).read()); exit(43)"
CHECKERS = {
    "lines": {"type": "lines"},
    "tokens": {"type": "tokens"},
    "exact": {"type": "exact"},
    "unordered": {"type": "unordered"},
    "a testlib program that repeats all it knows": by_testlib(REPEATS + "exit(1)"),
    "a kattis program that repeats the answer": by_kattis("import sys; " + LAST_WORD),
}


def told(judge: Judge, capfd: pytest.CaptureFixture[str], **fields: Any) -> str:
    """All that leaves the judge of a job with one hidden test: result, events and log."""
    steps: list[Step] = []
    test = {"id": "1", "input": {"text": f"{INPUT}\n"}, "answer": {"text": f"same {ANSWER}\n"}}
    job = make_job(
        **{
            "source": TELLTALE,
            "tests": [test],
            "limits": {"cpu_ms": 300, "output_kib": 256},
            **fields,
        }
    )
    result = judge.judge(job, queued_ms=None, redelivered=False, tell=steps.append)
    assert result.verdict != "AC"
    log = "".join(capfd.readouterr())
    return "\n".join([result.encode().decode(), *(str(asdict(step)) for step in steps), log])


@pytest.mark.parametrize("ending", ENDINGS)
def test_no_canary_leaves_at_feedback_verdict_from_a_program_that(
    judge: Judge, capfd: pytest.CaptureFixture[str], ending: str
) -> None:
    left = told(judge, capfd, source=TELLTALE + ENDINGS[ending])
    assert [canary for canary in CANARIES if canary in left] == []


@pytest.mark.parametrize("checker", CHECKERS)
def test_no_canary_leaves_at_feedback_verdict_by(
    judge: Judge, capfd: pytest.CaptureFixture[str], checker: str
) -> None:
    left = told(judge, capfd, checker=CHECKERS[checker])
    assert [canary for canary in CANARIES if canary in left] == []


@pytest.mark.parametrize("checker", ["lines", "tokens", "exact"])
def test_at_feedback_diff_only_the_two_tokens_leave_by(
    judge: Judge, capfd: pytest.CaptureFixture[str], checker: str
) -> None:
    source = f"text = input(); print('same', {OUTPUT!r}); print(text)"
    policy = {"feedback": "diff"}
    left = told(judge, capfd, source=source, policy=policy, checker=CHECKERS[checker])
    assert [canary for canary in (INPUT, ERRORS) if canary in left] == []


def test_at_feedback_full_the_output_leaves_and_the_input_does_not(
    judge: Judge, capfd: pytest.CaptureFixture[str]
) -> None:
    source = f"print('same', {OUTPUT!r})"
    policy = {"feedback": "full", "output_bytes": 4096}
    left = told(judge, capfd, source=source, policy=policy)
    assert OUTPUT in left
    assert INPUT not in left


def test_no_canary_leaves_by_the_words_of_an_interactor(
    judge: Judge, capfd: pytest.CaptureFixture[str]
) -> None:
    words = "import sys; print(open(sys.argv[1]).read(), file=sys.stderr); print(input()); exit(1)"
    left = told(judge, capfd, interactor=interactor("testlib", words))
    assert [canary for canary in CANARIES if canary in left] == []


def test_no_canary_leaves_by_the_compiler(judge: Judge, capfd: pytest.CaptureFixture[str]) -> None:
    """The test's data is nowhere when it runs."""
    source = '#include "input"\n#include "/box/input"\n#error here\n'
    left = told(judge, capfd, language="c", source=source)
    assert [canary for canary in CANARIES if canary in left] == []


FEEDBACKS = {
    # feedback: canaries that may leave, for the output and its first difference are shown
    "verdict": set[str](),
    "diff": {ANSWER, OUTPUT},
    "full": {ANSWER, OUTPUT, ERRORS},
}


@pytest.mark.parametrize("feedback", FEEDBACKS)
def test_the_input_never_leaves_a_hidden_test_at_feedback(
    judge: Judge, capfd: pytest.CaptureFixture[str], feedback: str
) -> None:
    source = (
        f"import sys; text = input(); print('same', {OUTPUT!r}); print({ERRORS!r}, file=sys.stderr)"
    )
    policy = {"feedback": feedback, "output_bytes": 4096}
    left = told(judge, capfd, source=source, policy=policy, checker={"type": "tokens"})
    assert {canary for canary in CANARIES if canary in left} <= FEEDBACKS[feedback]


def test_no_canary_leaves_by_the_second_pass(
    judge: Judge, capfd: pytest.CaptureFixture[str]
) -> None:
    """The validator hands on what it knows, and tells it once more at the end."""
    validator = (
        "import os, sys\n"
        "folder, answer = sys.argv[3], open(sys.argv[2]).read()\n"
        "if os.path.exists(folder + 'seen'):\n"
        "    for name in ('judgemessage.txt', 'teammessage.txt'):\n"
        "        open(folder + name, 'w').write(answer + open(sys.argv[1]).read())\n"
        "    sys.exit(43)\n"
        "open(folder + 'seen', 'w').close()\n"
        f"open(folder + 'nextpass.in', 'w').write(answer + {INPUT!r})\n"
        "sys.exit(42)\n"
    )
    left = told(judge, capfd, checker=by_kattis(validator), passes=2)
    assert [canary for canary in CANARIES if canary in left] == []


@pytest.mark.parametrize("ending", ["exit(9)", "print('points', file=sys.stderr); exit(7)"])
@pytest.mark.parametrize("checker", [by_testlib, by_kattis])
def test_no_canary_leaves_by_the_last_words_of_a_checker_that_breaks_down(
    judge: Judge, capfd: pytest.CaptureFixture[str], checker: Any, ending: str
) -> None:
    left = told(judge, capfd, checker=checker(REPEATS + ending))
    assert "program_unusable" in left
    assert [canary for canary in CANARIES if canary in left] == []


def test_the_answer_is_nowhere_in_the_box_of_a_submission(
    judge: Judge, capfd: pytest.CaptureFixture[str]
) -> None:
    looks = (
        "import os\n"
        "found = []\n"
        "for top in ('/box', '/tmp', '/dev', '/run', '/var', '/proc/self/fd'):\n"
        "    for folder, _, names in os.walk(top):\n"
        "        for name in names:\n"
        "            path = os.path.join(folder, name)\n"
        "            if os.path.isfile(path) and os.path.getsize(path) < 65536:\n"
        "                try: found.append(open(path, 'rb').read())\n"
        "                except OSError: pass\n"
        "print('seen' if b'canary-answ' + b'er' in b''.join(found) else 'nothing')\n"
    )
    for checker in (by_testlib("exit(1)"), {"type": "lines"}):
        left = told(
            judge,
            capfd,
            source=looks,
            checker=checker,
            limits={"cpu_ms": 5000},
            policy={"feedback": "full", "output_bytes": 4096},
        )
        assert "nothing" in left
        assert "seen" not in left
