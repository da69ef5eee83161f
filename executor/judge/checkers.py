"""The built-in checkers: each takes the output chunk by chunk and compares it with the answer.

While the bytes are equal nothing else is looked at. Where they are not, lines or tokens are
compared, block by block, until the bytes are equal again. No piece of the output is ever held that
is longer than a block, or than the line or token of the answer in its place.
"""

from typing import IO, Protocol, assert_never

from executor.contract.job import Checker as CheckerOptions
from executor.contract.job import (
    Exact,
    Kattis,
    Lines,
    NoChecker,
    Testlib,
    Tokens,
    Unordered,
)
from executor.judge.difference import ACCEPTED, Agreed, CheckResult, Disagreed
from executor.judge.lines import LineUnits, UnorderedComparison
from executor.judge.testdata import Content, forget
from executor.judge.tokens import TokenUnits, never, token_equality

_BLOCK_BYTES = 256 * 1024
_LONG_BYTES = 64 * 1024


class Checker(Protocol):
    """Takes an output in chunks, then tells what it is worth."""

    def feed(self, chunk: memoryview) -> None:
        """Takes the next bytes of the output, which are valid during the call only."""

    def finish(self) -> CheckResult:
        """The result, once the output has ended."""


def compare(options: CheckerOptions, answer: Content, output: IO[bytes]) -> CheckResult:
    """What a built-in checker finds in an output."""
    checker = make_checker(options, answer)
    while chunk := output.read(_BLOCK_BYTES):
        checker.feed(memoryview(chunk))
    return checker.finish()


def make_checker(options: CheckerOptions, answer: Content) -> Checker:
    """The checker that a job asks for, ready for one output."""
    match options:
        case Lines():
            return _Comparison(answer, LineUnits())
        case Unordered():
            return _Unordered(answer)
        case Exact():
            return _Comparison(answer, TokenUnits(never), strict=True)
        case Tokens():
            return _Comparison(
                answer, TokenUnits(token_equality(options), spaces=options.space_sensitive)
            )
        case NoChecker():
            return _Anything()
        case Testlib() | Kattis():
            raise ValueError(f"checker {options.type} is a program")
        case _:
            assert_never(options)


class _Anything:
    def feed(self, chunk: memoryview) -> None:
        pass

    def finish(self) -> CheckResult:
        return ACCEPTED


class _Units(Protocol):
    """What an output is made of: lines, or tokens."""

    def start(self, answer: Content, floor: int, end: int) -> int:
        """Where the unit begins in which `answer[floor:end]` ends; one begins at `floor`."""

    def compare(self, answer: Content, start: int, text: bytes, last: bool) -> Agreed | Disagreed:
        """Compares the whole units of a text with those of the answer from `start` on.

        last: nothing follows, so the end of the text is whole, and nothing may be missing.
        """

    def bound(self, answer: Content, start: int, text: bytes) -> bytes | None:
        """What to keep of a part of a unit; None: it is so long that it differs for sure."""

    def difference(self, found: Disagreed, line: int, token: int) -> CheckResult:
        """Tells it; line and token: where in the output, from 1."""


class _Comparison:
    """Compares bytes; where they differ, units, until the bytes are equal again.

    Output and answer agree up to `_pending`, which is what has come since, and up to `_start` in
    the answer. From `_floor` to `_start` they have the same bytes; at `_floor` a unit begins.
    """

    def __init__(self, answer: Content, units: _Units, strict: bool = False) -> None:
        """strict: the bytes have to be equal; where only units are it is PE."""
        self._answer = answer
        self._units = units
        self._strict = strict
        self._start = 0
        self._pending = b""
        self._floor = 0
        self._place = _Place()
        self._first_line: int | None = None
        self._result: CheckResult | None = None

    def feed(self, chunk: memoryview) -> None:
        if self._result is not None:
            return
        text = self._pending + chunk
        if self._answer[self._start : self._start + len(text)] == text:
            forget(self._answer, self._start, len(text))
            self._start += len(text)
            self._pending = b""
            return
        self._compare(text, last=False)
        if self._result is None and len(self._pending) > _LONG_BYTES:
            kept = self._units.bound(self._answer, self._start, self._pending)
            if kept is None:
                self._compare(self._pending, last=True)
            else:
                self._pending = kept

    def finish(self) -> CheckResult:
        if self._result is None and (self._pending or self._start < len(self._answer)):
            self._compare(self._pending, last=True)
        if self._result is not None:
            return self._result
        if self._strict and self._first_line is not None:
            message = f"only white space differs, from line {self._first_line} on"
            return CheckResult("PE", message, self._first_line)
        return ACCEPTED

    def _compare(self, text: bytes, last: bool) -> None:
        if not self._pending:
            begin = self._units.start(self._answer, self._floor, self._start)
            for offset in range(self._floor, begin, _BLOCK_BYTES):
                self._place.advance(self._answer[offset : min(offset + _BLOCK_BYTES, begin)])
                forget(self._answer, offset, _BLOCK_BYTES)
            text = self._answer[begin : self._start] + text
            self._start = begin
        if self._first_line is None:
            self._first_line = self._place.line
        match self._units.compare(self._answer, self._start, text, last):
            case Agreed(in_answer, in_text):
                self._place.advance(text[:in_text])
                forget(self._answer, self._start, in_answer - self._start)
                self._start = self._floor = in_answer
                self._pending = text[in_text:]
            case Disagreed(place) as found:
                self._place.advance(text[:place])
                self._result = self._units.difference(
                    found, self._place.line, self._place.tokens + 1
                )


class _Place:
    """A place in a text, told by its line, from 1, and how many tokens are before it in there."""

    def __init__(self) -> None:
        self.line = 1
        self.tokens = 0
        self._in_token = False

    def advance(self, text: bytes) -> None:
        """Moves over what follows, which may begin in the middle of a token."""
        last_line = text.rfind(b"\n") + 1
        if last_line:
            self.line += text.count(b"\n")
            self.tokens = 0
            self._in_token = False
        rest = text[last_line:]
        if rest:
            self.tokens += len(rest.split()) - (self._in_token and not rest[:1].isspace())
            self._in_token = not rest[-1:].isspace()


class _Unordered:
    """Compares bytes; from the first difference on, all lines as a multiset."""

    def __init__(self, answer: Content) -> None:
        self._answer = answer
        self._equal = 0
        self._rest: UnorderedComparison | None = None
        self._result: CheckResult | None = None

    def feed(self, chunk: memoryview) -> None:
        block = bytes(chunk)
        if self._rest is None:
            if self._answer[self._equal : self._equal + len(block)] == block:
                self._equal += len(block)
                return
            self._differ()
        self._take(block)

    def finish(self) -> CheckResult:
        if self._rest is None:
            if self._equal == len(self._answer):
                return ACCEPTED
            self._differ()
        assert self._rest is not None
        return self._rest.end() if self._result is None else self._result

    def _differ(self) -> None:
        self._rest = UnorderedComparison(self._answer)
        for offset in range(0, self._equal, _BLOCK_BYTES):
            self._take(self._answer[offset : min(offset + _BLOCK_BYTES, self._equal)])

    def _take(self, block: bytes) -> None:
        assert self._rest is not None
        if self._result is None:
            self._result = self._rest.take(block)
