"""The checkers, chunk by chunk: how an output is cut into chunks never changes the result."""

import re
import tempfile
import time
import tracemalloc
from itertools import zip_longest
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from executor.contract import Checker
from executor.judge.checkers import make_checker
from executor.judge.difference import CheckResult
from executor.judge.testdata import Content, map_file

_OPTIONS: TypeAdapter[Checker] = TypeAdapter(Checker)


def check(
    type: str, answer: bytes, output: bytes, chunk: int = 1 << 16, **options: Any
) -> CheckResult:
    """The result, which is the same for an answer in memory and for one in a mapped file."""
    results = [
        _checked(type, content, output, chunk, options) for content in (answer, _mapped(answer))
    ]
    assert results[0] == results[1]
    return results[0]


def _checked(
    type: str, answer: Content, output: bytes, chunk: int, options: dict[str, Any]
) -> CheckResult:
    checker = make_checker(_OPTIONS.validate_python({"type": type, **options}), answer)
    for start in range(0, len(output), chunk):
        checker.feed(memoryview(output)[start : start + chunk])
    return checker.finish()


def _mapped(answer: bytes) -> Content:
    with tempfile.NamedTemporaryFile() as file:
        file.write(answer)
        file.flush()
        return map_file(Path(file.name))


CASES = [
    # checker, options, answer, output, verdict
    ("lines", {}, b"1 2\n3\n", b"1 2\n3\n", "AC"),
    ("lines", {}, b"1 2\n3\n", b"1 2\n3", "AC"),
    ("lines", {}, b"1 2\n3\n", b"1 2 \t\r\n3\r\n", "AC"),
    ("lines", {}, b"1 2\n3\n", b"\n1 2\n\n \n3\n\n\n", "AC"),
    ("lines", {}, b"\n\n1 2\n3\n", b"1 2\n3\n", "AC"),
    ("lines", {}, b"", b"", "AC"),
    ("lines", {}, b"", b" \n\n", "AC"),
    ("lines", {}, b"\n", b"", "AC"),
    ("lines", {}, b"1 2\n3\n", b"1  2\n3\n", "WA"),
    ("lines", {}, b"1 2\n3\n", b" 1 2\n3\n", "WA"),
    ("lines", {}, b"1 2\n3\n", b"1 2 3\n", "WA"),
    ("lines", {}, b"1 2\n3\n", b"1 2\n", "WA"),
    ("lines", {}, b"1 2\n3\n", b"1 2\n3\n4\n", "WA"),
    ("lines", {}, b"1\n", b"", "WA"),
    ("lines", {}, b"", b"1", "WA"),
    ("lines", {}, b"a\n", b"A\n", "WA"),
    ("lines", {}, b"a b\n", b"a" + b" " * 5000 + b"b\n", "WA"),
    ("lines", {}, b"ab\n", b"ab" + b" " * 5000 + b"\n", "AC"),
    ("lines", {}, b"ab\n", b"ab" + b" " * 5000 + b"c\n", "WA"),
    ("tokens", {}, b"1 2\n3\n", b" 1\n2\t3", "AC"),
    ("tokens", {}, b"1 2 3", b"1 2", "WA"),
    ("tokens", {}, b"1 2", b"1 2 3", "WA"),
    ("tokens", {}, b"1 2", b"12", "WA"),
    ("tokens", {}, b"", b" \n", "AC"),
    ("tokens", {}, b"1.0", b"1.00", "WA"),
    ("tokens", {}, b"Yes", b"YES", "WA"),
    ("tokens", {"case_sensitive": False}, b"Yes", b"YES", "AC"),
    ("tokens", {"case_sensitive": False}, "é".encode(), "É".encode(), "WA"),
    ("tokens", {"space_sensitive": True}, b"1 2\n", b"1 2\n", "AC"),
    ("tokens", {"space_sensitive": True}, b"1 2\n", b"1  2\n", "WA"),
    ("tokens", {"space_sensitive": True}, b"1 2\n", b"1 2", "WA"),
    ("tokens", {"space_sensitive": True}, b"1 2", b"1 2\n", "WA"),
    ("tokens", {"space_sensitive": True}, b"1 2\n", b" 1 2\n", "WA"),
    ("tokens", {"space_sensitive": True}, b"1 2\n", b"1\t2\n", "WA"),
    ("tokens", {"space_sensitive": True, "float_abs": 0.1}, b"1 2\n", b"1.0 2\n", "AC"),
    ("exact", {}, b"1 2\n", b"1 2\n", "AC"),
    ("exact", {}, b"1 2\n", b"1 2", "PE"),
    ("exact", {}, b"1 2\n", b"1 2\n\n", "PE"),
    ("exact", {}, b"1 2\n", b"1\n2\n", "PE"),
    ("exact", {}, b"1 2\n", b"1 2\r\n", "PE"),
    ("exact", {}, b"1 2\n", b"12\n", "WA"),
    ("exact", {}, b"1 2\n", b"1 3\n", "WA"),
    ("exact", {}, b"", b"\n", "PE"),
    ("exact", {}, b"1\n", b"", "WA"),
    ("unordered", {}, b"a\nb\na\n", b"b\na\na\n", "AC"),
    ("unordered", {}, b"a\nb\n", b"\nb \r\na", "AC"),
    ("unordered", {}, b"a\nb\na\n", b"b\na\n", "WA"),
    ("unordered", {}, b"a\nb\n", b"b\na\na\n", "WA"),
    ("unordered", {}, b"a\nb\n", b"a\nc\n", "WA"),
    ("unordered", {}, b"a\n", b" a\n", "WA"),
    ("none", {}, b"1\n", b"anything", "AC"),
]


