"""Comparing line by line."""

from collections import Counter
from collections.abc import Iterator
from itertools import zip_longest

from executor.judge.difference import (
    ACCEPTED,
    MAX_SHOWN_BYTES,
    CheckResult,
    differing,
    shown,
)
from executor.judge.testdata import Content


class _LineReader:
    """Cuts a stream into lines without trailing white space.

    Of a line only as much is kept as makes it differ from one of `longest` bytes and can be shown.
    """

    def __init__(self, longest: int, number: int) -> None:
        self._kept = longest + MAX_SHOWN_BYTES
        self._pending = b""
        self._too_long = False
        self._number = number

    def take(self, block: bytes) -> Iterator[tuple[int, bytes]]:
        """The lines that end in a block and are not blank, with their numbers."""
        if not self._pending and block.isspace():
            # Millions of blank lines are one step.
            self._number += block.count(b"\n")
            self._extend(block[block.rfind(b"\n") + 1 :])
            return
        first, *others = block.split(b"\n")
        self._extend(first)
        for line in others:
            yield from self.end()
            self._number += 1
            self._pending, self._too_long = b"", False
            self._extend(line)

    def end(self) -> Iterator[tuple[int, bytes]]:
        """The line that has begun, if it is not blank."""
        line = self._pending if self._too_long else self._pending.rstrip()
        if line:
            yield self._number, line

    @property
    def number(self) -> int:
        """Of the line that has begun."""
        return self._number

    def _extend(self, text: bytes) -> None:
        line = self._pending + text if self._pending else text
        if len(line) > self._kept:
            # What is cut off counts only if it is more than trailing white space.
            self._too_long = self._too_long or not line[self._kept :].isspace()
            line = line[: self._kept]
        self._pending = line


def _answer_lines(answer: Content, start: int = 0) -> Iterator[bytes]:
    """The lines of an answer that are not blank, without trailing white space."""
    while start < len(answer):
        end = answer.find(b"\n", start)
        end = len(answer) if end < 0 else end
        line = answer[start:end].rstrip()
        if line:
            yield line
        start = end + 1


class LineComparison:
    """Line by line; trailing white space and blank lines do not count."""

    def __init__(self, answer: Content, start: int, line: int) -> None:
        longest = max(map(len, _answer_lines(answer, start)), default=0)
        self._lines = _LineReader(longest, line)
        self._expected = _answer_lines(answer, start)

    def take(self, block: bytes) -> CheckResult | None:
        return self._compare(self._lines.take(block))

    def end(self) -> CheckResult:
        result = self._compare(self._lines.end())
        if result is not None:
            return result
        missing = next(self._expected, None)
        if missing is None:
            return ACCEPTED
        return differing(self._lines.number, 1, missing.split(maxsplit=1)[0], None)

    def _compare(self, lines: Iterator[tuple[int, bytes]]) -> CheckResult | None:
        for number, found in lines:
            expected = next(self._expected, None)
            if found != expected:
                return _line_difference(number, expected, found)
        return None


def _line_difference(line: int, expected: bytes | None, found: bytes) -> CheckResult:
    pairs = zip_longest((expected or b"").split(), found.split())
    for token, (expected_token, found_token) in enumerate(pairs, start=1):
        if expected_token != found_token:
            return differing(line, token, expected_token, found_token)
    message = f"line {line} differs in white space"
    return CheckResult("WA", message, line, None, shown(expected), shown(found))


class UnorderedComparison:
    """The lines as a multiset; the answer's are held, the output's are not."""

    def __init__(self, answer: Content, start: int, line: int) -> None:
        self._missing = Counter(_answer_lines(answer, start))
        self._lines = _LineReader(max(map(len, self._missing), default=0), line)

    def take(self, block: bytes) -> CheckResult | None:
        return self._compare(self._lines.take(block))

    def end(self) -> CheckResult:
        result = self._compare(self._lines.end())
        if result is not None:
            return result
        for expected, count in self._missing.items():
            if count:
                message = "a line of the answer is missing"
                return CheckResult("WA", message, expected=shown(expected))
        return ACCEPTED

    def _compare(self, lines: Iterator[tuple[int, bytes]]) -> CheckResult | None:
        for number, found in lines:
            if not self._missing[found]:
                message = f"line {number} is not in the answer, or too often in the output"
                return CheckResult("WA", message, number, None, None, shown(found))
            self._missing[found] -= 1
        return None
