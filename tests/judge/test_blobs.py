"""Jobs whose inputs, answers and files are not in the message."""

import hashlib
import mmap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from executor.contract import Blob, Result
from executor.contract.fields import MIB
from executor.judge import Judge, Killed
from executor.judge.testdata import TestData, TestDataError
from executor.sandbox import KillSwitch
from tests.judge.conftest import Judged, make_job
from tests.web import Request, Web, content, hang

SECRET = b"open-sesame\n"


@pytest.fixture
def web() -> Iterator[Web]:
    with Web() as web:
        yield web


def served(web: Web, name: str, body: bytes) -> dict[str, str]:
    """A blob that the server has."""
    web.replies[f"/{name}"] = content(body)
    return {"url": web.url(f"/{name}"), "sha512": hashlib.sha512(body).hexdigest()}


def case(given: dict[str, str], answer: dict[str, str], **more: Any) -> dict[str, Any]:
    return {"id": "1", "input": given, "answer": answer, **more}


def problem(result: Result) -> tuple[str, str, str, str]:
    """Status, verdict, code, and place of the fault."""
    assert result.error is not None
    assert result.error.fields is not None
    return result.status, result.verdict, result.error.code, result.error.fields[0].path


def test_input_and_answer_are_fetched(web: Web, judged: Judged) -> None:
    right = case(served(web, "1.in", SECRET), served(web, "1.ans", SECRET))
    wrong = case(served(web, "1.in", SECRET), served(web, "2.ans", b"other\n"), visible=True)
    result = judged(tests=[right, {**wrong, "id": "2"}])
    assert [str(test.verdict) for test in result.tests or ()] == ["AC", "WA"], result
    assert web.requests["/1.in"] == 1


def test_every_kind_of_blob_may_be_mixed(web: Web, judged: Judged, tmp_path: Path) -> None:
    (tmp_path / "packages").mkdir()
    (tmp_path / "packages" / "1.ans").write_bytes(SECRET)
    fetched = served(web, "1.in", SECRET)
    tests = [
        case(fetched, {"path": "1.ans"}),
        case({"sha512": fetched["sha512"]}, {"text": SECRET.decode()}),
        case({"base64": "b3Blbi1zZXNhbWUK"}, {"url": fetched["url"]}),
    ]
    result = judged(tests=[{**test, "id": str(number)} for number, test in enumerate(tests)])
    assert [str(test.verdict) for test in result.tests or ()] == ["AC"] * 3, result


@pytest.mark.parametrize(
    ("language", "source"),
    [
        ("python3", "print(open('/dev/stdin').read(), end='')"),
        ("javascript", "process.stdout.write(require('fs').readFileSync('/dev/stdin'))"),
    ],
)
def test_a_program_may_open_its_input_again(
    web: Web, judged: Judged, language: str, source: str
) -> None:
    for blob in ({"text": SECRET.decode()}, served(web, "1.in", SECRET)):
        result = judged(language=language, source=source, tests=[case(blob, blob)])
        assert result.verdict == "AC", result


def test_no_program_can_change_its_input(web: Web, judged: Judged) -> None:
    source = (
        "import os\n"
        "for attack in (\n"
        "    lambda: os.open('/proc/self/fd/0', os.O_RDWR),\n"
        "    lambda: os.truncate('/proc/self/fd/0', 0),\n"
        "    lambda: os.write(0, b'x'),\n"
        "    lambda: os.ftruncate(0, 0),\n"
        "    lambda: os.fchmod(0, 0o666),\n"
        "    lambda: os.utime(0, (0, 0)),\n"
        "):\n"
        "    try: attack(); print('done')\n"
        "    except OSError: print('refused')\n"
    )
    for blob in ({"text": SECRET.decode()}, served(web, "1.in", SECRET)):
        test = case(blob, {"text": "refused\n" * 6}, visible=True)
        result = judged(source=source, tests=[test])
        assert result.verdict == "AC", result


def test_an_empty_answer_may_be_fetched(web: Web, judged: Judged) -> None:
    empty = served(web, "empty", b"")
    assert judged(tests=[case(empty, empty)]).verdict == "AC"
    assert judged(source="print(1)", tests=[case(empty, empty)]).verdict == "WA"


@pytest.mark.parametrize("checker", ["lines", "tokens", "exact", "unordered"])
def test_a_large_answer_is_compared_where_it_lies(web: Web, judged: Judged, checker: str) -> None:
    numbers = b"".join(b"%d\n" % number for number in range(300_000))
    given, answer = served(web, "in", numbers), served(web, "ans", numbers.replace(b"9\n", b"8\n"))
    assert judged(checker={"type": checker}, tests=[case(given, given)]).verdict == "AC"
    result = judged(checker={"type": checker}, tests=[case(given, answer, visible=True)])
    assert result.tests is not None
    assert result.tests[0].verdict == "WA"
    assert result.tests[0].diff is not None
    assert result.tests[0].diff.line == 10