@pytest.mark.parametrize("chunk", [1, 3, 1 << 16])
@pytest.mark.parametrize(("type", "options", "answer", "output", "verdict"), CASES)
def test_checker_table(
    type: str, options: dict[str, Any], answer: bytes, output: bytes, verdict: str, chunk: int
) -> None:
    assert check(type, answer, output, chunk, **options).verdict == verdict


NUMBERS = [
    # answer, output, abs, rel, right
    ("0.7", "0.8", 0.1, None, True),
    ("0.7", "0.80001", 0.1, None, False),
    ("1000", "1001", None, 0.001, True),
    ("1000", "1001.0001", None, 0.001, False),
    ("1000", "1001", 1e-9, 0.001, True),
    ("0", "0.0", None, 1e-9, True),
    ("0", "1e-30", None, 1e-9, False),
    ("-0", "0", 0.0, None, True),
    ("1", "1.", 0.0, None, True),
    ("0.5", ".5", 0.0, None, True),
    ("100", "+1e2", 0.0, None, True),
    ("100", "1E+2", 0.0, None, True),
    ("1", "1x", 1.0, None, False),
    ("1", "x1", 1.0, None, False),
    ("1", "0x1", 1.0, None, False),
    ("1", "nan", 1.0, None, False),
    ("1", "inf", 1.0, None, False),
    ("nan", "nan", 1.0, None, True),
    ("1", "1e", 1.0, None, False),
    ("1", ".", 1.0, None, False),
    ("1", "1_0", 100.0, None, False),
    ("1", "٣", 100.0, None, False),
    ("1e400", "1.0000001e400", None, 1e-6, True),
    ("1e-400", "0", 1e-9, None, True),
    ("1" + "0" * 300, "1" + "0" * 299 + "1", 1.0, None, True),
    ("1" + "0" * 300, "1" + "0" * 299 + "2", 1.0, None, False),
    ("1", "1e999999999999", 1.0, 1.0, False),
    ("1", "1e-999999999999", 1.0, None, True),
    ("1", "1e99999999999999999999999999", 1.0, 1.0, False),
    ("1e999999999999", "1e999999999999", 1.0, None, True),
    ("1e999999999999", "1.0e999999999999", 1.0, None, True),
    ("1e999999999999", "2e999999999999", None, 0.5, False),
    ("1", "1" + "0" * 100_000, 1.0, 1.0, False),
]


