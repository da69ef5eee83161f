"""Checkers that are programs of the problem setter's."""

import pytest

from tests.judge.conftest import Judged
from tests.judge.jury import by_kattis, by_testlib, program

SAY = "import sys; print({text!r}, file=sys.stderr); sys.exit({code})"


def one(judged: Judged, **fields: object) -> tuple[str, float, str | None]:
    """The verdict, score and message of the only test, which is visible and worth 10 points."""
    test = {
        "id": "1",
        "input": {"text": "in\n"},
        "answer": {"text": "answer\n"},
        "visible": True,
        "points": 10,
    }
    result = judged(**{"tests": [test], **fields})
    assert result.status == "done", result.error
    assert result.tests is not None
    (only,) = result.tests
    assert result.score == only.score
    return str(only.verdict), only.score, only.message


TESTLIB = [
    # exit code, what it says, verdict, score of 10
    (0, "ok fine", "AC", 10.0, "ok fine"),
    (1, "wrong answer", "WA", 0.0, "wrong answer"),
    (2, "wrong output format", "PE", 0.0, "wrong output format"),
    (7, "points 4.5 halfway", "PC", 4.5, "halfway"),
    (7, "points 0 none", "WA", 0.0, "none"),
    (7, "points 10", "AC", 10.0, None),
    (7, "points 12", "AC", 10.0, None),
]


@pytest.mark.parametrize(("code", "text", "verdict", "score", "message"), TESTLIB)
def test_exit_code_of_a_testlib_checker(
    judged: Judged, code: int, text: str, verdict: str, score: float, message: str | None
) -> None:
    checker = by_testlib(SAY.format(text=text, code=code))
    assert one(judged, checker=checker) == (verdict, score, message)


def test_testlib_checker_reads_input_output_and_answer(judged: Judged) -> None:
    checker = by_testlib(
        "import sys\n"
        "read = [open(name).read() for name in sys.argv[1:4]]\n"
        "sys.exit(read != ['in\\n', 'out\\n', 'answer\\n'] or sys.argv[4:] != ['more'])",
        args=["more"],
    )
    assert one(judged, source="print('out')", checker=checker)[0] == "AC"


def test_kattis_checker_reads_input_answer_and_the_output_on_its_stdin(judged: Judged) -> None:
    checker = by_kattis(
        "import os, sys\n"
        "read = [open(name).read() for name in sys.argv[1:3]] + [sys.stdin.read()]\n"
        "right = read == ['in\\n', 'answer\\n', 'out\\n'] and sys.argv[3].endswith('/')\n"
        "sys.exit(42 if right and os.path.isdir(sys.argv[3]) else 43)"
    )
    assert one(judged, source="print('out')", checker=checker)[0] == "AC"


KATTIS = [
    # what it writes into its feedback folder, exit code, verdict, score of 10, message
    ({}, 42, "AC", 10.0, None),
    ({}, 43, "WA", 0.0, None),
    ({"judgemessage.txt": "off by one"}, 43, "WA", 0.0, "off by one"),
    ({"judgemessage.txt": "secret", "teammessage.txt": "hint"}, 43, "WA", 0.0, "hint"),
    ({"score.txt": "3.5"}, 42, "AC", 3.5, None),
    ({"score.txt": "3.5"}, 43, "WA", 0.0, None),
]


@pytest.mark.parametrize(("files", "code", "verdict", "score", "message"), KATTIS)
def test_exit_code_and_feedback_of_a_kattis_checker(
    judged: Judged,
    files: dict[str, str],
    code: int,
    verdict: str,
    score: float,
    message: str | None,
) -> None:
    checker = by_kattis(
        "import sys\n"
        f"for name, text in {files!r}.items(): open(sys.argv[3] + name, 'w').write(text)\n"
        f"sys.exit({code})"
    )
    assert one(judged, checker=checker) == (verdict, score, message)


UNUSABLE = {
    "does not compile": "(",
    "ended with exit code 5": "exit(5)",
    "ended with exit code 3: fail broken": SAY.format(text="fail broken", code=3),
    "ended with exit code 1": "raise ValueError",
    "gave points and did not say how many": "exit(7)",
    "was ended by signal 9": "import os; os.kill(os.getpid(), 9)",
    "ran out of its time limit": "while True: pass",
    "ran out of its memory limit": "x = bytearray(300 << 20)",
    "ran into its output limit": "while True: print('x' * 1000)",
    "made a forbidden system call (ptrace)": "import ctypes; ctypes.CDLL(None).ptrace(0, 0, 0, 0)",
}


@pytest.mark.parametrize("why", UNUSABLE)
def test_checker_that_is_unusable_is_no_fault_of_the_submission(judged: Judged, why: str) -> None:
    limits = {"cpu_ms": 500, "memory_kib": 65536, "output_kib": 1024}
    make = by_kattis if why == "ended with exit code 1" else by_testlib
    checker = make(UNUSABLE[why], limits=limits)
    result = judged(checker=checker, policy={"feedback": "diff"})
    assert (result.status, result.verdict) == ("failed", "JE")
    assert result.error is not None
    assert result.error.code == "program_unusable"
    assert why in result.error.message


def test_checker_is_not_asked_about_a_run_that_ended_badly(judged: Judged) -> None:
    assert one(judged, source="exit(1)", checker=by_testlib("exit(9)"))[0] == "RTE"


def test_checker_is_not_compiled_for_a_submission_that_does_not_compile(judged: Judged) -> None:
    assert judged(source="(", checker=by_testlib("(")).verdict == "CE"


def test_checker_in_a_language_that_there_is_not_is_the_jobs_fault(judged: Judged) -> None:
    checker = {"type": "testlib", "program": program("", language="brainfuck")}
    result = judged(checker=checker)
    assert (result.status, result.verdict) == ("rejected", "SE")
    assert result.error is not None
    assert result.error.fields is not None
    assert result.error.fields[0].path == "checker.program.language"


def test_checker_of_several_files(judged: Judged) -> None:
    files = [{"name": "rules.py", "text": "WRONG = 1\n"}]
    checker = by_testlib("import rules, sys; sys.exit(rules.WRONG)", files=files)
    assert one(judged, checker=checker)[0] == "WA"


def test_checker_in_another_language(judged: Judged) -> None:
    source = "#include <cstdlib>\nint main(int argc, char **) { std::exit(argc == 4 ? 0 : 3); }"
    checker = {"type": "testlib", "program": {"language": "cpp", "source": source}}
    assert one(judged, checker=checker)[0] == "AC"


def test_checker_sees_neither_the_submission_nor_what_it_left(judged: Judged) -> None:
    source = "open('left', 'w').write('x'); open('/tmp/left', 'w').write('x')"
    look = (
        "import os, sys; sys.exit(bool({'left', 'main.py'} - {'main.py'} & set(os.listdir('.'))))"
    )
    assert one(judged, source=source, checker=by_testlib(look))[0] == "AC"


def test_message_of_a_hidden_test_is_told_by_feedback_only(judged: Judged) -> None:
    checker = by_testlib(SAY.format(text="the answer is 42", code=1))
    for feedback, told in [("verdict", None), ("diff", "the answer is 42")]:
        result = judged(checker=checker, policy={"feedback": feedback})
        assert result.tests is not None
        assert result.tests[0].message == told
