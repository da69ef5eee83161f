"""Names and files: where sources, inputs and outputs stand, and which are refused."""

import base64
from typing import Any

import pytest

from executor.contract import Result
from tests.judge.conftest import ECHO, Judged

TWO_MAINS = """
public class {name} {{ public static void main(String[] a) {{ System.out.println("{name}"); }} }}
"""


def printing(text: str, **more: Any) -> dict[str, Any]:
    return {"tests": [{"id": "1", "input": {"text": ""}, "answer": {"text": text}, **more}]}


def problem(result: Result) -> tuple[str, str]:
    assert result.status == "rejected", result
    assert result.error is not None
    assert result.error.fields is not None
    assert result.error.code == "schema_invalid"
    return result.error.fields[0].path, result.error.fields[0].code


def test_input_and_output_files_stand_for_the_streams(judged: Judged) -> None:
    source = (
        "import sys\n"
        "assert sys.stdin.read() == ''\n"
        "open('a.txt', 'w').write(open('in.txt').read())\n"
        "print('on stdout')"
    )
    tests = [{"id": "1", "input": {"text": "x\n"}, "answer": {"text": "x\n"}, "visible": True}]
    result = judged(source=source, input_file="in.txt", output_file="a.txt", tests=tests)
    assert result.verdict == "AC", result
    assert result.tests is not None
    assert result.tests[0].stdout == "on stdout\n"


def test_an_output_file_may_stand_in_a_folder(judged: Judged) -> None:
    source = "import os; os.mkdir('out'); open('out/a.txt', 'w').write('hi')"
    assert judged(source=source, output_file="out/a.txt").verdict == "AC"


def test_an_output_file_is_checked_in_a_stream(judged: Judged) -> None:
    source = "f = open('a', 'w')\nfor i in range(300_000): f.write(f'{i}\\n')"
    answer = "".join(f"{number}\n" for number in range(300_000))
    tests = [{"id": "1", "input": {"text": ""}, "answer": {"text": answer}}]
    assert judged(source=source, output_file="a", tests=tests).verdict == "AC"


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("pass", "no such file"),
        ("import os; os.mkdir('a')", "not a regular file"),
        ("import os; os.symlink('/etc/passwd', 'a')", "symbolic links"),
        ("import os; os.mkfifo('a')", "not a regular file"),
    ],
)
def test_an_output_file_that_is_none_is_wrong(judged: Judged, source: str, message: str) -> None:
    tests = [{"id": "1", "input": {"text": ""}, "answer": {"text": "hi"}, "visible": True}]
    result = judged(source=source, output_file="a", tests=tests)
    assert result.tests is not None
    assert result.verdict == "WA"
    assert message in str(result.tests[0].message)


def test_a_link_on_the_way_to_an_output_file_is_not_followed(judged: Judged) -> None:
    source = "import os; os.symlink('/usr', 'out')"
    assert judged(source=source, output_file="out/bin/python3").verdict == "WA"


def test_arguments_reach_the_program_as_they_are(judged: Judged) -> None:
    source = "import sys; print(sys.argv[1:])"
    args = ["a b", "$HOME", "-x", "", "ü", "{entry}"]
    assert judged(source=source, args=args, **printing(str(args))).verdict == "AC"
    own = judged(source=source, args=args, **printing("['own']", args=["own"]))
    assert own.verdict == "AC"


def test_files_stand_beside_the_source_at_compile_and_run(judged: Judged) -> None:
    files = [
        {"name": "lib/add.h", "text": "int add(int, int);\n"},
        {
            "name": "lib/add.cpp",
            "text": '#include "add.h"\nint add(int a, int b) { return a + b; }',
        },
        {"name": "data.bin", "base64": base64.b64encode(b"\x05\xff").decode()},
    ]
    source = (
        '#include "lib/add.h"\n#include <cstdio>\n'
        'int main() { FILE *f = fopen("data.bin", "rb"); int five = fgetc(f), big = fgetc(f);'
        ' printf("%d\\n", add(five, big)); }'
    )
    result = judged(language="cpp17", source=source, files=files, **printing("260"))
    assert result.verdict == "AC", result