@pytest.mark.parametrize(("answer", "output", "float_abs", "float_rel", "right"), NUMBERS)
def test_number_table(
    answer: str, output: str, float_abs: float | None, float_rel: float | None, right: bool
) -> None:
    started = time.monotonic()
    result = check(
        "tokens", answer.encode(), output.encode(), float_abs=float_abs, float_rel=float_rel
    )
    assert result.verdict == ("AC" if right else "WA")
    assert time.monotonic() - started < 1


def test_the_place_of_a_difference_is_counted_in_the_output() -> None:
    result = check("lines", b"1\n2 3\n", b"\n1\n\n2 4\n", chunk=2)
    assert (result.line, result.token) == (4, 2)
    assert (result.expected, result.found) == ("3", "4")
    assert result.message == "line 4, token 2 differs"


@pytest.mark.parametrize("spaces", [False, True])
def test_tokens_tell_line_and_token(spaces: bool) -> None:
    result = check("tokens", b"1 2\n3 4 5\n", b"1 2\n3 4 6\n", chunk=5, space_sensitive=spaces)
    assert (result.line, result.token, result.expected, result.found) == (2, 3, "5", "6")


@pytest.mark.parametrize("type", ["lines", "tokens", "exact"])
def test_what_is_missing_and_what_is_too_much_is_said(type: str) -> None:
    missing = check(type, b"1\n2\n", b"1\n")
    assert (missing.expected, missing.found) == ("2", None)
    assert missing.message == "line 2, token 1 is missing"
    more = check(type, b"1\n", b"1\n2\n")
    assert (more.expected, more.found) == (None, "2")
    assert more.message == "line 2, token 1 is too much"


def test_a_difference_shows_64_characters() -> None:
    result = check("lines", "é".encode() * 100, "è".encode() * 100)
    assert (result.expected, result.found) == ("é" * 64, "è" * 64)


