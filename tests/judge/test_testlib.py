"""The real testlib.h, as setters send it along: the judge understands how its programs end."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from executor.contract import Result
from executor.judge import Judge
from executor.judge.cache import CompileCache
from executor.judge.testdata import TestData
from executor.languages import Languages
from executor.sandbox import Sandbox
from tests.judge.conftest import make_job

pytestmark = pytest.mark.slow

TESTLIB = Path(sys.prefix) / "share" / "testlib.h"
"""script/setup puts it there."""

CHECKER = """
#include "testlib.h"
int main(int argc, char **argv) {
    registerTestlibCmd(argc, argv);
    int expected = ans.readInt(), found = ouf.readInt();
    if (inf.readInt() == 7) quitf(_fail, "the input is broken");
    if (found == expected + 100) quitp(2.5, "far off");
    if (found != expected) quitf(_wa, "expected %d, found %d", expected, found);
    quitf(_ok, "found %d", found);
}
"""
INTERACTOR = """
#include "testlib.h"
int main(int argc, char **argv) {
    registerInteraction(argc, argv);
    int number = inf.readInt();
    for (int tries = 1; tries <= 10; tries++) {
        int guess = ouf.readInt(1, 1000);
        std::cout << (guess == number ? "found" : guess < number ? "higher" : "lower") << std::endl;
        if (guess == number) {
            tout << tries << std::endl;
            quitf(_ok, "found");
        }
    }
    quitf(_wa, "ten guesses were not enough");
}
"""
GUESS = """
low, high = 1, 1000
while True:
    middle = (low + high) // 2
    print(middle, flush=True)
    told = input()
    if told == "found": break
    low, high = (middle + 1, high) if told == "higher" else (low, middle - 1)
"""


def program(source: str) -> dict[str, Any]:
    files = [{"name": "testlib.h", "text": TESTLIB.read_text()}]
    return {"language": "cpp17", "source": source, "files": files}


@pytest.fixture(scope="module")
def judging(
    sandbox: Sandbox, languages: Languages, tmp_path_factory: pytest.TempPathFactory
) -> Callable[..., Result]:
    """With a cache: to compile testlib.h takes two seconds."""
    folder = tmp_path_factory.mktemp("testlib")
    cache = CompileCache(folder / "compiled", 1 << 30)
    cache.prepare()

    def judge(testdata: TestData, number: int, **fields: Any) -> Result:
        test = {
            "id": "1",
            "input": {"text": f"{number}\n"},
            "answer": {"text": "3\n"},
            "visible": True,
            "points": 10,
        }
        judge = Judge(sandbox, languages, testdata, cache=cache, worker="w", work_dir=folder)
        job = make_job(tests=[test], **fields)
        return judge.judge(job, queued_ms=None, redelivered=False)

    return judge


OUTPUTS = {
    "3": ("AC", 10.0, "ok found 3"),
    "4": ("WA", 0.0, "wrong answer expected 3, found 4"),
    "x": ("PE", 0.0, 'wrong output format Expected integer, but "x" found'),
    "": ("PE", 0.0, "wrong output format Unexpected end of file - int32 expected"),
    "103": ("PC", 2.5, "far off"),
}


@pytest.mark.parametrize("output", OUTPUTS)
def test_checker_made_with_testlib(
    judging: Callable[..., Result], testdata: TestData, output: str
) -> None:
    checker = {"type": "testlib", "program": program(CHECKER)}
    result = judging(testdata, 1, source=f"print({output!r})", checker=checker)
    assert result.tests is not None, result.error
    (test,) = result.tests
    assert (test.verdict, test.score, test.message) == OUTPUTS[output]


def test_checker_made_with_testlib_that_fails(
    judging: Callable[..., Result], testdata: TestData
) -> None:
    checker = {"type": "testlib", "program": program(CHECKER)}
    result = judging(testdata, 7, source="print(3)", checker=checker)
    assert result.verdict == "JE"
    assert result.error is not None
    assert result.error.code == "program_unusable"
    assert "FAIL the input is broken" in result.error.message


def test_interactor_made_with_testlib(judging: Callable[..., Result], testdata: TestData) -> None:
    talk = {"interactor": {"protocol": "testlib", "program": program(INTERACTOR)}}
    for source, verdict in [
        (GUESS, "AC"),
        ("for _ in range(10): print(1, flush=True), input()", "WA"),
        ("print(5000, flush=True); input()", "WA"),
    ]:
        assert judging(testdata, 437, source=source, **talk).verdict == verdict


def test_output_of_an_interactor_made_with_testlib_is_checked(
    judging: Callable[..., Result], testdata: TestData
) -> None:
    talk = {"interactor": {"protocol": "testlib", "program": program(INTERACTOR)}}
    result = judging(testdata, 437, source=GUESS, checker={"type": "tokens"}, **talk)
    assert result.tests is not None
    assert result.tests[0].message == "line 1, token 1 differs"
