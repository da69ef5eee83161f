"""The built-in checkers against slow versions that are obviously right, for all their options."""

import re
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.test_checkers import check

PIECES = [
    *(b"a", b"A", b"bc", b"Bc", b"\xc3\xa9", b"\xff", b"\0", b"\0\0", b"x" * 300),
    *(b"1", b"1.0", b"-1", b"+1", b"1.05", b"1e1", b"10", b".5", b"5.", b"1e", b".", b"-", b"e"),
    *(b"0", b"0.0", b"1e-9", b"nan", b"inf", b"0x1", b"1_0", b"1e400"),
    *(b" ", b"  ", b"\t", b"\n", b"\r\n", b"\n\n", b"\r", b"\v", b"\f"),
]
HUGE = [b"a" * 70_000, b"7" * 5000, b" " * 70_000, b"\n" * 70_000, b"a ", b"\n", b"b", b"\0" * 5000]
CHUNKS = st.sampled_from([1, 2, 3, 5, 7, 64, 1 << 16])


def texts(pieces: list[bytes]) -> "st.SearchStrategy[tuple[bytes, bytes]]":
    """An answer and an output that is mostly nearly the same."""

    def changed(answer: list[bytes]) -> "st.SearchStrategy[tuple[bytes, bytes]]":
        place = st.integers(0, len(answer))
        swap = st.tuples(place, st.integers(0, 2), st.lists(st.sampled_from(pieces), max_size=2))
        return st.lists(swap, max_size=3).map(lambda swaps: (b"".join(answer), edit(answer, swaps)))

    return st.lists(st.sampled_from(pieces), max_size=12).flatmap(changed)


def edit(answer: list[bytes], swaps: list[tuple[int, int, list[bytes]]]) -> bytes:
    pieces = list(answer)
    for place, length, others in swaps:
        pieces[place : place + length] = others
    return b"".join(pieces)


def lines(text: bytes) -> list[bytes]:
    return [line.rstrip() for line in text.split(b"\n") if line.strip()]


def number(token: bytes) -> Fraction | None:
    is_one = re.fullmatch(rb"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?", token)
    return Fraction(token.decode()) if is_one and len(token) <= 4096 else None


def will_do(expected: bytes, found: bytes, options: dict[str, Any]) -> bool:
    """Whether a token stands for another."""
    if expected == found:
        return True
    if not options["case_sensitive"] and expected.lower() == found.lower():
        return True
    wanted, given = number(expected), number(found)
    if wanted is None or given is None:
        return False
    absolute, relative = options["float_abs"], options["float_rel"]
    distance = abs(wanted - given)
    return (absolute is not None and distance <= Fraction(repr(absolute))) or (
        relative is not None and distance <= Fraction(repr(relative)) * abs(wanted)
    )


def tokens_agree(answer: bytes, output: bytes, options: dict[str, Any]) -> bool:
    pattern = rb"[ \t\n\r\v\f]+|[^ \t\n\r\v\f]+"
    pairs = [re.findall(pattern, text) for text in (answer, output)]
    if not options["space_sensitive"]:
        pairs = [[part for part in parts if part.strip()] for parts in pairs]
    wanted, found = pairs
    return len(wanted) == len(found) and all(
        one == other if one.isspace() or other.isspace() else will_do(one, other, options)
        for one, other in zip(wanted, found, strict=True)
    )


TOLERANCE = st.sampled_from([None, 0.0, 1e-9, 0.05, 0.1, 1.0])
OPTIONS = st.fixed_dictionaries(
    {
        "case_sensitive": st.booleans(),
        "space_sensitive": st.booleans(),
        "float_abs": TOLERANCE,
        "float_rel": TOLERANCE,
    }
)

VERDICTS: dict[str, Callable[[bytes, bytes], str]] = {
    "lines": lambda answer, output: "AC" if lines(answer) == lines(output) else "WA",
    "unordered": lambda answer, output: (
        "AC" if sorted(lines(answer)) == sorted(lines(output)) else "WA"
    ),
    "exact": lambda answer, output: (
        "AC" if answer == output else "PE" if answer.split() == output.split() else "WA"
    ),
    "none": lambda _answer, _output: "AC",
}


@settings(max_examples=300)
@given(texts(PIECES), CHUNKS, OPTIONS)
def test_tokens_are_compared_as_their_options_say(
    pair: tuple[bytes, bytes], chunk: int, options: dict[str, Any]
) -> None:
    answer, output = pair
    expected = "AC" if tokens_agree(answer, output, options) else "WA"
    assert check("tokens", answer, output, chunk, **options).verdict == expected


@pytest.mark.parametrize("type", VERDICTS)
@given(texts(PIECES), CHUNKS)
def test_the_verdict_is_that_of_the_slow_version(
    type: str, pair: tuple[bytes, bytes], chunk: int
) -> None:
    answer, output = pair
    assert check(type, answer, output, chunk).verdict == VERDICTS[type](answer, output)


@pytest.mark.parametrize("type", [*VERDICTS, "tokens"])
@settings(max_examples=25)
@given(texts(HUGE), st.sampled_from([4096, 65_535, 1 << 16, 1 << 20]), OPTIONS)
def test_huge_lines_make_no_difference(
    type: str, pair: tuple[bytes, bytes], chunk: int, options: dict[str, Any]
) -> None:
    answer, output = pair
    if type == "tokens":
        expected = "AC" if tokens_agree(answer, output, options) else "WA"
        assert check(type, answer, output, chunk, **options).verdict == expected
    else:
        assert check(type, answer, output, chunk).verdict == VERDICTS[type](answer, output)