def test_the_content_of_a_fetched_blob_is_not_read_at_once(
    web: Web, testdata: TestData, tmp_path: Path
) -> None:
    job = make_job(tests=[case(served(web, "1.in", SECRET), {"text": "x"})])
    with testdata.of(job, tmp_path, KillSwitch()) as blobs:
        found = blobs.content(job.tests[0].input)
        assert isinstance(found, mmap.mmap)
        assert found[:] == SECRET
        assert job.tests[0].answer is not None
        assert blobs.content(job.tests[0].answer) == b"x"


def test_files_are_fetched(web: Web, judged: Judged) -> None:
    files = [{"name": "lib/add.py", **served(web, "add", b"def add(a, b): return a + b")}]
    source = "from lib.add import add; print(add(1, 2))"
    test = case({"text": ""}, {"text": "3"})
    assert judged(source=source, files=files, tests=[test]).verdict == "AC"
    main = {"name": "main.py", **served(web, "main", source.encode())}
    assert judged(source=None, files=[*files, main], tests=[test]).verdict == "AC"


def test_java_finds_its_class_in_a_fetched_file(web: Web, judged: Judged) -> None:
    text = b'class Hi { public static void main(String[] a) { System.out.println("hi"); } }'
    files = [{"name": "Hi.java", **served(web, "Hi.java", text)}]
    result = judged(language="java", source=None, files=files)
    assert result.verdict == "AC", result


def test_fetched_files_count_as_those_of_the_message(web: Web, judged: Judged) -> None:
    half = b"x" * (2 * MIB)
    files = [{"name": "a.txt", "text": "x"}, {"name": "b.txt", **served(web, "b", half)}]
    assert judged(files=files).verdict == "AC"
    result = judged(files=[*files, {"name": "c.txt", **served(web, "c", half)}])
    assert problem(result) == ("rejected", "SE", "schema_invalid", "files")


def test_data_that_is_not_there_is_no_fault_of_the_submission(web: Web, judged: Judged) -> None:
    """It is asked for before the source is compiled, which would fail."""
    missing = {"url": web.url("/1.ans"), "sha512": "0" * 128}
    web.replies["/1.ans"] = content(b"", 404)
    result = judged(source="syntax error", tests=[case(served(web, "1.in", SECRET), missing)])
    assert problem(result) == ("failed", "JE", "testdata_unavailable", "tests.0.answer")
    assert result.error is not None
    assert result.error.retryable
    assert result.compile is None
    assert result.worker is not None


def test_data_that_is_other_data_is_no_fault_of_the_submission(web: Web, judged: Judged) -> None:
    blob = served(web, "1.in", SECRET)
    web.replies["/1.in"] = content(b"other")
    result = judged(tests=[case(blob, {"text": ""})])
    assert problem(result) == ("failed", "JE", "testdata_hash_mismatch", "tests.0.input")


def test_blobs_of_a_checker_have_their_place(web: Web, testdata: TestData, tmp_path: Path) -> None:
    web.replies["/testlib.h"] = content(b"", 404)
    files = [{"name": "a", "text": ""}, {"name": "testlib.h", "url": web.url("/testlib.h")}]
    program = {"language": "cpp", "source": "int main() {}", "files": files}
    job = make_job(checker={"type": "testlib", "program": program})
    with pytest.raises(TestDataError) as caught, testdata.of(job, tmp_path, KillSwitch()):
        pass
    assert caught.value.error.message.startswith("checker.program.files.1: ")


def test_the_time_of_fetching_is_told(web: Web, judged: Judged) -> None:
    def late(request: Request) -> None:
        request.server.gone.wait(0.1)
        content(b"hi\n")(request)

    web.replies["/x"] = late
    result = judged(tests=[case({"url": web.url("/x")}, {"text": "hi\n"})])
    assert result.timing is not None
    assert result.timing.fetch_ms >= 100
    assert result.timing.total_ms >= result.timing.fetch_ms + result.timing.judge_ms
    without = judged().timing
    assert without is not None
    assert without.fetch_ms == 0


def test_a_hidden_test_is_not_in_the_log(
    web: Web, judged: Judged, capfd: pytest.CaptureFixture[str]
) -> None:
    blob = served(web, "1.in", SECRET)
    judged(tests=[case(blob, blob)])
    web.replies["/2.in"] = content(SECRET, 403)
    judged(tests=[case({"url": web.url("/2.in"), "sha512": "0" * 128}, blob)])
    logged = "".join(capfd.readouterr())
    assert "testdata_ready" in logged
    assert SECRET.decode().strip() not in logged


def test_a_killed_judge_stops_fetching(web: Web, judge: Judge) -> None:
    with KillSwitch() as switch:

        def killing(request: Request) -> None:
            switch.pull()
            hang()(request)

        web.replies["/x"] = killing
        job = make_job(tests=[case({"url": web.url("/x")}, {"text": ""})])
        with pytest.raises(Killed):
            judge.judge(job, queued_ms=None, redelivered=False, switch=switch)


def test_a_blob_in_the_message_is_a_file_of_its_own_each_time(
    testdata: TestData, tmp_path: Path
) -> None:
    job = make_job()
    blob = Blob(text="é")
    with testdata.of(job, tmp_path, KillSwitch()) as blobs:
        paths = {blobs.path(blob), blobs.path(blob)}
    assert [path.read_text() for path in paths] == ["é", "é"]
