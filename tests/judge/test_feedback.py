"""What of a test leaves the judge: a hidden one tells no more than the policy says."""

from typing import Any

import pytest

from executor.contract import TestResult
from tests.judge.conftest import Judged

SECRET = "open-sesame"
SOURCE = "import sys; print('wrong', sys.stdin.read()); print('oops', file=sys.stderr)"


def result_of(judged: Judged, visible: bool = False, **fields: Any) -> TestResult:
    test = {"id": "1", "input": {"text": SECRET}, "answer": {"text": "right " + SECRET}}
    result = judged(**{"source": SOURCE, "tests": [{**test, "visible": visible}], **fields})
    assert result.tests is not None
    return result.tests[0]


@pytest.mark.parametrize("output_bytes", [None, 65536])
def test_a_hidden_test_tells_its_verdict_only(judged: Judged, output_bytes: int | None) -> None:
    policy = {} if output_bytes is None else {"output_bytes": output_bytes}
    test = result_of(judged, policy=policy)
    assert test.verdict == "WA"
    assert (test.message, test.diff, test.stdout, test.stderr) == (None, None, None, None)
    assert (test.stdout_truncated, test.stderr_truncated) == (False, False)
    assert SECRET not in test.model_dump_json()
    assert test.cpu_ms > 0
    assert test.exit_code == 0


def test_feedback_diff_tells_the_difference_of_a_hidden_test(judged: Judged) -> None:
    test = result_of(judged, policy={"feedback": "diff", "output_bytes": 100})
    assert test.message == "line 1, token 1 differs"
    assert test.diff is not None
    assert (test.diff.line, test.diff.token) == (1, 1)
    assert (test.diff.expected, test.diff.found) == ("right", "wrong")
    assert (test.stdout, test.stderr) == (None, None)


def test_feedback_full_tells_as_much_output_as_was_asked_for(judged: Judged) -> None:
    test = result_of(judged, policy={"feedback": "full", "output_bytes": 5})
    assert (test.stdout, test.stdout_truncated) == ("wrong", True)
    assert (test.stderr, test.stderr_truncated) == ("oops\n", False)
    by_default = result_of(judged, policy={"feedback": "full"})
    assert by_default.diff is not None
    assert by_default.stdout is None


def test_a_visible_test_shows_all(judged: Judged) -> None:
    test = result_of(judged, visible=True)
    assert test.stdout == f"wrong {SECRET}\n"
    assert test.stderr == "oops\n"
    assert test.diff is not None
    nothing = result_of(judged, visible=True, policy={"output_bytes": 0})
    assert (nothing.stdout, nothing.stdout_truncated) == (None, False)


def test_output_is_cut_between_characters(judged: Judged) -> None:
    source = "print('€' * 100_000)"
    test = result_of(judged, visible=True, source=source)
    assert (test.stdout, test.stdout_truncated) == ("€" * 1365, True)


def test_output_that_is_no_utf8_arrives_replaced(judged: Judged) -> None:
    source = "import sys; sys.stdout.buffer.write(bytes(range(256)))"
    test = result_of(judged, visible=True, source=source)
    assert test.stdout is not None
    assert test.stdout.startswith("\0\1\2")
    assert "\ufffd" in test.stdout


def test_what_crashed_has_no_difference(judged: Judged) -> None:
    test = result_of(judged, visible=True, source="raise SystemExit(9)")
    assert (test.verdict, test.exit_code, test.signal) == ("RTE", 9, None)
    assert (test.message, test.diff) == (None, None)
    killed = result_of(judged, source="import os; os.kill(os.getpid(), 11)")
    assert (killed.verdict, killed.exit_code, killed.signal) == ("RTE", None, 11)
