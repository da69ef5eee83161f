"""The built-in checkers: each takes the output chunk by chunk and compares it with the answer.

While the bytes are equal nothing else is looked at. From the line of the first difference on, a
checker works with lines or tokens; it never holds a piece of the output that is longer than the
longest of the answer, so an endless line costs no memory.
"""

from collections.abc import Callable, Iterator
from functools import partial
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
from executor.judge.difference import ACCEPTED, CheckResult
from executor.judge.lines import LineComparison, UnorderedComparison
from executor.judge.testdata import Content
from executor.judge.tokens import SpaceComparison, TokenComparison, token_equality

_BLOCK_BYTES = 256 * 1024


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
            return _Comparison(answer, LineComparison)
        case Unordered():
            return _Comparison(answer, UnorderedComparison, from_start=True)
        case Exact():
            return _Comparison(answer, SpaceComparison)
        case Tokens():
            equal = token_equality(options)
            make_rest = partial(TokenComparison, equal=equal, spaces=options.space_sensitive)
            return _Comparison(answer, make_rest)
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


class _Rest(Protocol):
    """Compares what is left of output and answer from the line of the first difference on."""

    def take(self, block: bytes) -> CheckResult | None:
        """Takes bytes of the output; a result ends the comparison."""

    def end(self) -> CheckResult:
        """The result, once the output has ended."""


class _Comparison:
    """Compares bytes as long as they are equal, and leaves what follows to a `_Rest`."""

    def __init__(
        self,
        answer: Content,
        make_rest: Callable[[Content, int, int], _Rest],
        from_start: bool = False,
    ) -> None:
        self._answer = answer
        self._make_rest = make_rest
        self._from_start = from_start
        self._equal = 0
        self._rest: _Rest | None = None
        self._result: CheckResult | None = None

    def feed(self, chunk: memoryview) -> None:
        if self._result is not None:
            return
        block = bytes(chunk)
        if self._rest is None:
            if self._answer[self._equal : self._equal + len(block)] == block:
                self._equal += len(block)
                return
            self._differ()
        self._take(block)

    def finish(self) -> CheckResult:
        if self._result is None and self._rest is None:
            if self._equal == len(self._answer):
                return ACCEPTED
            self._differ()
        if self._result is None:
            assert self._rest is not None
            self._result = self._rest.end()
        return self._result

    def _differ(self) -> None:
        """Goes back to the start of the line in which the equal bytes end."""
        start = 0 if self._from_start else self._answer.rfind(b"\n", 0, self._equal) + 1
        line = 1 + sum(piece.count(b"\n") for piece in self._pieces(0, start))
        self._rest = self._make_rest(self._answer, start, line)
        for piece in self._pieces(start, self._equal):
            self._take(piece)

    def _pieces(self, start: int, end: int) -> Iterator[bytes]:
        for offset in range(start, end, _BLOCK_BYTES):
            yield self._answer[offset : min(offset + _BLOCK_BYTES, end)]

    def _take(self, block: bytes) -> None:
        assert self._rest is not None
        if self._result is None:
            self._result = self._rest.take(block)