def test_no_run_sees_what_another_left(judged: Judged) -> None:
    source = (
        "import os\n"
        "print(sorted(os.listdir('.')), open('data').read())\n"
        "for change in (lambda: os.remove('data'), lambda: open('data', 'w')):\n"
        "    try: change()\n"
        "    except OSError: pass\n"
        "open('left', 'w')"
    )
    test = {"input": {"text": ""}, "answer": {"text": "['data', 'main.py'] x"}}
    tests = [{"id": "1", **test}, {"id": "2", **test}]
    result = judged(source=source, files=[{"name": "data", "text": "x"}], tests=tests)
    assert result.verdict == "AC", result


def test_a_job_may_be_files_only(judged: Judged) -> None:
    files = [
        {"name": "add.py", "text": "def add(a, b): return a + b"},
        {"name": "main.py", "text": "from add import add; print(add(1, 2))"},
        {"name": "pkg/other.py", "text": "print('other')"},
    ]
    assert judged(source=None, files=files, **printing("3")).verdict == "AC"
    for entry_point in ("pkg/other.py", "pkg.other"):
        result = judged(source=None, files=files, entry_point=entry_point, **printing("other"))
        assert result.verdict == "AC"


def test_names_that_look_like_options_are_names(judged: Judged) -> None:
    files = [{"name": "@list.c", "text": "int one(void) { return 1; }"}]
    source = '#include <stdio.h>\nint one(void);\nint main(void) { printf("%d", one()); }'
    result = judged(
        language="c", source=source, source_name="-o main.c", files=files, **printing("1")
    )
    assert result.verdict == "AC", result
    python = judged(source="print(1)", source_name="-c.py", **printing("1"))
    assert python.verdict == "AC", python


def test_java_is_named_by_its_tokens(judged: Judged) -> None:
    source = "// public class No {}\npackage a.b;" + TWO_MAINS.format(name="Yes")
    result = judged(language="java", source=source, **printing("Yes"))
    assert result.verdict == "AC", result


def test_the_entry_point_of_java_is_a_class(judged: Judged) -> None:
    source = TWO_MAINS.format(name="One")
    files = [{"name": "Two.java", "text": TWO_MAINS.format(name="Two")}]
    for entry_point, printed in ((None, "One"), ("Two", "Two"), ("Two.java", "Two")):
        more = {} if entry_point is None else {"entry_point": entry_point}
        result = judged(language="java", source=source, files=files, **more, **printing(printed))
        assert result.verdict == "AC", result


@pytest.mark.parametrize(
    ("fields", "path", "code"),
    [
        ({"files": [{"name": "main.py", "text": ""}]}, "source_name", "name_clash"),
        ({"source_name": "prog.txt"}, "source_name", "bad_name"),
        ({"input_file": "main.py"}, "input_file", "name_clash"),
        ({"output_file": "main.py/x"}, "output_file", "name_clash"),
        (
            {"language": "c", "files": [{"name": "program", "text": ""}]},
            "files.0.name",
            "name_clash",
        ),
        (
            {"source": None, "files": [{"name": "a.txt", "text": ""}]},
            "files",
            "missing",
        ),
        ({"entry_point": "nowhere"}, "entry_point", "unknown_file"),
        (
            {
                "files": [
                    {"name": f"{i}/" + "/".join(["x" * 250] * 3), "text": ""} for i in range(99)
                ]
            },
            "files",
            "too_long",
        ),
    ],
)
def test_names_that_cannot_be_are_refused(
    judged: Judged, fields: dict[str, Any], path: str, code: str
) -> None:
    assert problem(judged(**fields)) == (path, code)


def test_the_source_may_be_encoded(judged: Judged) -> None:
    encoded = base64.b64encode(ECHO.encode()).decode()
    assert judged(source=encoded, source_encoding="base64").verdict == "AC"


@pytest.mark.slow
def test_an_archive_of_too_many_classes_does_not_compile(judged: Judged) -> None:
    source = "class Main {} " + " ".join(f"class C{number} {{}}" for number in range(2100))
    result = judged(language="java", source=source)
    assert result.verdict == "CE", result.verdict
    assert result.compile is not None
    assert "more than 2000 files" in result.compile.output


def test_a_class_whose_file_cannot_be_made_is_for_the_compiler_to_refuse(judged: Judged) -> None:
    main = "{ public static void main(String[] a) {} }"
    for name in ("A" * 300, "é" * 128):
        result = judged(language="java", source=f"public class {name} {main}")
        assert result.verdict == "CE", result
    files = [{"name": "X.java", "text": "class X {}"}]
    result = judged(language="java", source=f"public class X {main}", files=files)
    assert result.verdict == "CE", result