@pytest.mark.parametrize(
    ("type", "options"),
    [
        ("lines", {}),
        ("tokens", {}),
        ("tokens", {"space_sensitive": True, "float_abs": 1e-9}),
        ("exact", {}),
        ("unordered", {}),
    ],
)
@pytest.mark.parametrize("filler", [b"x", b" ", b"\n", b"7", b"a "])
def test_an_endless_output_is_never_held(type: str, options: dict[str, Any], filler: bytes) -> None:
    checker = make_checker(_OPTIONS.validate_python({"type": type, **options}), b"1 2 3\n" * 100)
    chunk = memoryview(filler * (65536 // len(filler)))
    tracemalloc.start()
    try:
        checker.feed(memoryview(b"1 2 3\n1 2 "))
        for _ in range(500):
            checker.feed(chunk)
        assert checker.finish().verdict in ("WA", "PE")
        assert tracemalloc.get_traced_memory()[1] < 8 * 1024 * 1024
    finally:
        tracemalloc.stop()


def test_a_token_longer_than_any_block_is_compared_whole() -> None:
    answer = b"1 " + b"7" * 700_000 + b" 2\n"
    assert check("tokens", answer, answer.replace(b" ", b"\n")).verdict == "AC"
    assert (
        check("tokens", answer, answer.replace(b"7 ", b"8 ").replace(b" ", b"\n")).verdict == "WA"
    )
    assert check("tokens", answer, answer[:-1], space_sensitive=True).verdict == "WA"


def test_a_line_longer_than_any_block_is_compared_whole() -> None:
    line = b"7 " * 350_000
    assert check("lines", line + b"8\n", line + b"8 \n").verdict == "AC"
    assert check("lines", line, line + b" " * 700_000).verdict == "AC"
    assert check("lines", line + b"8\n9\n", line + b"8" + b" " * 700_000 + b"\n9").verdict == "AC"
    result = check("lines", line + b"8\n", line + b" " * 700_000 + b"8\n")
    assert (result.verdict, result.message) == ("WA", "line 1 differs in white space")
    result = check("lines", line, b"6" + line)
    assert (result.verdict, result.line, result.token) == ("WA", 1, 1)


def test_a_large_answer_is_no_memory_of_ours(tmp_path: Path) -> None:
    """Its pages belong to the page cache, and count as ours only as long as we hold them."""
    path = tmp_path / "answer"
    path.write_bytes(b"123456 7\n" * 4_000_000)
    answer = map_file(path)
    for type in ("lines", "tokens", "exact"):
        checker = make_checker(_OPTIONS.validate_python({"type": type}), answer)
        with path.open("rb") as output:
            while chunk := output.read(1 << 18):
                checker.feed(memoryview(chunk))
        assert _mapped_kib(path) < 8192
        checker.feed(memoryview(b" \n"))
        assert checker.finish().verdict == ("PE" if type == "exact" else "AC")
        assert _mapped_kib(path) < 8192


def _mapped_kib(path: Path) -> int:
    """How much of a file is in our memory, proc_pid_smaps(5)."""
    _, _, fields = Path("/proc/self/smaps").read_text().partition(f" {path}\n")
    return int(fields.partition("Rss:")[2].split()[0])


_TEXT = st.lists(st.sampled_from(list("ab1. \t\r\n")), max_size=30).map(
    lambda characters: "".join(characters).encode()
)


def _lines(text: bytes) -> list[bytes]:
    return [line.rstrip() for line in text.split(b"\n") if line.strip()]


@given(_TEXT, _TEXT, st.integers(1, 7))
def test_lines_agree_with_their_definition(answer: bytes, output: bytes, chunk: int) -> None:
    right = _lines(answer) == _lines(output)
    assert (check("lines", answer, output, chunk).verdict == "AC") is right
    same = sorted(_lines(answer)) == sorted(_lines(output))
    assert (check("unordered", answer, output, chunk).verdict == "AC") is same


@given(_TEXT, _TEXT, st.integers(1, 7))
def test_tokens_agree_with_their_definition(answer: bytes, output: bytes, chunk: int) -> None:
    right = answer.split() == output.split()
    assert (check("tokens", answer, output, chunk).verdict == "AC") is right
    strict = check("tokens", answer, output, chunk, space_sensitive=True)
    assert (strict.verdict == "AC") is (answer == output)
    expected = "AC" if answer == output else "PE" if right else "WA"
    assert check("exact", answer, output, chunk).verdict == expected


@given(_TEXT, _TEXT, st.integers(1, 7))
def test_the_first_token_that_differs_is_told(answer: bytes, output: bytes, chunk: int) -> None:
    found = list(re.finditer(rb"\S+", output))
    pairs = list(zip_longest(answer.split(), (match[0] for match in found)))
    wrong = next((index for index, pair in enumerate(pairs) if pair[0] != pair[1]), None)
    result = check("tokens", answer, output, chunk)
    if wrong is None:
        assert result.verdict == "AC"
        return
    before = output[: found[wrong].start()] if wrong < len(found) else output
    place = (before.count(b"\n") + 1, len(before.rpartition(b"\n")[2].split()) + 1)
    assert (result.line, result.token) == place
    assert (result.expected, result.found) == tuple(
        None if token is None else token.decode() for token in pairs[wrong]
    )


@given(st.integers(0, 40), st.integers(1, 9), st.integers(1, 9))
def test_where_bytes_are_equal_again_does_not_matter(at: int, size: int, chunk: int) -> None:
    answer = b"12 3\n4 567\n\n8 9\n" * 5
    line = answer.find(b"\n", at)
    output = answer[:line] + b" " * size + b"\n\n" + answer[line:]
    for type in ("lines", "tokens"):
        assert check(type, answer, output, chunk).verdict == "AC"
        result = check(type, answer, output + b"x", chunk)
        assert (result.verdict, result.found) == ("WA", "x")
        assert result.line == output.count(b"\n") + 1


@given(_TEXT, st.integers(1, 7))
def test_every_checker_accepts_the_answer_itself(answer: bytes, chunk: int) -> None:
    for type in ("lines", "tokens", "exact", "unordered", "none"):
        assert check(type, answer, answer, chunk).verdict == "AC"
