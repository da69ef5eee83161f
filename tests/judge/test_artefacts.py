"""What a compiler leaves where that is many files: every name in the box is a stranger's.

The compiler is Python here, which runs the submission: it can leave what it likes.
"""

from collections.abc import Callable
from pathlib import Path

import pytest

from executor.contract import Result
from executor.judge import Judge
from executor.judge.testdata import TestData
from executor.languages import Languages
from executor.sandbox import Sandbox
from tests.judge.conftest import make_job

CHECK = 'compile = ["/usr/bin/python3", "-I", "-m", "py_compile", "{sources}"]'
RUN_IT = 'compile = ["/usr/bin/python3", "{source}"]\nclasses = ".txt"'

Compiled = Callable[[str], Result]


@pytest.fixture
def compiled(
    sandbox: Sandbox,
    make_languages: Callable[[dict[str, str]], Languages],
    testdata: TestData,
    tmp_path: Path,
) -> Compiled:
    languages = make_languages({CHECK: RUN_IT})
    work = tmp_path / "work"
    judge = Judge(sandbox, languages, testdata, cache=None, worker="test", work_dir=work)

    def judge_source(source: str) -> Result:
        files = [{"name": "given.txt", "text": "given"}]
        job = make_job(source=source, files=files)
        return judge.judge(job, queued_ms=None, redelivered=False)

    return judge_source


def test_each_is_where_it_was_when_the_program_runs(compiled: Compiled) -> None:
    result = compiled(
        "import os\n"
        "if os.path.exists('sub/left.txt'):\n"
        "    print(open('sub/left.txt').read())\n"
        "else:\n"
        "    os.mkdir('sub')\n"
        "    open('sub/left.txt', 'w').write('hi')\n"
    )
    assert result.verdict == "AC"


@pytest.mark.parametrize(
    ("leaving", "why"),
    [
        ("for i in range(300): open(f'{i}.txt', 'w')", "more than 200 files"),
        (
            "for i in range(150): open(f'{i:0200}.txt', 'w')",
            "their names have more than 16384 bytes",
        ),
        ("open(b'\\xff.txt', 'w')", "a name that is no text"),
        (
            "import os\nfor _ in range(6):\n os.mkdir('d' * 250)\n os.chdir('d' * 250)\n"
            "open('a.txt', 'w')",
            "a name that is too long",
        ),
        ("import os\nos.symlink('/etc/passwd', 'a.txt')", "too many levels of symbolic links"),
        ("import os\nos.mkfifo('a.txt')", "not a regular file"),
    ],
    ids=["many", "long together", "no text", "long", "link", "pipe"],
)
def test_what_cannot_be_taken_is_a_compile_error(
    compiled: Compiled, leaving: str, why: str
) -> None:
    result = compiled(leaving)
    assert result.verdict == "CE", result
    assert result.compile is not None
    assert f"the compiler left no usable *.txt: {why}" in result.compile.output
